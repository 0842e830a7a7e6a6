/* A tunnel through an HTTP proxy: the CONNECT request and the check of its answer.
 * RFC 9110, 9.3.6; WS-20 to WS-22, F-128.
 *
 * Sequence: proxy_init() writes the request; proxy_feed() until it answers something else
 * than MORE; proxy_clear(). The request names the host and nothing else: no path, no
 * token. Limits are those of http_head.h.
 */
#ifndef PROTOCOL_PROXY_H
#define PROTOCOL_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"
#include "protocol/http_head.h"

/* Where to. All texts are borrowed for the call. */
struct proxy_request {
    const char *host; /* name or address, an IPv6 address without brackets */
    uint16_t port;
    const char *user; /* for Basic authentication; NULL: none */
    const char *password;
};

enum proxy_result {
    PROXY_MORE,    /* feed more */
    PROXY_OPEN,    /* the next bytes belong to the other end */
    PROXY_SIGN_IN, /* 407: credentials are missing or wrong (WS-21) */
    PROXY_REFUSED, /* another status, to be found in `head` */
    PROXY_BAD,     /* not HTTP, above the limits, or more bytes behind the head (WS-22) */
};

struct proxy {
    struct http_head head;
};

/* Appends the request to `out`, which holds a secret when there are credentials. False:
 * no memory, or a text with characters that must not stand in a request. */
bool proxy_init(struct proxy *proxy, const struct proxy_request *request,
                struct bytes *out);

/* Reads from the answer. A body of a refusal is not looked at. */
enum proxy_result proxy_feed(struct proxy *proxy, const uint8_t *bytes, size_t size);

/* Frees what was read. */
void proxy_clear(struct proxy *proxy);

#endif
