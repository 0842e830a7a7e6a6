/* One notification connection: TCP (or the tunnel of a proxy), TLS, WebSocket, Engine.IO
 * and Socket.IO, on the loop. It lives once; reconnecting is link.h's.
 *
 * Sequence: connection_open(); phases, then events, then at most one `on_end`, after which
 * nothing more comes; connection_leave() in any case, also from inside a callback and also
 * before the end. The memory goes on the loop, when the farewell is over.
 *
 * Where others are on their way to the same host, the first phase lasts until it is our
 * turn; only then does time begin (WS-08).
 *
 * Time: each phase has its 10 s and all together 30 s (WS-29); deadlines are judged after
 * pending reads, on the clock that counts suspend.
 *
 * The process must ignore SIGPIPE (F-132).
 */
#ifndef AGENT_NET_CONNECTION_H
#define AGENT_NET_CONNECTION_H

#include <uv.h>

#include "agent/net/connection_end.h"
#include "agent/net/turn.h"
#include "protocol/channel.h"
#include "protocol/tls.h"

enum {
    CONNECTION_PHASE_MS = 10 * 1000,
    CONNECTION_ALL_PHASES_MS = 30 * 1000,
    CONNECTION_PROBE_MS = 5 * 1000, /* for the answer to a ping of ours */
    CONNECTION_CLOSE_MS = 5 * 1000, /* for the server's Close frame (WS-62) … */
    CONNECTION_FIN_MS = 2 * 1000,   /* … and for its end of the stream */
    CONNECTION_EXIT_MS = 500        /* for both when the program ends */
};

struct connection;

enum connection_phase {
    CONNECTION_DIALING, /* name and TCP */
    CONNECTION_TUNNELING,
    CONNECTION_SECURING,
    CONNECTION_UPGRADING,
    CONNECTION_JOINING, /* open packet and namespace */
    CONNECTION_LIVE,
    CONNECTION_LEAVING,
};

/* A plain value; all borrowed for connection_open(), `session` until connection_leave().
 * `trust` is shared, since the farewell needs it. */
struct connection_config {
    struct tls_trust *trust;
    /* Where the TLS session to resume lies, NULL in it if there is none yet; a newer one is
     * put there once the connection is live. May be NULL. */
    struct tls_session **session;
    struct turns *turns; /* outlives all connections; NULL: there are no others */
    const char *proxy;   /* NULL: the environment's */
    const char *user_agent;
    struct channel_config channel;
};

struct connection_callbacks {
    void (*on_phase)(void *user, enum connection_phase phase);
    /* LIVE, NOTIFICATION and OTHER, as they come. */
    void (*on_event)(void *user, const struct channel_event *event);
    void (*on_end)(void *user, const struct connection_end *end);
};

/* `url` is copied as far as needed. NULL: `failure` says why. No callback comes from
 * inside the call. */
struct connection *connection_open(uv_loop_t *loop, const struct connection_config *config,
                                   const struct channel_url *url,
                                   const struct connection_callbacks *callbacks, void *user,
                                   struct failure *failure);

/* No callback from now on. Says farewell (41, Close 1000) where there is somebody to say
 * it to, for at most `limit_ms`, and frees. 0: at once. */
void connection_leave(struct connection *connection, uint64_t limit_ms);

/* Asks the server for a sign of life; without any within 5 s the connection ends (F-131,
 * F-154). Before LIVE it does nothing: those phases have their limits. */
void connection_probe(struct connection *connection);

/* What is known of the heartbeat; NULL before the upgrade. Borrowed until the next
 * callback. */
const struct eio_heartbeat *connection_heartbeat(const struct connection *connection);

#endif
