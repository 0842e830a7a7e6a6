#include "protocol/graph_page.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <mbedtls/base64.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/graph_reply.h"
#include "protocol/hex.h"
#include "protocol/json_guard.h"
#include "protocol/json_read.h"

struct graph_page {
    const char *body; /* borrowed */
    struct json_items items;
    size_t next;
    cJSON *frame; /* the page without its items */
    cJSON *item;  /* what the last graph_item points into */
};

/* The frame. */

/* Parses the page with its items cut out, so that a page of thousands of items never
 * stands in memory as a tree. */
static cJSON *parse_frame(const char *body, size_t size, const struct json_items *items)
{
    size_t tail = items->array_offset + items->array_size;
    size_t frame_size = items->array_offset + 2 + (size - tail);
    char *frame = malloc(frame_size);
    if (frame == NULL)
        return NULL;
    memcpy(frame, body, items->array_offset);
    frame[items->array_offset] = '[';
    frame[items->array_offset + 1] = ']';
    memcpy(frame + items->array_offset + 2, body + tail, size - tail);
    cJSON *tree = cJSON_ParseWithLength(frame, frame_size);
    free(frame);
    return tree;
}

static const char *link_of(const struct graph_page *page, const char *key)
{
    return json_read_text(page->frame, key, GRAPH_MAX_URL);
}

const char *graph_page_next_link(const struct graph_page *page)
{
    return link_of(page, "@odata.nextLink");
}

const char *graph_page_delta_link(const struct graph_page *page)
{
    return link_of(page, "@odata.deltaLink");
}

/* A member that is null is as good as none. */
static bool has_member(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return member != NULL && !cJSON_IsNull(member);
}

static bool has_right_links(const struct graph_page *page, bool optional)
{
    bool next = has_member(page->frame, "@odata.nextLink");
    bool delta = has_member(page->frame, "@odata.deltaLink");
    if (next && graph_page_next_link(page) == NULL)
        return false;
    if (delta && graph_page_delta_link(page) == NULL)
        return false;
    return next != delta || (optional && !delta);
}

static enum graph_page_status status_of(enum json_verdict verdict)
{
    if (verdict == JSON_TOO_MANY_ITEMS)
        return GRAPH_PAGE_TOO_MANY;
    return verdict == JSON_NO_MEMORY ? GRAPH_PAGE_NO_MEMORY : GRAPH_PAGE_BAD_JSON;
}

static enum graph_page_status open_frame(struct graph_page *page, size_t size,
                                         bool links_optional)
{
    struct json_limits limits = json_limits_graph;
    limits.item_count = GRAPH_MAX_PAGE_ITEMS;
    enum json_verdict verdict =
        json_guard_items(page->body, size, "value", &limits, &page->items);
    if (verdict != JSON_OK)
        return status_of(verdict);
    if (page->items.array_size == 0)
        return GRAPH_PAGE_BAD_SHAPE;
    page->frame = parse_frame(page->body, size, &page->items);
    if (page->frame == NULL)
        return GRAPH_PAGE_NO_MEMORY;
    return has_right_links(page, links_optional) ? GRAPH_PAGE_OK : GRAPH_PAGE_BAD_SHAPE;
}

enum graph_page_status graph_page_open(const uint8_t *body, size_t size,
                                       bool links_optional, struct graph_page **out)
{
    struct graph_page *page = calloc(1, sizeof *page);
    if (page == NULL)
        return GRAPH_PAGE_NO_MEMORY;
    page->body = (const char *)body;
    enum graph_page_status status = open_frame(page, size, links_optional);
    if (status == GRAPH_PAGE_OK)
        *out = page;
    else
        graph_page_close(page);
    return status;
}

void graph_page_close(struct graph_page *page)
{
    if (page == NULL)
        return;
    json_items_clear(&page->items);
    cJSON_Delete(page->frame);
    cJSON_Delete(page->item);
    free(page);
}

size_t graph_page_count(const struct graph_page *page)
{
    return page->items.count;
}

/* One item. */

static enum graph_kind kind_of(const cJSON *item)
{
    static const struct {
        const char *facet;
        enum graph_kind kind;
    } order[] = {
        {"root",       GRAPH_KIND_ROOT   },
        {"remoteItem", GRAPH_KIND_LINK   },
        {"package",    GRAPH_KIND_PACKAGE},
        {"bundle",     GRAPH_KIND_BUNDLE },
        {"folder",     GRAPH_KIND_FOLDER },
        {"file",       GRAPH_KIND_FILE   },
    };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (has_member(item, order[i].facet))
            return order[i].kind;
    return GRAPH_KIND_UNKNOWN;
}

