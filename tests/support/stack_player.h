/* The WebSocket machine and the channel above it, put together as a link does it, without
 * a network: server bytes in, and two texts out.
 *
 *   events  "live notification other ended(the server is silent) closed(1006)"
 *   sent    what the client sent, a line each: "40/n,", "pong", "close(1000)"
 *
 * Every frame of the client is decoded as a strict server would: whole, masked, no
 * reserved bits, nothing behind a Close.
 */
#ifndef TESTS_SUPPORT_STACK_PLAYER_H
#define TESTS_SUPPORT_STACK_PLAYER_H

#include <string.h>

#include "protocol/bytes.h"
#include "protocol/channel.h"
#include "protocol/ws.h"
#include "tests/support/table.h"

/* Belongs to the fixed key that the random source below makes (RFC 6455, 1.3). */
#define STACK_PLAYER_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

struct stack_player {
    struct ws *ws;
    struct channel *channel; /* made when the upgrade is done */
    struct channel_config config;
    const struct channel_url *url;
    uint64_t now_ms;
    size_t live_count;
    size_t notification_count;
    size_t end_count; /* of the WebSocket: REFUSED or CLOSED */
    bool has_sent_close;
    struct bytes events;
    struct bytes sent;
    struct bytes request;
    struct bytes raw; /* frames of the client, not yet decoded */
};

static inline bool stack_player_random(void *user, uint8_t *out, size_t size)
{
    (void)user;
    memset(out, 7, size);
    if (size == WS_HANDSHAKE_RANDOM_SIZE)
        memcpy(out, "the sample nonce", size);
    return true;
}

/* Takes what the client has to send: first the request, then frames. */
static inline void stack_player_take_output(struct stack_player *player)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    while (ws_output(player->ws, &data, &size)) {
        bool is_request = player->channel == NULL && player->end_count == 0;
        assert_true(bytes_append(is_request ? &player->request : &player->raw, data, size));
        ws_sent(player->ws, size);
    }
}

static inline void stack_player_init(struct stack_player *player,
                                     const struct channel_url *url,
                                     enum channel_variant variant)
{
    *player = (struct stack_player){.url = url};
    bytes_init(&player->events, 1 << 20);
    bytes_init(&player->sent, 1 << 20);
    bytes_init(&player->request, 1 << 20);
    bytes_init(&player->raw, 1 << 20);
    channel_config_init(&player->config, variant);
    struct ws_config config;
    ws_config_init(&config, stack_player_random, NULL);
    struct ws_request request = {
        .host = url->host,
        .port = url->port,
        .is_plain = url->is_plain,
        .target = channel_target(url, variant),
    };
    player->ws = ws_new(&config, &request);
    assert_non_null(player->ws);
    stack_player_take_output(player);
}

static inline void stack_player_clear(struct stack_player *player)
{
    ws_free(player->ws);
    channel_free(player->channel);
    bytes_clear(&player->events);
    bytes_clear(&player->sent);
    bytes_clear(&player->request);
    bytes_clear(&player->raw);
}

static inline void stack_player_note(struct stack_player *player, const char *word)
{
    const char *space = bytes_count(&player->events) > 0 ? " " : "";
    assert_true(bytes_append_format(&player->events, "%s%s", space, word));
}

static inline void stack_player_take_channel_event(struct stack_player *player,
                                                   const struct channel_event *event)
{
    static const char *const names[] = {
        [CHANNEL_EVENT_LIVE] = "live",
        [CHANNEL_EVENT_NOTIFICATION] = "notification",
        [CHANNEL_EVENT_OTHER] = "other",
        [CHANNEL_EVENT_ENDED] = "ended",
    };
    stack_player_note(player, names[event->type]);
    player->live_count += event->type == CHANNEL_EVENT_LIVE;
    player->notification_count += event->type == CHANNEL_EVENT_NOTIFICATION;
    if (event->type == CHANNEL_EVENT_ENDED) {
        bytes_append_format(&player->events, "(%s)", channel_end_text(event->end));
        ws_close(player->ws, 1000);
    }
}

/* Events of the channel out, its messages down, frames out. */
static inline void stack_player_settle(struct stack_player *player)
{
    struct channel_event event;
    struct channel_message message;
    if (player->channel != NULL) {
        while (channel_next(player->channel, &event))
            stack_player_take_channel_event(player, &event);
        while (channel_output(player->channel, &message))
            (void)ws_send_text(player->ws, (const char *)message.data, message.size);
    }
    stack_player_take_output(player);
}

