/* Names what could not be done, for commands that end with code 6 (product.md, Exit codes).
 */
#ifndef AGENT_CLI_HELD_H
#define AGENT_CLI_HELD_H

#include "agent/cli/cmd.h"
#include "agent/config.h"

/* Where `code` is 6, prints the first of these items of all mirrors to standard error, one
 * line each. A pass that has taken the configuration over leaves `*config` NULL; it is read
 * again. */
void held_tell(const struct cmd_line *line, struct config **config, int code);

#endif
