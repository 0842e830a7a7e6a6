#include "agent/sync/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/place/disk.h"
#include "agent/place/hash.h"
#include "protocol/bytes.h"
#include "protocol/graph_page.h"

enum {
    BUFFER_SIZE = 256 * 1024,
    WRITE_OUT_SIZE = 8 * 1024 * 1024,
};

struct buffer {
    uint8_t *data;
    size_t size;
};

struct fetch {
    uv_work_t work;
    const struct sync_context *context; /* gone once it is cancelled */
    const struct disk *disk;
    struct service_operation *operation; /* NULL once it has ended */
    fetch_done_fn *done;
    void *user;
    struct hash *hash;
    uint8_t hash_kind;
    int64_t listed_size;
    uint64_t limit;    /* of the whole content (F-100) */
    uint64_t received; /* of the content, with what the partial held before */
    uint64_t *counted; /* borrowed */
    struct fetch_result result;
    bool has_result;

    struct bytes memory; /* of a small file */

    int fd; /* of a partial, else -1 */
    struct buffer filling;
    struct buffer writing;
    bool is_writing;
    bool is_paused;
    bool starts_over;       /* the next write begins the file anew */
    bool is_anew;           /* the one in the pool does */
    uint64_t to_rehash;     /* bytes of an earlier run, hashed by the first write */
    uint64_t written;       /* what the partial holds for certain */
    uint64_t on_its_way;    /* of it, to the disk */
    struct failure trouble; /* of the last write */
    bool is_cancelled;
};

static void release(struct fetch *fetch)
{
    hash_free(fetch->hash);
    bytes_clear(&fetch->memory);
    free(fetch->filling.data);
    free(fetch->writing.data);
    free(fetch->result.content);
    disk_close(fetch->disk, fetch->fd);
    free(fetch);
}

static bool begin_anew(struct fetch *fetch)
{
    const struct disk *disk = fetch->disk;
    hash_free(fetch->hash);
    fetch->hash = hash_new(fetch->hash_kind);
    fetch->written = 0;
    fetch->on_its_way = 0;
    return fetch->hash != NULL && disk->truncate(disk->user, fetch->fd, 0) == 0 &&
           disk->seek(disk->user, fetch->fd, 0, SEEK_SET) == 0;
}

/* The disk works while bytes come, not only when all of them are to be made durable. */
static void write_out(struct fetch *fetch)
{
    uint64_t size = fetch->written - fetch->on_its_way;
    if (size < WRITE_OUT_SIZE)
        return;
    fetch->disk->write_out(fetch->disk->user, fetch->fd, (off_t)fetch->on_its_way,
                           (off_t)size);
    fetch->on_its_way = fetch->written;
}

/* In the pool: the descriptor, the hash and `writing` belong to it until it ends, which
 * may be after the mirror is gone. */
static void write_buffer(uv_work_t *work)
{
    struct fetch *fetch = work->data;
    const struct disk *disk = fetch->disk;
    struct failure *trouble = &fetch->trouble;
    if (fetch->to_rehash > 0 && !fetch->is_anew &&
        place_rehash(disk, fetch->fd, fetch->to_rehash, fetch->hash, trouble) !=
            FAILURE_NONE)
        return;
    fetch->to_rehash = 0;
    if (fetch->is_anew && !begin_anew(fetch)) {
        (void)failure_set(trouble, FAILURE_RESOURCE, 10, "cannot begin a download anew");
        return;
    }
    if (fetch->writing.size == 0)
        return;
    hash_update(fetch->hash, fetch->writing.data, fetch->writing.size);
    if (disk_write(disk, fetch->fd, fetch->writing.data, fetch->writing.size) != 0) {
        (void)failure_set(trouble, FAILURE_RESOURCE, 10, "cannot write a download: %s",
                          strerror(errno));
        return;
    }
    fetch->written += fetch->writing.size;
    write_out(fetch);
}

static void flush(struct fetch *fetch);

