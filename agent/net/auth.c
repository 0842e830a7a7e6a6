/* The account's token. Promises:
 *
 * A1  At most one renewal is under way; whoever asks meanwhile waits for it (F-112).
 * A2  A new refresh token is durable, or at least was tried to be, before its access token
 *     is handed out (F-116). Saving and loading run in the pool on a copy of the store.
 * A3  After a failed renewal none is tried before `held_until_ms`: growing delays for
 *     trouble, six hours for a sign-in that the service refuses (F-114, I-11).
 */
#include "agent/net/auth.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/backoff.h"
#include "agent/clock.h"
#include "agent/log.h"
#include "agent/net/auth_waiters.h"
#include "agent/net/login_request.h"
#include "agent/net/token_job.h"
#include "agent/net/token_record.h"
#include "agent/random.h"
#include "protocol/oauth.h"

enum {
    MARGIN_MS = 5 * 60 * 1000,      /* F-113 */
    LAST_MOMENT_MS = 15 * 1000,     /* a token this near its end is of no use */
    RETRY_BASE_MS = 1000,           /* F-111, F-115 */
    RETRY_CAP_MS = 5 * 60 * 1000,   /* … */
    RELOAD_MS = 10 * 1000,          /* F-117: a keyring may be unlocked meanwhile */
    LAPSED_MS = 6 * 60 * 60 * 1000, /* F-114 */
    FRESH_MS = 60 * 1000,           /* a token refused that soon was never any good */
    MAX_CLAIMS = 1024
};

struct auth {
    uv_loop_t *loop;
    const struct config *config;
    struct http *http;
    struct token_store *store;
    uv_timer_t kick;   /* answers come from the loop */
    uv_timer_t reload; /* tries a store again that did not give its record */
    int handles;       /* the timers and the jobs; the last one frees */
    bool is_closing;

    bool is_loading;
    bool is_load_stale;          /* the store has changed since that load began */
    struct failure load_failure; /* of the last one */

    enum auth_state state;
    struct token_record record;
    bool is_unsaved;                    /* the record holds more than the store does */
    struct oauth_tokens unsaved_tokens; /* waiting for the record to be saved */
    char *token;
    uint64_t got_ms;
    uint64_t renew_ms; /* 0: now */
    uint64_t expires_ms;
    char claims[MAX_CLAIMS]; /* to pass on with the next renewal */
    int refusals;

    bool is_renewing;
    struct http_operation *operation;
    uint64_t asked_ms;
    uint32_t attempts;
    uint64_t held_until_ms;
    bool is_told_to_wait;   /* by the service */
    struct failure failure; /* why it is held */

    struct auth_waiters waiters;
    auth_state_fn *watch;
    void *watch_user;
};

static void free_auth(struct auth *auth)
{
    token_record_clear(&auth->record);
    bytes_wipe_text(auth->token);
    oauth_tokens_clear(&auth->unsaved_tokens);
    bytes_wipe_memory(auth->claims, sizeof auth->claims);
    free(auth);
}

static void handle_closed(struct auth *auth)
{
    if (--auth->handles == 0)
        free_auth(auth);
}

static void set_state(struct auth *auth, enum auth_state state,
                      const struct failure *failure)
{
    bool changed = auth->state != state;
    auth->state = state;
    if (changed && auth->watch != NULL)
        auth->watch(auth->watch_user, state, failure);
}

/* Answers to those who wait. */

static bool is_usable(const struct auth *auth, uint64_t until_ms)
{
    return auth->token != NULL && clock_now_ms() < until_ms;
}

/* Those who ask again from inside the answer have later tickets, and wait for the loop. */
static void answer_all(struct auth *auth, const struct failure *failure)
{
    uint64_t last = auth->waiters.last_ticket;
    struct failure copy = {0};
    if (failure != NULL)
        copy = *failure;
    while (auth_waiters_has(&auth->waiters, last)) {
        if (failure == NULL && !is_usable(auth, auth->expires_ms))
            return; /* an answer before this one had the token refused */
        auth_waiters_answer(&auth->waiters, failure == NULL ? auth->token : NULL,
                            failure == NULL ? NULL : &copy);
    }
}

static void kick(struct auth *auth);

