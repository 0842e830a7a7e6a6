/* `agent status --watch`: on a terminal one screen that changes, with the last changes
 * below; elsewhere one status after the other, or with --json one a line.
 */
#ifndef AGENT_CLI_STATUS_WATCH_H
#define AGENT_CLI_STATUS_WATCH_H

#include "agent/cli/cmd.h"
#include "agent/config.h"

/* Goes on until a person or the agent ends it; the answer is the exit code. */
int status_watch(const struct cmd_line *line, const struct config *config);

#endif
