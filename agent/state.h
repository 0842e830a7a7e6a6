/* The state folder as the agent opens it: whose it is, whether it is whole, what is done
 * when it is not (failure-model F). */
#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include <stdbool.h>

#include "agent/config.h"
#include "agent/failure.h"
#include "agent/state_failure.h"

/* The folder belongs to us and to nobody else (F-15, F-166); one that is missing will be
 * made so. Asked before anything is written there, the sign-in as well. */
enum failure_kind state_check_folder(const struct config *config, struct failure *failure);

/* Opens the state for writing. A damaged database is set aside and begun anew (F-61).
 * FAILURE_HELD: another agent (F-160); FAILURE_RESOURCE: newer (F-65), of another user
 * (F-166), open to others (F-15), disk trouble. Nothing was changed then. */
enum failure_kind state_open(const struct config *config, struct store **out,
                             struct failure *failure);

/* A pause that a person asked for (product.md: survives a restart). */
struct state_pause {
    bool paused;
    int64_t until_ms; /* wall clock; 0: until `agent resume` */
};
struct state_pause state_get_pause(struct store *store);
enum store_status state_put_pause(struct store *store, const struct state_pause *pause);

#endif
