/* A TCP connection to a host by name: IPv6 and IPv4 raced, so that one broken family costs
 * a quarter of a second (F-131). RFC 8305, simplified.
 *
 * dial_start() … `done` exactly once, never inside the call, or dial_cancel(). The socket
 * given to `done` is the callee's, to be ended by dial_release(). No time limit of its own:
 * the caller cancels.
 */
#ifndef AGENT_NET_DIAL_H
#define AGENT_NET_DIAL_H

#include <stdint.h>
#include <uv.h>

#include "agent/failure.h"

enum { DIAL_MAX_ADDRESSES = 8, DIAL_HEAD_START_MS = 250 };

struct dial;

/* `tcp` NULL: `failure` says why. */
typedef void dial_done_fn(void *user, uv_tcp_t *tcp, const struct failure *failure);

struct dial *dial_start(uv_loop_t *loop, const char *host, uint16_t port,
                        dial_done_fn *done, void *user, struct failure *failure);
void dial_cancel(struct dial *dial);

/* Closes the socket and frees it, on the loop. */
void dial_release(uv_tcp_t *tcp);

#endif
