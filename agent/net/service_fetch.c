/* Contents: an address from Graph, then the bytes from its host. The token stays with
 * Graph (I-8), and the address is in memory only (F-101). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/net/service_operation.h"
#include "agent/random.h"
#include "agent/words.h"
#include "protocol/bytes.h"
#include "protocol/graph_url.h"

struct service_fetch {
    char *address; /* NULL: to be asked for; a secret */
    char host[URL_MAX_HOST_SIZE + 1];
    uint64_t offset; /* asked for; 0 once the whole is wanted */
    char *if_range;
    uint64_t max_size;
    int redirects;
    int addresses; /* new ones after the first */
    bool has_begun;
    uint64_t start;      /* where the bytes of this answer belong */
    uint64_t passed;     /* of this answer */
    int64_t promised;    /* in this answer, -1 unknown */
    struct failure stop; /* why the sink ended it */
    service_head_fn *head;
    service_sink_fn *sink;
};

static void drop_address(struct service_fetch *fetch)
{
    bytes_wipe_text(fetch->address);
    fetch->address = NULL;
}

void service_fetch_free(struct service_fetch *fetch)
{
    if (fetch == NULL)
        return;
    drop_address(fetch);
    free(fetch->if_range);
    free(fetch);
}

bool service_fetch_has_begun(const struct service_operation *operation)
{
    return operation->fetch != NULL &&
           (operation->fetch->has_begun || operation->fetch->stop.kind != FAILURE_NONE);
}

static struct service_host *host_of(const struct service_operation *operation)
{
    return service_hosts_find(&operation->service->hosts, operation->fetch->host,
                              clock_now_ms());
}

bool service_fetch_is_ready(const struct service_operation *operation, uint64_t *out_ms)
{
    if (operation->fetch == NULL || operation->fetch->address == NULL)
        return false;
    *out_ms = host_of(operation)->opens_ms;
    return true;
}

/* Ends. */

static void fail(struct service_operation *operation, enum failure_kind kind, int number,
                 const char *what)
{
    struct failure failure;
    (void)failure_set(&failure, kind, number, "%s: %s", operation->fetch->host, what);
    service_finish(operation, NULL, &failure);
}

/* The caller asks again with what it has got; the host's gate bounds how often. */
static void fail_and_wait(struct service_operation *operation, struct failure failure,
                          uint64_t wait_ms)
{
    failure.retry_after_ms =
        service_host_failed(host_of(operation), clock_now_ms(), wait_ms, random_number());
    service_finish(operation, NULL, &failure);
}

/* A connection that breaks takes all with it that it carried: that is one failure. The
 * first one after a success is not waited for, since another connection mostly works. */
static void fail_broken(struct service_operation *operation, const struct failure *failure)
{
    struct service_host *host = host_of(operation);
    bool is_known = host->broke_ms != 0 && operation->asked_ms <= host->broke_ms;
    bool is_first = !is_known && host->failures == 0;
    if (!is_known) {
        host->broke_ms = clock_now_ms();
        service_gate_failed(&operation->service->gate,
                            host->broke_ms); /* the next takes fewer along */
    }
    if (failure->retry_after_ms > 0 || (!is_known && !is_first)) {
        fail_and_wait(operation, *failure, failure->retry_after_ms);
        return;
    }
    host->failures += is_first;
    service_finish(operation, NULL, failure);
}

static void fail_of_status(struct service_operation *operation,
                           const struct http_answer_head *head, bool is_throttled)
{
    struct failure failure;
    struct service *service = operation->service;
    if (is_throttled) {
        service->counts.throttled++;
        service_gate_throttled(&service->gate, clock_now_ms(), 0); /* its host waits */
    } else {
        service_gate_failed(&service->gate, clock_now_ms());
    }
    (void)failure_set(&failure, FAILURE_TRANSIENT, is_throttled ? 110 : 111,
                      is_throttled ? N_("%s asks to wait (status %d)")
                                   : N_("%s is in trouble (status %d)"),
                      operation->fetch->host, head->status);
    fail_and_wait(operation, failure, head->retry_after_ms);
}

/* The bytes as they come. */

static enum http_flow stop(struct service_fetch *fetch, enum failure_kind kind, int number,
                           const char *what)
{
    (void)failure_set(&fetch->stop, kind, number, "%s: %s", fetch->host, what);
    return HTTP_FLOW_STOP;
}

/* Tells the caller where the bytes belong; also for an empty content. */
static enum http_flow begin(struct service_operation *operation,
                            const struct http_answer_head *head)
{
    struct service_fetch *fetch = operation->fetch;
    bool is_part = head->status == 206;
    int64_t total = is_part ? head->range_total : head->content_length;
    if (head->content_encoding[0] != 0 &&
        strcasecmp(head->content_encoding, "identity") != 0)
        return stop(fetch, FAILURE_TRANSIENT, 107, _("the content comes encoded"));
    fetch->start = is_part ? fetch->offset : 0;
    fetch->passed = 0;
    fetch->promised = head->content_length;
    fetch->has_begun = true;
    bool goes_on = fetch->head(operation->user, fetch->start, total, head->etag);
    return goes_on ? HTTP_FLOW_GO : stop(fetch, FAILURE_CANCELLED, 0, "stopped");
}

