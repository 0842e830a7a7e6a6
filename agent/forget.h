/* Forgets a mirror: its records and its working folder; the files stay (`agent remove`). */
#ifndef AGENT_FORGET_H
#define AGENT_FORGET_H

#include "agent/config.h"
#include "agent/failure.h"
#include "store/store.h"

/* Whether another mirror of the configuration than `name` has this folder: that is what
 * becomes of a section that gets another name by hand. */
bool forget_would_hit_another(const struct config *config, const char *name,
                              const char *folder);

/* `name` is not configured any more and nothing works on it. A mirror without records is
 * no failure. FAILURE_RESOURCE: something of it is left, `failure` says what. */
enum failure_kind forget_mirror(const struct config *config, struct store *store,
                                const char *name, struct failure *failure);

#endif
