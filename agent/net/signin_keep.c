#include "agent/net/signin_keep.h"

#include <string.h>

#include "agent/words.h"

/* An empty text is none. False: no memory. */
static bool set_text(char **out, const char *text)
{
    bool is_empty = text == NULL || text[0] == 0;
    *out = is_empty ? NULL : strdup(text);
    return is_empty || *out != NULL;
}

static bool fill_record(const struct signin_result *result, struct token_record *out)
{
    return set_text(&out->refresh_token, result->tokens->refresh_token) &&
           set_text(&out->scope, result->scope) &&
           set_text(&out->client_id, result->config->client_id) &&
           set_text(&out->login_url, result->config->login_url) &&
           set_text(&out->account, result->drive->id) &&
           set_text(&out->user_name, result->drive->owner);
}

static bool is_other_account(const struct token_record *before, const char *account)
{
    return before->account != NULL && account[0] != 0 &&
           strcmp(before->account, account) != 0;
}

enum failure_kind signin_keep(struct token_store *store, const struct signin_result *result,
                              struct failure *failure)
{
    struct token_record before = {0};
    struct token_record record = {0};
    enum failure_kind kind = token_store_load(store, &before, failure);
    if (kind == FAILURE_SIGN_IN)
        kind = FAILURE_NONE; /* what is damaged there is about to be replaced */
    if (kind == FAILURE_NONE && is_other_account(&before, result->drive->id))
        kind = failure_set(failure, FAILURE_GUARD, 118,
                           "another account was signed in here before (%s): nothing was "
                           "changed; use agent logout first, or another --state-dir",
                           before.user_name == NULL ? _("name unknown") : before.user_name);
    if (kind == FAILURE_NONE && !fill_record(result, &record))
        kind = failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
    if (kind == FAILURE_NONE)
        kind = token_store_save(store, &record, failure);
    token_record_clear(&before);
    token_record_clear(&record);
    return kind;
}
