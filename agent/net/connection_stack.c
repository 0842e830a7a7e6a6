/* Up: what the server says, from layer to layer. */
#include "agent/net/connection_stack.h"

#include "agent/clock.h"
#include "agent/words.h"

/* By now a ticket of TLS 1.3 has come as well, and a server that we cannot join is not
 * worth resuming with. */
static void keep_session(struct connection *connection)
{
    if (connection->session == NULL || connection->tls == NULL)
        return;
    struct tls_session *session = tls_save_session(connection->tls);
    if (session == NULL)
        return;
    tls_session_free(*connection->session);
    *connection->session = session;
}

void connection_take_events(struct connection *connection)
{
    struct channel_event event;
    while (connection->channel != NULL && connection->phase != CONNECTION_LEAVING &&
           channel_next(connection->channel, &event)) {
        if (event.type == CHANNEL_EVENT_ENDED) {
            struct connection_end why = {0};
            connection_end_of_channel(&event, &why);
            ws_close(connection->ws, 1000);
            connection_tell_end(connection, &why);
            return;
        }
        if (event.type == CHANNEL_EVENT_LIVE) {
            keep_session(connection);
            connection_enter(connection, CONNECTION_LIVE);
        }
        if (!connection->is_left)
            connection->callbacks.on_event(connection->user, &event);
    }
}

static void start_channel(struct connection *connection)
{
    connection->channel =
        channel_new(&connection->channel_config, &connection->url, clock_now_ms());
    if (connection->channel == NULL)
        connection_fail(connection, FAILURE_RESOURCE, 0, _("no memory"));
    else
        connection_enter(connection, CONNECTION_JOINING);
}

static void take_message(struct connection *connection, const struct ws_event *event)
{
    struct channel_message message = {
        .data = event->data,
        .size = event->size,
        .is_binary = event->type == WS_EVENT_BINARY,
    };
    if (connection->channel == NULL || connection->phase == CONNECTION_LEAVING)
        return;
    channel_feed(connection->channel, &message, clock_now_ms());
    connection_take_events(connection);
}

static void take_ws_event(struct connection *connection, const struct ws_event *event)
{
    struct connection_end why = {0};
    switch (event->type) {
    case WS_EVENT_OPEN:
        if (connection->phase == CONNECTION_UPGRADING)
            start_channel(connection);
        break;
    case WS_EVENT_TEXT:
    case WS_EVENT_BINARY:
        take_message(connection, event);
        break;
    case WS_EVENT_REFUSED:
    case WS_EVENT_CLOSED:
        connection_end_of_ws(event, connection->channel_config.variant, clock_wall_ms(),
                             &why);
        connection_tell_end(connection, &why);
        connection_push_down(connection); /* our Close goes before the end of TLS */
        if (connection->tls != NULL)
            tls_close(connection->tls);
        if (!event->clean) /* WS-65: no waiting for an answer */
            connection_leave_within(connection, CONNECTION_EXIT_MS);
        break;
    case WS_EVENT_NONE:
    case WS_EVENT_PING:
    case WS_EVENT_PONG:
        break;
    }
}

static void take_plain(struct connection *connection, const uint8_t *bytes, size_t size)
{
    struct ws_event event;
    if (connection->ws == NULL)
        return;
    ws_feed(connection->ws, clock_now_ms(), bytes, size);
    while (connection->ws != NULL && ws_next(connection->ws, &event)) {
        take_ws_event(connection, &event);
        connection_push_down(connection); /* answers go out in the order of the questions */
    }
}

static void start_ws(struct connection *connection)
{
    struct ws_config config;
    struct ws_request request = {
        .host = connection->url.host,
        .port = connection->url.port,
        .is_plain = connection->url.is_plain,
        .target = channel_target(&connection->url, connection->channel_config.variant),
        .user_agent = connection->user_agent,
    };
    ws_config_init(&config, tls_random, connection->trust);
    connection->ws = ws_new(&config, &request);
    if (connection->ws == NULL)
        connection_fail(connection, FAILURE_RESOURCE, 0, _("the request cannot be made"));
    else
        connection_enter(connection, CONNECTION_UPGRADING);
}

