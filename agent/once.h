/* One complete pass without a running agent: `agent sync-now`, `agent verify --repair`. */
#ifndef AGENT_ONCE_H
#define AGENT_ONCE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/failure.h"
#include "agent/sync_job.h"

/* A person's word that goes before the pass. */
enum once_word { ONCE_NO_WORD, ONCE_APPROVE, ONCE_REFUSE };

struct once_options {
    const char *const *names; /* mirrors; count 0: all */
    size_t name_count;
    struct sync_job_options job;
    enum once_word word;
    uint64_t timeout_ms; /* give up when nothing has moved for so long */
};

typedef void once_line_fn(void *user, const char *json);

/* Takes `config` over. `on_line` gets the lines of sync_job.h. Answers the exit code;
 * `failure` (kind NONE: the lines said it all) is what the whole ended with. SIGTERM and
 * SIGINT end it in good order with code 0. */
int once_sync(struct config *config, const struct once_options *options,
              once_line_fn *on_line, void *user, struct failure *failure);

#endif
