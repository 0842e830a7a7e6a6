/* `agent add` without a folder, on a terminal: which drive, by a numbered list, and where.
 *
 * Questions go to standard output, answers come from standard input, a line each; an empty
 * one takes what stands in brackets.
 */
#ifndef AGENT_CLI_ADD_ASK_H
#define AGENT_CLI_ADD_ASK_H

#include <limits.h>
#include <stdbool.h>

#include "agent/config.h"
#include "agent/drives.h"
#include "agent/failure.h"

/* A plain value. */
struct add_answers {
    char drive[DRIVES_WORD_SIZE]; /* one of the five forms, or a web address */
    char folder[PATH_MAX];
};

/* `drive` NULL: is asked for as well. FAILURE_USAGE: there is no terminal; FAILURE_SIGN_IN
 * and others: the drives cannot be listed; FAILURE_RESOURCE: the person gave up. */
enum failure_kind add_ask(const struct config *config, const char *drive,
                          struct add_answers *out, struct failure *failure);

/* A question with yes as the empty answer. */
bool add_ask_yes(const char *question);

#endif
