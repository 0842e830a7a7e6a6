/* The token store from the loop: each call is one job of the pool, since a keyring may
 * block (F-117). A job owns all its inputs: the store may end before it.
 */
#ifndef AGENT_NET_TOKEN_JOB_H
#define AGENT_NET_TOKEN_JOB_H

#include <stdbool.h>
#include <uv.h>

#include "agent/failure.h"
#include "agent/net/token_store.h"

/* `record`: what was loaded or saved; wiped after the call, unless the callee takes what
 * it owns and zeroes it. `failure` NULL: done. */
typedef void token_job_fn(void *user, struct token_record *record,
                          const struct failure *failure);

/* False: no memory, and `fn` will not be called; else it is, exactly once, on the loop. */
bool token_job_load(uv_loop_t *loop, const struct token_store *store, token_job_fn *fn,
                    void *user);
bool token_job_save(uv_loop_t *loop, const struct token_store *store,
                    const struct token_record *record, token_job_fn *fn, void *user);

#endif
