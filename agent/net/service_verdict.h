/* What to do about an answer of Graph or of a content host, or about none. Pure: facts in,
 * one verdict out. Graph notes: status to action; F-101, F-110 to F-112, F-121, F-127.
 */
#ifndef AGENT_NET_SERVICE_VERDICT_H
#define AGENT_NET_SERVICE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/failure.h"
#include "agent/net/service.h"

enum {
    SERVICE_TOKEN_TRIES = 1,    /* renewals for one request, then F-114 */
    SERVICE_ITEM_TRIES = 4,     /* a 404 of an item is often too early */
    SERVICE_CHANNEL_TRIES = 3,  /* the channel has its own delays */
    SERVICE_PROTOCOL_TRIES = 4, /* nonsense, TLS not verified */
    SERVICE_GRAPH_REDIRECTS = 3,
    SERVICE_CONTENT_REDIRECTS = 5,
    SERVICE_ADDRESS_TRIES = 3 /* new addresses of one content (F-101) */
};

/* One answer of Graph. */
struct service_facts {
    enum service_class class;
    int status;
    bool is_html;         /* where JSON was asked for (F-127) */
    bool wants_claims;    /* the challenge carries claims */
    bool is_token_outage; /* a 401 that no token mends: the service's own trouble */
    bool has_location;
    uint64_t retry_after_ms;
    int token_renewals;
    int not_found; /* 404s before this one */
    int redirects;
};

enum service_step {
    SERVICE_STEP_DELIVER,  /* an answer that waiting would not change */
    SERVICE_STEP_RENEW,    /* with another token, at once */
    SERVICE_STEP_SIGN_IN,  /* another token was refused as well */
    SERVICE_STEP_FOLLOW,   /* the Location */
    SERVICE_STEP_AGAIN,    /* after `wait_ms` */
    SERVICE_STEP_THROTTLE, /* the whole account waits: `wait_ms`, 0 not said */
    SERVICE_STEP_TROUBLE,  /* growing delay */
    SERVICE_STEP_PORTAL,   /* F-127: as trouble */
    SERVICE_STEP_REFUSE,   /* nonsense: growing delay, few tries */
};

struct service_verdict {
    enum service_step step;
    uint64_t wait_ms;
    int number; /* F-xx */
};

struct service_verdict service_judge(const struct service_facts *facts);

/* What a content host answered. */
enum service_content_step {
    SERVICE_CONTENT_TAKE,     /* 200, or the part that was asked for */
    SERVICE_CONTENT_WHOLE,    /* another part: ask for the whole (F-102) */
    SERVICE_CONTENT_FOLLOW,   /* the Location */
    SERVICE_CONTENT_ADDRESS,  /* the address is over: a new one (F-101) */
    SERVICE_CONTENT_THROTTLE, /* 429, 503, 509: this host waits */
    SERVICE_CONTENT_TROUBLE,
    SERVICE_CONTENT_DELIVER,
};

struct service_content_facts {
    int status;
    bool has_location;
    uint64_t offset;     /* asked for */
    int64_t range_first; /* answered, -1 none */
    int redirects;
    int addresses; /* new ones asked for so far */
};

enum service_content_step service_judge_content(const struct service_content_facts *facts);

/* Whether a failure is worth another try of the same request, and how many in all; 0:
 * for ever. False: deliver it. */
bool service_is_retried(enum service_class class, const struct failure *failure,
                        int *out_tries);

#endif
