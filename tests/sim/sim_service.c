#include "tests/sim/sim_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_US = 60000,
    CHUNK_US = 8000,
    SMALL_CHUNK = 700,
    LARGE_CHUNK = 60000,
    BODY_MAX = 4 * 1024 * 1024,
};

/* How a download is going to go wrong. */
enum fetch_fault {
    FAULT_NONE,
    FAULT_REFUSED,  /* a status instead of bytes */
    FAULT_NO_START, /* broken before the head */
    FAULT_CUT,      /* breaks off, and is known to (F-97) */
    FAULT_SHORT,    /* ends early without a promise of its length */
    FAULT_WRONG,    /* one byte is another (F-98) */
    FAULT_ENDLESS,  /* more than promised (F-100) */
    FAULTS,
};

struct service_operation {
    struct service *service;
    service_done_fn *done;
    void *user;
    char *address;
    /* of a question about an item, where it was answered when it came */
    int status;
    struct bytes body;
    /* of a download */
    service_head_fn *head;
    service_sink_fn *sink;
    int item;
    uint64_t offset;
    enum fetch_fault fault;
    uint8_t *data;
    size_t size;   /* that will come */
    size_t passed; /* position in `data` */
    bool is_paused;
};

static void free_operation(struct service_operation *operation)
{
    free(operation->address);
    free(operation->data);
    bytes_clear(&operation->body);
    free(operation);
}

static void finish(struct service_operation *operation, int status, const uint8_t *body,
                   size_t size)
{
    struct service_answer answer = {
        .status = status, .body = body, .size = size, .date_ms = INT64_MIN};
    if (status < 200 || status > 299)
        graph_error_parse(body, size, &answer.error);
    sim_trace(operation->service->sim, "answer %d %s", status, operation->address);
    operation->done(operation->user, &answer, NULL);
    free_operation(operation);
}

static void finish_failed(struct service_operation *operation, enum failure_kind kind,
                          int number)
{
    struct failure failure = {.kind = FAILURE_NONE};
    (void)failure_set(&failure, kind, number, "simulated trouble");
    sim_trace(operation->service->sim, "failure F-%d %s", number, operation->address);
    operation->done(operation->user, NULL, &failure);
    free_operation(operation);
}

/* Graph. */

static void put_resync(struct service *service, const char *address, struct bytes *body)
{
    bool keeps = sim_below(service->sim, 4) == 0;
    bool is_feed = strstr(address, "/delta") != NULL;
    service->told_to_keep = service->told_to_keep || (keeps && is_feed);
    (void)bytes_append_format(body, "{\"error\":{\"code\":\"resyncChanges%sDifferences\"}}",
                              keeps ? "Upload" : "Apply");
}

static int refusal(struct service *service, const char *address, struct bytes *body)
{
    static const int statuses[] = {400, 403, 404, 410, 500, 501, 200, 200};
    int status = statuses[sim_below(service->sim, sizeof statuses / sizeof *statuses)];
    if (status == 200) /* of a portal, or of a service that is out of its mind (F-79) */
        (void)bytes_append_text(body, sim_below(service->sim, 2) == 0 ? "{}" : "<html>");
    else if (status == 410)
        put_resync(service, address, body);
    else
        (void)bytes_append_text(body, "{\"error\":{\"code\":\"generalException\"}}");
    return status;
}

static int answer_get(struct service *service, const char *address, struct bytes *body)
{
    const char *items = strstr(address, "/items/");
    int item = items == NULL ? -1 : sim_drive_by_id(service->drive, items + 7);
    if (strstr(address, "/delta") != NULL)
        return sim_page_delta(service->drive, address, body);
    bool is_list = items != NULL && strstr(items, "/children") != NULL;
    if (is_list && sim_fails_too(service->sim, &service->lists, "the list of a folder"))
        return sim_page_item(service->drive, -1, body);
    if (is_list)
        return sim_page_children(service->drive, item, address, body);
    if (items != NULL)
        return sim_page_item(service->drive, item, body);
    if (strstr(address, "/root") != NULL)
        return sim_page_item(service->drive, SIM_ROOT_ITEM, body);
    (void)bytes_append_text(body, "{\"id\":\"" SIM_DRIVE_ID
                                  "\",\"driveType\":\"business\",\"name\":\"d\"}");
    return 200;
}

