/* Where tokens rest: the desktop keyring, or tokens.json (0600) in the state folder.
 *
 * `token_store =` says which. auto: the keyring where a Secret Service answers, else the
 * file, with one warning; a keyring that is locked or slow is a failure, not a reason to
 * write the file. After a change of the setting, and when a keyring comes where there was
 * none, the next load moves what there is: one place holds it, never both.
 *
 * Calls may block (the keyring): from the pool or from short-lived commands only, the
 * file variant is quick. F-08, F-116, F-117.
 */
#ifndef AGENT_NET_TOKEN_STORE_H
#define AGENT_NET_TOKEN_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/failure.h"

struct token_store;

/* What is kept. Owned texts, wiped by token_record_clear(). */
struct token_record {
    char *refresh_token;
    char *scope;     /* what was asked for at the sign-in */
    char *client_id; /* the registration it belongs to */
    char *login_url;
    char *account;   /* id of the account's own drive, NULL while not known */
    char *user_name; /* for people */
};
void token_record_clear(struct token_record *record);

/* Copies what it needs of `config`. NULL: no memory. `token_store = keyring` where none is
 * built in is FAILURE_CONFIG of load and save; `auto` takes the file then. */
struct token_store *token_store_new(const struct config *config);
/* A second one for the same place, for a job of the pool: it may outlive the first. */
struct token_store *token_store_clone(const struct token_store *store);
void token_store_free(struct token_store *store);

/* Makes sure that a sign-in could be kept, before a person goes through one; a locked
 * keyring asks the person. FAILURE_SIGN_IN, FAILURE_CONFIG. */
enum failure_kind token_store_unlock(struct token_store *store, struct failure *failure);

/* FAILURE_NONE with `out->refresh_token` NULL: nobody is signed in. `*out` is written on
 * FAILURE_NONE only, what it held is not cleared. FAILURE_SIGN_IN: a person has to unlock
 * the keyring, or what lies there is damaged. */
enum failure_kind token_store_load(struct token_store *store, struct token_record *out,
                                   struct failure *failure);
/* Durable on return. */
enum failure_kind token_store_save(struct token_store *store,
                                   const struct token_record *record,
                                   struct failure *failure);
/* Forgets everything, wherever it lies. */
enum failure_kind token_store_forget(struct token_store *store, struct failure *failure);

/* "keyring" or "file": where the last load or save went. */
const char *token_store_place(const struct token_store *store);

#endif
