/* A WebSocket client as a machine without I/O: received bytes in, events out, bytes to
 * send out. RFC 6455 sections 4 to 8; the WS-numbers are those of the notification notes.
 *
 * Sequence:
 *
 *   ws_config_init, ws_new      the upgrade request waits in ws_output()
 *   loop:
 *     ws_output / ws_sent       write until there is nothing left
 *     ws_feed                   what was read, any split; then
 *     ws_next until false       each event; answers to pings and closes join the output
 *     ws_send_x, ws_close       between any two of these
 *   ws_finish                   the stream ended; then ws_next until false once more
 *   ws_free                     at any time
 *
 * Events come in this order: either REFUSED alone, or OPEN, then messages, PING and PONG,
 * then CLOSED. CLOSED may also come without OPEN. REFUSED and CLOSED are last: exactly
 * one of them comes, and after it the caller writes what ws_output() still has (the
 * Close frame) and ends the connection; after a clean CLOSED it first gives the server
 * 2 s to do so (WS-62, WS-64).
 *
 * Errors: whatever goes wrong inside, also for lack of memory, is the CLOSED event with
 * `clean` false, the reason in `status` and the matching Close frame in the output
 * (WS-65). Messages that were complete before the error are delivered first.
 *
 * Limits: struct ws_config. Buffers grow with what has arrived, never with what a header
 * announces (WS-43, F-140).
 *
 * Timeouts (WS-29, WS-62) are the caller's: there is no clock in here. `now_ms` is only
 * used to count control frames per minute.
 */
#ifndef PROTOCOL_WS_H
#define PROTOCOL_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/ws_handshake.h"
#include "protocol/ws_queue.h"
#include "protocol/ws_status.h"

struct ws;

enum {
    WS_MAX_FRAME = 1 << 20,          /* F-140 */
    WS_MAX_MESSAGE = 1 << 20,        /* F-140 */
    WS_MAX_FRAGMENTS = 1024,         /* F-141, WS-44 */
    WS_MAX_OUTPUT = 64 << 10,        /* WS-55 */
    WS_MAX_CONTROLS_PER_MINUTE = 60, /* pings and pongs together */
    WS_MAX_FEED = 1 << 20,           /* bytes in one ws_feed() */
};

struct ws_config {
    ws_random_fn
        *random; /* cryptographic: mask keys and the handshake key (WS-04, WS-30) */
    void *random_user;
    size_t max_frame;               /* payload of one frame */
    size_t max_message;             /* payload after reassembly */
    size_t max_fragments;           /* frames of one message */
    size_t max_output;              /* bytes waiting to be sent */
    size_t max_controls_per_minute; /* SIZE_MAX: any number */
};

/* Sets the limits above and the given source of randomness. */
void ws_config_init(struct ws_config *config, ws_random_fn *random, void *random_user);

enum ws_event_type {
    WS_EVENT_NONE,
    WS_EVENT_OPEN,
    WS_EVENT_REFUSED,
    WS_EVENT_TEXT,
    WS_EVENT_BINARY,
    WS_EVENT_PING, /* already answered */
    WS_EVENT_PONG,
    WS_EVENT_CLOSED,
};

struct ws_event {
    enum ws_event_type type;
    /* The payload of TEXT, BINARY, PING, PONG; the body of REFUSED, at most 4 KiB; the
     * reason given by the server for CLOSED. Never NULL; a zero stands behind it. */
    const uint8_t *data;
    size_t size;
    int http_status;         /* REFUSED: 100 to 999, never 101 */
    const char *retry_after; /* REFUSED: the field as it came (seconds or HTTP-date,
                                WS-17), or NULL */
    uint16_t code;           /* CLOSED: the server's code; 1005 when it gave none; 1006
                                when there was no Close frame or it was an error */
    bool clean;              /* CLOSED: the server sent a legal Close frame */
    enum ws_status status;   /* CLOSED: WS_OK when clean */
};

/* Makes a machine; `config` and `request` are copied or used up. NULL: no memory, no
 * randomness, or a request with characters that must not stand in one (WS-01). */
struct ws *ws_new(const struct ws_config *config, const struct ws_request *request);

/* Takes NULL. Wipes the request, whose target is a secret. */
void ws_free(struct ws *ws);

/* Gives received bytes, at most WS_MAX_FEED, to the machine, which copies them. `now_ms`
 * is a clock that never goes back. Ignored after REFUSED and CLOSED. */
void ws_feed(struct ws *ws, uint64_t now_ms, const uint8_t *bytes, size_t size);

/* Tells that the stream has ended, with or without TLS close_notify (WS-27). */
void ws_finish(struct ws *ws);

/* Takes the oldest event. False when there is none. What `out` points to is borrowed
 * until the next ws_next() or ws_free(). */
bool ws_next(struct ws *ws, struct ws_event *out);

/* The bytes to write next, borrowed until the next call. False: none. */
bool ws_output(const struct ws *ws, const uint8_t **out_data, size_t *out_size);

/* Tells that the first `size` bytes of ws_output() have been written. */
void ws_sent(struct ws *ws, size_t size);

/* Queue one message or ping. Text is the caller's valid UTF-8; a ping has at most 125
 * bytes. WS_NOT_OPEN before OPEN, after ws_close() and after the end; any other error
 * has also ended the connection. */
enum ws_status ws_send_text(struct ws *ws, const char *text, size_t size);
enum ws_status ws_send_binary(struct ws *ws, const uint8_t *data, size_t size);
enum ws_status ws_send_ping(struct ws *ws, const uint8_t *data, size_t size);

/* Starts the closing handshake with a code that is legal on the wire (WS-59). The CLOSED
 * event comes with the server's answer or the end of the stream; messages that arrive
 * until then are dropped (WS-61). Before OPEN there is nothing to close: CLOSED comes at
 * once. Later calls do nothing. */
void ws_close(struct ws *ws, uint16_t code);

#endif