static bool is_item(const char *address)
{
    return strstr(address, "/items/") != NULL && strstr(address, "/children") == NULL;
}

static void answer(void *user)
{
    struct service_operation *operation = user;
    struct service *service = operation->service;
    struct bytes *body = &operation->body;
    int status = 0;
    if (!sim_chance(service->sim, service->bad_per_mille)) {
        status = operation->status != 0 ? operation->status
                                        : answer_get(service, operation->address, body);
    } else if (sim_below(service->sim, 3) > 0) {
        bytes_clear(body);
        status = refusal(service, operation->address, body);
        if (status == 404 && is_item(operation->address))
            status = 403; /* 404 of an item is the truth, but not that of its list */
    }
    if (status == 0)
        finish_failed(operation, FAILURE_PROTOCOL, 127);
    else
        finish(operation, status, bytes_front(body), bytes_count(body));
}

static struct service_operation *new_operation(struct service *service, const char *address,
                                               service_done_fn *done, void *user)
{
    struct service_operation *operation = calloc(1, sizeof *operation);
    if (operation == NULL)
        abort();
    operation->service = service;
    operation->done = done;
    operation->user = user;
    operation->address = strdup(address);
    bytes_init(&operation->body, BODY_MAX);
    service->requests++;
    return operation;
}

struct service_operation *service_get(struct service *service, enum service_class class,
                                      const char *path_or_link, service_done_fn *done,
                                      void *user, struct failure *failure)
{
    (void)class;
    (void)failure;
    struct service_operation *operation = new_operation(service, path_or_link, done, user);
    uint64_t delay_us = sim_below(service->sim, ANSWER_US);
    /* What happens on the way it does not say, or it does. */
    if (is_item(path_or_link) && (delay_us % 2 == 0 || service->late_us > 0)) {
        operation->status = answer_get(service, path_or_link, &operation->body);
        delay_us += service->late_us;
    }
    sim_loop_after(service->loop, delay_us, answer, operation);
    return operation;
}

bool service_takes_link(const struct service *service, const char *link,
                        struct failure *failure)
{
    (void)service;
    if (strncmp(link, SIM_ORIGIN "/", strlen(SIM_ORIGIN "/")) == 0)
        return true;
    (void)failure_set(failure, FAILURE_PROTOCOL, 147, "a link to another host");
    return false;
}

int service_slots(const struct service *service)
{
    return service->slots;
}

/* Contents. */

static void pass_on(void *user);

static void go_on(struct service_operation *operation)
{
    struct service *service = operation->service;
    sim_loop_after(service->loop, sim_below(service->sim, CHUNK_US), pass_on, operation);
}

static void end_content(struct service_operation *operation)
{
    if (operation->fault == FAULT_CUT)
        finish_failed(operation, FAILURE_TRANSIENT, 97);
    else if (operation->fault == FAULT_ENDLESS)
        finish_failed(operation, FAILURE_TRANSIENT, 100);
    else
        finish(operation, 200, NULL, 0);
}

static void pass_on(void *user)
{
    struct service_operation *operation = user;
    size_t left = operation->size - operation->passed;
    size_t chunk = operation->size > LARGE_CHUNK ? LARGE_CHUNK : SMALL_CHUNK;
    size_t part = left < chunk ? left : chunk;
    if (part == 0) {
        end_content(operation);
        return;
    }
    switch (operation->sink(operation->user, operation->data + operation->passed, part)) {
    case HTTP_FLOW_GO:
        operation->passed += part;
        go_on(operation);
        return;
    case HTTP_FLOW_PAUSE:
        operation->is_paused = true;
        return;
    case HTTP_FLOW_STOP:
        finish_failed(operation, FAILURE_CANCELLED, 0);
        return;
    }
}

