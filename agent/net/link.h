/* The notification channel of one drive: "something changed", and whether push is alive.
 *
 *   OFF -> ASKING        link_start: GET .../subscriptions/socketIo
 *   ASKING -> CONNECTING a URL came and passed the allow-list
 *   ASKING -> UNSUPPORTED 400 notSupported: ask again after 60 s, doubling to 60 min
 *   CONNECTING -> JOINING TCP (or CONNECT), TLS, upgrade, open packet
 *   JOINING -> LIVE      the namespace answered: on_live, the owner runs a delta
 *   LIVE -> RENEWING     80 % of the life is over: a second connection is built beside
 *   RENEWING -> LIVE     the second one is live (on_live again), then the old one leaves
 *   any -> BACKING_OFF   end, silence, refusal: jittered delay, then CONNECTING or ASKING
 *
 * Every entry into LIVE calls on_live, because nothing is replayed (F-133). Transient
 * failures are dealt with inside; the owner only hears of states.
 */
#ifndef AGENT_NET_LINK_H
#define AGENT_NET_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "agent/config.h"
#include "agent/net/service.h"

struct link;
struct tls_trust;
struct turns;

enum link_state {
    LINK_OFF,
    LINK_ASKING,
    LINK_CONNECTING,
    LINK_JOINING,
    LINK_LIVE,
    LINK_RENEWING,
    LINK_BACKING_OFF,
    LINK_UNSUPPORTED,
};

/* Why a live connection ended. */
enum link_cause {
    LINK_CAUSE_SERVER,  /* it said so: left, closed, or the address was over (F-136) */
    LINK_CAUSE_SILENCE, /* no sign of life (F-129) */
    LINK_CAUSE_NETWORK, /* the stream broke (F-130, F-131) */
    LINK_CAUSE_BREACH,  /* the server broke the rules (F-137, F-140, F-141) */
    LINK_CAUSES,
};

/* A plain value: all that `status` shows. Times are wall-clock ms, 0 never. */
struct link_status {
    enum link_state state;
    int64_t since;
    int generation; /* Engine.IO protocol in use, 0 unknown */
    uint32_t ping_interval_ms;
    uint32_t ping_timeout_ms;
    int64_t last_ping;
    int64_t last_event;
    int64_t expires;
    int64_t next_try; /* while BACKING_OFF or UNSUPPORTED */
    uint64_t events;
    uint64_t renewals;
    uint64_t reconnects;
    uint64_t reconnects_by[LINK_CAUSES];
    char host[256];
    struct failure last_failure; /* kind NONE: none */
};

struct link_callbacks {
    void (*on_live)(void *user);    /* joined: run a delta now */
    void (*on_changed)(void *user); /* a notification */
    /* State, counters or timings changed (not for heartbeats). */
    void (*on_status)(void *user, const struct link_status *status);
};

struct link_config {
    const char *path;          /* the form of `drive =`, as graph_url_socketio() made it */
    const char *fallback_path; /* by drive id; used when `path` is refused; may be NULL */
    const char *mirror;        /* name, for the log */
};

/* What all links share; it outlives them. A plain value. */
struct link_parts {
    const struct config *config;
    struct service *service;
    struct tls_trust *trust;
    struct turns *turns; /* agent/net/turn.h */
};

/* Texts are copied. Starts in LINK_OFF. NULL: `failure` says why. */
struct link *link_new(uv_loop_t *loop, const struct link_parts *parts,
                      const struct link_config *link_config,
                      const struct link_callbacks *callbacks, void *user,
                      struct failure *failure);
void link_start(struct link *link);
/* Leaves in good order (41, close 1000) and goes to LINK_OFF; may be started again. */
void link_stop(struct link *link);
/* The same within 500 ms, and frees on the loop. */
void link_close(struct link *link);

/* The machine woke, or addresses changed: probe, reconnect where there is no answer within
 * 5 s; delays and attempts under way start anew (F-131, F-154). */
void link_wake(struct link *link);

/* Brought up to date with the heartbeat; borrowed until the next call or callback. */
const struct link_status *link_status(struct link *link);
/* "live", "backing off", … for people and v_channel. */
const char *link_state_text(enum link_state state);
/* "server", "silence", … */
const char *link_cause_text(enum link_cause cause);

#endif
