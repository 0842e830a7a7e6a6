/* The table of link.h, and who makes each arrow:
 *
 *   OFF -> ASKING             link_start
 *   ASKING -> CONNECTING      take_address
 *   ASKING -> UNSUPPORTED     wait_unsupported
 *   CONNECTING -> JOINING     on_phase
 *   JOINING -> LIVE           become_live
 *   LIVE -> RENEWING          renew
 *   RENEWING -> LIVE          become_live, or give_up_renewal (with the old connection)
 *   any -> BACKING_OFF        back_off, link_wake
 *   BACKING_OFF, UNSUPPORTED -> ASKING, CONNECTING     on_timer
 *   any -> OFF                link_stop
 *
 * True in every state: `current` is the connection that counts, `next` the one that is to
 * replace it and exists in RENEWING only. The address is in memory only, and wiped when
 * another takes its place.
 */
#include "agent/net/link.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/backoff.h"
#include "agent/clock.h"
#include "agent/log.h"
#include "agent/net/link_machine.h"
#include "agent/random.h"
#include "agent/words.h"

/* The spread leaves room for the way there within 2 s of the network's return. */
enum { WAKE_SPREAD_MS = 1500, LEAVE_MS = CONNECTION_CLOSE_MS + CONNECTION_FIN_MS };

/* Status. */

const char *link_state_text(enum link_state state)
{
    static const char *const texts[] = {
        [LINK_OFF] = N_("off"),
        [LINK_ASKING] = N_("asking"),
        [LINK_CONNECTING] = N_("connecting"),
        [LINK_JOINING] = N_("joining"),
        [LINK_LIVE] = N_("live"),
        [LINK_RENEWING] = N_("renewing"),
        [LINK_BACKING_OFF] = N_("backing off"),
        [LINK_UNSUPPORTED] = N_("unsupported"),
    };
    return texts[state];
}

static int64_t to_wall(uint64_t time_ms)
{
    return clock_wall_ms() + (int64_t)time_ms - (int64_t)clock_now_ms();
}

static void read_heartbeat(struct link *link)
{
    const struct eio_heartbeat *beat =
        link->current->connection == NULL ? NULL
                                          : connection_heartbeat(link->current->connection);
    if (beat == NULL)
        return;
    link->status.generation = (int)beat->generation;
    link->status.ping_interval_ms = beat->interval_ms;
    link->status.ping_timeout_ms = beat->timeout_ms;
    if (beat->last_ms > 0)
        link->status.last_ping = to_wall(beat->last_ms);
}

const struct link_status *link_status(struct link *link)
{
    read_heartbeat(link);
    return &link->status;
}

static void tell_status(struct link *link)
{
    read_heartbeat(link);
    if (!link->is_closing)
        link->callbacks.on_status(link->user, &link->status);
}

static void set_timer(struct link *link);

void link_enter(struct link *link, enum link_state state)
{
    bool waits = state == LINK_BACKING_OFF || state == LINK_UNSUPPORTED;
    if (link->status.state != state)
        link->status.since = clock_wall_ms();
    link->status.state = state;
    link->status.next_try = waits ? to_wall(link->next_ms) : 0;
    set_timer(link);
    tell_status(link);
}

/* The first failure of a row is told, the rest is for status. */
static void note_failure(struct link *link, const struct failure *failure)
{
    link->status.last_failure = *failure;
    if (link->failures <= 1)
        log_failure(link->mirror, failure);
}

static void end_slot(struct link_slot *slot, uint64_t limit_ms)
{
    connection_leave(slot->connection, limit_ms);
    slot->connection = NULL;
    slot->is_live = false;
}

void link_wait(struct link *link, enum link_state state, uint64_t wait_ms)
{
    link->next_ms = clock_now_ms() + wait_ms;
    link_enter(link, state);
}

static void back_off(struct link *link, const struct failure *failure)
{
    uint64_t wait_ms = backoff_channel(link->failures++, random_number());
    link->told_to_wait_ms = clock_now_ms() + failure->retry_after_ms;
    if (failure->retry_after_ms > wait_ms)
        wait_ms = failure->retry_after_ms;
    if (link->failures % LINK_URL_TRIES == 0)
        link_address_forget(&link->address);
    note_failure(link, failure);
    link_wait(link, LINK_BACKING_OFF, wait_ms);
}

/* A failed renewal never tears down what works. */
void link_give_up_renewal(struct link *link, const struct failure *failure)
{
    uint64_t wait_ms = LINK_LEAST_RENEWAL_MS;
    if (failure->retry_after_ms > wait_ms)
        wait_ms = failure->retry_after_ms;
    link->address.renew_ms = clock_now_ms() + backoff_jitter(wait_ms, 10, random_number());
    link->status.last_failure = *failure;
    log_failure(link->mirror, failure);
    link_enter(link, LINK_LIVE);
}

void link_fail(struct link *link, const struct failure *failure)
{
    if (link->current->is_live)
        link_give_up_renewal(link, failure);
    else
        back_off(link, failure);
}

/* Connections. */

