/* What others see of a mirror: status, v_problems, v_channel, arrivals. */
#include <stdio.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/sync/mirror_parts.h"
#include "agent/words.h"
#include "store/store_note.h"

enum { STATUS_MS = 250, RATE_MS = 1000, COUNTED_QUEUE = 1000 };

const char *mirror_state_text(enum mirror_state state)
{
    switch (state) {
    case MIRROR_OPENING:
        return N_("opening");
    case MIRROR_IDLE:
        return N_("idle");
    case MIRROR_LISTING:
        return N_("listing");
    case MIRROR_APPLYING:
        return N_("syncing");
    case MIRROR_PAUSED:
        return N_("paused");
    case MIRROR_WAITING:
        return N_("waiting");
    case MIRROR_GUARDED:
        return N_("guard");
    case MIRROR_STOPPED:
        return N_("stopped");
    }
    return N_("unknown");
}

static void take_counts(struct mirror *mirror)
{
    const struct sync_context *context = &mirror->context;
    struct mirror_status *status = &mirror->status;
    struct store_counts counts;
    if (!mirror->is_open ||
        store_count(context->store, context->mirror, &counts) != STORE_OK)
        return;
    /* Counting all that failed costs a look at the whole queue: not while it is long. */
    if (counts.waiting + counts.held < COUNTED_QUEUE)
        status->held = mirror_count_failed(mirror);
    else if (status->held < counts.held)
        status->held = counts.held;
    status->local_only = counts.local_only;
    status->total_items = status->done_items + counts.waiting;
    /* What is on its way waits still: it is not counted twice. */
    status->done_bytes = status->recorded_bytes + status->flying_bytes;
    status->total_bytes = status->recorded_bytes + counts.waiting_bytes;
    if (status->total_bytes < status->done_bytes)
        status->total_bytes = status->done_bytes; /* a size that the drive does not tell */
}

static void take_rate(struct mirror *mirror)
{
    struct mirror_status *status = &mirror->status;
    uint64_t now = clock_now_ms();
    uint64_t passed = now - mirror->rate_at_ms;
    if (passed < RATE_MS)
        return;
    uint64_t bytes = status->received_bytes >= mirror->rate_bytes
                         ? status->received_bytes - mirror->rate_bytes
                         : status->received_bytes;
    status->bytes_per_second = bytes * 1000 / passed;
    mirror->rate_at_ms = now;
    mirror->rate_bytes = status->received_bytes;
}

void mirror_show_now(struct mirror *mirror)
{
    take_counts(mirror);
    take_rate(mirror);
    if (mirror->callbacks.on_status != NULL && !mirror->is_closing)
        mirror->callbacks.on_status(mirror->user, mirror);
}

void mirror_show(struct mirror *mirror)
{
    if (uv_is_active((uv_handle_t *)&mirror->timers[MIRROR_TIMER_STATUS]) == 0)
        mirror_start_timer(mirror, MIRROR_TIMER_STATUS, STATUS_MS);
}

/* v_mirrors shows a word that outlives the run, written only where it says something that
 * a round does not pass through every time. */
static void save_state(struct mirror *mirror, enum mirror_state state)
{
    const char *word = mirror_state_text(state);
    bool is_passing =
        state == MIRROR_LISTING || state == MIRROR_APPLYING || state == MIRROR_OPENING;
    const char *known = mirror->row.mirror.state;
    if (is_passing || mirror->row.mirror.key == 0 ||
        (known != NULL && strcmp(known, word) == 0))
        return;
    if (row_set(&mirror->row, ROW_STATE, word))
        (void)row_save(mirror->context.store, &mirror->row);
}

void mirror_set_state(struct mirror *mirror, enum mirror_state state)
{
    if (mirror->is_closing || mirror->status.state == state)
        return;
    mirror->status.state = state;
    if (state == MIRROR_IDLE || state == MIRROR_LISTING || state == MIRROR_APPLYING) {
        mirror->status.next_try = 0;
        mirror->status.current[0] = '\0';
        /* A guard stands until a round went through: approve may come meanwhile. */
        if (state != MIRROR_IDLE && mirror->status.failure.kind != FAILURE_GUARD)
            mirror->status.failure = (struct failure){.kind = FAILURE_NONE};
    }
    save_state(mirror, state);
    mirror_show(mirror);
}

/* Not what passes by itself: a network that is down is no news in a database. */
static bool is_lasting(enum failure_kind kind)
{
    return kind == FAILURE_GUARD || kind == FAILURE_HELD || kind == FAILURE_SIGN_IN ||
           kind == FAILURE_CONFIG || kind == FAILURE_RESOURCE || kind == FAILURE_PROTOCOL;
}

