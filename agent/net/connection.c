/* The stack of one connection. Bytes go up in on_read -> take_cipher -> take_plain ->
 * take_message, and down in flush(), which every entry point ends with.
 *
 *   DIALING -> TUNNELING    on_dialed, with a proxy
 *   DIALING, TUNNELING -> SECURING     start_tls
 *   … -> UPGRADING          start_ws
 *   UPGRADING -> JOINING    take_ws_event: OPEN
 *   JOINING -> LIVE         take_channel_events: LIVE
 *   any -> LEAVING          end, connection_leave
 *
 * In LEAVING nothing is told to anybody; it lasts until the server has hung up or the
 * limit is over.
 */
#include "agent/net/connection.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/net/connection_stack.h"
#include "agent/words.h"

/* The end. */

static void free_connection(struct connection *connection)
{
    bytes_wipe_memory(&connection->proxy_choice, sizeof connection->proxy_choice);
    proxy_clear(&connection->proxy);
    channel_free(connection->channel);
    ws_free(connection->ws);
    tls_free(connection->tls);
    tls_trust_free(connection->trust);
    channel_url_clear(&connection->url);
    bytes_wipe(&connection->sending);
    free(connection->user_agent);
    free(connection);
}

/* Both must be gone: the timer, and a write that still points into here. */
static void free_if_over(struct connection *connection)
{
    if (connection->is_timer_closed && !connection->is_writing)
        free_connection(connection);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    connection->is_timer_closed = true;
    free_if_over(connection);
}

void connection_hang_up(struct connection *connection)
{
    if (connection->dial != NULL)
        dial_cancel(connection->dial);
    connection->dial = NULL;
    if (connection->tcp != NULL)
        dial_release(connection->tcp);
    connection->tcp = NULL;
}

/* Called once nobody is left on either side. */
static void destroy(struct connection *connection)
{
    connection_hang_up(connection);
    if (!uv_is_closing((uv_handle_t *)&connection->timer))
        uv_close((uv_handle_t *)&connection->timer, on_timer_closed);
}

void connection_leave_within(struct connection *connection, uint64_t limit_ms)
{
    uint64_t end_ms = clock_now_ms() + limit_ms;
    if (end_ms < connection->leave_deadline_ms)
        connection->leave_deadline_ms = end_ms;
}

/* Tells the owner, who answers with connection_leave(); the farewell is ours. */
void connection_tell_end(struct connection *connection, const struct connection_end *why)
{
    bool tells = !connection->is_told && !connection->is_left;
    connection->is_told = true;
    turn_end(&connection->turn);
    connection->phase = CONNECTION_LEAVING;
    connection_leave_within(connection, CONNECTION_FIN_MS);
    if (tells)
        connection->callbacks.on_end(connection->user, why);
}

void connection_fail(struct connection *connection, enum failure_kind kind, int number,
                     const char *what)
{
    struct connection_end why = {.next_variant = connection->channel_config.variant};
    (void)failure_set(&why.failure, kind, number, "%s: %s", connection->url.host, what);
    connection_tell_end(connection, &why);
    connection_hang_up(connection);
}

void connection_enter(struct connection *connection, enum connection_phase phase)
{
    connection->phase = phase;
    if (phase >= CONNECTION_JOINING)
        turn_end(&connection->turn);
    connection->phase_deadline_ms = clock_now_ms() + CONNECTION_PHASE_MS;
    if (!connection->is_left)
        connection->callbacks.on_phase(connection->user, phase);
}

/* Down: what the machines want sent. */

static void on_written(uv_write_t *write, int status)
{
    struct connection *connection = write->data;
    connection->is_writing = false;
    bytes_wipe(&connection->sending);
    if (connection->is_timer_closed)
        free_if_over(connection);
    else if (status == 0 && connection->tcp != NULL)
        connection_flush(connection);
    /* A failed write is followed by a failed read, which tells. */
}

static void write_bytes(struct connection *connection)
{
    uv_buf_t buffer = {0};
    buffer.len = bytes_count(&connection->sending);
    if (buffer.len == 0 || connection->tcp == NULL)
        return;
    buffer.base = (char *)connection->sending.data + connection->sending.offset;
    connection->write.data = connection;
    connection->is_writing = uv_write(&connection->write, (uv_stream_t *)connection->tcp,
                                      &buffer, 1, on_written) == 0;
}

/* The channel's messages into the WebSocket, its frames into TLS. */
void connection_push_down(struct connection *connection)
{
    struct channel_message message;
    const uint8_t *data;
    size_t size;
    while (connection->channel != NULL && channel_output(connection->channel, &message))
        (void)ws_send_text(connection->ws, (const char *)message.data, message.size);
    while (connection->tls != NULL && connection->ws != NULL &&
           ws_output(connection->ws, &data, &size)) {
        if (tls_write(connection->tls, data, size) != TLS_OK)
            return;
        ws_sent(connection->ws, size);
    }
}

