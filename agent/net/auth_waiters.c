#include "agent/net/auth_waiters.h"

#include <stdlib.h>

struct auth_waiter {
    struct auth_waiter *next;
    uint64_t ticket;
    auth_token_fn *fn;
    void *user;
};

uint64_t auth_waiters_add(struct auth_waiters *waiters, auth_token_fn *fn, void *user)
{
    struct auth_waiter *waiter = calloc(1, sizeof *waiter);
    if (waiter == NULL)
        return 0;
    waiter->ticket = ++waiters->last_ticket;
    waiter->fn = fn;
    waiter->user = user;
    struct auth_waiter **end = &waiters->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = waiter;
    return waiter->ticket;
}

void auth_waiters_forget(struct auth_waiters *waiters, uint64_t ticket)
{
    struct auth_waiter **place = &waiters->first;
    while (*place != NULL && (*place)->ticket != ticket)
        place = &(*place)->next;
    if (*place == NULL)
        return;
    struct auth_waiter *waiter = *place;
    *place = waiter->next;
    free(waiter);
}

void auth_waiters_clear(struct auth_waiters *waiters)
{
    while (waiters->first != NULL)
        auth_waiters_forget(waiters, waiters->first->ticket);
}

bool auth_waiters_is_empty(const struct auth_waiters *waiters)
{
    return waiters->first == NULL;
}

bool auth_waiters_has(const struct auth_waiters *waiters, uint64_t ticket)
{
    return waiters->first != NULL && waiters->first->ticket <= ticket;
}

void auth_waiters_answer(struct auth_waiters *waiters, const char *token,
                         const struct failure *failure)
{
    struct auth_waiter waiter = *waiters->first;
    free(waiters->first);
    waiters->first = waiter.next;
    waiter.fn(waiter.user, token, failure);
}
