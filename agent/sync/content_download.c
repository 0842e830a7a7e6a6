/* The bytes of one file: fetched, judged, asked for again where that may help. */
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/place/disk.h"
#include "agent/place/hash.h"
#include "agent/sync/content_parts.h"
#include "agent/sync/facts.h"
#include "agent/sync/fresh.h"
#include "agent/sync/record.h"
#include "agent/sync/suspect.h"
#include "agent/sync/verdict.h"
#include "agent/words.h"

enum {
    MAX_STALLS = 6,                 /* broken transfers in a row without a byte (F-97) */
    ADDRESS_STALLS = 2,             /* … before another address is asked for */
    SPACE_DELAY_MS = 60 * 1000,     /* until free space is looked at again (F-10) */
    LOCKED_DELAY_MS = 900 * 1000,   /* until a locked file is asked for again */
    DENIED_DELAY_MS = 86400 * 1000, /* and one that is refused (F-119) */
};

static void fetch(struct transfer *transfer, int fd, uint64_t offset);

static struct lane *lane_of(const struct transfer *transfer)
{
    struct content *content = transfer->content;
    return transfer->is_large ? &content->large : &content->small;
}

static int64_t memory_of(const struct transfer *transfer)
{
    return transfer->is_large || transfer->size == STORE_UNKNOWN ? 0 : transfer->size;
}

/* It gives back its place in the lane. */
static void leave_lane(struct transfer *transfer)
{
    lane_of(transfer)->running--;
    transfer->stage = TRANSFER_BETWEEN;
}

static void enter_lane(struct transfer *transfer)
{
    transfer->stage = TRANSFER_FETCHING;
    lane_of(transfer)->running++;
    /* Its bytes are in memory until it has ended. */
    transfer->content->memory -= transfer->memory;
    transfer->memory = memory_of(transfer);
    transfer->content->memory += transfer->memory;
}

void content_stop_download(struct transfer *transfer)
{
    if (transfer->fetch != NULL) {
        fetch_cancel(transfer->fetch);
        transfer->fetch = NULL;
    }
    if (transfer->asking != NULL) {
        service_cancel(transfer->asking);
        transfer->asking = NULL;
    }
    if (transfer->stage == TRANSFER_FETCHING)
        leave_lane(transfer);
}

static void give_up(struct transfer *transfer, const struct failure *failure,
                    int64_t delay_ms)
{
    const struct sync_context *context = transfer->content->context;
    struct store_remote remote;
    /* The drive may have said meanwhile that it is gone: then nothing is wrong with it. */
    if (store_get_remote(context->store, transfer->key, &remote) == STORE_OK &&
        remote.gone) {
        content_decide(transfer->content, transfer->key);
        content_end(transfer);
        return;
    }
    if (delay_ms > 0)
        record_delay(context, transfer->key, failure, delay_ms);
    else
        record_problem(context, transfer->key, failure, false);
    content_end(transfer);
}

static void give_up_text(struct transfer *transfer, int number, const char *text,
                         int64_t delay_ms)
{
    struct failure failure;
    (void)failure_set(&failure, FAILURE_ITEM, number, "%s", text);
    give_up(transfer, &failure, delay_ms);
}

/* F-94: deleted meanwhile, it seems. The listing may know by now, or its rest may. */
static void give_up_lost(struct transfer *transfer)
{
    struct content *content = transfer->content;
    const struct sync_context *context = content->context;
    struct store_remote remote;
    if (store_get_remote(context->store, transfer->key, &remote) != STORE_OK ||
        remote.gone) {
        content->wants_again = true;
        content_end(transfer);
    } else if (content->mode != CONTENT_FULL) {
        content_again(transfer);
    } else {
        give_up_text(transfer, 94, _("listed, but not to be had; waiting for the drive"),
                     0);
    }
}

/* F-92: the drive has another version by now, which is the one to fetch. */
static void follow_version(struct transfer *transfer, const struct store_remote *remote)
{
    transfer->tries = 0;
    transfer->earlier = (struct store_hash){.kind = 0};
    if (content_take_version(transfer, remote))
        content_ready(transfer);
    else
        content_again(transfer);
}

/* F-92: once more, as the drive has it now. Also where it has not changed: a host that
 * calls it another version (412) may do so for ever. */
static void repeat(struct transfer *transfer, const struct store_remote *remote)
{
    if (++transfer->repeats > CONTENT_REPEATS)
        give_up_text(transfer, 92, _("changes while it is fetched; waiting for the drive"),
                     0);
    else if (facts_is_content(remote, transfer->version, transfer->size, &transfer->listed))
        content_ready(transfer);
    else
        follow_version(transfer, remote);
}

