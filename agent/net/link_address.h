/* The address of the notification channel as one link holds it: checked against the
 * allow-list, with its life. A secret: in memory only, wiped when it goes.
 *
 * Sequence: link_address_init(), any number of link_address_take() and
 * link_address_forget(), link_address_clear(). Must not be copied or moved.
 */
#ifndef AGENT_NET_LINK_ADDRESS_H
#define AGENT_NET_LINK_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/net/allow.h"
#include "agent/net/service.h"
#include "protocol/channel_url.h"

struct link_address {
    struct allow allow;
    char *text;             /* as the service sent it; NULL: there is none */
    struct channel_url url; /* what it means */
    uint64_t renew_ms;      /* on clock_now_ms() */
    uint64_t expires_ms;    /* after it nothing that it led to is trusted */
    bool is_life_known;
};

/* False: no memory, or graph_url is none. */
bool link_address_init(struct link_address *address, const struct config *config);
void link_address_clear(struct link_address *address);

/* Wipes the address. */
void link_address_forget(struct link_address *address);

enum link_taken {
    LINK_TAKEN_NEW,
    LINK_TAKEN_SAME,    /* the address that we have, with a longer life */
    LINK_TAKEN_REFUSED, /* unusable or not allowed; `failure` says why, and how long to
                           wait; what we have is kept */
};

/* Reads an answer of the endpoint (2xx). */
enum link_taken link_address_take(struct link_address *address,
                                  const struct service_answer *answer,
                                  struct failure *failure);

#endif
