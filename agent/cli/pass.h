/* A round by whoever can do it: the running agent, or without one a pass of our own.
 *
 * An agent that has just started takes the state between the two (F-160): then it is asked
 * once more.
 */
#ifndef AGENT_CLI_PASS_H
#define AGENT_CLI_PASS_H

#include "agent/cli/cmd.h"
#include "agent/cli/sync_view.h"
#include "agent/once.h"

struct cJSON;

/* One pass of our own, shown in `view`. Takes `*config` over and sets it to NULL. The exit
 * code; `failure` as once_sync() has it, not yet printed. */
int pass_here(struct config **config, const struct once_options *options,
              struct sync_view *view, struct failure *failure);

/* Asks with `request`, which it frees, or does what `options` say; shows it in `view` and
 * prints what went wrong. The exit code. `*config` may be another one afterwards, or
 * NULL. */
int pass_anywhere(const struct cmd_line *line, struct config **config,
                  struct cJSON *request, const struct once_options *options,
                  struct sync_view *view);

#endif
