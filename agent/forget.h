/* Forgets a mirror: its records and its working folder; the files stay (`agent remove`). */
#ifndef AGENT_FORGET_H
#define AGENT_FORGET_H

#include "agent/failure.h"
#include "store/store.h"

/* `name` is not configured any more and nothing works on it. A mirror without records is
 * no failure. FAILURE_RESOURCE: something of it is left, `failure` says what. */
enum failure_kind forget_mirror(struct store *store, const char *name,
                                struct failure *failure);

#endif