static void end_of_tls(struct connection *connection, enum tls_status status)
{
    struct connection_end why = {.next_variant = connection->channel_config.variant};
    struct ws_event event;
    if (connection->ws != NULL) {
        ws_finish(connection->ws);
        while (ws_next(connection->ws, &event))
            take_ws_event(connection, &event);
    }
    connection_end_of_tls(connection->url.host, status, &why);
    connection_tell_end(connection, &why); /* tells only where the WebSocket did not */
    connection_flush(connection);          /* the alert */
    connection_hang_up(connection);
}

static void take_cipher(struct connection *connection, const uint8_t *bytes, size_t size)
{
    struct tls_event event;
    if (size > 0)
        tls_feed(connection->tls, bytes, size);
    while (connection->tcp != NULL && tls_next(connection->tls, &event)) {
        switch (event.type) {
        case TLS_EVENT_READY:
            if (connection->phase == CONNECTION_SECURING)
                start_ws(connection);
            break;
        case TLS_EVENT_DATA:
            take_plain(connection, event.data, event.size);
            break;
        case TLS_EVENT_CLOSED:
            end_of_tls(connection, event.status);
            break;
        case TLS_EVENT_NONE:
            break;
        }
    }
}

void connection_start_tls(struct connection *connection)
{
    if (connection->url.is_plain) {
        start_ws(connection);
        return;
    }
    const struct tls_session *session =
        connection->session == NULL ? NULL : *connection->session;
    connection->tls = tls_new(connection->trust, connection->url.host, session);
    if (connection->tls == NULL)
        connection_fail(connection, FAILURE_RESOURCE, 0, _("no memory for TLS"));
    else
        connection_enter(connection, CONNECTION_SECURING);
}

static void take_proxy_answer(struct connection *connection, const uint8_t *bytes,
                              size_t size)
{
    switch (proxy_feed(&connection->proxy, bytes, size)) {
    case PROXY_MORE:
        break;
    case PROXY_OPEN:
        connection_start_tls(connection);
        break;
    case PROXY_SIGN_IN:
        connection_fail(connection, FAILURE_TRANSIENT, 128,
                        _("the proxy wants a name and a password"));
        break;
    case PROXY_REFUSED:
        connection_fail(connection, FAILURE_TRANSIENT, 128,
                        _("the proxy refuses the connection"));
        break;
    case PROXY_BAD:
        connection_fail(connection, FAILURE_TRANSIENT, 128,
                        _("the proxy's answer is unusable"));
        break;
    }
}

bool connection_take_refusal(struct connection *connection)
{
    struct ws_event event = {0};
    if (connection->phase != CONNECTION_UPGRADING)
        return false;
    ws_finish(connection->ws);
    if (!ws_next(connection->ws, &event) || event.type != WS_EVENT_REFUSED)
        return false;
    take_ws_event(connection, &event);
    return true;
}

void connection_take_end(struct connection *connection)
{
    if (connection->tls != NULL) {
        tls_finish(connection->tls);
        take_cipher(connection, NULL, 0);
    } else if (connection->ws != NULL) {
        end_of_tls(connection, TLS_EOF);
    }
    if (connection->tcp != NULL)
        connection_fail(connection, FAILURE_TRANSIENT, 130, _("the connection broke"));
}

void connection_take_bytes(struct connection *connection, const uint8_t *bytes, size_t size)
{
    if (connection->phase == CONNECTION_TUNNELING)
        take_proxy_answer(connection, bytes, size);
    else if (connection->tls != NULL)
        take_cipher(connection, bytes, size);
    else
        take_plain(connection, bytes, size);
}