void connection_flush(struct connection *connection)
{
    const uint8_t *data;
    size_t size;
    connection_push_down(connection);
    if (connection->is_writing)
        return;
    if (connection->tls != NULL) {
        while (tls_output(connection->tls, &data, &size) &&
               bytes_append(&connection->sending, data, size))
            tls_sent(connection->tls, size);
    } else if (connection->ws != NULL) {
        while (ws_output(connection->ws, &data, &size) &&
               bytes_append(&connection->sending, data, size))
            ws_sent(connection->ws, size);
    }
    write_bytes(connection);
}

/* Deadlines. */

static uint64_t soonest(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

static uint64_t next_deadline(const struct connection *connection)
{
    if (connection->phase == CONNECTION_LEAVING)
        return connection->tcp == NULL ? UINT64_MAX : connection->leave_deadline_ms;
    uint64_t next_ms = UINT64_MAX;
    if (connection->channel != NULL)
        next_ms = channel_deadline(connection->channel);
    if (connection->phase < CONNECTION_JOINING)
        next_ms = connection->phase_deadline_ms;
    if (connection->phase < CONNECTION_LIVE)
        next_ms = soonest(next_ms, connection->setup_deadline_ms);
    if (connection->probe_deadline_ms > 0)
        next_ms = soonest(next_ms, connection->probe_deadline_ms);
    return next_ms;
}

static void on_timer(uv_timer_t *timer);

static void set_timer(struct connection *connection)
{
    uint64_t now_ms = clock_now_ms();
    uint64_t next_ms = next_deadline(connection);
    if (uv_is_closing((uv_handle_t *)&connection->timer) || connection->is_judging)
        return;
    if (next_ms == UINT64_MAX)
        (void)uv_timer_stop(&connection->timer);
    else
        (void)uv_timer_start(&connection->timer, on_timer,
                             next_ms > now_ms ? next_ms - now_ms : 0, 0);
}

/* Every entry from the loop ends here. */
static void settle(struct connection *connection)
{
    if (connection->tcp != NULL)
        connection_flush(connection);
    if (connection->is_left && connection->tcp == NULL && connection->dial == NULL)
        destroy(connection);
    else
        set_timer(connection);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;
    const uint8_t *bytes = (const uint8_t *)buffer->base;
    if (connection->tcp == NULL || size == 0)
        return;
    connection->probe_deadline_ms = 0;
    if (size < 0)
        connection_take_end(connection);
    else
        connection_take_bytes(connection, bytes, (size_t)size);
    settle(connection);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct connection *connection = handle->data;
    (void)suggested;
    buffer->base = connection->read_buffer;
    buffer->len = sizeof connection->read_buffer;
}

/* Time is over: read first, then judge, or a resume would cost a reconnect. The timer of
 * one millisecond lets the loop poll in between. */

static void judge(struct connection *connection, uint64_t now_ms)
{
    if (connection->phase == CONNECTION_LEAVING) {
        if (now_ms >= connection->leave_deadline_ms)
            connection_hang_up(connection);
    } else if (connection->phase < CONNECTION_LIVE &&
               (now_ms >= connection->setup_deadline_ms ||
                (connection->phase < CONNECTION_JOINING &&
                 now_ms >= connection->phase_deadline_ms))) {
        if (!connection_take_refusal(connection))
            connection_fail(connection, FAILURE_TRANSIENT, 125, _("no answer in time"));
    } else if (connection->probe_deadline_ms > 0 &&
               now_ms >= connection->probe_deadline_ms) {
        connection_fail(connection, FAILURE_TRANSIENT, 129, _("no sign of life"));
    } else if (connection->channel != NULL &&
               now_ms >= channel_deadline(connection->channel)) {
        channel_tick(connection->channel, now_ms);
        connection_take_events(connection);
    }
}

static void on_judge(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    connection->is_judging = false;
    judge(connection, clock_now_ms());
    settle(connection);
}

static void on_timer(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    connection->is_judging = true;
    (void)uv_timer_start(timer, on_judge, 1, 0);
}

/* The way there. */

static void ask_proxy(struct connection *connection)
{
    const struct proxy_choice *choice = &connection->proxy_choice;
    struct proxy_request request = {
        .host = connection->url.host,
        .port = connection->url.port,
        .user = choice->user[0] == 0 ? NULL : choice->user,
        .password = choice->user[0] == 0 ? NULL : choice->password,
    };
    connection_enter(connection, CONNECTION_TUNNELING);
    if (proxy_init(&connection->proxy, &request, &connection->sending))
        write_bytes(connection);
    else
        connection_fail(connection, FAILURE_CONFIG, 128,
                        _("the proxy's credentials cannot be sent"));
}

static void on_dialed(void *user, uv_tcp_t *tcp, const struct failure *failure)
{
    struct connection *connection = user;
    connection->dial = NULL;
    if (failure != NULL) {
        struct connection_end why = {.failure = *failure,
                                     .next_variant = connection->channel_config.variant};
        connection_tell_end(connection, &why);
        settle(connection);
        return;
    }
    connection->tcp = tcp;
    tcp->data = connection;
    if (uv_read_start((uv_stream_t *)tcp, on_alloc, on_read) != 0)
        connection_fail(connection, FAILURE_RESOURCE, 0, _("cannot read"));
    else if (connection->proxy_choice.is_used)
        ask_proxy(connection);
    else
        connection_start_tls(connection);
    settle(connection);
}

/* The contract. */

static char *copy_text(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

static bool copy_url(const struct channel_url *url, struct channel_url *out)
{
    *out = *url;
    out->target = copy_text(url->target);
    out->target_eio3 = copy_text(url->target_eio3);
    out->name_space = copy_text(url->name_space);
    out->query = copy_text(url->query);
    return out->target != NULL && out->target_eio3 != NULL && out->name_space != NULL &&
           out->query != NULL;
}

static struct connection *new_connection(const struct connection_config *config,
                                         const struct channel_url *url)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return NULL;
    connection->trust = tls_trust_share(config->trust); /* a reload may not wait for us */
    connection->session = config->session;
    connection->channel_config = config->channel;
    connection->user_agent = copy_text(config->user_agent);
    bytes_init(&connection->sending, CONNECTION_WRITE_MAX);
    if (copy_url(url, &connection->url))
        return connection;
    free_connection(connection);
    return NULL;
}

static bool start_dial(struct connection *connection, struct failure *failure)
{
    const struct proxy_choice *choice = &connection->proxy_choice;
    const char *host = choice->is_used ? choice->host : connection->url.host;
    uint16_t port = choice->is_used ? choice->port : connection->url.port;
    uint64_t now_ms = clock_now_ms();
    connection->setup_deadline_ms = now_ms + CONNECTION_ALL_PHASES_MS;
    connection->phase_deadline_ms = now_ms + CONNECTION_PHASE_MS;
    connection->dial =
        dial_start(connection->loop, host, port, on_dialed, connection, failure);
    return connection->dial != NULL;
}

static void on_begin(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    struct connection_end why = {.next_variant = connection->channel_config.variant};
    if (!start_dial(connection, &why.failure))
        connection_tell_end(connection, &why);
    settle(connection);
}

/* From the loop: this is the middle of another connection's end. */
static void on_turn(void *user)
{
    struct connection *connection = user;
    (void)uv_timer_start(&connection->timer, on_begin, 0, 0);
}

/* Waiting has no limit of its own: those ahead have theirs. */
static bool get_in_line(struct connection *connection, struct turns *turns,
                        struct failure *failure)
{
    connection->setup_deadline_ms = UINT64_MAX;
    connection->phase_deadline_ms = UINT64_MAX;
    if (!turn_take(turns, &connection->turn, connection->url.host, connection->url.port,
                   on_turn, connection))
        return true;
    return start_dial(connection, failure);
}

struct connection *connection_open(uv_loop_t *loop, const struct connection_config *config,
                                   const struct channel_url *url,
                                   const struct connection_callbacks *callbacks, void *user,
                                   struct failure *failure)
{
    struct connection *connection = new_connection(config, url);
    if (connection == NULL) {
        (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
        return NULL;
    }
    connection->loop = loop;
    connection->callbacks = *callbacks;
    connection->user = user;
    connection->leave_deadline_ms = UINT64_MAX;
    if (proxy_choose(config->proxy, url->host, &connection->proxy_choice, failure) !=
            FAILURE_NONE ||
        !get_in_line(connection, config->turns, failure)) {
        turn_end(&connection->turn);
        free_connection(connection);
        return NULL;
    }
    (void)uv_timer_init(loop, &connection->timer); /* cannot fail */
    connection->timer.data = connection;
    set_timer(connection);
    return connection;
}

static void on_left(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    connection->is_judging = false;
    settle(connection);
}

void connection_leave(struct connection *connection, uint64_t limit_ms)
{
    if (connection == NULL)
        return;
    assert(!connection->is_left);
    connection->is_left = true;
    turn_end(&connection->turn);
    connection->session = NULL;
    bool has_peer = connection->tcp != NULL && connection->ws != NULL && limit_ms > 0;
    uint64_t wait_ms = connection->phase == CONNECTION_LEAVING
                           ? CONNECTION_FIN_MS
                           : CONNECTION_CLOSE_MS + CONNECTION_FIN_MS;
    if (has_peer && connection->phase != CONNECTION_LEAVING) {
        if (connection->channel != NULL)
            channel_leave(connection->channel);
        connection_push_down(connection);
        ws_close(connection->ws, 1000);
        connection->phase = CONNECTION_LEAVING;
    }
    connection_leave_within(connection, soonest(wait_ms, limit_ms));
    if (!has_peer)
        connection_hang_up(connection);
    connection->phase = CONNECTION_LEAVING;
    /* From the loop: this may be the middle of a callback of ours. */
    (void)uv_timer_start(&connection->timer, on_left, 0, 0);
}

void connection_probe(struct connection *connection)
{
    if (connection->phase != CONNECTION_LIVE || connection->probe_deadline_ms > 0)
        return;
    connection->probe_deadline_ms = clock_now_ms() + CONNECTION_PROBE_MS;
    (void)ws_send_ping(connection->ws, (const uint8_t *)"", 0);
    settle(connection);
}

const struct eio_heartbeat *connection_heartbeat(const struct connection *connection)
{
    return connection->channel == NULL ? NULL : channel_heartbeat(connection->channel);
}
