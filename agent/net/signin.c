/* Both flows end alike: tokens, then whose they are, then the store.
 *
 *   device code  ask for a code -> prompt -> poll at the given interval
 *   browser      listen, open the browser -> it returns with a code -> exchange it
 *   both         tokens -> GET the account's own drive (for a name) -> save -> done
 */
#include "agent/net/signin.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/net/auth.h"
#include "agent/net/browser.h"
#include "agent/net/http.h"
#include "agent/net/login_request.h"
#include "agent/net/loopback.h"
#include "agent/net/signin_keep.h"
#include "agent/random.h"
#include "agent/words.h"
#include "protocol/graph_reply.h"
#include "protocol/oauth.h"

enum {
    PATIENCE_MS = 10 * 60 * 1000, /* a code is good for about that long */
    SLOW_DOWN_S = 5,              /* RFC 8628, 3.5 */
    POLL_MARGIN_MS = 100,         /* timers of the loop may come some milliseconds early */
    SIGNIN_CONNECTIONS = 2,
    MAX_SCOPE = 1024,
    MAX_CODE = 4096,
    MAX_SKEW_MS = 5 * 60 * 1000 /* as much as sign-in services bear */
};

struct signin {
    uv_loop_t *loop;
    const struct config *config;
    struct token_store *store;
    struct http *http;
    uv_timer_t timer; /* the next poll, or the end of patience */
    struct http_operation *operation;
    char scope[MAX_SCOPE];

    struct oauth_device device;
    uint64_t deadline_ms;
    uint64_t patience_ms;

    struct loopback *loopback;
    pid_t browser;
    char state[OAUTH_VERIFIER_SIZE];
    char verifier[OAUTH_VERIFIER_SIZE];
    char redirect_uri[64];

    struct oauth_tokens tokens;
    signin_prompt_fn *prompt;
    signin_done_fn *done; /* NULL once called */
    void *user;
    bool is_closing;
};

static void finish(struct signin *signin, const char *name, const struct failure *failure)
{
    signin_done_fn *done = signin->done;
    signin->done = NULL;
    (void)uv_timer_stop(&signin->timer);
    loopback_close(signin->loopback);
    signin->loopback = NULL;
    if (done != NULL)
        done(signin->user, name, failure);
}

static void fail(struct signin *signin, enum failure_kind kind, const char *text)
{
    struct failure failure;
    (void)failure_set(&failure, kind, 0, "%s", text);
    finish(signin, NULL, &failure);
}

/* What every answer begins with. False: there is nothing more to do. */
static bool take_turn(struct signin *signin, const struct failure *failure)
{
    signin->operation = NULL;
    if (signin->is_closing)
        return false;
    if (failure != NULL)
        finish(signin, NULL, failure);
    return failure == NULL;
}

/* A clock that is wrong makes good codes and tokens look expired. */
static void add_clock(const struct http_answer *answer, struct failure *failure)
{
    if (answer == NULL || answer->head.date_ms == INT64_MIN)
        return;
    int64_t ahead_ms = clock_wall_ms() - answer->head.date_ms;
    int64_t off_ms = ahead_ms < 0 ? -ahead_ms : ahead_ms;
    if (off_ms > MAX_SKEW_MS)
        (void)failure_set(failure, failure->kind, failure->number,
                          ahead_ms < 0 ? N_("%.400s; the clock of this computer is %" PRId64
                                            " min behind: set it first")
                                       : N_("%.400s; the clock of this computer is %" PRId64
                                            " min ahead: set it first"),
                          failure->text, (off_ms + 30000) / 60000);
}

/* What the sign-in service said instead of tokens. `answer` NULL: through the browser. */
static void refuse(struct signin *signin, enum oauth_outcome outcome,
                   const struct oauth_error *error, const struct http_answer *answer)
{
    struct failure failure = {0};
    login_failure(outcome, error, &failure);
    add_clock(answer, &failure);
    finish(signin, NULL, &failure);
}

/* Whose tokens they are, and their rest. */

