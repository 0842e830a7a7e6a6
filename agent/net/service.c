#include "agent/net/service.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/backoff.h"
#include "agent/clock.h"
#include "agent/net/service_operation.h"
#include "agent/random.h"
#include "protocol/bytes.h"

enum {
    RETRY_BASE_MS = 1000,         /* F-111 */
    RETRY_CAP_MS = 5 * 60 * 1000, /* … */
    PROTOCOL_BASE_MS = 2000,
    NETWORK_CHANGE_MS = 500, /* spread of what begins anew (F-131) */
    NETWORK_CHANGE = 131
};

/* The list. */

static void link_in(struct service_operation *operation)
{
    struct service *service = operation->service;
    struct service_operation *last = service->operations;
    while (last != NULL && last->next != NULL)
        last = last->next;
    operation->previous = last;
    if (last == NULL)
        service->operations = operation;
    else
        last->next = operation;
}

static void link_out(struct service_operation *operation)
{
    if (operation->previous == NULL)
        operation->service->operations = operation->next;
    else
        operation->previous->next = operation->next;
    if (operation->next != NULL)
        operation->next->previous = operation->previous;
}

static void free_operation(struct service_operation *operation)
{
    bytes_wipe_text(operation->url);
    bytes_wipe_text(operation->token);
    service_fetch_free(operation->fetch);
    free(operation);
}

/* Trouble, as people see it. */

void service_note_trouble(struct service *service, uint64_t next_ms,
                          const struct failure *failure)
{
    if (service->trouble_since_ms == 0)
        service->trouble_since_ms = clock_now_ms();
    if (service->watch != NULL)
        service->watch(service->watch_user, service->trouble_since_ms, next_ms, failure);
}

void service_note_success(const struct service_operation *operation)
{
    struct service *service = operation->service;
    service_gate_succeeded(&service->gate, operation->asked_ms);
    if (service->trouble_since_ms == 0)
        return;
    service->trouble_since_ms = 0;
    if (service->watch != NULL)
        service->watch(service->watch_user, 0, 0, NULL);
}

/* The queue. */

void service_wait(struct service_operation *operation, uint64_t due_ms)
{
    operation->stage = SERVICE_STAGE_WAITING;
    operation->due_ms = due_ms;
}

/* When it may start as far as time goes. */
static uint64_t start_ms(const struct service_operation *operation)
{
    uint64_t gate_ms;
    if (!service_fetch_is_ready(operation, &gate_ms))
        gate_ms = operation->service->gate.opens_ms;
    return operation->due_ms > gate_ms ? operation->due_ms : gate_ms;
}

static void start(struct service_operation *operation, uint64_t now_ms)
{
    uint64_t unused;
    if (service_fetch_is_ready(operation, &unused))
        service_fetch_start(operation);
    else if (service_gate_may_start(&operation->service->gate, now_ms))
        service_graph_start(operation);
}

/* Each mirror keeps to the limit by itself; this holds for all of them together. */
static bool has_room_for_content(const struct service *service)
{
    int running = 0;
    for (const struct service_operation *one = service->operations; one != NULL;
         one = one->next)
        running += one->stage == SERVICE_STAGE_CONTENT;
    return running < service->gate.max_slots;
}

/* The next one to start: questions before contents, the older before the younger. */
static struct service_operation *next_due(struct service *service, uint64_t now_ms)
{
    struct service_operation *best = NULL;
    uint64_t unused;
    bool has_slot = service_gate_may_start(&service->gate, now_ms);
    bool has_room = has_room_for_content(service);
    for (struct service_operation *one = service->operations; one != NULL;
         one = one->next) {
        bool is_content = service_fetch_is_ready(one, &unused);
        if (one->stage != SERVICE_STAGE_WAITING || start_ms(one) > now_ms ||
            !(is_content ? has_room : has_slot))
            continue;
        if (one->fetch == NULL)
            return one;
        if (best == NULL)
            best = one;
    }
    return best;
}

static void on_timer(uv_timer_t *timer)
{
    service_pump(timer->data);
}

/* What waits for a slot needs no timer: the end of a request pumps again. */
static void set_timer(struct service *service, uint64_t now_ms)
{
    uint64_t next_ms = UINT64_MAX;
    for (struct service_operation *one = service->operations; one != NULL; one = one->next)
        if (one->stage == SERVICE_STAGE_WAITING && start_ms(one) > now_ms &&
            start_ms(one) < next_ms)
            next_ms = start_ms(one);
    if (next_ms == UINT64_MAX)
        (void)uv_timer_stop(&service->timer);
    else
        (void)uv_timer_start(&service->timer, on_timer, next_ms - now_ms, 0);
}

/* Reached from the loop only: from its timer, or at the end of a request. */
void service_pump(struct service *service)
{
    struct service_operation *operation;
    uint64_t now_ms = clock_now_ms();
    while (!service->is_closing && (operation = next_due(service, now_ms)) != NULL)
        start(operation, now_ms);
    if (!service->is_closing)
        set_timer(service, now_ms);
}

static void pump_soon(struct service *service)
{
    if (!service->is_closing)
        (void)uv_timer_start(&service->timer, on_timer, 0, 0);
}

/* Ends. */

void service_finish(struct service_operation *operation,
                    const struct service_answer *answer, const struct failure *failure)
{
    service_done_fn *done = operation->done;
    void *user = operation->user;
    link_out(operation);
    free_operation(operation);
    done(user, answer, failure);
}