/* Called where a round ends, not while one tries whether the trouble is over. */
void mirror_save_problem(struct mirror *mirror)
{
    const struct failure *failure = &mirror->status.failure;
    bool lasts = is_lasting(failure->kind);
    int number = lasts ? failure->number : MIRROR_NO_PROBLEM;
    if (mirror->problem == number || mirror->row.mirror.key == 0 ||
        failure->kind == FAILURE_INTERNAL) /* nothing more is written (failure-model 4) */
        return;
    if (store_put_problem(mirror->context.store, mirror->row.mirror.key, failure->number,
                          lasts ? failure->text : NULL, clock_wall_ms()) == STORE_OK)
        mirror->problem = number;
}

void mirror_on_arrival(void *user, const char *operation, const char *path,
                       const char *editor)
{
    struct mirror *mirror = user;
    int64_t notified_at = mirror->context.origin.notified_at;
    int64_t now = clock_wall_ms();
    int64_t latency = notified_at == 0 ? -1 : now - notified_at;
    proof_add_latency(&mirror->proof, notified_at, mirror->context.origin.delta_at, now);
    (void)snprintf(mirror->status.current, sizeof mirror->status.current, "%s", path);
    if (mirror->callbacks.on_arrival != NULL && !mirror->is_closing)
        mirror->callbacks.on_arrival(mirror->user, mirror, operation, path, editor,
                                     latency);
    mirror_show(mirror);
}

void mirror_on_progress(void *user)
{
    mirror_show(user);
}

/* v_channel: on a change of state, an event or a round, never for a heartbeat. */

static void put_channel(struct mirror *mirror)
{
    if (mirror->row.mirror.key != 0)
        (void)store_put_channel(mirror->context.store, mirror->row.mirror.key,
                                &mirror->channel);
}

void mirror_on_link_status(void *user, const struct link_status *status)
{
    struct mirror *mirror = user;
    struct store_channel *channel = &mirror->channel;
    bool is_new_state = channel->state == NULL ||
                        strcmp(channel->state, link_state_text(status->state)) != 0;
    bool has_failed = status->last_failure.kind != FAILURE_NONE;
    channel->state = link_state_text(status->state);
    channel->since = status->since;
    channel->generation = status->generation;
    channel->ping_interval_ms = status->ping_interval_ms;
    channel->ping_timeout_ms = status->ping_timeout_ms;
    channel->last_event = status->last_event;
    channel->expires = status->expires;
    channel->renewals = (int64_t)status->renewals;
    channel->reconnects = (int64_t)status->reconnects;
    channel->events = (int64_t)status->events;
    channel->last_error = has_failed ? status->last_failure.text : NULL;
    if (mirror->is_closing)
        return;
    put_channel(mirror);
    if (is_new_state)
        mirror_arm_poll(mirror);
    mirror_show(mirror);
}

/* One poll that finds something says nothing; polls that keep finding come more often. */
static void judge_poll(struct mirror *mirror, bool found)
{
    const struct link_status *link = mirror_link_status(mirror);
    uint64_t configured = mirror->environment.config->delta_interval_ms;
    if (link == NULL || link->state != LINK_LIVE || !proof_take_poll(&mirror->proof, found))
        return;
    log_line(LOG_LEVEL_INFO, 133, mirror->context.name,
             found
                 ? N_("polls keep finding what no notification told: looking every %llu s")
                 : N_("polls find nothing more that no notification told: looking every "
                      "%llu s"),
             (unsigned long long)proof_interval_ms(&mirror->proof, configured) / 1000);
    mirror_arm_poll(mirror);
}

void mirror_count_round(struct mirror *mirror, uint64_t changed)
{
    bool is_poll = strcmp(mirror->running_trigger, "poll") == 0;
    if (is_poll)
        judge_poll(mirror, changed > 0);
    if (is_poll)
        mirror->channel.found_by_poll += (int64_t)changed;
    else if (strcmp(mirror->running_trigger, "event") == 0)
        mirror->channel.found_by_event += (int64_t)changed;
    if (changed > 0 && mirror->channel.state != NULL)
        put_channel(mirror);
}

void mirror_push(const struct mirror *mirror, struct mirror_push *out)
{
    uint64_t configured = mirror->environment.config->delta_interval_ms;
    struct proof_latency half = proof_percentile(&mirror->proof, 50);
    struct proof_latency most = proof_percentile(&mirror->proof, 95);
    *out = (struct mirror_push){
        .found_by_event = (uint64_t)mirror->channel.found_by_event,
        .found_by_poll = (uint64_t)mirror->channel.found_by_poll,
        .poll_interval_ms = proof_interval_ms(&mirror->proof, configured),
        .delta_ms = {half.delta_ms, most.delta_ms},
        .disk_ms = {half.disk_ms,  most.disk_ms },
    };
    out->is_tightened = out->poll_interval_ms < configured;
}
