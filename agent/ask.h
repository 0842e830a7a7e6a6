/* Single questions to the service for short commands: blocking, on a loop of their own.
 *
 * Sequence: ask_open(), any number of questions, ask_close(). No retry but the token's.
 */
#ifndef AGENT_ASK_H
#define AGENT_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/failure.h"

struct ask;

/* `config` outlives it. NULL with `failure`. */
struct ask *ask_open(const struct config *config, struct failure *failure);
void ask_close(struct ask *ask);

/* A plain value, to be cleared with ask_answer_clear(). */
struct ask_answer {
    int status;
    uint8_t *body; /* owned; with a zero behind it, which `size` does not count */
    size_t size;
    int64_t date_ms; /* Date header, wall clock; INT64_MIN absent */
    char text[384];  /* why, for people, where the status is not 2xx */
};
void ask_answer_clear(struct ask_answer *answer);

/* GET of a Graph path as the account; any status is an answer. FAILURE_SIGN_IN,
 * FAILURE_TRANSIENT, FAILURE_PROTOCOL otherwise. */
enum failure_kind ask_graph(struct ask *ask, const char *path, struct ask_answer *out,
                            struct failure *failure);

/* GET of an address without any credential: can it be reached over verified TLS? */
enum failure_kind ask_address(struct ask *ask, const char *url, struct ask_answer *out,
                              struct failure *failure);

#endif
