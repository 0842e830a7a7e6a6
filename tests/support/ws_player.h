/* Plays a server's bytes to a WebSocket machine and writes down, as text, which events
 * came out and which frames the machine sent:
 *
 *   events  "open text(Hello) ping(70 70) closed(1000 bye)"
 *           "open closed(1006: the server set a reserved bit)"
 *   sent    "pong(70 70) close(1000)"
 *
 * Payloads over 64 bytes are only counted: "text(65535 bytes)"; a zero in a text is shown
 * as "?". The randomness is fixed, so that the handshake key is that of RFC 6455, 1.3.
 */
#ifndef TESTS_SUPPORT_WS_PLAYER_H
#define TESTS_SUPPORT_WS_PLAYER_H

#include <string.h>

#include "protocol/bytes.h"
#include "protocol/ws.h"
#include "tests/support/guarded_bytes.h"
#include "tests/support/table.h"

#define WS_PLAYER_ACCEPT                                                                   \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"    \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

struct ws_player {
    struct ws *ws;
    uint64_t now_ms;
    size_t randoms_left;
    struct bytes events;
    struct bytes sent;
    struct bytes raw; /* sent, not yet decoded */
};

static inline bool ws_player_random(void *user, uint8_t *out, size_t size)
{
    struct ws_player *player = user;
    if (player->randoms_left-- == 0)
        return false;
    if (size == WS_HANDSHAKE_RANDOM_SIZE)
        memcpy(out, "the sample nonce", size);
    else
        memcpy(out, "\x01\x02\x03\x04", size);
    return true;
}

static inline void ws_player_init(struct ws_player *player, struct ws_config *config)
{
    *player = (struct ws_player){.randoms_left = SIZE_MAX};
    bytes_init(&player->events, 1 << 20);
    bytes_init(&player->sent, 1 << 20);
    bytes_init(&player->raw, 256 << 20);
    ws_config_init(config, ws_player_random, player);
}

/* Makes the machine and takes the request from it. */
static inline void ws_player_start(struct ws_player *player, const struct ws_config *config)
{
    static const struct ws_request request = {
        .host = "a.example", .port = 443, .target = "/socket.io/?EIO=4"};
    player->ws = ws_new(config, &request);
    assert_non_null(player->ws);
    const uint8_t *data = NULL;
    size_t size = 0;
    assert_true(ws_output(player->ws, &data, &size));
    ws_sent(player->ws, size);
    assert_false(ws_output(player->ws, &data, &size));
}

static inline void ws_player_clear(struct ws_player *player)
{
    ws_free(player->ws);
    bytes_clear(&player->events);
    bytes_clear(&player->sent);
    bytes_clear(&player->raw);
}

static inline void ws_player_note(struct bytes *log, const char *word)
{
    assert_true(bytes_append_format(log, "%s%s", bytes_count(log) > 0 ? " " : "", word));
}

static inline void ws_player_note_payload(struct bytes *log, const char *word, bool is_text,
                                          const uint8_t *data, size_t size)
{
    ws_player_note(log, word);
    bytes_append_text(log, "(");
    if (size > 64)
        bytes_append_format(log, "%zu bytes", size);
    for (size_t i = 0; i < size && size <= 64; i++) {
        if (is_text)
            bytes_append_byte(log, data[i] == 0 ? '?' : data[i]);
        else
            bytes_append_format(log, i == 0 ? "%02x" : " %02x", data[i]);
    }
    bytes_append_text(log, ")");
}

static inline void ws_player_note_closed(struct ws_player *player,
                                         const struct ws_event *event)
{
    ws_player_note(&player->events, "closed");
    bytes_append_format(&player->events, "(%u", (unsigned)event->code);
    if (!event->clean)
        bytes_append_format(&player->events, ": %s", ws_status_text(event->status));
    else if (event->size > 0)
        bytes_append_format(&player->events, " %s", (const char *)event->data);
    bytes_append_text(&player->events, ")");
}

