/* Receives the browser's return from a sign-in: an HTTP server for one visit on a port of
 * 127.0.0.1, and of [::1] where that port is free there too (RFC 8252, 7.3).
 *
 * Lifetimes: loopback_listen() … loopback_close(), which frees on the loop.
 * Limits: 8 visitors at once, of whom one more is hung up on; 8 KiB a request; whoever
 * sends none is dropped with the listener.
 */
#ifndef AGENT_NET_LOOPBACK_H
#define AGENT_NET_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "agent/failure.h"

enum { LOOPBACK_MAX_VISITORS = 8, LOOPBACK_MAX_REQUEST = 8 * 1024 };

struct loopback;

/* The page that a visitor gets: plain, and without a word of what was brought. */
enum loopback_page {
    LOOPBACK_STRANGE, /* not the expected visit */
    LOOPBACK_ARRIVED,
    LOOPBACK_REFUSED,
};

/* A visit of "/": the text behind its question mark. May close the listener; the page is
 * still sent. */
typedef enum loopback_page loopback_visit_fn(void *user, const char *query);

/* NULL: `failure` says why. `*out_port` is where the browser is to return to. */
struct loopback *loopback_listen(uv_loop_t *loop, loopback_visit_fn *visit, void *user,
                                 uint16_t *out_port, struct failure *failure);
void loopback_close(struct loopback *loopback);

/* The value of a name in a query, decoded. False: absent, or it does not fit. Pure. */
bool loopback_query_value(const char *query, const char *name, char *out, size_t out_size);

#endif