static void on_phase(void *user, enum connection_phase phase);
static void on_event(void *user, const struct channel_event *event);
static void on_end(void *user, const struct connection_end *end);

static void connect_slot(struct link *link, struct link_slot *slot)
{
    static const struct connection_callbacks callbacks = {on_phase, on_event, on_end};
    struct failure failure = {0};
    struct connection_config config = {
        .trust = link->trust,
        .session = &link->session,
        .turns = link->turns,
        .proxy = link->config->proxy,
        .user_agent = http_user_agent(),
    };
    channel_config_init(&config.channel, link->variant);
    slot->connection = connection_open(link->loop, &config, &link->address.url, &callbacks,
                                       slot, &failure);
    if (slot->connection == NULL)
        link_fail(link, &failure);
    else if (slot == link->current)
        link_enter(link, LINK_CONNECTING);
}

static void become_live(struct link_slot *slot)
{
    struct link *link = slot->link;
    slot->is_live = true;
    if (slot == link->next) {
        link->next = link->current;
        link->current = slot;
        link->status.renewals++;
    }
    link->live_since_ms = clock_now_ms();
    link->live_until_ms = link->address.expires_ms;
    link->status.last_failure.kind = FAILURE_NONE;
    if (link->failures > 0)
        log_line(LOG_LEVEL_INFO, 0, link->mirror, "notifications are live again");
    link_enter(link, LINK_LIVE);
    if (slot->is_live) /* unless on_status has stopped us */
        link->callbacks.on_live(link->user);
    if (link->next->connection != NULL)
        end_slot(link->next, LEAVE_MS); /* the old one, now that the new one is there */
}

static void on_phase(void *user, enum connection_phase phase)
{
    struct link_slot *slot = user;
    if (phase == CONNECTION_JOINING && slot == slot->link->current)
        link_enter(slot->link, LINK_JOINING);
}

static void on_event(void *user, const struct channel_event *event)
{
    struct link_slot *slot = user;
    struct link *link = slot->link;
    if (event->type == CHANNEL_EVENT_LIVE) {
        become_live(slot);
    } else if (event->type == CHANNEL_EVENT_NOTIFICATION) {
        link->status.events++;
        link->status.last_event = clock_wall_ms();
        link->callbacks.on_changed(link->user);
        tell_status(link);
    }
}

/* The one that was to be the next is the only one now. */
static void promote_next(struct link *link)
{
    struct link_slot *gone = link->current;
    link->current = link->next;
    link->next = gone;
    link_enter(link, LINK_CONNECTING);
}

static void count_reconnect(struct link *link, const struct failure *why)
{
    link->status.reconnects++;
    link->status.reconnects_by[link_cause_of(why->number)]++;
}

static void on_current_ended(struct link *link, const struct connection_end *end,
                             bool was_live)
{
    if (was_live) {
        count_reconnect(link, &end->failure);
        if (clock_now_ms() - link->live_since_ms >= LINK_STABLE_MS)
            link->failures = 0;
    }
    if (end->url_is_refused || clock_now_ms() >= link->address.expires_ms)
        link_address_forget(&link->address);
    if (link->next->connection != NULL)
        promote_next(link);
    else if (link->asking != NULL)
        link_enter(link, LINK_ASKING); /* the renewal's question is under way */
    else
        back_off(link, &end->failure);
}

static void on_end(void *user, const struct connection_end *end)
{
    struct link_slot *slot = user;
    struct link *link = slot->link;
    bool was_live = slot->is_live;
    link->variant = end->next_variant;
    end_slot(slot, LEAVE_MS);
    if (slot == link->current) {
        on_current_ended(link, end, was_live);
        return;
    }
    if (end->url_is_refused)
        link_address_forget(&link->address);
    link_give_up_renewal(link, &end->failure);
}

static bool is_same_host(const struct link *link)
{
    return url_host_equals(link->status.host, link->address.url.host);
}

void link_use_address(struct link *link, bool is_same)
{
    if (!is_same_host(link))
        link->variant = CHANNEL_EIO4;
    memcpy(link->status.host, link->address.url.host, sizeof link->address.url.host);
    link->status.expires =
        link->address.is_life_known ? to_wall(link->address.expires_ms) : 0;
    if (!link->current->is_live) {
        connect_slot(link, link->current);
    } else if (is_same) {
        link->live_until_ms = link->address.expires_ms;
        link_enter(link, LINK_LIVE); /* the same connection, with a longer life */
    } else {
        connect_slot(link, link->next);
    }
}

/* Time. */

static void renew(struct link *link)
{
    link->address.renew_ms = UINT64_MAX; /* until there is an answer */
    link_ask(link, link->is_fallback);
}

/* The server may end it in any way, silence with pings going on among them. There may be
 * another address already, which nobody could connect to yet. */
