#include "agent/sync/listing_store.h"

#include <string.h>

#include "agent/clock.h"
#include "agent/place/name.h"
#include "agent/sync/fresh.h"
#include "agent/sync/record.h"
#include "agent/sync/refilter.h"
#include "agent/sync/row.h"
#include "agent/words.h"
#include "protocol/graph_reply.h"
#include "store/store_item.h"

/* 2200-01-01 */
#define LAST_MTIME_MS INT64_C(7258118400000)

static enum store_kind kind_of(enum graph_kind kind)
{
    switch (kind) {
    case GRAPH_KIND_FILE:
        return STORE_KIND_FILE;
    case GRAPH_KIND_FOLDER:
        return STORE_KIND_FOLDER;
    case GRAPH_KIND_ROOT:
        return STORE_KIND_ROOT;
    case GRAPH_KIND_UNKNOWN:
    case GRAPH_KIND_PACKAGE:
    case GRAPH_KIND_BUNDLE:
    case GRAPH_KIND_LINK:
        return STORE_KIND_OTHER;
    }
    return STORE_KIND_OTHER;
}

static int flaw_of(const struct graph_item *item)
{
    switch (item->flaw) {
    case GRAPH_FLAW_NONE:
        break;
    case GRAPH_FLAW_ID:
        return 146;
    case GRAPH_FLAW_TEXT:
        return 40;
    case GRAPH_FLAW_NAME:
        return item->name != NULL && *item->name != '\0' ? 41 : 38;
    case GRAPH_FLAW_SIZE:
        return 144;
    }
    /* Whether it lies in the root is known when all folders are (F-39): sync/tree.c. */
    return item->name == NULL ? 38 : name_flaw(item->name, false);
}

static struct store_hash hash_of(const struct graph_item *item)
{
    struct store_hash hash = {.kind = 0};
    if (item->hash_kind == GRAPH_HASH_NONE)
        return hash;
    hash.kind = (uint8_t)item->hash_kind;
    hash.size = item->hash_kind == GRAPH_HASH_SHA256 ? 32 : 20;
    memcpy(hash.bytes, item->hash, hash.size);
    return hash;
}

static struct store_remote remote_of(const struct graph_item *item, int64_t generation)
{
    enum store_kind kind = kind_of(item->kind);
    bool is_plain = !item->deleted && kind != STORE_KIND_ROOT;
    bool has_time = item->mtime_ms >= 0 && item->mtime_ms <= LAST_MTIME_MS; /* F-145 */
    return (struct store_remote){
        .id = item->id,
        .parent_id = kind == STORE_KIND_ROOT ? NULL : item->parent_id,
        .name = item->name,
        .kind = kind,
        .gone = item->deleted,
        .malware = item->malware,
        .size = kind == STORE_KIND_FILE ? item->size : STORE_UNKNOWN,
        .mtime_ms = has_time ? item->mtime_ms : STORE_UNKNOWN,
        .etag = item->etag,
        .ctag = item->ctag,
        .editor = item->editor,
        .hash = hash_of(item),
        .generation = generation,
        .flaw = is_plain ? flaw_of(item) : 0,
    };
}

static const char *why_not_mirrored(enum graph_kind kind)
{
    switch (kind) {
    case GRAPH_KIND_PACKAGE:
        return _("a notebook or the like: not mirrored");
    case GRAPH_KIND_BUNDLE:
        return _("an album: not mirrored");
    case GRAPH_KIND_LINK:
        return _("a shortcut into another drive: not mirrored");
    case GRAPH_KIND_UNKNOWN:
    case GRAPH_KIND_FILE:
    case GRAPH_KIND_FOLDER:
    case GRAPH_KIND_ROOT:
        break;
    }
    return _("neither file nor folder: not mirrored");
}

/* F-95: said once, when the item is first heard of. */
static enum store_status hold_other(const struct sync_context *context, int64_t key,
                                    enum graph_kind kind)
{
    struct store_todo todo = {
        .key = key, .failure = 95, .text = why_not_mirrored(kind), .held = true};
    return store_put_todo(context->store, context->mirror, &todo);
}

/* A file or folder that comes without its facet is still one (F-76): as another kind its
 * object would have to go. */