/* Ends a renewal that failed. */
static void hold(struct auth *auth, const struct failure *failure)
{
    uint64_t wait_ms = LAPSED_MS;
    if (failure->kind == FAILURE_TRANSIENT || failure->kind == FAILURE_PROTOCOL ||
        failure->kind == FAILURE_RESOURCE) {
        wait_ms =
            backoff_full(auth->attempts++, RETRY_BASE_MS, RETRY_CAP_MS, random_number());
        if (failure->retry_after_ms > wait_ms)
            wait_ms = failure->retry_after_ms;
    }
    auth->failure = *failure;
    auth->is_told_to_wait = failure->retry_after_ms > 0;
    auth->held_until_ms = clock_now_ms() + wait_ms;
    auth->is_renewing = false;
    if (failure->kind == FAILURE_SIGN_IN || failure->kind == FAILURE_CONFIG)
        set_state(auth, AUTH_LAPSED, failure);
    kick(auth);
}

static void take_tokens(struct auth *auth, struct oauth_tokens *tokens)
{
    uint64_t life_ms = (uint64_t)tokens->expires_s * 1000;
    uint64_t margin_ms = life_ms / 10 < MARGIN_MS ? life_ms / 10 : MARGIN_MS;
    bytes_wipe_text(auth->token);
    auth->token = tokens->access_token;
    tokens->access_token = NULL;
    oauth_tokens_clear(tokens);
    auth->got_ms = auth->asked_ms;
    auth->expires_ms = auth->asked_ms + life_ms;
    auth->renew_ms = auth->expires_ms - margin_ms;
    auth->attempts = 0;
    auth->held_until_ms = 0;
    auth->claims[0] = 0;
    auth->is_renewing = false;
    set_state(auth, AUTH_READY, NULL);
    kick(auth);
}

/* What the pool brings. */

static void use_record(struct auth *auth, struct token_record *record);

static void on_loaded(void *user, struct token_record *record,
                      const struct failure *failure);

static void load(struct auth *auth)
{
    auth->is_load_stale = auth->is_loading;
    if (auth->is_loading)
        return;
    auth->is_loading = token_job_load(auth->loop, auth->store, on_loaded, auth);
    auth->handles += auth->is_loading;
}

static void on_reload_due(uv_timer_t *timer)
{
    load(timer->data);
}

/* A store that does not give its record, such as a locked keyring, is asked again until it
 * does (F-117). A record that we have already goes on being good. */
static void wait_for_store(struct auth *auth, const struct failure *failure)
{
    if (auth->record.refresh_token != NULL) {
        log_failure(NULL, failure);
        return;
    }
    auth->failure = *failure;
    auth->held_until_ms = clock_now_ms() + RELOAD_MS;
    (void)uv_timer_start(&auth->reload, on_reload_due, RELOAD_MS, 0);
    set_state(auth, AUTH_LAPSED, failure);
    kick(auth);
}

static void take_load(struct auth *auth, struct token_record *record,
                      const struct failure *failure)
{
    auth->load_failure = failure == NULL ? (struct failure){0} : *failure;
    if (auth->is_load_stale)
        load(auth);
    else if (failure == NULL)
        use_record(auth, record);
    else
        wait_for_store(auth, failure);
}

static void on_loaded(void *user, struct token_record *record,
                      const struct failure *failure)
{
    struct auth *auth = user;
    auth->is_loading = false;
    if (!auth->is_closing)
        take_load(auth, record, failure);
    handle_closed(auth);
}

static void on_saved(void *user, struct token_record *record, const struct failure *failure)
{
    struct auth *auth = user;
    (void)record;
    auth->is_unsaved = failure != NULL;
    if (failure != NULL)
        log_line(LOG_LEVEL_WARNING, 116, NULL,
                 "could not save the sign-in, it is kept in memory: %s", failure->text);
    /* Without a renewal under way another record has come meanwhile. */
    if (!auth->is_closing && auth->is_renewing)
        take_tokens(auth, &auth->unsaved_tokens);
    oauth_tokens_clear(&auth->unsaved_tokens);
    handle_closed(auth);
}

/* False: not even begun. */
static bool save_before_use(struct auth *auth, struct oauth_tokens *tokens)
{
    if (!token_job_save(auth->loop, auth->store, &auth->record, on_saved, auth))
        return false;
    auth->handles++;
    auth->unsaved_tokens = *tokens;
    *tokens = (struct oauth_tokens){0};
    return true;
}