static void expire(struct link *link)
{
    struct failure failure;
    end_slot(link->current, LEAVE_MS);
    (void)failure_set(&failure, FAILURE_TRANSIENT, 136,
                      "the notification address is over and was not renewed");
    if (clock_now_ms() >= link->address.expires_ms)
        link_address_forget(&link->address);
    count_reconnect(link, &failure);
    if (link->next->connection != NULL)
        promote_next(link);
    else if (link->asking != NULL)
        link_enter(link, LINK_ASKING);
    else
        back_off(link, &failure);
}

static uint64_t next_deadline(const struct link *link)
{
    switch (link->status.state) {
    case LINK_BACKING_OFF:
    case LINK_UNSUPPORTED:
        return link->next_ms;
    case LINK_LIVE:
        return link->address.renew_ms < link->live_until_ms ? link->address.renew_ms
                                                            : link->live_until_ms;
    case LINK_RENEWING:
        return link->live_until_ms;
    case LINK_OFF:
    case LINK_ASKING:
    case LINK_CONNECTING:
    case LINK_JOINING:
        break;
    }
    return UINT64_MAX;
}

static void on_timer(uv_timer_t *timer)
{
    struct link *link = timer->data;
    uint64_t now_ms = clock_now_ms();
    if (now_ms < next_deadline(link)) {
        set_timer(link);
        return;
    }
    bool is_live = link->status.state == LINK_LIVE || link->status.state == LINK_RENEWING;
    if (!is_live && link->address.text != NULL && now_ms < link->address.expires_ms)
        connect_slot(link, link->current);
    else if (!is_live)
        link_ask(link, false);
    else if (now_ms >= link->live_until_ms)
        expire(link);
    else
        renew(link);
}

static void set_timer(struct link *link)
{
    uint64_t now_ms = clock_now_ms();
    uint64_t due_ms = next_deadline(link);
    if (link->is_closing)
        return;
    if (due_ms == UINT64_MAX)
        (void)uv_timer_stop(&link->timer);
    else
        (void)uv_timer_start(&link->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0,
                             0);
}

/* The contract. */

static char *copy_text(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

static void free_link(struct link *link)
{
    link_address_clear(&link->address);
    tls_session_free(link->session);
    free(link->path);
    free(link->fallback_path);
    free(link->mirror);
    free(link);
}

static bool fill(struct link *link, const struct config *config,
                 const struct link_config *link_config)
{
    link->path = copy_text(link_config->path);
    link->fallback_path = copy_text(link_config->fallback_path);
    link->mirror = copy_text(link_config->mirror);
    for (int i = 0; i < 2; i++)
        link->slots[i].link = link;
    link->current = &link->slots[0];
    link->next = &link->slots[1];
    return link->path != NULL &&
           (link_config->fallback_path == NULL || link->fallback_path != NULL) &&
           link_address_init(&link->address, config);
}

struct link *link_new(uv_loop_t *loop, const struct link_parts *parts,
                      const struct link_config *link_config,
                      const struct link_callbacks *callbacks, void *user,
                      struct failure *failure)
{
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL || !fill(link, parts->config, link_config)) {
        (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
        if (link != NULL)
            free_link(link);
        return NULL;
    }
    link->loop = loop;
    link->config = parts->config;
    link->service = parts->service;
    link->trust = parts->trust;
    link->turns = parts->turns;
    link->callbacks = *callbacks;
    link->user = user;
    (void)uv_timer_init(loop, &link->timer); /* cannot fail */
    link->timer.data = link;
    return link;
}

void link_start(struct link *link)
{
    assert(!link->is_closing);
    if (link->status.state == LINK_OFF)
        link_ask(link, false);
}

static void let_go(struct link *link, uint64_t limit_ms)
{
    if (link->asking != NULL)
        service_cancel(link->asking);
    link->asking = NULL;
    end_slot(link->current, limit_ms);
    end_slot(link->next, limit_ms);
    link_address_forget(&link->address);
    link->failures = 0;
    link->unsupported = 0;
}

void link_stop(struct link *link)
{
    if (link->status.state == LINK_OFF)
        return;
    let_go(link, LEAVE_MS);
    link_enter(link, LINK_OFF);
}

static void on_closed(uv_handle_t *handle)
{
    free_link(handle->data);
}

void link_close(struct link *link)
{
    if (link == NULL)
        return;
    assert(!link->is_closing);
    link->is_closing = true;
    let_go(link, CONNECTION_EXIT_MS);
    uv_close((uv_handle_t *)&link->timer, on_closed);
}

void link_wake(struct link *link)
{
    uint64_t now_ms = clock_now_ms();
    if (link->current->is_live)
        connection_probe(link->current->connection);
    /* An attempt begun without a network would still wait for its packets. */
    bool is_on_the_way =
        link->status.state == LINK_CONNECTING || link->status.state == LINK_JOINING;
    bool waits = link->status.state == LINK_BACKING_OFF && now_ms >= link->told_to_wait_ms;
    if (is_on_the_way || waits) {
        end_slot(link->current, LEAVE_MS);
        link->failures = 0;
        link_wait(link, LINK_BACKING_OFF,
                  backoff_full(0, WAKE_SPREAD_MS, WAKE_SPREAD_MS, random_number()));
    }
    set_timer(link);
}