void service_deliver(struct service_operation *operation, const struct http_answer *answer)
{
    struct service_answer out = {
        .status = answer->head.status,
        .body = answer->body,
        .size = answer->size,
        .date_ms = answer->head.date_ms,
    };
    if (out.status < 200 || out.status >= 300)
        graph_error_parse(answer->body, answer->size, &out.error);
    service_finish(operation, &out, NULL);
}

static uint64_t delay_of(struct service_operation *operation, const struct failure *failure)
{
    if (failure->number == NETWORK_CHANGE)
        return backoff_full(0, NETWORK_CHANGE_MS, NETWORK_CHANGE_MS, random_number());
    uint64_t base_ms = failure->kind == FAILURE_PROTOCOL ? PROTOCOL_BASE_MS : RETRY_BASE_MS;
    uint64_t wait_ms =
        backoff_full(operation->attempts++, base_ms, RETRY_CAP_MS, random_number());
    return failure->retry_after_ms > wait_ms ? failure->retry_after_ms : wait_ms;
}

void service_try_again(struct service_operation *operation, const struct failure *failure)
{
    struct service *service = operation->service;
    int tries = 0;
    bool is_retried = service_is_retried(operation->class, failure, &tries);
    uint64_t due_ms = clock_now_ms() + delay_of(operation, failure);
    if (!is_retried || (tries > 0 && operation->attempts >= (uint32_t)tries)) {
        service_finish(operation, NULL, failure);
        return;
    }
    service->counts.retries++;
    service_wait(operation, due_ms);
    service_note_trouble(service, start_ms(operation), failure);
}

void service_cancel(struct service_operation *operation)
{
    struct service *service = operation->service;
    operation->is_cancelled = true;
    if (service->sinking == operation)
        service->sinking = NULL;
    if (operation->stage == SERVICE_STAGE_TOKEN) {
        auth_forget(service->auth, operation->ticket);
        service_gate_ended(&service->gate);
    }
    if (operation->http != NULL)
        http_cancel(operation->http); /* its callback only gives back the slot */
    link_out(operation);
    free_operation(operation);
    pump_soon(service);
}

/* The contract. */

struct service *service_new(uv_loop_t *loop, const struct config *config, struct http *http,
                            struct auth *auth)
{
    struct service *service = calloc(1, sizeof *service);
    if (service == NULL || !allow_init(&service->allow, config)) {
        free(service);
        return NULL;
    }
    service->config = config;
    service->http = http;
    service->auth = auth;
    service_gate_init(&service->gate, config->transfers);
    (void)uv_timer_init(loop, &service->timer); /* cannot fail */
    service->timer.data = service;
    return service;
}

static void on_closed(uv_handle_t *handle)
{
    struct service *service = handle->data;
    allow_clear(&service->allow);
    free(service);
}

void service_close(struct service *service)
{
    if (service == NULL)
        return;
    assert(!service->is_closing);
    service->is_closing = true;
    service->watch = NULL;
    struct service_operation *next;
    for (struct service_operation *one = service->operations; one != NULL; one = next) {
        next = one->next;
        service_cancel(one);
    }
    uv_close((uv_handle_t *)&service->timer, on_closed);
}

/* The whole URL of a path, or a link as it came, if it leads to Graph itself. */
static char *make_url(const struct service *service, const char *path_or_link,
                      struct failure *failure)
{
    struct bytes text;
    bytes_init(&text, URL_MAX_SIZE);
    bool is_path = path_or_link[0] == '/';
    bool done = (!is_path || bytes_append_text(&text, service->config->graph_url)) &&
                bytes_append_text(&text, path_or_link) && bytes_text(&text) != NULL;
    struct url url;
    char *copy = NULL;
    if (!done || url_parse(bytes_text(&text), &url) != URL_OK ||
        !url_same_origin(&url, &service->allow.graph))
        (void)failure_set(failure, FAILURE_PROTOCOL, 147,
                          "the service named a link that does not lead to itself");
    else if ((copy = strdup(bytes_text(&text))) == NULL)
        (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
    bytes_wipe(&text);
    return copy;
}

bool service_takes_link(const struct service *service, const char *link,
                        struct failure *failure)
{
    char *url = make_url(service, link, failure);
    free(url);
    return url != NULL;
}

struct service_operation *service_operation_new(struct service *service, const char *url,
                                                struct failure *failure)
{
    assert(!service->is_closing);
    struct service_operation *operation = calloc(1, sizeof *operation);
    if (operation == NULL) {
        (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
        return NULL;
    }
    operation->url = make_url(service, url, failure);
    if (operation->url == NULL) {
        free(operation);
        return NULL;
    }
    operation->service = service;
    link_in(operation);
    pump_soon(service);
    return operation;
}

struct service_operation *service_get(struct service *service, enum service_class class,
                                      const char *path_or_link, service_done_fn *done,
                                      void *user, struct failure *failure)
{
    struct service_operation *operation =
        service_operation_new(service, path_or_link, failure);
    if (operation == NULL)
        return NULL;
    operation->class = class;
    operation->done = done;
    operation->user = user;
    return operation;
}

void service_watch(struct service *service, service_trouble_fn *fn, void *user)
{
    service->watch = fn;
    service->watch_user = user;
}

int service_slots(const struct service *service)
{
    return service->gate.slots;
}

/* What the service told to wait stays behind the gates. */
void service_wake(struct service *service)
{
    uint64_t now_ms = clock_now_ms();
    for (struct service_operation *one = service->operations; one != NULL;
         one = one->next) {
        one->attempts = 0;
        if (one->stage == SERVICE_STAGE_WAITING && one->due_ms > now_ms)
            one->due_ms = now_ms;
    }
    auth_wake(service->auth);
    pump_soon(service);
}

struct service_counts service_counts(const struct service *service)
{
    return service->counts;
}