/* F-92: what the drive says of the item now. */
static void on_told(struct transfer *transfer, int status)
{
    struct store_remote remote;
    if (status == 404)
        give_up_lost(transfer);
    else if (store_get_remote(transfer->content->context->store, transfer->key, &remote) !=
                 STORE_OK ||
             remote.gone)
        content_again(transfer);
    else
        repeat(transfer, &remote);
}

static void ask_anew(struct transfer *transfer)
{
    transfer->whole = true;
    if (!content_ask(transfer, transfer->key, on_told))
        give_up_text(transfer, 146, _("an id that makes no address"), 0);
}

static void judge(struct transfer *transfer)
{
    const struct verdict_facts facts = {
        .name = transfer->name,
        .listed_size = transfer->size,
        .listed_hash = transfer->listed,
        .size = transfer->got_size,
        .hash = transfer->got,
        .tries = ++transfer->tries,
        .earlier_size = transfer->earlier_size,
        .earlier_hash = transfer->earlier,
    };
    transfer->flags = 0;
    switch (verdict_judge(&facts)) {
    case VERDICT_ACCEPT_WEAK:
        transfer->flags = STORE_BASE_WEAK;
        content_place(transfer);
        return;
    case VERDICT_ACCEPT_DIFFERS:
        transfer->flags = STORE_BASE_DIFFERS;
        content_place(transfer);
        return;
    case VERDICT_ACCEPT:
        if (transfer->size != STORE_UNKNOWN && transfer->size != transfer->got_size)
            transfer->flags = STORE_BASE_DIFFERS;
        content_place(transfer);
        return;
    case VERDICT_AGAIN:
        transfer->earlier = transfer->got;
        transfer->earlier_size = transfer->got_size;
        free(transfer->bytes);
        transfer->bytes = NULL;
        ask_anew(transfer);
        return;
    case VERDICT_HOLD:
        give_up_text(transfer, 99,
                     _("what the service sends is not what it lists; keeping what stands "
                       "here"),
                     0);
        return;
    }
}

/* The item cannot be had, whatever the transport does. */
static void refuse(struct transfer *transfer, const struct fetch_result *result)
{
    struct failure failure;
    bool is_malware = result->error.code == GRAPH_ERROR_MALWARE;
    switch (result->status) {
    case 404:
    case 410:
        give_up_lost(transfer);
        return;
    case 412:
        ask_anew(transfer);
        return;
    case 423:
        give_up_text(transfer, 119, _("locked on the drive; trying again"),
                     LOCKED_DELAY_MS);
        return;
    default:
        (void)failure_set(&failure, FAILURE_ITEM, 119,
                          is_malware
                              ? N_("the service refuses its content (status %d, malware)")
                              : N_("the service refuses its content (status %d)"),
                          result->status);
        give_up(transfer, &failure, DENIED_DELAY_MS);
    }
}

/* A transfer that broke: what came is gone on with (F-97). */
static void go_on(struct transfer *transfer, const struct fetch_result *result)
{
    if (result->failure.number == 100 || result->failure.number == 107) {
        transfer->whole = true; /* too much, or encoded: as wrong bytes */
        transfer->tries++;
    }
    bool has_grown = result->size > transfer->held;
    transfer->held = transfer->is_large ? result->size : 0;
    transfer->stalls = has_grown ? 0 : transfer->stalls + 1;
    if (transfer->stalls >= MAX_STALLS || transfer->tries >= VERDICT_MAX_TRIES)
        give_up(transfer, &result->failure, 0);
    else
        content_ready(transfer);
}

static void on_failed(struct transfer *transfer, struct fetch_result *result)
{
    switch (result->failure.kind) {
    case FAILURE_CANCELLED:
        transfer->is_large = transfer->is_large || result->is_too_large;
        if (result->is_too_large)
            content_ready(transfer);
        else
            content_again(transfer);
        return;
    case FAILURE_PROTOCOL: /* of the content's host alone: other items go on (F-107) */
    case FAILURE_TRANSIENT:
        go_on(transfer, result);
        return;
    case FAILURE_ITEM:
        give_up(transfer, &result->failure, 0);
        return;
    case FAILURE_RESOURCE:
        give_up(transfer, &result->failure, SPACE_DELAY_MS);
        return;
    case FAILURE_NONE:
    case FAILURE_SIGN_IN:
    case FAILURE_GUARD:
    case FAILURE_CONFIG:
    case FAILURE_INTERNAL:
    case FAILURE_USAGE:
    case FAILURE_HELD:
        content_trouble(transfer, &result->failure);
        return;
    }
}

static void take_result(struct transfer *transfer, struct fetch_result *result)
{
    transfer->whole = false;
    if (result->failure.kind != FAILURE_NONE) {
        on_failed(transfer, result);
        return;
    }
    if (result->status < 200 || result->status > 299) {
        refuse(transfer, result);
        return;
    }
    transfer->bytes = result->content;
    result->content = NULL;
    transfer->got_size = result->size;
    transfer->got = result->hash;
    judge(transfer);
}