/* An account without a drive of its own can still sign in: for a site's library. */
static void on_drive(void *user, const struct http_answer *answer,
                     const struct failure *failure)
{
    struct signin *signin = user;
    struct graph_drive_info drive = {0};
    struct failure why = {0};
    signin->operation = NULL;
    if (signin->is_closing)
        return;
    if (failure == NULL && answer->head.status == 200)
        (void)graph_drive_info_parse(answer->body, answer->size, &drive);
    struct signin_result result = {signin->config, &signin->tokens, signin->scope, &drive};
    if (signin_keep(signin->store, &result, &why) != FAILURE_NONE)
        finish(signin, NULL, &why);
    else
        finish(signin, drive.owner[0] == 0 ? NULL : drive.owner, NULL);
}

static void ask_who(struct signin *signin)
{
    char url[1024];
    struct failure failure = {0};
    (void)snprintf(url, sizeof url, "%s/me/drive", signin->config->graph_url);
    signin->operation = http_start(signin->http,
                                   &(struct http_request){
                                       .url = url,
                                       .bearer = signin->tokens.access_token,
                                       .compressed = true,
                                       .max_body = LOGIN_MAX_ANSWER,
                                   },
                                   NULL, on_drive, signin, &failure);
    if (signin->operation == NULL)
        finish(signin, NULL, &failure);
}

static void take_tokens(struct signin *signin)
{
    if (signin->tokens.refresh_token == NULL)
        fail(signin, FAILURE_CONFIG,
             _("the sign-in service gave no refresh token: does the app registration allow "
               "offline_access?"));
    else
        ask_who(signin);
}

/* Device code. */

static void send_form(struct signin *signin, const char *endpoint, struct bytes *form,
                      http_done_fn *done)
{
    struct failure failure = {0};
    struct login_request request = {signin->http, signin->config, endpoint, form};
    signin->operation = login_request_start(&request, done, signin, &failure);
    if (signin->operation == NULL)
        finish(signin, NULL, &failure);
}

static void on_poll_due(uv_timer_t *timer);

static void poll_later(struct signin *signin)
{
    uint64_t wait_ms = (uint64_t)signin->device.interval_s * 1000 + POLL_MARGIN_MS;
    if (clock_now_ms() + wait_ms >= signin->deadline_ms)
        fail(signin, FAILURE_SIGN_IN, _("the code has expired: start again"));
    else
        (void)uv_timer_start(&signin->timer, on_poll_due, wait_ms, 0);
}

static void on_poll_answer(struct signin *signin, const struct http_answer *answer)
{
    struct oauth_error error = {0};
    enum oauth_outcome outcome = oauth_token_parse(answer->head.status, answer->body,
                                                   answer->size, &signin->tokens, &error);
    switch (outcome) {
    case OAUTH_OK:
        take_tokens(signin);
        break;
    case OAUTH_SLOW_DOWN:
    case OAUTH_TRANSIENT: /* until the code expires */
        signin->device.interval_s += SLOW_DOWN_S;
        poll_later(signin);
        break;
    case OAUTH_PENDING:
        poll_later(signin);
        break;
    case OAUTH_DECLINED:
    case OAUTH_EXPIRED:
    case OAUTH_SIGN_IN:
    case OAUTH_CONSENT:
    case OAUTH_CONFIG:
        refuse(signin, outcome, &error, answer);
        break;
    }
}

static void on_polled(void *user, const struct http_answer *answer,
                      const struct failure *failure)
{
    struct signin *signin = user;
    bool may_pass = failure != NULL && failure->kind == FAILURE_TRANSIENT;
    if (!take_turn(signin, may_pass ? NULL : failure))
        return;
    if (may_pass)
        poll_later(signin);
    else
        on_poll_answer(signin, answer);
}

static void on_poll_due(uv_timer_t *timer)
{
    struct signin *signin = timer->data;
    struct bytes form;
    bytes_init(&form, LOGIN_MAX_FORM);
    (void)oauth_format_device_poll(&form, signin->config->client_id,
                                   signin->device.device_code);
    send_form(signin, "token", &form, on_polled);
}

