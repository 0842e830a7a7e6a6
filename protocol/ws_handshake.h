/* The opening handshake of a WebSocket client: request text, incremental check of the
 * answer. RFC 6455, 4; WS-01 to WS-19.
 *
 * Sequence: ws_handshake_init() writes the request; ws_handshake_feed() until it answers
 * something else than MORE, or ws_handshake_finish() when the stream ends before that;
 * ws_handshake_clear().
 *
 * Limits: head 16 KiB in 100 lines of 8 KiB (WS-19); of an error body 4 KiB are kept
 * (WS-14). A redirect is an answer like any other and never followed (WS-15).
 */
#ifndef PROTOCOL_WS_HANDSHAKE_H
#define PROTOCOL_WS_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"
#include "protocol/http_head.h"

/* What to ask for. All texts are borrowed for the call that takes them. */
struct ws_request {
    const char *host;       /* name or address, an IPv6 address without brackets */
    uint16_t port;          /* left out of the request when it is the usual one */
    bool is_plain;          /* ws:// instead of wss:// */
    const char *target;     /* path and query: "/socket.io/?..." (WS-01) */
    const char *user_agent; /* NULL: none */
};

enum {
    WS_HANDSHAKE_RANDOM_SIZE = 16, /* bytes of randomness in a key (WS-04) */
    WS_HANDSHAKE_KEY_SIZE = 24,    /* characters of a key */
    WS_HANDSHAKE_MAX_BODY = 4096,
};

enum ws_handshake_result {
    WS_HANDSHAKE_MORE,        /* feed more */
    WS_HANDSHAKE_ACCEPTED,    /* what was not used belongs to the frame parser (WS-13) */
    WS_HANDSHAKE_REFUSED,     /* another status; `head` and `body` say which and why */
    WS_HANDSHAKE_BAD_HEAD,    /* not HTTP, or above the limits */
    WS_HANDSHAKE_BAD_UPGRADE, /* 101, but not for our request (WS-10 to WS-12) */
};

struct ws_handshake {
    char key[WS_HANDSHAKE_KEY_SIZE + 1];
    struct http_head head;
    bool has_head;     /* the head is complete, and a refusal */
    struct bytes body; /* of the refusal */
    size_t body_size;  /* announced by Content-Length; SIZE_MAX: until the end */
    bool is_chunked;   /* the body is kept as it came, with the chunk sizes */
};

/* Appends the request to `out`. `random` are fresh bytes for each attempt (WS-04).
 * False: no memory, or a text with characters that must not stand in a request. */
bool ws_handshake_init(struct ws_handshake *handshake, const struct ws_request *request,
                       const uint8_t random[WS_HANDSHAKE_RANDOM_SIZE], struct bytes *out);

/* Reads from the answer; `*out_used` says how many bytes were taken, also on failure. */
enum ws_handshake_result ws_handshake_feed(struct ws_handshake *handshake,
                                           const uint8_t *bytes, size_t size,
                                           size_t *out_used);

/* The stream ended before a result: REFUSED when there is a head, else BAD_HEAD. */
enum ws_handshake_result ws_handshake_finish(const struct ws_handshake *handshake);

/* Frees what was read. */
void ws_handshake_clear(struct ws_handshake *handshake);

#endif
