/* The account's access token: loaded, renewed ahead of time, handed out.
 *
 * One renewal at a time serves all who wait (F-112). A new refresh token is saved durably
 * before the answer is used (F-116). Life is measured on the boot-time clock (F-113).
 */
#ifndef AGENT_NET_AUTH_H
#define AGENT_NET_AUTH_H

#include <stdbool.h>
#include <uv.h>

#include "agent/config.h"
#include "agent/failure.h"
#include "agent/net/http.h"
#include "agent/net/token_store.h"

struct auth;

/* `config`, `http` and `store` outlive it. Loads what is stored, in the pool; nobody
 * signed in is not an error here. A store that gives nothing out, such as a locked keyring,
 * is AUTH_LAPSED and is asked again (F-117). NULL: no memory. */
struct auth *auth_new(uv_loop_t *loop, const struct config *config, struct http *http,
                      struct token_store *store);
void auth_close(struct auth *auth);

enum auth_state { AUTH_NONE, AUTH_READY, AUTH_LAPSED };
/* AUTH_READY also until the store has answered. */
enum auth_state auth_state(const struct auth *auth);
/* Whether the store has answered, and with what (kind NONE: it did well). */
bool auth_is_loaded(const struct auth *auth, struct failure *failure);
/* Who is signed in, "" while not known. Borrowed until the loop runs. */
const char *auth_user_name(const struct auth *auth);

/* `token` is borrowed for the call; NULL with a failure (SIGN_IN, TRANSIENT, CONFIG). */
typedef void auth_token_fn(void *user, const char *token, const struct failure *failure);
/* Calls back with a token that is good for some minutes, from the loop, never inside this
 * call. Returns a ticket for auth_forget(); 0: no memory, and nobody is called back. */
uint64_t auth_get(struct auth *auth, auth_token_fn *fn, void *user);
/* The caller does not want its answer any more: the callback will not run. */
void auth_forget(struct auth *auth, uint64_t ticket);

/* The service refused this token (401): the next auth_get() renews. `claims` as from
 * oauth_challenge_claims() or NULL. A token that is not the current one is ignored. */
void auth_refused(struct auth *auth, const char *token, const char *claims);

/* The stored tokens have changed (`agent login` while we run): load them again. */
void auth_reload(struct auth *auth);

/* The network is back: what waits for time alone may be tried at once. */
void auth_wake(struct auth *auth);

/* Called when the state changes, and within this call where it is not AUTH_READY, for
 * status and the desktop. */
typedef void auth_state_fn(void *user, enum auth_state state,
                           const struct failure *failure);
void auth_watch(struct auth *auth, auth_state_fn *fn, void *user);

/* Writes the scopes that `access =` and the configured mirrors need, separated by blanks,
 * offline_access among them. False: they do not fit, or no memory. */
bool auth_scopes(const struct config *config, bool all_drives, char *out, size_t out_size);

#endif
