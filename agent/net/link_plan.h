/* The decisions of link.c that need no network: when to renew, what an answer of the
 * endpoint means, how long to wait. Pure. Notifications, Renewal; Graph: socketIo.
 */
#ifndef AGENT_NET_LINK_PLAN_H
#define AGENT_NET_LINK_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/net/link.h"
#include "protocol/graph_reply.h"

enum {
    LINK_LEAST_RENEWAL_MS = 60 * 1000,     /* between two questions for an address */
    LINK_UNKNOWN_LIFE_MS = 60 * 60 * 1000, /* where the service does not say */
    LINK_UNKNOWN_RENEWAL_MS = 30 * 60 * 1000,
    LINK_REFUSED_MS = 4 * 60 * 60 * 1000, /* no right to it, or a host off the list */
    LINK_STABLE_MS = 60 * 1000,           /* live that long: the delays begin anew */
    LINK_URL_TRIES = 3                    /* failures in a row, then a new address */
};

/* What is left of an address's life, by the service's own clock where it tells it; 0: it
 * does not say, or nonsense. Times are wall-clock ms, INT64_MIN (GRAPH_UNKNOWN) absent. */
uint64_t link_life_ms(int64_t expires_ms, int64_t date_ms, int64_t wall_ms);

/* When to renew, counted from the answer: at 80 % of the life or 5 min before its end,
 * whichever is earlier, give or take 10 %; never within 60 s. `life_ms` 0: unknown. */
uint64_t link_renewal_ms(uint64_t life_ms, uint32_t random);

enum link_step {
    LINK_STEP_TAKE,        /* an address, to be parsed */
    LINK_STEP_FALL_BACK,   /* ask by drive id, at once */
    LINK_STEP_UNSUPPORTED, /* ask again after link_unsupported_ms() */
    LINK_STEP_FORBIDDEN,   /* … after hours */
    LINK_STEP_BACK_OFF,
};
enum link_step link_judge_answer(int status, bool has_fallback);

/* What the end of a live connection is counted as, by its number in the failure model. */
enum link_cause link_cause_of(int number);

/* 60 s, doubling up to 60 min. */
uint64_t link_unsupported_ms(uint32_t attempt);

#endif
