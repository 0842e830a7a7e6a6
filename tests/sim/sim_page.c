/* The drive in the service's words: pages of changes, items (Graph: driveItem delta). */
#include <inttypes.h>
#include <mbedtls/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/sim_drive.h"

static void put_time(struct bytes *out, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char text[40];
    (void)gmtime_r(&seconds, &parts);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    (void)bytes_append_format(out, ",\"fileSystemInfo\":{\"lastModifiedDateTime\":\"%s\"}",
                              text);
}

static void put_file(const struct sim_drive *drive, int number, struct bytes *out)
{
    const struct sim_item *item = &drive->items[number];
    (void)bytes_append_format(out, ",\"cTag\":\"c%d\",\"size\":%zu,\"file\":{",
                              item->content, drive->sizes[item->content]);
    if (drive->has_hashes) {
        struct store_hash hash = sim_content_hash(drive, item->content);
        unsigned char text[64];
        size_t size = 0;
        (void)mbedtls_base64_encode(text, sizeof text, &size, hash.bytes, hash.size);
        (void)bytes_append_format(out, "\"hashes\":{\"quickXorHash\":\"%s\"}",
                                  (const char *)text);
    }
    (void)bytes_append_format(
        out, "},\"@microsoft.graph.downloadUrl\":\"https://content.sim/%d\"", number);
}

static void put_item(const struct sim_drive *drive, int number, struct bytes *out)
{
    const struct sim_item *item = &drive->items[number];
    (void)bytes_append_format(out, "{\"id\":\"ITEM%d\"", number);
    if (number == SIM_ROOT_ITEM) {
        (void)bytes_append_text(out, ",\"name\":\"root\",\"root\":{},\"folder\":{}}");
        return;
    }
    if (!item->is_gone || drive->has_names)
        (void)bytes_append_format(out, ",\"name\":\"%s\"", item->name);
    (void)bytes_append_format(
        out, ",\"parentReference\":{\"driveId\":\"" SIM_DRIVE_ID "\",\"id\":\"ITEM%d\"}",
        item->parent);
    if (item->is_gone) {
        (void)bytes_append_text(out, ",\"deleted\":{\"state\":\"deleted\"}}");
        return;
    }
    (void)bytes_append_format(out, ",\"eTag\":\"e%" PRIu64 "\"", item->changed);
    if (item->is_folder)
        (void)bytes_append_text(out, ",\"folder\":{\"childCount\":1}");
    else
        put_file(drive, number, out);
    put_time(out, item->mtime_ms);
    (void)bytes_append_byte(out, '}');
}

int sim_page_item(struct sim_drive *drive, int item, struct bytes *out)
{
    if (item < 0 || drive->items[item].is_gone) {
        (void)bytes_append_text(out, "{\"error\":{\"code\":\"itemNotFound\"}}");
        return 404;
    }
    put_item(drive, item, out);
    return 200;
}

/* Those of a folder as it is now, in the order of their numbers: what comes, goes or moves
 * between two pages is seen or not. */
int sim_page_children(struct sim_drive *drive, int folder, const char *address,
                      struct bytes *out)
{
    const char *after = strstr(address, "after=");
    size_t count = 0;
    if (folder < 0 || drive->items[folder].is_gone)
        return sim_page_item(drive, folder, out);
    (void)bytes_append_text(out, "{\"value\":[");
    for (int i = after == NULL ? 1 : atoi(after + 6) + 1; i < (int)drive->count; i++) {
        if (drive->items[i].is_gone || drive->items[i].parent != folder)
            continue;
        if (count == drive->page_size) {
            (void)bytes_append_format(out,
                                      "],\"@odata.nextLink\":\"" SIM_ORIGIN
                                      "/items/ITEM%d/children?after=%d\"}",
                                      folder, i - 1);
            return 200;
        }
        if (count++ > 0)
            (void)bytes_append_byte(out, ',');
        put_item(drive, i, out);
    }
    (void)bytes_append_text(out, "]}");
    return 200;
}

/* Sets. */

static bool has_changed_between(const struct sim_drive *drive, int number, uint64_t from,
                                uint64_t to)
{
    for (uint64_t position = from + 1; position <= to; position++) {
        if (drive->feed[position] == number)
            return true;
    }
    return false;
}

static bool is_in_set(const struct sim_drive *drive, const struct sim_set *set, int number)
{
    const struct sim_item *item = &drive->items[number];
    if (set->is_enumeration)
        return !item->is_gone;
    /* It is told as it is now: what has happened to it since, and is not to be shown yet,
     * has the next set tell of it. */
    return !item->is_silent && item->changed <= set->to &&
           has_changed_between(drive, number, set->from, set->to);
}