static void spoil(struct service_operation *operation)
{
    struct sim *sim = operation->service->sim;
    size_t size = operation->size;
    if (size <= operation->passed)
        return;
    unsigned left = (unsigned)(size - operation->passed);
    uint8_t other;
    switch (operation->fault) {
    case FAULT_CUT:
    case FAULT_SHORT:
        operation->size = operation->passed + sim_below(sim, left);
        break;
    case FAULT_WRONG:
        /* Never the same twice: that would be how the service holds it (F-99). */
        other = (uint8_t)(1 + sim_below(sim, 255));
        operation->data[operation->passed + sim_below(sim, left)] ^= other;
        break;
    case FAULT_NONE:
    case FAULT_REFUSED:
    case FAULT_NO_START:
    case FAULT_ENDLESS:
    case FAULTS:
        break;
    }
}

static enum fetch_fault some_fault(struct service *service)
{
    if (!sim_chance(service->sim, service->bad_per_mille * 2))
        return FAULT_NONE;
    enum fetch_fault fault = sim_below(service->sim, FAULTS);
    /* Without a hash nobody could tell. */
    bool is_hidden = fault == FAULT_WRONG || fault == FAULT_SHORT;
    return is_hidden && !service->drive->has_hashes ? FAULT_CUT : fault;
}

static void begin_content(void *user)
{
    static const int statuses[] = {403, 404, 410, 412, 423};
    struct service_operation *operation = user;
    struct service *service = operation->service;
    struct sim_drive *drive = service->drive;
    operation->fault = some_fault(service);
    if (operation->item < 0 || drive->items[operation->item].is_gone) {
        finish(operation, 404, NULL, 0);
        return;
    }
    if (operation->fault == FAULT_REFUSED) {
        finish(operation, statuses[sim_below(service->sim, 5)], NULL, 0);
        return;
    }
    if (operation->fault == FAULT_NO_START) {
        finish_failed(operation, FAILURE_TRANSIENT, 125);
        return;
    }
    int content = drive->items[operation->item].content;
    size_t total = drive->sizes[content];
    drive->items[operation->item].fetches++;
    operation->data = sim_content(drive, content);
    operation->size = total;
    bool is_whole =
        operation->offset > total || sim_chance(service->sim, service->bad_per_mille);
    operation->passed = is_whole ? 0 : (size_t)operation->offset;
    spoil(operation);
    int64_t promised = operation->fault == FAULT_SHORT ? -1 : (int64_t)total;
    if (operation->head(operation->user, operation->passed, promised, NULL))
        go_on(operation);
    else
        finish_failed(operation, FAILURE_CANCELLED, 0);
}

struct service_operation *service_fetch(struct service *service,
                                        const struct service_download *download,
                                        const struct service_fetch_callbacks *callbacks,
                                        void *user, struct failure *failure)
{
    (void)failure;
    struct service_operation *operation =
        new_operation(service, download->item_id, callbacks->done, user);
    operation->head = callbacks->head;
    operation->sink = callbacks->sink;
    operation->item = sim_drive_by_id(service->drive, download->item_id);
    operation->offset = download->offset;
    service->fetches++;
    sim_trace(service->sim, "fetch %s from %llu", download->item_id,
              (unsigned long long)download->offset);
    sim_loop_after(service->loop, sim_below(service->sim, ANSWER_US), begin_content,
                   operation);
    return operation;
}

void service_resume(struct service_operation *operation)
{
    if (operation->is_paused) {
        operation->is_paused = false;
        go_on(operation);
    }
}

void service_cancel(struct service_operation *operation)
{
    struct sim_loop *loop = operation->service->loop;
    (void)(sim_loop_cancel(loop, answer, operation) ||
           sim_loop_cancel(loop, begin_content, operation) ||
           sim_loop_cancel(loop, pass_on, operation));
    free_operation(operation);
}

void sim_service_init(struct service *service, struct sim_loop *loop,
                      struct sim_drive *drive)
{
    *service = (struct service){.sim = loop->sim, .loop = loop, .drive = drive, .slots = 4};
}