static bool read_hex(const char *text, uint8_t *out, size_t size)
{
    if (text == NULL || strlen(text) != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool read_quickxor(const char *text, uint8_t out[20])
{
    uint8_t decoded[24];
    size_t size = 0;
    if (text == NULL || mbedtls_base64_decode(decoded, sizeof decoded, &size,
                                              (const uint8_t *)text, strlen(text)) != 0)
        return false;
    if (size != 20)
        return false;
    memcpy(out, decoded, size);
    return true;
}

static enum graph_hash_kind read_hash(const cJSON *item, uint8_t out[GRAPH_MAX_HASH])
{
    const cJSON *hashes = json_read_object(json_read_object(item, "file"), "hashes");
    if (read_quickxor(json_read_text(hashes, "quickXorHash", 64), out))
        return GRAPH_HASH_QUICKXOR;
    if (read_hex(json_read_text(hashes, "sha256Hash", 64), out, 32))
        return GRAPH_HASH_SHA256;
    if (read_hex(json_read_text(hashes, "sha1Hash", 64), out, 20))
        return GRAPH_HASH_SHA1;
    return GRAPH_HASH_NONE;
}

/* Ids of a personal drive come in either letter case for the same item: the drive's part
 * is kept in upper case, the GUID of newer ones in lower case, as both are mostly seen; in
 * place. Other ids are case-sensitive and stay. */
static const char *normalise_id(char *id)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    enum { GUID_DIGITS = 32 };
    size_t digits = strspn(id, hex);
    if (digits == 0 || digits > 16 || id[digits] != '!')
        return id;
    for (size_t i = 0; i < digits; i++)
        if (id[i] >= 'a')
            id[i] = (char)(id[i] - 'a' + 'A');
    char *own = id + digits + 1;
    if ((own[0] != 's' && own[0] != 'S') || strspn(own + 1, hex) != GUID_DIGITS ||
        own[1 + GUID_DIGITS] != 0)
        return id;
    for (; *own != 0; own++)
        if (*own >= 'A' && *own <= 'Z')
            *own = (char)(*own - 'A' + 'a');
    return id;
}

static const char *read_id(const cJSON *object)
{
    cJSON *member = cJSON_GetObjectItemCaseSensitive(object, "id");
    if (!cJSON_IsString(member))
        return NULL;
    size_t size = strlen(member->valuestring);
    return size == 0 || size > GRAPH_MAX_ID ? NULL : normalise_id(member->valuestring);
}

static void read_names(const cJSON *item, struct graph_item *out)
{
    const cJSON *parent = json_read_object(item, "parentReference");
    const cJSON *editor =
        json_read_object(json_read_object(item, "lastModifiedBy"), "user");
    out->id = read_id(item);
    out->name = json_read_text(item, "name", GRAPH_MAX_NAME);
    out->parent_id = read_id(parent);
    out->drive_id = json_read_text(parent, "driveId", GRAPH_MAX_ID);
    out->etag = json_read_text(item, "eTag", GRAPH_MAX_TAG);
    out->ctag = json_read_text(item, "cTag", GRAPH_MAX_TAG);
    out->download_url = json_read_text(item, "@microsoft.graph.downloadUrl", GRAPH_MAX_URL);
    out->mime_type = json_read_text(json_read_object(item, "file"), "mimeType", 255);
    out->editor = json_read_text(editor, "displayName", 256);
}

static int64_t read_mtime(const cJSON *item)
{
    const cJSON *info = json_read_object(item, "fileSystemInfo");
    int64_t time = graph_time_parse(json_read_text(info, "lastModifiedDateTime", 64));
    if (time == GRAPH_UNKNOWN)
        time = graph_time_parse(json_read_text(item, "lastModifiedDateTime", 64));
    return time;
}

static enum graph_flaw flaw_of(const struct graph_item *item, bool bad_text, bool bad_size)
{
    if (item->id == NULL)
        return GRAPH_FLAW_ID;
    if (bad_text && !item->deleted)
        return GRAPH_FLAW_TEXT;
    if (item->name == NULL && !item->deleted && item->kind != GRAPH_KIND_ROOT)
        return GRAPH_FLAW_NAME;
    if (bad_size && item->kind == GRAPH_KIND_FILE && !item->deleted)
        return GRAPH_FLAW_SIZE;
    return GRAPH_FLAW_NONE;
}

static void read_item(const cJSON *tree, bool bad_text, struct graph_item *out)
{
    bool bad_size = false;
    *out =
        (struct graph_item){.kind = kind_of(tree), .deleted = has_member(tree, "deleted")};
    read_names(tree, out);
    /* Folder sizes are sums, and have been negative: of no use to us. */
    out->size = GRAPH_UNKNOWN;
    if (out->kind != GRAPH_KIND_FOLDER && out->kind != GRAPH_KIND_ROOT)
        out->size = json_read_integer(tree, "size", 0, GRAPH_MAX_FILE_SIZE, &bad_size);
    out->mtime_ms = read_mtime(tree);
    /* The hash of a tombstone is stale or made up. */
    if (!out->deleted)
        out->hash_kind = read_hash(tree, out->hash);
    out->malware = has_member(tree, "malware");
    out->pending_content =
        has_member(json_read_object(tree, "pendingOperations"), "pendingContentUpdate");
    out->flaw = flaw_of(out, bad_text, bad_size);
    if (out->flaw == GRAPH_FLAW_TEXT)
        out->name = NULL;
}

/* Takes the escapes that cJSON cannot hold out of a copy of the element, so that at least
 * its id can be read: the name is not used then. */
static cJSON *parse_flawed(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = 0;
    for (size_t i = 0; i + 5 < size; i++) {
        if (copy[i] != '\\')
            continue;
        if (copy[i + 1] == 'u' &&
            (hex_value(copy[i + 2]) == 0xD || strncmp(copy + i + 2, "0000", 4) == 0))
            memset(copy + i, '?', 6);
        else
            i++;
    }
    cJSON *tree = cJSON_ParseWithLength(copy, size);
    free(copy);
    return tree;
}

bool graph_page_next(struct graph_page *page, struct graph_item *out)
{
    cJSON_Delete(page->item);
    page->item = NULL;
    if (page->next == page->items.count)
        return false;
    const struct json_item *item = &page->items.list[page->next++];
    const char *text = page->body + item->offset;
    bool bad_text = item->verdict != JSON_OK && item->verdict != JSON_NUMBER_TOO_LARGE;
    page->item =
        bad_text ? parse_flawed(text, item->size) : cJSON_ParseWithLength(text, item->size);
    if (cJSON_IsObject(page->item))
        read_item(page->item, bad_text, out);
    else
        *out = (struct graph_item){
            .flaw = GRAPH_FLAW_ID, .size = GRAPH_UNKNOWN, .mtime_ms = GRAPH_UNKNOWN};
    return true;
}

enum graph_page_status graph_item_parse(const uint8_t *body, size_t size,
                                        struct graph_page **owner, struct graph_item *out)
{
    enum json_verdict verdict =
        json_guard_check((const char *)body, size, &json_limits_graph);
    bool bad_text = json_verdict_is_content(verdict);
    if (verdict != JSON_OK && !bad_text)
        return status_of(verdict);
    struct graph_page *page = calloc(1, sizeof *page);
    if (page == NULL)
        return GRAPH_PAGE_NO_MEMORY;
    page->item = bad_text ? parse_flawed((const char *)body, size)
                          : cJSON_ParseWithLength((const char *)body, size);
    if (!cJSON_IsObject(page->item)) {
        graph_page_close(page);
        return GRAPH_PAGE_BAD_SHAPE;
    }
    read_item(page->item, bad_text, out);
    *owner = page;
    return GRAPH_PAGE_OK;
}

const char *graph_page_status_text(enum graph_page_status status)
{
    switch (status) {
    case GRAPH_PAGE_OK:
        return "fine";
    case GRAPH_PAGE_BAD_JSON:
        return "not valid JSON, or beyond a limit";
    case GRAPH_PAGE_BAD_SHAPE:
        return "not a page of changes";
    case GRAPH_PAGE_TOO_MANY:
        return "more items than a page may have";
    case GRAPH_PAGE_NO_MEMORY:
        return "out of memory";
    }
    assert(false);
    return "";
}