static void on_device(void *user, const struct http_answer *answer,
                      const struct failure *failure)
{
    struct signin *signin = user;
    struct oauth_error error = {0};
    if (!take_turn(signin, failure))
        return;
    if (answer->head.status != 200 ||
        !oauth_device_parse(answer->body, answer->size, &signin->device)) {
        refuse(signin,
               oauth_token_parse(answer->head.status, answer->body, answer->size,
                                 &signin->tokens, &error),
               &error, answer);
        return;
    }
    signin->deadline_ms = clock_now_ms() + (uint64_t)signin->device.expires_s * 1000;
    signin->prompt(signin->user, &(struct signin_prompt){
                                     .verification_uri = signin->device.verification_uri,
                                     .user_code = signin->device.user_code,
                                 });
    if (!signin->is_closing)
        poll_later(signin);
}

static void start_device(struct signin *signin)
{
    struct bytes form;
    bytes_init(&form, LOGIN_MAX_FORM);
    (void)oauth_format_device_start(&form, signin->config->client_id, signin->scope);
    send_form(signin, "devicecode", &form, on_device);
}

/* Browser. */

static void on_exchanged(void *user, const struct http_answer *answer,
                         const struct failure *failure)
{
    struct signin *signin = user;
    struct oauth_error error = {0};
    if (!take_turn(signin, failure))
        return;
    enum oauth_outcome outcome = oauth_token_parse(answer->head.status, answer->body,
                                                   answer->size, &signin->tokens, &error);
    if (outcome == OAUTH_OK)
        take_tokens(signin);
    else
        refuse(signin, outcome, &error, answer);
}

/* In constant time: a wrong guess must not learn how near it was. */
static bool is_same(const char *one, const char *other)
{
    unsigned char difference = strlen(one) == strlen(other) ? 0 : 1;
    for (size_t i = 0; difference == 0 && one[i] != 0 && i < strlen(other); i++)
        difference |= (unsigned char)(one[i] ^ other[i]);
    return difference == 0;
}

static void exchange(struct signin *signin, const char *code)
{
    struct bytes form;
    bytes_init(&form, LOGIN_MAX_FORM);
    (void)oauth_format_code(&form, signin->config->client_id, code, signin->redirect_uri,
                            signin->verifier, signin->scope);
    send_form(signin, "token", &form, on_exchanged);
}

/* The browser came back without a code. */
static void take_refusal(struct signin *signin, const char *query)
{
    char text[64];
    char description[512];
    struct oauth_error error;
    if (!loopback_query_value(query, "error", text, sizeof text)) {
        fail(signin, FAILURE_SIGN_IN,
             _("the browser came back without a code: start again with agent login"));
        return;
    }
    bool is_told =
        loopback_query_value(query, "error_description", description, sizeof description);
    enum oauth_outcome outcome =
        oauth_refusal_parse(text, is_told ? description : NULL, &error);
    refuse(signin, outcome, &error, NULL);
}

static enum loopback_page on_visit(void *user, const char *query)
{
    struct signin *signin = user;
    char state[OAUTH_VERIFIER_SIZE];
    char code[MAX_CODE];
    if (signin->loopback == NULL ||
        !loopback_query_value(query, "state", state, sizeof state) ||
        !is_same(state, signin->state))
        return LOOPBACK_STRANGE;
    loopback_close(signin->loopback); /* one request with the right state, no more */
    signin->loopback = NULL;
    (void)uv_timer_stop(&signin->timer);
    if (loopback_query_value(query, "code", code, sizeof code)) {
        exchange(signin, code);
        bytes_wipe_memory(code, sizeof code);
        return LOOPBACK_ARRIVED;
    }
    take_refusal(signin, query);
    return LOOPBACK_REFUSED;
}

static void on_patience_over(uv_timer_t *timer)
{
    fail(timer->data, FAILURE_SIGN_IN,
         _("the browser did not come back in time: start again with agent login, or use "
           "agent "
           "login --device-code"));
}

static void make_secret(char out[OAUTH_VERIFIER_SIZE])
{
    uint8_t random[32];
    random_fill(random, sizeof random);
    oauth_verifier(random, out);
    bytes_wipe_memory(random, sizeof random);
}

