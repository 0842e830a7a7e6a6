/* One account's way to its service, from the tokens up: built and ended in one place for
 * the agent, for one pass and for short commands.
 *
 * Sequence: account_open(); use of `auth` and `service`; account_close(), after which the
 * loop has to run until nothing is left on it, then account_clear().
 */
#ifndef AGENT_ACCOUNT_H
#define AGENT_ACCOUNT_H

#include <uv.h>

#include "agent/config.h"
#include "agent/failure.h"
#include "agent/net/auth.h"
#include "agent/net/http.h"
#include "agent/net/service.h"
#include "agent/net/token_store.h"

/* A plain value; the parts are owned. */
struct account {
    struct token_store *tokens;
    struct http *http;
    struct auth *auth;
    struct service *service;
};

/* `config` outlives it. On failure nothing is left but what the loop has to close. */
enum failure_kind account_open(struct account *out, uv_loop_t *loop,
                               const struct config *config, struct failure *failure);

/* Runs the loop until it is known who is signed in: for a moment, at most for the time that
 * a keyring has. FAILURE_SIGN_IN with AUTH_NONE: nobody is; otherwise what the store says.
 */
enum failure_kind account_wait(const struct account *account, uv_loop_t *loop,
                               struct failure *failure);

/* Ends all operations. Takes a zeroed or half-built one. */
void account_close(struct account *account);
/* Frees what operations of the loop could still have used. */
void account_clear(struct account *account);

#endif