static bool is_wanted(const struct service_operation *operation,
                      const struct http_answer_head *head)
{
    struct service_content_facts facts = {
        .status = head->status,
        .offset = operation->fetch->offset,
        .range_first = head->range_first,
    };
    return operation->stage == SERVICE_STAGE_GRAPH ||
           service_judge_content(&facts) == SERVICE_CONTENT_TAKE;
}

static enum http_flow pass_on(struct service_operation *operation, const uint8_t *bytes,
                              size_t size)
{
    struct service *service = operation->service;
    struct service_fetch *fetch = operation->fetch;
    if (fetch->max_size > 0 && fetch->start + fetch->passed + size > fetch->max_size)
        return stop(fetch, FAILURE_TRANSIENT, 100, _("more content than promised"));
    enum http_flow flow = fetch->sink(operation->user, bytes, size);
    if (service->sinking != operation)
        return HTTP_FLOW_STOP; /* cancelled inside, and gone */
    if (flow == HTTP_FLOW_STOP)
        return stop(fetch, FAILURE_CANCELLED, 0, "stopped");
    if (flow == HTTP_FLOW_GO) {
        fetch->passed += size;
        service->counts.bytes_in += size;
    }
    return flow;
}

enum http_flow service_fetch_sink(void *user, const struct http_answer_head *head,
                                  const uint8_t *bytes, size_t size)
{
    struct service_operation *operation = user;
    struct service *service = operation->service;
    enum http_flow flow = HTTP_FLOW_GO;
    if (!is_wanted(operation, head))
        return HTTP_FLOW_STOP; /* on_content_done sees to it */
    service->sinking = operation;
    if (!operation->fetch->has_begun)
        flow = begin(operation, head);
    if (flow == HTTP_FLOW_GO && service->sinking == operation)
        flow = pass_on(operation, bytes, size);
    bool is_gone = service->sinking != operation;
    service->sinking = NULL;
    return is_gone ? HTTP_FLOW_STOP : flow;
}

/* A whole answer of 2xx: is it what was promised (F-97)? */
static void end_content(struct service_operation *operation,
                        const struct http_answer *answer)
{
    struct service_fetch *fetch = operation->fetch;
    if (!fetch->has_begun) {
        struct service *service = operation->service;
        service->sinking = operation;
        enum http_flow flow = begin(operation, &answer->head);
        bool is_gone = service->sinking != operation;
        service->sinking = NULL;
        if (is_gone)
            return;
        if (flow != HTTP_FLOW_GO) {
            struct failure failure = fetch->stop;
            service_finish(operation, NULL, &failure);
            return;
        }
    }
    if (fetch->promised >= 0 && fetch->passed != (uint64_t)fetch->promised)
        fail(operation, FAILURE_TRANSIENT, 97, _("the content ended early"));
    else
        service_deliver(operation, answer);
}

void service_fetch_end_direct(struct service_operation *operation,
                              const struct http_answer *answer,
                              const struct failure *failure)
{
    struct failure why = operation->fetch->stop;
    if (failure == NULL)
        end_content(operation, answer);
    else
        service_finish(operation, NULL, why.kind == FAILURE_NONE ? failure : &why);
}

/* Addresses. */

static bool set_address(struct service_operation *operation, const char *text)
{
    struct service_fetch *fetch = operation->fetch;
    struct url url = {0};
    enum url_verdict verdict = url_parse(text, &url);
    if (verdict == URL_OK)
        verdict = url_check(&url, &operation->service->allow.content);
    if (verdict != URL_OK) {
        log_line(LOG_LEVEL_WARNING, 147, NULL, "an address for contents is refused: %s: %s",
                 _(url_verdict_text(verdict)), url.host);
        return false;
    }
    char *copy = strdup(text);
    if (copy == NULL)
        return false;
    drop_address(fetch);
    fetch->address = copy;
    memcpy(fetch->host, url.host, sizeof fetch->host);
    return true;
}

void service_fetch_take_address(struct service_operation *operation, const char *url)
{
    if (set_address(operation, url)) {
        operation->attempts = 0;
        service_wait(operation, clock_now_ms());
        return;
    }
    struct failure failure;
    (void)failure_set(
        &failure, FAILURE_PROTOCOL, 147,
        "the service names an address for the content that is not allowed; if "
        "it is right, add its host to extra_hosts");
    service_finish(operation, NULL, &failure);
}

static void follow(struct service_operation *operation, const char *location)
{
    operation->fetch->redirects++;
    service_fetch_take_address(operation, location);
}

static void ask_for_address(struct service_operation *operation)
{
    operation->fetch->addresses++;
    operation->fetch->redirects = 0;
    drop_address(operation->fetch);
    operation->service->counts.retries++;
    service_wait(operation, clock_now_ms());
}

static void ask_for_whole(struct service_operation *operation)
{
    operation->fetch->offset = 0;
    operation->service->counts.retries++;
    service_wait(operation, clock_now_ms());
}