static bool format_url(const struct signin *signin, struct bytes *out)
{
    char endpoint[1024];
    char challenge[OAUTH_VERIFIER_SIZE];
    struct bytes query;
    bytes_init(&query, LOGIN_MAX_FORM);
    bool done =
        login_url_format(signin->config, "authorize", endpoint, sizeof endpoint) &&
        oauth_challenge(signin->verifier, challenge) &&
        oauth_format_authorize(&query, signin->config->client_id, signin->redirect_uri,
                               signin->scope, signin->state, challenge) &&
        bytes_text(&query) != NULL &&
        bytes_append_format(out, "%s?%s", endpoint, bytes_text(&query)) &&
        bytes_text(out) != NULL;
    bytes_clear(&query);
    return done;
}

static void start_browser(struct signin *signin)
{
    struct failure failure = {0};
    uint16_t port;
    struct bytes url;
    signin->loopback = loopback_listen(signin->loop, on_visit, signin, &port, &failure);
    if (signin->loopback == NULL) {
        finish(signin, NULL, &failure);
        return;
    }
    (void)snprintf(signin->redirect_uri, sizeof signin->redirect_uri, "http://localhost:%u",
                   (unsigned)port);
    make_secret(signin->state);
    make_secret(signin->verifier);
    bytes_init(&url, LOGIN_MAX_FORM);
    if (!format_url(signin, &url)) {
        fail(signin, FAILURE_CONFIG, _("the sign-in address cannot be made"));
    } else {
        signin->browser = browser_open(bytes_text(&url));
        (void)uv_timer_start(&signin->timer, on_patience_over, signin->patience_ms, 0);
        signin->prompt(signin->user,
                       &(struct signin_prompt){.browser_url = bytes_text(&url),
                                               .opened = signin->browser != 0});
    }
    bytes_clear(&url);
}

/* The contract. */

static void on_start_device(uv_timer_t *timer)
{
    start_device(timer->data);
}

static void on_start_browser(uv_timer_t *timer)
{
    start_browser(timer->data);
}

static struct signin *new_signin(uv_loop_t *loop, const struct config *config,
                                 bool all_drives, struct failure *failure)
{
    struct signin *signin = calloc(1, sizeof *signin);
    if (signin == NULL ||
        !auth_scopes(config, all_drives, signin->scope, sizeof signin->scope)) {
        (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
        free(signin);
        return NULL;
    }
    const struct http_config http = http_config_from(config, SIGNIN_CONNECTIONS);
    signin->http = http_new(loop, &http, failure);
    if (signin->http == NULL) {
        free(signin);
        return NULL;
    }
    signin->loop = loop;
    signin->config = config;
    (void)uv_timer_init(loop, &signin->timer); /* cannot fail */
    signin->timer.data = signin;
    return signin;
}

struct signin *signin_start(uv_loop_t *loop, const struct config *config,
                            struct token_store *store, const struct signin_request *request,
                            void *user, struct failure *failure)
{
    if (config->client_id == NULL) {
        (void)failure_set(failure, FAILURE_CONFIG, 0,
                          "client_id is not set: see [account] in the configuration");
        return NULL;
    }
    struct signin *signin = new_signin(loop, config, request->all_drives, failure);
    if (signin == NULL)
        return NULL;
    signin->store = store;
    signin->prompt = request->prompt;
    signin->done = request->done;
    signin->user = user;
    signin->patience_ms = request->patience_ms == 0 ? PATIENCE_MS : request->patience_ms;
    bool by_code = request->way == SIGNIN_DEVICE_CODE ||
                   (request->way == SIGNIN_AS_FITS && !browser_has_display());
    (void)uv_timer_start(&signin->timer, by_code ? on_start_device : on_start_browser, 0,
                         0);
    return signin;
}

static void on_closed(uv_handle_t *handle)
{
    struct signin *signin = handle->data;
    oauth_tokens_clear(&signin->tokens);
    bytes_wipe_memory(signin, sizeof *signin);
    free(signin);
}

void signin_close(struct signin *signin)
{
    if (signin == NULL)
        return;
    assert(!signin->is_closing);
    signin->is_closing = true;
    if (signin->operation != NULL)
        http_cancel(signin->operation);
    fail(signin, FAILURE_CANCELLED, "cancelled");
    browser_reap(signin->browser);
    http_close(signin->http);
    uv_close((uv_handle_t *)&signin->timer, on_closed);
}
