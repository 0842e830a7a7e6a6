/* Those who wait for an access token, oldest first. Inside auth.c only. */
#ifndef AGENT_NET_AUTH_WAITERS_H
#define AGENT_NET_AUTH_WAITERS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/failure.h"
#include "agent/net/auth.h"

struct auth_waiter;

/* A zeroed one is empty. */
struct auth_waiters {
    struct auth_waiter *first;
    uint64_t last_ticket;
};

/* A ticket, ascending; 0: no memory. */
uint64_t auth_waiters_add(struct auth_waiters *waiters, auth_token_fn *fn, void *user);
void auth_waiters_forget(struct auth_waiters *waiters, uint64_t ticket);
void auth_waiters_clear(struct auth_waiters *waiters);

bool auth_waiters_is_empty(const struct auth_waiters *waiters);
/* Whether the oldest has this ticket or one before it. */
bool auth_waiters_has(const struct auth_waiters *waiters, uint64_t ticket);
/* Takes the oldest out, then answers it: the callee may add and forget others. */
void auth_waiters_answer(struct auth_waiters *waiters, const char *token,
                         const struct failure *failure);

#endif