static void on_fetched(void *user, struct fetch_result *result)
{
    struct transfer *transfer = user;
    struct content *content = transfer->content;
    transfer->fetch = NULL;
    leave_lane(transfer);
    take_result(transfer, result);
    content_lane_freed(content); /* the wire does not wait for the disk */
}

/* The address that came with the listing, while nothing speaks against it: a transfer that
 * broke is gone on with there, after a mismatch it is asked for anew. True: it was taken
 * out of `fresh` just now. */
static bool take_address(struct transfer *transfer)
{
    char *url =
        fresh_take(transfer->content->context->fresh, transfer->key, clock_now_ms());
    if (url == NULL && transfer->tries == 0 && transfer->stalls < ADDRESS_STALLS)
        return false;
    free(transfer->address);
    transfer->address = url;
    return url != NULL;
}

static void fetch(struct transfer *transfer, int fd, uint64_t offset)
{
    struct content *content = transfer->content;
    struct failure failure;
    bool has_room = take_address(transfer);
    const struct fetch_request request = {
        .item_id = transfer->id,
        .fresh_url = transfer->address,
        .hash_kind = transfer->listed.kind,
        .listed_size = transfer->size,
        .fd = fd,
        .offset = offset,
        .counted = &transfer->counted,
    };
    transfer->fetch =
        fetch_start(content->context, &request, on_fetched, transfer, &failure);
    if (transfer->fetch == NULL)
        content_trouble(transfer, &failure);
    if (has_room)
        content->callbacks.on_room(content->user);
}

static void on_opened(void *user, struct batch_job *job)
{
    struct transfer *transfer = user;
    struct content *content = transfer->content;
    content->jobs--;
    if (!job->was_run || content->is_stopped) {
        disk_close(content->context->disk, job->fd);
        content_again(transfer);
        return;
    }
    if (job->fd < 0 && job->offset > 0) {
        transfer->whole = true; /* what is left of it is of no use */
        leave_lane(transfer);
        content_ready(transfer);
        return;
    }
    if (job->fd < 0) {
        give_up(transfer, &job->failure,
                job->failure.kind == FAILURE_RESOURCE ? SPACE_DELAY_MS : 0);
        return;
    }
    fetch(transfer, job->fd, job->offset);
}

/* How much of an earlier run may be gone on with: the same version only. All of it means
 * that it was complete and not placed yet. */
static uint64_t find_offset(const struct transfer *transfer)
{
    const struct sync_context *context = transfer->content->context;
    struct store_intent intent;
    struct store_remote remote;
    if (transfer->whole || transfer->size == STORE_UNKNOWN ||
        store_get_intent(context->store, transfer->key, &intent) != STORE_OK ||
        store_get_remote(context->store, transfer->key, &remote) != STORE_OK ||
        !facts_is_content(&remote, intent.version, transfer->size, &intent.hash))
        return 0;
    int64_t size =
        place_partial_size(context->root, transfer->key, transfer->listed.kind == 0);
    return size > 0 && size <= transfer->size ? (uint64_t)size : 0;
}

static void open_partial(struct transfer *transfer)
{
    struct content *content = transfer->content;
    const struct sync_context *context = content->context;
    struct batch_job *job =
        batch_job_new(BATCH_OPEN, transfer->key, NULL, transfer->name, on_opened, transfer);
    if (job == NULL) {
        content_again(transfer);
        return;
    }
    job->offset = find_offset(transfer);
    job->expected_size = transfer->size;
    job->version = transfer->version == NULL ? NULL : strdup(transfer->version);
    job->intent = (struct store_intent){
        .key = transfer->key,
        .kind = STORE_INTENT_FETCH,
        .name = job->name,
        .version = job->version,
        .size = transfer->size,
        .hash = transfer->listed,
    };
    content->jobs++;
    batch_add(context->batch, job);
}

void content_download(struct transfer *transfer)
{
    struct content *content = transfer->content;
    enter_lane(transfer);
    transfer->is_suspect = true;
    suspect_begin(content->context, transfer->key);
    if (verdict_is_empty(transfer->size, &transfer->listed) && transfer->tries == 0) {
        struct hash *hash = hash_new(transfer->listed.kind);
        leave_lane(transfer);
        if (hash == NULL) {
            content_again(transfer);
            return;
        }
        transfer->got = hash_finish(hash);
        transfer->got_size = 0;
        content_place(transfer); /* F-105 */
    } else if (!transfer->is_large) {
        fetch(transfer, -1, 0);
    } else if (transfer->size != STORE_UNKNOWN &&
               (uint64_t)transfer->size > batch_free_bytes(content->context->batch)) {
        give_up_text(transfer, 10, _("disk full: not enough room for it"), SPACE_DELAY_MS);
    } else {
        open_partial(transfer);
    }
}