/* Answers of the content host. */

static void on_content_answer(struct service_operation *operation,
                              const struct http_answer *answer)
{
    struct service_fetch *fetch = operation->fetch;
    const struct http_answer_head *head = &answer->head;
    struct service_content_facts facts = {
        .status = head->status,
        .has_location = head->location[0] != 0,
        .offset = fetch->offset,
        .range_first = head->range_first,
        .redirects = fetch->redirects,
        .addresses = fetch->addresses,
    };
    enum service_content_step step = service_judge_content(&facts);
    if (step != SERVICE_CONTENT_THROTTLE && step != SERVICE_CONTENT_TROUBLE)
        host_of(operation)->failures = 0;
    switch (step) {
    case SERVICE_CONTENT_TAKE:
        service_gate_succeeded(&operation->service->gate, operation->asked_ms);
        end_content(operation, answer);
        break;
    case SERVICE_CONTENT_WHOLE:
        ask_for_whole(operation);
        break;
    case SERVICE_CONTENT_FOLLOW:
        follow(operation, head->location);
        break;
    case SERVICE_CONTENT_ADDRESS:
        ask_for_address(operation);
        break;
    case SERVICE_CONTENT_THROTTLE:
    case SERVICE_CONTENT_TROUBLE:
        fail_of_status(operation, head, step == SERVICE_CONTENT_THROTTLE);
        break;
    case SERVICE_CONTENT_DELIVER:
        service_deliver(operation, answer);
        break;
    }
}

/* The sink has refused another part than the one asked for (F-102). */
static void end_wrong_part(struct service_operation *operation)
{
    struct failure failure;
    if (operation->fetch->offset > 0) {
        ask_for_whole(operation);
        return;
    }
    (void)failure_set(&failure, FAILURE_TRANSIENT, 102, "%s: sends another part",
                      operation->fetch->host);
    fail_and_wait(operation, failure, 0);
}

static void on_content_failure(struct service_operation *operation,
                               const struct failure *failure)
{
    struct failure why = operation->fetch->stop;
    if (why.kind != FAILURE_NONE)
        service_finish(operation, NULL, &why);
    else if (failure->kind == FAILURE_CANCELLED)
        end_wrong_part(operation);
    else if (failure->kind == FAILURE_TRANSIENT)
        fail_broken(operation, failure);
    else
        service_finish(operation, NULL, failure);
}

static void on_content_done(void *user, const struct http_answer *answer,
                            const struct failure *failure)
{
    struct service_operation *operation = user;
    struct service *service = operation->service;
    operation->http = NULL;
    if (operation->is_cancelled)
        return;
    if (failure != NULL)
        on_content_failure(operation, failure);
    else
        on_content_answer(operation, answer);
    service_pump(service);
}

void service_fetch_start(struct service_operation *operation)
{
    struct service_fetch *fetch = operation->fetch;
    struct failure failure = {0};
    struct http_request request = {
        .url = fetch->address,
        .range_from = fetch->offset,
        .if_range = fetch->offset > 0 ? fetch->if_range : NULL,
    };
    fetch->has_begun = false;
    operation->asked_ms = clock_now_ms();
    operation->stage = SERVICE_STAGE_CONTENT;
    operation->service->counts.requests++;
    operation->http = http_start(operation->service->http, &request, service_fetch_sink,
                                 on_content_done, operation, &failure);
    if (operation->http == NULL)
        service_finish(operation, NULL, &failure);
}

/* The contract. */

static struct service_fetch *new_fetch(const struct service_download *download)
{
    struct service_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL)
        return NULL;
    fetch->offset = download->offset;
    fetch->max_size = download->max_size;
    if (download->if_range != NULL &&
        (fetch->if_range = strdup(download->if_range)) == NULL) {
        free(fetch);
        return NULL;
    }
    return fetch;
}

struct service_operation *service_fetch(struct service *service,
                                        const struct service_download *download,
                                        const struct service_fetch_callbacks *callbacks,
                                        void *user, struct failure *failure)
{
    char path[GRAPH_URL_SIZE];
    if (!graph_url_content(path, download->drive_id, download->item_id)) {
        (void)failure_set(failure, FAILURE_ITEM, 146, "an id that no address can hold");
        return NULL;
    }
    struct service_fetch *fetch = new_fetch(download);
    if (fetch == NULL) {
        (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
        return NULL;
    }
    struct service_operation *operation = service_operation_new(service, path, failure);
    if (operation == NULL) {
        service_fetch_free(fetch);
        return NULL;
    }
    fetch->head = callbacks->head;
    fetch->sink = callbacks->sink;
    operation->class = SERVICE_CLASS_ITEM;
    operation->fetch = fetch;
    operation->done = callbacks->done;
    operation->user = user;
    if (download->fresh_url != NULL)
        (void)set_address(operation, download->fresh_url); /* else Graph names another */
    return operation;
}

void service_resume(struct service_operation *operation)
{
    if (operation->http != NULL)
        http_resume(operation->http);
}