static inline void stack_player_take_ws_event(struct stack_player *player,
                                              const struct ws_event *event)
{
    struct channel_message message = {event->data, event->size,
                                      event->type == WS_EVENT_BINARY};
    switch (event->type) {
    case WS_EVENT_OPEN:
        player->channel = channel_new(&player->config, player->url, player->now_ms);
        assert_non_null(player->channel);
        break;
    case WS_EVENT_TEXT:
    case WS_EVENT_BINARY:
        channel_feed(player->channel, &message, player->now_ms);
        break;
    case WS_EVENT_REFUSED:
    case WS_EVENT_CLOSED:
        stack_player_note(player, event->type == WS_EVENT_CLOSED ? "closed" : "refused");
        bytes_append_format(&player->events, "(%d%s%s)",
                            event->type == WS_EVENT_CLOSED ? event->code
                                                           : event->http_status,
                            event->status == WS_OK ? "" : ": ",
                            event->status == WS_OK ? "" : ws_status_text(event->status));
        player->end_count++;
        break;
    case WS_EVENT_NONE:
    case WS_EVENT_PING:
    case WS_EVENT_PONG:
        break;
    }
    stack_player_settle(player);
}

/* Feeds bytes in pieces of `step`; 0 means all at once. */
static inline void stack_player_feed(struct stack_player *player, const void *bytes,
                                     size_t size, size_t step)
{
    const uint8_t *from = bytes;
    for (size_t at = 0; at < size;) {
        size_t piece = step == 0 || size - at < step ? size - at : step;
        ws_feed(player->ws, player->now_ms, from + at, piece);
        for (struct ws_event event; ws_next(player->ws, &event);)
            stack_player_take_ws_event(player, &event);
        at += piece;
    }
    stack_player_take_output(player);
}

static inline void stack_player_finish(struct stack_player *player)
{
    ws_finish(player->ws);
    for (struct ws_event event; ws_next(player->ws, &event);)
        stack_player_take_ws_event(player, &event);
    stack_player_take_output(player);
}

/* Lets time pass, with each deadline on the way. */
static inline void stack_player_go_to(struct stack_player *player, uint64_t now_ms)
{
    while (player->channel != NULL && channel_deadline(player->channel) <= now_ms) {
        player->now_ms = channel_deadline(player->channel);
        channel_tick(player->channel, player->now_ms);
        stack_player_settle(player);
    }
    player->now_ms = now_ms;
}

static inline void stack_player_note_frame(struct stack_player *player, uint8_t opcode,
                                           const uint8_t *data, size_t size)
{
    assert_false(player->has_sent_close);
    if (opcode == 1) {
        bytes_append(&player->sent, data, size);
    } else if (opcode == 8) {
        player->has_sent_close = true;
        bytes_append_text(&player->sent, "close");
        if (size > 0) {
            assert_int_equal(size, 2);
            bytes_append_format(&player->sent, "(%d)", data[0] << 8 | data[1]);
        }
    } else {
        assert_int_equal(opcode, 10);
        bytes_append_text(&player->sent, "pong");
    }
    bytes_append_text(&player->sent, "\n");
}

/* The frames that were sent so far, a line each. */
static inline const char *stack_player_sent(struct stack_player *player)
{
    while (bytes_count(&player->raw) > 0) {
        uint8_t *frame = player->raw.data + player->raw.offset;
        assert_true(bytes_count(&player->raw) >= 6);
        assert_int_equal(frame[0] & 0xF0, 0x80);
        assert_int_equal(frame[1] & 0x80, 0x80);
        size_t size = frame[1] & 0x7F;
        size_t at = 2;
        if (size == 126) {
            size = (size_t)(frame[2] << 8 | frame[3]);
            at = 4;
        }
        assert_true(size < 65536 && bytes_count(&player->raw) >= at + 4 + size);
        for (size_t i = 0; i < size; i++)
            frame[at + 4 + i] ^= frame[at + i % 4];
        stack_player_note_frame(player, frame[0] & 0x0F, frame + at + 4, size);
        bytes_consume(&player->raw, at + 4 + size);
    }
    return bytes_text(&player->sent);
}

#endif
