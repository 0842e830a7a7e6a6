/* What a failed call of the store means for people: its class, its F-number, what to do. */
#ifndef AGENT_STATE_FAILURE_H
#define AGENT_STATE_FAILURE_H

#include "agent/failure.h"
#include "store/store.h"

/* Turns a failed store call into words; `store` may be NULL. Answers the kind. */
enum failure_kind state_failure(struct store *store, enum store_status status,
                                const char *what, struct failure *out);

/* The same for the store's last error, in the middle of a mirror's work: FAILURE_RESOURCE,
 * to be waited out (F-12, F-67, F-68); FAILURE_INTERNAL where the database is damaged: the
 * agent ends, and its next start rebuilds it (F-61). */
enum failure_kind state_trouble(struct store *store, struct failure *out);

#endif
