/* Keeps what a sign-in brought, unless somebody else was signed in here before (F-118): the
 * state belongs to that account.
 */
#ifndef AGENT_NET_SIGNIN_KEEP_H
#define AGENT_NET_SIGNIN_KEEP_H

#include "agent/config.h"
#include "agent/net/token_store.h"
#include "protocol/graph_reply.h"
#include "protocol/oauth.h"

/* All borrowed. */
struct signin_result {
    const struct config *config;
    const struct oauth_tokens *tokens;
    const char *scope;                    /* asked for */
    const struct graph_drive_info *drive; /* the account's own; empty where it has none */
};

/* FAILURE_GUARD: another account; nothing was changed. */
enum failure_kind signin_keep(struct token_store *store, const struct signin_result *result,
                              struct failure *failure);

#endif