static void deliver(struct fetch *fetch)
{
    struct fetch_result *result = &fetch->result;
    bool is_complete = result->failure.kind == FAILURE_NONE && result->status >= 200 &&
                       result->status < 300;
    if (is_complete) {
        result->hash = hash_finish(fetch->hash);
        fetch->hash = NULL;
        result->size = (int64_t)fetch->received;
    } else if (fetch->fd >= 0) {
        result->size = (int64_t)fetch->written;
    }
    fetch->done(fetch->user, result);
    release(fetch);
}

/* Everything has come; what is left goes to the disk before the end is told. */
static void settle(struct fetch *fetch)
{
    if (fetch->is_writing)
        return;
    if (fetch->trouble.kind != FAILURE_NONE) {
        fetch->result.failure = fetch->trouble;
    } else if (fetch->fd >= 0 &&
               (fetch->filling.size > 0 || fetch->to_rehash > 0 || fetch->starts_over)) {
        flush(fetch);
        return;
    }
    deliver(fetch);
}

static void after_write(uv_work_t *work, int status)
{
    struct fetch *fetch = work->data;
    (void)status;
    fetch->is_writing = false;
    fetch->writing.size = 0;
    if (fetch->is_cancelled) {
        release(fetch);
        return;
    }
    if (fetch->trouble.kind != FAILURE_NONE && fetch->operation != NULL) {
        service_cancel(fetch->operation);
        fetch->operation = NULL;
        fetch->has_result = true;
    }
    if (fetch->has_result) {
        settle(fetch);
    } else if (fetch->is_paused) {
        fetch->is_paused = false;
        service_resume(fetch->operation);
    }
}

static void flush(struct fetch *fetch)
{
    struct buffer full = fetch->filling;
    fetch->filling = fetch->writing;
    fetch->filling.size = 0;
    fetch->writing = full;
    fetch->is_writing = true;
    fetch->is_anew = fetch->starts_over;
    fetch->starts_over = false;
    if (uv_queue_work(fetch->context->loop, &fetch->work, write_buffer, after_write) != 0)
        abort(); /* cannot be: the callback is given */
}

static enum http_flow to_memory(struct fetch *fetch, const uint8_t *bytes, size_t size)
{
    if (!bytes_append(&fetch->memory, bytes, size)) {
        fetch->result.is_too_large = true;
        return HTTP_FLOW_STOP;
    }
    hash_update(fetch->hash, bytes, size);
    return HTTP_FLOW_GO;
}

static enum http_flow to_partial(struct fetch *fetch, const uint8_t *bytes, size_t size)
{
    if (fetch->filling.size + size > BUFFER_SIZE) {
        if (fetch->is_writing) {
            fetch->is_paused = true;
            return HTTP_FLOW_PAUSE;
        }
        flush(fetch);
    }
    if (size > BUFFER_SIZE)
        return HTTP_FLOW_STOP; /* no transport hands out so much at once */
    memcpy(fetch->filling.data + fetch->filling.size, bytes, size);
    fetch->filling.size += size;
    return HTTP_FLOW_GO;
}

static void count(struct fetch *fetch)
{
    fetch->context->status->flying_bytes += fetch->received - *fetch->counted;
    *fetch->counted = fetch->received;
}

static enum http_flow on_bytes(void *user, const uint8_t *bytes, size_t size)
{
    struct fetch *fetch = user;
    if (fetch->received + size > fetch->limit) {
        (void)failure_set(&fetch->result.failure, FAILURE_TRANSIENT, 100,
                          "more content than promised");
        return HTTP_FLOW_STOP;
    }
    enum http_flow flow =
        fetch->fd < 0 ? to_memory(fetch, bytes, size) : to_partial(fetch, bytes, size);
    if (flow == HTTP_FLOW_GO) {
        fetch->received += size;
        fetch->context->status->received_bytes += size;
        count(fetch);
        fetch->context->on_progress(fetch->context->user);
    }
    return flow;
}

