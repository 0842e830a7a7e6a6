/* Names what could not be done, for commands that end with code 6 (product.md, Exit codes).
 */
#ifndef AGENT_CLI_HELD_H
#define AGENT_CLI_HELD_H

#include "agent/config.h"

/* Prints the first of these items of all mirrors to standard error, one line each. */
void held_print(const struct config *config);

#endif
