#include "agent/account.h"

enum {
    /* Beside the downloads: pages, the channel, the sign-in. */
    ACCOUNT_MORE_CONNECTIONS = 4
};

static enum failure_kind fail_memory(struct failure *failure)
{
    return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
}

enum failure_kind account_open(struct account *out, uv_loop_t *loop,
                               const struct config *config, struct failure *failure)
{
    const struct http_config http =
        http_config_from(config, config->transfers + ACCOUNT_MORE_CONNECTIONS);
    *out = (struct account){0};
    out->tokens = token_store_new(config);
    if (out->tokens == NULL)
        return fail_memory(failure);
    out->http = http_new(loop, &http, failure);
    if (out->http == NULL)
        return failure == NULL ? FAILURE_RESOURCE : failure->kind;
    out->auth = auth_new(loop, config, out->http, out->tokens);
    if (out->auth != NULL)
        out->service = service_new(loop, config, out->http, out->auth);
    return out->service == NULL ? fail_memory(failure) : FAILURE_NONE;
}

enum failure_kind account_wait(const struct account *account, uv_loop_t *loop,
                               struct failure *failure)
{
    struct failure why;
    while (!auth_is_loaded(account->auth, &why) && uv_run(loop, UV_RUN_ONCE) != 0) {
    }
    if (why.kind != FAILURE_NONE)
        return failure_set(failure, why.kind, why.number, "%s", why.text);
    if (auth_state(account->auth) == AUTH_NONE)
        return failure_set(failure, FAILURE_SIGN_IN, 114,
                           "nobody is signed in: run agent login");
    return FAILURE_NONE;
}

void account_close(struct account *account)
{
    if (account->service != NULL)
        service_close(account->service);
    if (account->auth != NULL)
        auth_close(account->auth);
    if (account->http != NULL)
        http_close(account->http);
    account->service = NULL;
    account->auth = NULL;
    account->http = NULL;
}

void account_clear(struct account *account)
{
    if (account->tokens != NULL)
        token_store_free(account->tokens);
    account->tokens = NULL;
}
