/* `agent run`: the background program. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/config.h"
#include "agent/failure.h"

/* Runs until SIGTERM, SIGINT or the request "stop" (FAILURE_NONE), or until nothing can go
 * on: nobody ever signed in (SIGN_IN), another agent (HELD), state not usable (RESOURCE),
 * an invariant broken (INTERNAL). Takes `config` over; `places` is read again on SIGHUP.
 * What happens meanwhile goes to the log. */
enum failure_kind agent_run(const struct config_places *places, struct config *config,
                            struct failure *failure);

#endif
