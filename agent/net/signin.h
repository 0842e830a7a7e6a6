/* `agent login`: gets a person's consent and stores the tokens.
 *
 * Runs its own HTTP on the caller's loop; ends with one callback.
 */
#ifndef AGENT_NET_SIGNIN_H
#define AGENT_NET_SIGNIN_H

#include <stdbool.h>
#include <uv.h>

#include "agent/config.h"
#include "agent/failure.h"
#include "agent/net/token_store.h"

struct signin;

/* What a person must be told, as it comes up; texts borrowed. */
struct signin_prompt {
    const char *verification_uri; /* device code: open this … */
    const char *user_code;        /* … and type that. NULL in the browser flow */
    const char *browser_url;      /* browser flow: opened already if `opened` */
    bool opened;
};
typedef void signin_prompt_fn(void *user, const struct signin_prompt *prompt);
/* `name`: who signed in, or NULL. */
typedef void signin_done_fn(void *user, const char *name, const struct failure *failure);

enum signin_way {
    SIGNIN_AS_FITS, /* the browser where there is a display, else the device code */
    SIGNIN_BROWSER, /* authorization code with PKCE on a loopback port */
    SIGNIN_DEVICE_CODE,
};

/* A plain value. */
struct signin_request {
    enum signin_way way;
    bool all_drives;      /* the rights for drives of sites and groups too */
    uint64_t patience_ms; /* for the browser's return; 0: as long as a code is good */
    signin_prompt_fn *prompt;
    signin_done_fn *done;
};

/* NULL with `failure` where it cannot begin. Both callbacks come from the loop, `done`
 * once; FAILURE_GUARD: another account was signed in here before (F-118). */
struct signin *signin_start(uv_loop_t *loop, const struct config *config,
                            struct token_store *store, const struct signin_request *request,
                            void *user, struct failure *failure);
/* After `done`, also from inside it; before it, `done` gets FAILURE_CANCELLED inside this
 * call. Frees on the loop. */
void signin_close(struct signin *signin);

#endif
