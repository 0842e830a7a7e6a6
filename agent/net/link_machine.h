/* Inside a link: what link.c (states, connections, time) and link_ask.c (the endpoint and
 * its answers) share. Nobody else includes this.
 */
#ifndef AGENT_NET_LINK_MACHINE_H
#define AGENT_NET_LINK_MACHINE_H

#include "agent/net/connection.h"
#include "agent/net/link.h"
#include "agent/net/link_address.h"
#include "agent/net/link_plan.h"

/* What a connection's callbacks are given. */
struct link_slot {
    struct link *link;
    struct connection *connection; /* NULL: none */
    bool is_live;
};

struct link {
    uv_loop_t *loop;
    uv_timer_t timer;
    bool is_closing;
    const struct config *config;
    struct service *service;
    struct tls_trust *trust;
    struct turns *turns;
    char *path;
    char *fallback_path; /* NULL: none */
    char *mirror;
    struct link_callbacks callbacks;
    void *user;

    struct service_operation *asking;
    bool is_fallback; /* the question is by drive id */
    uint32_t unsupported;
    struct link_address address;
    enum channel_variant variant; /* what this host understood last */
    struct tls_session *session;  /* to resume with, NULL none */

    struct link_slot slots[2];
    struct link_slot *current;
    struct link_slot *next;
    uint32_t failures; /* in a row, until LINK_STABLE_MS of health */
    uint64_t live_since_ms;
    uint64_t live_until_ms;   /* the end of the address that `current` was made with */
    uint64_t next_ms;         /* BACKING_OFF, UNSUPPORTED */
    uint64_t told_to_wait_ms; /* by the server: link_wake() does not shorten it */
    struct link_status status;
};

/* link.c */

void link_enter(struct link *link, enum link_state state);
/* Goes to BACKING_OFF or UNSUPPORTED for a while. */
void link_wait(struct link *link, enum link_state state, uint64_t wait_ms);
/* A step did not succeed: the old connection goes on, or the delays begin. */
void link_fail(struct link *link, const struct failure *failure);
void link_give_up_renewal(struct link *link, const struct failure *failure);
/* There is an address: connects where that is needed. */
void link_use_address(struct link *link, bool is_same);

/* link_ask.c */

/* Asks the endpoint, in its own form or by drive id. */
void link_ask(struct link *link, bool is_fallback);

#endif