static inline void ws_player_note_event(struct ws_player *player,
                                        const struct ws_event *event)
{
    struct bytes *log = &player->events;
    assert_non_null(event->data);
    assert_int_equal(event->data[event->size], 0);
    switch (event->type) {
    case WS_EVENT_NONE:
        fail_msg("an event of no type");
        break;
    case WS_EVENT_OPEN:
        ws_player_note(log, "open");
        break;
    case WS_EVENT_REFUSED:
        ws_player_note(log, "refused");
        bytes_append_format(log, "(%d %s %s)", event->http_status,
                            event->retry_after == NULL ? "-" : event->retry_after,
                            (const char *)event->data);
        break;
    case WS_EVENT_TEXT:
        ws_player_note_payload(log, "text", true, event->data, event->size);
        break;
    case WS_EVENT_BINARY:
        ws_player_note_payload(log, "binary", false, event->data, event->size);
        break;
    case WS_EVENT_PING:
        ws_player_note_payload(log, "ping", false, event->data, event->size);
        break;
    case WS_EVENT_PONG:
        ws_player_note_payload(log, "pong", false, event->data, event->size);
        break;
    case WS_EVENT_CLOSED:
        ws_player_note_closed(player, event);
        break;
    }
}

static inline void ws_player_drain(struct ws_player *player)
{
    for (struct ws_event event; ws_next(player->ws, &event);)
        ws_player_note_event(player, &event);
}

/* Feeds bytes in pieces of `step`; 0 means all at once. */
static inline void ws_player_feed(struct ws_player *player, const void *bytes, size_t size,
                                  size_t step)
{
    struct guarded_bytes input = guarded_bytes_new(bytes, size);
    for (size_t at = 0; at < size;) {
        size_t piece = step == 0 || size - at < step ? size - at : step;
        ws_feed(player->ws, player->now_ms, input.data + at, piece);
        ws_player_drain(player);
        at += piece;
    }
    guarded_bytes_free(&input);
}

static inline void ws_player_finish(struct ws_player *player)
{
    ws_finish(player->ws);
    ws_player_drain(player);
}

static inline const char *ws_player_events(struct ws_player *player)
{
    return bytes_text(&player->events);
}

static inline void ws_player_note_frame(struct ws_player *player, uint8_t opcode,
                                        const uint8_t *data, size_t size)
{
    static const char *const names[16] = {
        [1] = "text", [2] = "binary", [8] = "close", [9] = "ping", [10] = "pong"};
    assert_non_null(names[opcode]);
    if (opcode != 8) {
        ws_player_note_payload(&player->sent, names[opcode], opcode == 1, data, size);
        return;
    }
    ws_player_note(&player->sent, "close");
    if (size > 0) {
        assert_int_equal(size, 2);
        bytes_append_format(&player->sent, "(%u)", (unsigned)(data[0] << 8 | data[1]));
    }
}

/* Decodes one frame as a strict server would: FIN, no reserved bit, masked. */
static inline size_t ws_player_take_frame(struct ws_player *player, uint8_t *frame)
{
    assert_int_equal(frame[0] & 0xF0, 0x80);
    assert_int_equal(frame[1] & 0x80, 0x80);
    size_t size = frame[1] & 0x7F;
    size_t at = 2;
    size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (extended > 0)
        size = 0;
    for (size_t i = 0; i < extended; i++)
        size = size << 8 | frame[at++];
    uint8_t *key = frame + at;
    uint8_t *payload = key + 4;
    for (size_t i = 0; i < size; i++)
        payload[i] ^= key[i % 4];
    ws_player_note_frame(player, frame[0] & 0x0F, payload, size);
    return at + 4 + size;
}

/* Takes all output, `step` bytes at a time, and answers what was sent so far. */
static inline const char *ws_player_sent(struct ws_player *player, size_t step)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    while (ws_output(player->ws, &data, &size)) {
        size_t piece = step == 0 || size < step ? size : step;
        assert_true(bytes_append(&player->raw, data, piece));
        ws_sent(player->ws, piece);
    }
    while (bytes_count(&player->raw) > 0) {
        uint8_t *front = player->raw.data + player->raw.offset;
        bytes_consume(&player->raw, ws_player_take_frame(player, front));
    }
    return bytes_text(&player->sent);
}

#endif
