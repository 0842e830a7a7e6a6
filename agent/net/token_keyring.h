/* The sign-in in the desktop's keyring: one item of the Secret Service for each state
 * folder, through libsecret (HAVE_SECRET). Holds one text; the caller wipes what it gets.
 *
 * Calls block, each for at most TOKEN_KEYRING_LIMIT_MS: for the pool and for short
 * commands. None but token_keyring_unlock() ever asks a person, so that a locked keyring
 * is no prompt every minute (F-117). Nothing is kept between calls: a keyring may come,
 * go and be locked at any time.
 */
#ifndef AGENT_NET_TOKEN_KEYRING_H
#define AGENT_NET_TOKEN_KEYRING_H

#include "agent/failure.h"
#include "protocol/bytes.h"

enum {
    TOKEN_KEYRING_LIMIT_MS = 10 * 1000,  /* F-117 */
    TOKEN_KEYRING_PROMPT_MS = 120 * 1000 /* while a person types a password */
};

enum token_keyring_status {
    TOKEN_KEYRING_DONE,
    TOKEN_KEYRING_ABSENT, /* not built in, no session bus, or no Secret Service on it */
    TOKEN_KEYRING_FAILED, /* locked, slow, or it refused */
};

/* All but DONE fill `failure`: FAILURE_CONFIG where none is built in, FAILURE_SIGN_IN
 * otherwise. `folder` is the state folder. */

/* Appends the item's text to `out`; nothing where there is no item. */
enum token_keyring_status token_keyring_load(const char *folder, struct bytes *out,
                                             struct failure *failure);

/* Puts the item into the default collection, in place of the one before. */
enum token_keyring_status token_keyring_save(const char *folder, const struct bytes *text,
                                             struct failure *failure);

/* No item is no error. */
enum token_keyring_status token_keyring_forget(const char *folder, struct failure *failure);

/* Has the default collection unlocked, where it is not: the keyring asks the person. */
enum token_keyring_status token_keyring_unlock(struct failure *failure);

#endif
