/* Completion scripts of the shells, made from the command table. */
#ifndef AGENT_CLI_COMPLETION_H
#define AGENT_CLI_COMPLETION_H

#include <stdio.h>

/* `shell`: bash, zsh or fish. */
void completion_print(FILE *stream, const char *shell);

#endif