/* What has happened since is not shown before its time: the last position before the first
 * change that the feed does not show yet. */
static uint64_t visible_position(const struct sim_drive *drive)
{
    uint64_t position = drive->position;
    for (size_t i = 1; i < drive->count; i++) {
        const struct sim_item *item = &drive->items[i];
        if (item->visible_us > drive->sim->now_us && item->changed <= position)
            position = item->changed - 1;
    }
    return position;
}

static void shuffle(struct sim_drive *drive, struct sim_set *set)
{
    for (size_t i = set->count; i > 1; i--) {
        size_t other = sim_below(drive->sim, (unsigned)i);
        int item = set->items[i - 1];
        set->items[i - 1] = set->items[other];
        set->items[other] = item;
    }
}

static size_t begin_set(struct sim_drive *drive, bool is_enumeration, uint64_t from)
{
    size_t number = drive->set_count++;
    struct sim_set *set = &drive->sets[number % SIM_SETS];
    *set = (struct sim_set){.is_enumeration = is_enumeration, .from = from};
    /* An enumeration shows all there is; what lags is told once more. */
    set->to = visible_position(drive);
    if (is_enumeration && set->to < drive->oldest)
        set->to = drive->oldest; /* else the next question would be refused again */
    for (size_t i = 0; i < drive->count; i++) {
        if (!is_in_set(drive, set, (int)i))
            continue;
        set->items[set->count++] = (int)i;
        if (sim_chance(drive->sim, 100))
            set->items[set->count++] = (int)i;
    }
    shuffle(drive, set);
    return number;
}

static void put_page(struct sim_drive *drive, size_t number, size_t page, struct bytes *out)
{
    const struct sim_set *set = &drive->sets[number % SIM_SETS];
    size_t first = page * drive->page_size;
    size_t end =
        first + drive->page_size < set->count ? first + drive->page_size : set->count;
    bool is_first = true;
    (void)bytes_append_text(out, "{\"value\":[");
    for (size_t i = first; i < end; i++) {
        const struct sim_item *item = &drive->items[set->items[i]];
        if (item->is_gone && (set->is_enumeration || item->changed > set->to))
            continue; /* since the set was begun: by the next set, after what left it */
        if (!is_first)
            (void)bytes_append_byte(out, ',');
        put_item(drive, set->items[i], out);
        is_first = false;
    }
    if (end < set->count)
        (void)bytes_append_format(
            out, "],\"@odata.nextLink\":\"" SIM_ORIGIN "/delta?set=%zu&page=%zu\"}", number,
            page + 1);
    else
        (void)bytes_append_format(
            out, "],\"@odata.deltaLink\":\"" SIM_ORIGIN "/delta?from=%" PRIu64 "\"}",
            set->to);
}

static int refuse_place(const struct sim_drive *drive, struct bytes *out)
{
    (void)bytes_append_format(out, "{\"error\":{\"code\":\"resync%s\"}}",
                              drive->wants_kept ? "ChangesUploadDifferences" : "Required");
    return 410;
}

static int refuse_feed(const struct sim_drive *drive, struct bytes *out)
{
    (void)bytes_append_format(out, "{\"error\":{\"code\":\"%s\"}}",
                              drive->without_feed == 400 ? "invalidRequest"
                                                         : "notSupported");
    return drive->without_feed;
}

int sim_page_delta(struct sim_drive *drive, const char *address, struct bytes *out)
{
    const char *set = strstr(address, "set=");
    const char *page = strstr(address, "page=");
    const char *from = strstr(address, "from=");
    if (set != NULL && page != NULL) {
        size_t number = (size_t)strtoull(set + 4, NULL, 10);
        if (number + SIM_SETS <= drive->set_count ||
            drive->sets[number % SIM_SETS].from < drive->oldest)
            return refuse_place(drive, out);
        put_page(drive, number, (size_t)strtoull(page + 5, NULL, 10), out);
        return 200;
    }
    if (from == NULL)
        drive->listed_from = drive->position;
    if (!sim_drive_has_feed(drive))
        return refuse_feed(drive, out);
    uint64_t position = from == NULL ? 0 : strtoull(from + 5, NULL, 10);
    if (from != NULL && position < drive->oldest)
        return refuse_place(drive, out);
    put_page(drive,
             begin_set(drive, from == NULL, from == NULL ? drive->position : position), 0,
             out);
    return 200;
}