/* Renewal. */

static void take_answer(struct auth *auth, struct oauth_tokens *tokens)
{
    if (tokens->refresh_token != NULL &&
        strcmp(tokens->refresh_token, auth->record.refresh_token) != 0) {
        bytes_wipe_text(auth->record.refresh_token);
        auth->record.refresh_token = tokens->refresh_token;
        tokens->refresh_token = NULL;
        auth->is_unsaved = true;
    }
    if (!auth->is_unsaved || !save_before_use(auth, tokens))
        take_tokens(auth, tokens);
}

static void on_renewed(void *user, const struct http_answer *answer,
                       const struct failure *failure)
{
    struct auth *auth = user;
    struct oauth_tokens tokens = {0};
    struct oauth_error error = {0};
    struct failure why = {0};
    auth->operation = NULL;
    if (failure != NULL) {
        if (failure->kind != FAILURE_CANCELLED)
            hold(auth, failure);
        return;
    }
    enum oauth_outcome outcome =
        oauth_token_parse(answer->head.status, answer->body, answer->size, &tokens, &error);
    if (outcome == OAUTH_OK) {
        take_answer(auth, &tokens);
        return;
    }
    login_failure(outcome, &error, &why);
    if (why.kind == FAILURE_TRANSIENT)
        why.retry_after_ms = answer->head.retry_after_ms;
    hold(auth, &why);
}

static bool can_renew(const struct auth *auth, struct failure *failure)
{
    if (auth->config->client_id == NULL)
        (void)failure_set(failure, FAILURE_CONFIG, 0,
                          "client_id is not set: see [account] in the configuration");
    else if (auth->record.refresh_token == NULL)
        (void)failure_set(failure, FAILURE_SIGN_IN, 114,
                          "nobody is signed in: use agent login");
    else
        return true;
    return false;
}

static void start_renewal(struct auth *auth)
{
    struct failure failure = {0};
    if (!can_renew(auth, &failure)) {
        answer_all(auth, &failure);
        return;
    }
    char scopes[1024];
    const char *scope = auth->record.scope;
    if (scope == NULL && auth_scopes(auth->config, false, scopes, sizeof scopes))
        scope = scopes;
    struct bytes form;
    bytes_init(&form, LOGIN_MAX_FORM);
    auth->is_renewing = true;
    auth->asked_ms = clock_now_ms();
    if (!oauth_format_refresh(&form, auth->config->client_id, auth->record.refresh_token,
                              scope, auth->claims[0] == 0 ? NULL : auth->claims)) {
        bytes_wipe(&form);
        (void)failure_set(&failure, FAILURE_RESOURCE, 0, "no memory");
        hold(auth, &failure);
        return;
    }
    struct login_request request = {auth->http, auth->config, "token", &form};
    auth->operation = login_request_start(&request, on_renewed, auth, &failure);
    if (auth->operation == NULL)
        hold(auth, &failure);
}

static void on_kick(uv_timer_t *timer)
{
    struct auth *auth = timer->data;
    uint64_t now_ms = clock_now_ms();
    if (auth->is_loading || auth_waiters_is_empty(&auth->waiters))
        return;
    bool is_held = now_ms < auth->held_until_ms;
    /* While a renewal fails, what is left of the old token's life is used. */
    uint64_t until_ms = is_held && auth->expires_ms > LAST_MOMENT_MS
                            ? auth->expires_ms - LAST_MOMENT_MS
                            : auth->renew_ms;
    if (auth->state != AUTH_LAPSED && is_usable(auth, until_ms)) {
        answer_all(auth, NULL);
    } else if (is_held) {
        struct failure failure = auth->failure;
        if (failure.kind == FAILURE_TRANSIENT)
            failure.retry_after_ms = auth->held_until_ms - now_ms;
        answer_all(auth, &failure);
    } else if (!auth->is_renewing) {
        start_renewal(auth);
    }
    if (!auth->is_closing && !auth->is_renewing && !auth_waiters_is_empty(&auth->waiters))
        kick(auth);
}

static void kick(struct auth *auth)
{
    (void)uv_timer_start(&auth->kick, on_kick, 0, 0);
}

