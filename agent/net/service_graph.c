/* Requests to Graph: the token, the request, what its answer means. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/backoff.h"
#include "agent/clock.h"
#include "agent/log.h"
#include "agent/net/service_operation.h"
#include "agent/random.h"
#include "agent/words.h"
#include "protocol/bytes.h"
#include "protocol/graph_page.h"
#include "protocol/oauth.h"

enum {
    THROTTLE_BASE_MS = 1000,
    THROTTLE_CAP_MS = 5 * 60 * 1000,
    CLOCK_DIFFERENCE_MS = 5 * 60 * 1000,
    MAX_CLAIMS = 1024
};

/* Shortcuts into other drives are shown as such only when asked for. */
static const char prefer[] = "Include-Feature=AddToOneDrive, deltashowremoteitemsaliasid";

static bool begins_with(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

static bool has_text(const struct http_answer *answer, const char *text)
{
    return answer->size > 0 &&
           memmem(answer->body, answer->size, text, strlen(text)) != NULL;
}

static struct service_facts facts_of(const struct service_operation *operation,
                                     const struct http_answer *answer)
{
    const struct http_answer_head *head = &answer->head;
    return (struct service_facts){
        .class = operation->class,
        .status = head->status,
        .is_html = operation->fetch == NULL && begins_with(head->content_type, "text/html"),
        .wants_claims = strstr(head->www_authenticate, "insufficient_claims") != NULL,
        /* Seen with personal accounts; no token mends it. */
        .is_token_outage =
            head->status == 401 && has_text(answer, "Unable to initialize RPS"),
        .has_location = head->location[0] != 0,
        .retry_after_ms = head->retry_after_ms,
        .token_renewals = operation->token_renewals,
        .not_found = operation->not_found,
        .redirects = operation->redirects,
    };
}

static void refuse_token(struct service_operation *operation,
                         const struct http_answer *answer)
{
    char claims[MAX_CLAIMS];
    bool has_claims =
        oauth_challenge_claims(answer->head.www_authenticate, claims, sizeof claims);
    auth_refused(operation->service->auth, operation->token, has_claims ? claims : NULL);
}

static void end_sign_in(struct service_operation *operation)
{
    struct failure failure;
    (void)failure_set(&failure, FAILURE_SIGN_IN, 114,
                      "the service refuses a fresh token: please sign in again with "
                      "agent login");
    service_finish(operation, NULL, &failure);
}

/* The whole account waits, not only the one who was told (F-110). */
static void throttle(struct service_operation *operation, uint64_t wait_ms, int status)
{
    struct service *service = operation->service;
    struct failure failure;
    if (wait_ms == 0)
        wait_ms = backoff_full(operation->attempts, THROTTLE_BASE_MS, THROTTLE_CAP_MS,
                               random_number());
    service_gate_throttled(&service->gate, clock_now_ms(), wait_ms);
    service->counts.throttled++;
    (void)failure_set(&failure, FAILURE_TRANSIENT, 110,
                      "the service asks to wait %llu s (status %d)",
                      (unsigned long long)(wait_ms + 999) / 1000, status);
    failure.retry_after_ms = wait_ms;
    service_try_again(operation, &failure);
}

static void suffer(struct service_operation *operation, enum failure_kind kind, int number,
                   int status)
{
    const char *what = number == 127   ? _("a login page answers instead of the service")
                       : number == 121 ? _("the service sends us to another place")
                                       : _("the service is in trouble");
    struct failure failure;
    service_gate_failed(&operation->service->gate, clock_now_ms());
    (void)failure_set(&failure, kind, number, "%s (status %d)", what, status);
    service_try_again(operation, &failure);
}

static void follow(struct service_operation *operation, const struct http_answer *answer)
{
    struct url url;
    const char *location = answer->head.location;
    if (operation->fetch != NULL) {
        service_fetch_take_address(operation, location);
        return;
    }
    char *copy = url_parse(location, &url) == URL_OK &&
                         url_same_origin(&url, &operation->service->allow.graph)
                     ? strdup(location)
                     : NULL;
    if (copy == NULL) {
        suffer(operation, FAILURE_PROTOCOL, 121, answer->head.status);
        return;
    }
    bytes_wipe_text(operation->url);
    operation->url = copy;
    operation->redirects++;
    service_wait(operation, clock_now_ms());
}

/* Only said: nothing here is decided by the time of day (F-124). */
static void compare_clocks(struct service *service, int64_t date_ms)
{
    int64_t difference_ms = clock_wall_ms() - date_ms;
    if (date_ms == INT64_MIN || service->is_clock_known_wrong ||
        (difference_ms < CLOCK_DIFFERENCE_MS && difference_ms > -CLOCK_DIFFERENCE_MS))
        return;
    service->is_clock_known_wrong = true;
    log_line(LOG_LEVEL_WARNING, 124, NULL,
             "this computer's clock seems wrong: the service's differs by %lld minutes",
             (long long)(difference_ms / 60000));
}

static void on_answer(struct service_operation *operation, const struct http_answer *answer)
{
    struct service_facts facts = facts_of(operation, answer);
    struct service_verdict verdict = service_judge(&facts);
    uint64_t now_ms = clock_now_ms();
    compare_clocks(operation->service, answer->head.date_ms);
    if (verdict.step <= SERVICE_STEP_AGAIN)
        service_note_success(operation);
    switch (verdict.step) {
    case SERVICE_STEP_DELIVER:
        if (operation->fetch != NULL && facts.status >= 200 && facts.status < 300)
            service_fetch_end_direct(operation, answer, NULL);
        else
            service_deliver(operation, answer);
        break;
    case SERVICE_STEP_RENEW:
        operation->token_renewals++;
        refuse_token(operation, answer);
        service_wait(operation, now_ms);
        break;
    case SERVICE_STEP_SIGN_IN:
        refuse_token(operation, answer);
        end_sign_in(operation);
        break;
    case SERVICE_STEP_FOLLOW:
        follow(operation, answer);
        break;
    case SERVICE_STEP_AGAIN:
        operation->not_found++;
        operation->service->counts.retries++;
        service_wait(operation, now_ms + verdict.wait_ms);
        break;
    case SERVICE_STEP_THROTTLE:
        throttle(operation, verdict.wait_ms, facts.status);
        break;
    case SERVICE_STEP_TROUBLE:
    case SERVICE_STEP_PORTAL:
        suffer(operation, FAILURE_TRANSIENT, verdict.number, facts.status);
        break;
    case SERVICE_STEP_REFUSE:
        suffer(operation, FAILURE_PROTOCOL, verdict.number, facts.status);
        break;
    }
}

static void on_done(void *user, const struct http_answer *answer,
                    const struct failure *failure)
{
    struct service_operation *operation = user;
    struct service *service = operation->service;
    operation->http = NULL;
    service_gate_ended(&service->gate);
    if (operation->is_cancelled)
        return;
    if (failure == NULL) {
        service->counts.bytes_in += answer->size;
        on_answer(operation, answer);
    } else if (service_fetch_has_begun(operation)) {
        service_fetch_end_direct(operation, NULL, failure);
    } else {
        service_try_again(operation, failure);
    }
    service_pump(service);
}

/* The slot is given back here when there is no request to give it back. */
static void fail_start(struct service_operation *operation, const struct failure *failure)
{
    struct service *service = operation->service;
    service_gate_ended(&service->gate);
    service_try_again(operation, failure);
    service_pump(service);
}

static bool keep_token(struct service_operation *operation, const char *token)
{
    bytes_wipe_text(operation->token);
    operation->token = strdup(token);
    return operation->token != NULL;
}

static void on_token(void *user, const char *token, const struct failure *failure)
{
    struct service_operation *operation = user;
    struct service *service = operation->service;
    struct failure why = {0};
    bool is_content = operation->fetch != NULL;
    if (failure != NULL || !keep_token(operation, token)) {
        if (failure == NULL)
            (void)failure_set(&why, FAILURE_RESOURCE, 0, "no memory");
        fail_start(operation, failure == NULL ? &why : failure);
        return;
    }
    struct http_request request = {
        .url = operation->url,
        .bearer = operation->token,
        .prefer = operation->class == SERVICE_CLASS_PAGE && !is_content ? prefer : NULL,
        .compressed = !is_content,
        .says_json = operation->class == SERVICE_CLASS_CHANNEL,
        .max_body = is_content ? 0 : GRAPH_MAX_BODY,
    };
    operation->stage = SERVICE_STAGE_GRAPH;
    service->counts.requests++;
    operation->asked_ms = clock_now_ms();
    operation->http =
        http_start(service->http, &request, is_content ? service_fetch_sink : NULL, on_done,
                   operation, &why);
    if (operation->http == NULL)
        fail_start(operation, &why);
}

void service_graph_start(struct service_operation *operation)
{
    struct service *service = operation->service;
    service_gate_began(&service->gate);
    operation->stage = SERVICE_STAGE_TOKEN;
    operation->ticket = auth_get(service->auth, on_token, operation);
    if (operation->ticket != 0)
        return;
    struct failure failure;
    (void)failure_set(&failure, FAILURE_RESOURCE, 0, "no memory");
    service_gate_ended(&service->gate);
    service_try_again(operation, &failure); /* we are in the pump already */
}