static void keep_kind(const struct sync_context *context, int64_t size,
                      struct store_remote *remote)
{
    struct store_remote known;
    if (store_find_remote(context->store, context->mirror, remote->id, &known) ==
            STORE_OK &&
        !known.gone && (known.kind == STORE_KIND_FILE || known.kind == STORE_KIND_FOLDER))
        remote->kind = known.kind;
    if (remote->kind == STORE_KIND_FILE)
        remote->size = size;
}

/* The root of another drive, which must not take the place of ours: with it the whole
 * mirror would lie nowhere. */
static bool is_foreign_root(const struct sync_context *context,
                            const struct graph_item *item)
{
    return item->kind == GRAPH_KIND_ROOT && context->root_item != 0 &&
           item->drive_id != NULL && !graph_same_drive(item->drive_id, context->drive_id);
}

static enum store_status store_one(struct sync_context *context,
                                   const struct graph_item *item, int64_t generation,
                                   bool force, struct store_change *out)
{
    struct store_remote remote = remote_of(item, generation);
    if (item->kind == GRAPH_KIND_UNKNOWN && !item->deleted)
        keep_kind(context, item->size, &remote);
    if (is_foreign_root(context, item)) {
        remote.kind = STORE_KIND_OTHER;
        remote.parent_id = item->parent_id;
    }
    struct store_change change = {.key = 0};
    enum store_status status =
        store_put_remote(context->store, context->mirror, &remote, force, &change);
    *out = change;
    if (status != STORE_OK)
        return status;
    if (change.moved)
        record_call_home(context, change.key);
    if (change.is_new && remote.kind == STORE_KIND_OTHER && !remote.gone)
        status = hold_other(context, change.key, item->kind);
    if (status == STORE_OK && (change.moved || change.is_new) &&
        remote.kind == STORE_KIND_FOLDER)
        status = refilter_folder(context, change.key);
    if (change.changed && remote.kind == STORE_KIND_FILE && item->download_url != NULL)
        fresh_put(context->fresh, change.key, item->download_url, clock_now_ms());
    return status;
}

static enum store_status store_root(struct sync_context *context, int64_t key)
{
    context->root_item = key;
    if (context->row->mirror.root_item == key)
        return STORE_OK;
    context->row->mirror.root_item = key;
    return row_save(context->store, context->row);
}

static bool is_root(const struct sync_context *context, const struct graph_item *item)
{
    struct store_remote known;
    if (item->kind == GRAPH_KIND_ROOT)
        return !is_foreign_root(context, item);
    return item->deleted && context->root_item != 0 &&
           store_find_remote(context->store, context->mirror, item->id, &known) ==
               STORE_OK &&
           known.key == context->root_item;
}

enum store_status listing_store_page(struct sync_context *context, struct graph_page *page,
                                     struct listing_page *out)
{
    struct graph_item item;
    struct listing_page seen = {.items = 0};
    enum store_status status = STORE_OK;
    while (status == STORE_OK && graph_page_next(page, &item)) {
        struct store_change change;
        seen.items++;
        if (item.flaw == GRAPH_FLAW_ID || item.id == NULL) {
            seen.unnamed++;
            continue;
        }
        bool root = is_root(context, &item);
        if (root && item.deleted) {
            seen.has_lost_root = true;
            continue;
        }
        status = store_one(context, &item, context->row->mirror.generation, false, &change);
        seen.changed += status == STORE_OK && change.changed;
        if (status == STORE_OK && root)
            status = store_root(context, change.key);
    }
    *out = seen;
    return status;
}

enum store_status listing_store_item(struct sync_context *context,
                                     const struct graph_item *item, bool force)
{
    struct store_change change;
    struct store_remote known;
    if (item->id == NULL || item->flaw == GRAPH_FLAW_ID)
        return STORE_OK;
    /* No listing has seen it by that: one that is under way may get there when it is gone,
     * and then nothing else says so (F-82). A walk asks for its root like this. */
    bool is_known =
        item->kind != GRAPH_KIND_ROOT &&
        store_find_remote(context->store, context->mirror, item->id, &known) == STORE_OK &&
        known.kind != STORE_KIND_PENDING;
    int64_t generation = is_known ? known.generation : context->row->mirror.generation;
    enum store_status status = store_one(context, item, generation, force, &change);
    if (status == STORE_OK && item->kind == GRAPH_KIND_ROOT &&
        !is_foreign_root(context, item))
        status = store_root(context, change.key);
    return status;
}