/* Takes over what the record owns, and begins anew with it. */
static void use_record(struct auth *auth, struct token_record *record)
{
    (void)uv_timer_stop(&auth->reload);
    if (auth->operation != NULL)
        http_cancel(auth->operation);
    auth->is_renewing = false;
    token_record_clear(&auth->record);
    if (token_record_fits(record, auth->config)) {
        auth->record = *record;
        *record = (struct token_record){0};
    }
    auth->is_unsaved = false;
    auth->expires_ms = 0;
    auth->renew_ms = 0;
    auth->held_until_ms = 0;
    auth->attempts = 0;
    auth->refusals = 0;
    auth->claims[0] = 0;
    set_state(auth, auth->record.refresh_token == NULL ? AUTH_NONE : AUTH_READY, NULL);
    kick(auth);
}

/* The contract. */

struct auth *auth_new(uv_loop_t *loop, const struct config *config, struct http *http,
                      struct token_store *store)
{
    struct auth *auth = calloc(1, sizeof *auth);
    if (auth == NULL)
        return NULL;
    auth->loop = loop;
    auth->config = config;
    auth->http = http;
    auth->store = store;
    auth->state = AUTH_READY; /* until the store says otherwise */
    auth->handles = 2;
    (void)uv_timer_init(loop, &auth->kick);   /* cannot fail */
    (void)uv_timer_init(loop, &auth->reload); /* … */
    auth->kick.data = auth;
    auth->reload.data = auth;
    load(auth);
    if (!auth->is_loading) {
        auth_close(auth);
        return NULL;
    }
    return auth;
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

void auth_close(struct auth *auth)
{
    if (auth == NULL)
        return;
    assert(!auth->is_closing);
    auth->is_closing = true;
    auth->watch = NULL;
    if (auth->operation != NULL)
        http_cancel(auth->operation);
    auth_waiters_clear(&auth->waiters);
    uv_close((uv_handle_t *)&auth->kick, on_timer_closed);
    uv_close((uv_handle_t *)&auth->reload, on_timer_closed);
}

bool auth_is_loaded(const struct auth *auth, struct failure *failure)
{
    *failure = auth->load_failure;
    return !auth->is_loading;
}

enum auth_state auth_state(const struct auth *auth)
{
    return auth->state;
}

const char *auth_user_name(const struct auth *auth)
{
    return auth->record.user_name == NULL ? "" : auth->record.user_name;
}

uint64_t auth_get(struct auth *auth, auth_token_fn *fn, void *user)
{
    assert(!auth->is_closing);
    uint64_t ticket = auth_waiters_add(&auth->waiters, fn, user);
    if (ticket != 0)
        kick(auth);
    return ticket;
}

void auth_forget(struct auth *auth, uint64_t ticket)
{
    auth_waiters_forget(&auth->waiters, ticket);
}

void auth_refused(struct auth *auth, const char *token, const char *claims)
{
    if (auth->token == NULL || auth->renew_ms == 0 || strcmp(auth->token, token) != 0)
        return;
    bool was_fresh = clock_now_ms() - auth->got_ms < FRESH_MS;
    auth->refusals = was_fresh ? auth->refusals + 1 : 1;
    auth->renew_ms = 0;
    auth->expires_ms = 0;
    if (claims != NULL && strlen(claims) < sizeof auth->claims)
        memcpy(auth->claims, claims, strlen(claims) + 1);
    if (auth->refusals < 2)
        return;
    struct failure failure;
    (void)failure_set(&failure, FAILURE_SIGN_IN, 114,
                      "the service refuses every new token: please sign in again with "
                      "agent login");
    hold(auth, &failure);
}

void auth_reload(struct auth *auth)
{
    load(auth);
}

void auth_wake(struct auth *auth)
{
    if (auth->state == AUTH_LAPSED || auth->is_told_to_wait)
        return;
    auth->attempts = 0;
    auth->held_until_ms = 0;
    kick(auth);
}

void auth_watch(struct auth *auth, auth_state_fn *fn, void *user)
{
    auth->watch = fn;
    auth->watch_user = user;
    if (auth->state != AUTH_READY)
        fn(user, auth->state, auth->state == AUTH_LAPSED ? &auth->failure : NULL);
}