/* Where the bytes that follow belong: behind what we have, or at the beginning. */
static bool on_head(void *user, uint64_t offset, int64_t total, const char *etag)
{
    struct fetch *fetch = user;
    (void)etag; /* the version was compared by its tag and is verified by its hash */
    if (offset != fetch->received) {
        if (offset != 0)
            return false;
        fetch->received = 0;
        count(fetch);
        bytes_clear(&fetch->memory);
        fetch->filling.size = 0;
        fetch->starts_over = fetch->fd >= 0;
        if (fetch->fd < 0) {
            hash_free(fetch->hash);
            fetch->hash = hash_new(fetch->hash_kind);
        }
    }
    if (total >= 0)
        fetch->limit = (uint64_t)total;
    fetch->result.is_too_large = fetch->fd < 0 && fetch->limit > FETCH_MEMORY_MAX;
    return fetch->hash != NULL && !fetch->result.is_too_large;
}

static void on_end(void *user, const struct service_answer *answer,
                   const struct failure *failure)
{
    struct fetch *fetch = user;
    struct fetch_result *result = &fetch->result;
    fetch->operation = NULL;
    fetch->has_result = true;
    if (failure != NULL) {
        if (result->failure.kind == FAILURE_NONE)
            result->failure = *failure;
    } else {
        result->status = answer->status;
        result->error = answer->error;
    }
    if (fetch->fd < 0 && result->failure.kind == FAILURE_NONE && fetch->received > 0) {
        result->content = malloc(fetch->received);
        if (result->content == NULL)
            (void)failure_set(&result->failure, FAILURE_RESOURCE, 22, "out of memory");
        else
            memcpy(result->content, bytes_front(&fetch->memory), fetch->received);
    }
    settle(fetch);
}

static bool prepare(struct fetch *fetch, const struct fetch_request *request)
{
    fetch->hash = hash_new(request->hash_kind);
    if (request->fd >= 0) {
        fetch->filling.data = malloc(BUFFER_SIZE);
        fetch->writing.data = malloc(BUFFER_SIZE);
        return fetch->hash != NULL && fetch->filling.data != NULL &&
               fetch->writing.data != NULL;
    }
    return fetch->hash != NULL;
}

static bool ask(struct fetch *fetch, const struct fetch_request *request,
                struct failure *failure)
{
    if (request->offset > 0 && (int64_t)request->offset == request->listed_size) {
        /* All of it came in an earlier run: it is only to be hashed. */
        fetch->has_result = true;
        fetch->result.status = 200;
        flush(fetch);
        return true;
    }
    const struct service_fetch_callbacks callbacks = {
        .head = on_head, .sink = on_bytes, .done = on_end};
    const struct service_download download = {
        .drive_id = fetch->context->drive_id,
        .item_id = request->item_id,
        .fresh_url = request->fresh_url,
        .offset = request->offset,
    };
    fetch->operation =
        service_fetch(fetch->context->service, &download, &callbacks, fetch, failure);
    return fetch->operation != NULL;
}

struct fetch *fetch_start(const struct sync_context *context,
                          const struct fetch_request *request, fetch_done_fn *done,
                          void *user, struct failure *failure)
{
    struct fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL) {
        disk_close(context->disk, request->fd);
        (void)failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
        return NULL;
    }
    fetch->work.data = fetch;
    fetch->context = context;
    fetch->disk = context->disk;
    fetch->done = done;
    fetch->user = user;
    fetch->hash_kind = request->hash_kind;
    fetch->listed_size = request->listed_size;
    fetch->fd = request->fd;
    fetch->received = request->offset;
    fetch->counted = request->counted;
    count(fetch);
    fetch->written = request->offset;
    fetch->on_its_way = request->offset;
    fetch->to_rehash = request->offset;
    /* Where the answer promises no length the listing does (F-100). */
    fetch->limit = request->listed_size == STORE_UNKNOWN ? (uint64_t)GRAPH_MAX_FILE_SIZE
                                                         : (uint64_t)request->listed_size;
    bytes_init(&fetch->memory, FETCH_MEMORY_MAX);
    if (!prepare(fetch, request)) {
        (void)failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
        release(fetch);
        return NULL;
    }
    if (!ask(fetch, request, failure)) {
        release(fetch);
        return NULL;
    }
    return fetch;
}

void fetch_cancel(struct fetch *fetch)
{
    if (fetch == NULL)
        return;
    if (fetch->operation != NULL)
        service_cancel(fetch->operation);
    fetch->operation = NULL;
    fetch->is_cancelled = true;
    if (!fetch->is_writing)
        release(fetch);
}
