/* A drive's enumeration, from generated delta pages to durable rows.
 *
 * bench_enumerate [ITEMS] gives pages as the service sends them to the same functions that
 * the agent uses (graph_page, listing_store, one transaction a page), and the same pages to
 * two floors: cJSON alone, and a bare insert of the same values into one table. Prints one
 * JSON object. Making the pages is not counted.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/sync/fresh.h"
#include "agent/sync/listing_store.h"
#include "agent/sync/row.h"
#include "protocol/bytes.h"

enum { PAGE_ITEMS = 200, FOLDER_ITEMS = 50, FOLDER_PATH = 224, PATH = 256 };

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_enumerate: %s: %s\n", what, why);
    exit(1);
}

static double cpu_seconds(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Numbers that look random and are the same in every run (splitmix64). */
static uint64_t scramble(uint64_t number)
{
    number += 0x9e3779b97f4a7c15U;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
    return number ^ (number >> 31);
}

/* Pages. */

struct name {
    char text[48];
};

static struct name id_of(uint64_t number)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    struct name id = {"01BENCHA"};
    for (uint64_t part = 0; part < 2; part++) {
        uint64_t bits = scramble(number * 2 + part);
        for (size_t i = 0; i < 13; i++, bits >>= 5)
            id.text[8 + part * 13 + i] = letters[bits & 31];
    }
    return id;
}

static struct name guid_of(uint64_t number)
{
    struct name guid;
    uint64_t high = scramble(number * 2);
    uint64_t low = scramble(number * 2 + 1);
    (void)snprintf(guid.text, sizeof guid.text, "%08" PRIX64 "-%04X-%04X-%04X-%012" PRIX64,
                   high >> 32, (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xffff,
                   (unsigned)(low >> 48), low & 0xffffffffffffU);
    return guid;
}

static struct name hash_of(uint64_t number)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct name hash = {""};
    for (size_t i = 0; i < 27; i++)
        hash.text[i] = letters[scramble(number + i / 8) >> (i % 8 * 6) & 63];
    /* The last letter of 20 bytes has only four bits, then comes the filling. */
    hash.text[26] = letters[scramble(number) & 15 << 2 & 63];
    hash.text[27] = '=';
    return hash;
}

static void append(struct bytes *page, const char *text, size_t size)
{
    if (!bytes_append(page, (const uint8_t *)text, size))
        fail("page", "too large");
}

/* Item 0 is the root; every FOLDER_ITEMS-th item is a folder that holds those after it. */
static bool is_folder(uint64_t number)
{
    return number % FOLDER_ITEMS == 1;
}

static uint64_t parent_of(uint64_t number)
{
    uint64_t parent = is_folder(number) ? number / FOLDER_ITEMS / 8 * FOLDER_ITEMS + 1
                                        : (number - 1) / FOLDER_ITEMS * FOLDER_ITEMS + 1;
    return parent == number ? 0 : parent;
}

static void append_root(struct bytes *page)
{
    char text[512];
    int size = snprintf(text, sizeof text,
                        "{\"id\":\"%s\",\"name\":\"root\",\"size\":0,"
                        "\"parentReference\":{\"driveId\":\"b!bench\"},\"folder\":"
                        "{\"childCount\":1},\"root\":{}}",
                        id_of(0).text);
    append(page, text, (size_t)size);
}

static void append_item(struct bytes *page, uint64_t number)
{
    char text[2048];
    char facet[1024] = "\"folder\":{\"childCount\":50}";
    struct name guid = guid_of(number);
    if (!is_folder(number))
        (void)snprintf(
            facet, sizeof facet,
            "\"@microsoft.graph.downloadUrl\":\"https://contoso-my.sharepoint.com/"
            "personal/me/_layouts/15/download.aspx?UniqueId=%s&Translate=false&tempauth="
            "v1.eyJzaXRlaWQiOiI%s%s%s%s&ApiVersion=2.0\",\"file\":{\"mimeType\":"
            "\"application/octet-stream\",\"hashes\":{\"quickXorHash\":\"%s\"}}",
            guid.text, guid.text, guid.text, guid.text, guid.text, hash_of(number).text);
    int size = snprintf(
        text, sizeof text,
        ",{\"id\":\"%s\",\"name\":\"report %07" PRIu64 ".docx\",\"size\":%" PRIu64 ","
        "\"eTag\":\"\\\"{%s},1\\\"\",\"cTag\":\"\\\"c:{%s},1\\\"\","
        "\"fileSystemInfo\":{\"createdDateTime\":\"2024-05-%02" PRIu64 "T10:00:00Z\","
        "\"lastModifiedDateTime\":\"2024-06-%02" PRIu64 "T10:00:00Z\"},"
        "\"lastModifiedBy\":{\"user\":{\"displayName\":\"%s\"}},"
        "\"parentReference\":{\"driveType\":\"business\",\"driveId\":\"b!bench\","
        "\"id\":\"%s\"},%s}",
        id_of(number).text, number, scramble(number) % 10000000, guid.text, guid.text,
        number % 28 + 1, number % 28 + 1,
        number % 1000 < 500 ? "Adele Vance" : "Alex Wilber", id_of(parent_of(number)).text,
        facet);
    append(page, text, (size_t)size);
}

/* The page that begins with item `from`; answers where the next one begins. */
static uint64_t make_page(struct bytes *page, uint64_t from, uint64_t count)
{
    static const char begin[] = "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/"
                                "$metadata#Collection(driveItem)\",\"value\":[";
    char link[256];
    uint64_t end = from + PAGE_ITEMS < count ? from + PAGE_ITEMS : count;
    bytes_clear(page);
    append(page, begin, sizeof begin - 1);
    append_root(page);
    for (uint64_t i = from == 0 ? 1 : from; i < end; i++)
        append_item(page, i);
    int size = snprintf(link, sizeof link,
                        "],\"@odata.%s\":\"https://graph.microsoft.com/v1.0/me/drive/root/"
                        "delta?token=%" PRIu64 "\"}",
                        end < count ? "nextLink" : "deltaLink", end);
    append(page, link, (size_t)size);
    return end;
}

/* Calls `take` with each page; answers its CPU seconds, without the making of the pages. */
static double each_page(uint64_t count, void (*take)(void *user, const struct bytes *page),
                        void *user)
{
    struct bytes page;
    double seconds = 0;
    bytes_init(&page, GRAPH_MAX_BODY);
    for (uint64_t next = 0; next < count;) {
        next = make_page(&page, next, count);
        double start = cpu_seconds();
        take(user, &page);
        seconds += cpu_seconds() - start;
    }
    bytes_clear(&page);
    return seconds;
}

/* The agent's way. */

static void take_ours(void *user, const struct bytes *body)
{
    struct sync_context *context = user;
    struct graph_page *page;
    struct listing_page seen;
    if (graph_page_open(bytes_front(body), bytes_count(body), false, &page) !=
        GRAPH_PAGE_OK)
        fail("page", "refused");
    const char *next = graph_page_next_link(page);
    const char *link = next != NULL ? next : graph_page_delta_link(page);
    context->row->mirror.feed = next != NULL ? STORE_FEED_ENUMERATING : STORE_FEED_CURRENT;
    if (store_begin(context->store) != STORE_OK ||
        listing_store_page(context, page, &seen) != STORE_OK ||
        !row_set(context->row, ROW_LINK, link) ||
        row_save(context->store, context->row) != STORE_OK ||
        store_commit(context->store, true) != STORE_OK)
        fail("page", store_error_text(context->store));
    graph_page_close(page);
    fresh_drop_all(context->fresh); /* as if the downloads had taken them */
}

static double run_ours(const char *folder, uint64_t count)
{
    struct store *store = NULL;
    struct row row;
    char text[PATH] = "";
    if (store_open(folder, &store, NULL, text, sizeof text) != STORE_OK)
        fail("open", text);
    if (row_load(store, "bench", &row) != STORE_NONE || row_save(store, &row) != STORE_OK)
        fail("mirror", store_error_text(store));
    struct sync_context context = {.store = store,
                                   .row = &row,
                                   .mirror = row.mirror.key,
                                   .drive_id = "b!bench",
                                   .fresh = fresh_new()};
    if (context.fresh == NULL)
        fail("start", "out of memory");
    double seconds = each_page(count, take_ours, &context);
    fresh_free(context.fresh);
    row_clear(&row);
    store_close(store);
    return seconds;
}

/* The floors. */

static void take_parse(void *user, const struct bytes *body)
{
    (void)user;
    cJSON *page = cJSON_ParseWithLength((const char *)bytes_front(body), bytes_count(body));
    if (page == NULL)
        fail("floor", "cJSON");
    cJSON_Delete(page);
}

struct bare {
    sqlite3 *database;
    sqlite3_stmt *insert;
    uint64_t next;
    uint64_t count;
};

static void bind_name(sqlite3_stmt *insert, int place, const struct name *text)
{
    (void)sqlite3_bind_text(insert, place, text->text, -1, SQLITE_STATIC);
}

static void take_insert(void *user, const struct bytes *page)
{
    struct bare *bare = user;
    sqlite3_stmt *insert = bare->insert;
    (void)page;
    (void)sqlite3_exec(bare->database, "begin", NULL, NULL, NULL);
    for (int i = 0; i < PAGE_ITEMS && bare->next < bare->count; i++, bare->next++) {
        struct name id = id_of(bare->next);
        struct name parent = id_of(parent_of(bare->next));
        struct name tag = guid_of(bare->next);
        bind_name(insert, 1, &id);
        bind_name(insert, 2, &parent);
        bind_name(insert, 3, &tag);
        (void)sqlite3_bind_int64(insert, 4, (int64_t)bare->next);
        (void)sqlite3_bind_int64(insert, 5, (int64_t)bare->next);
        bind_name(insert, 6, &tag);
        bind_name(insert, 7, &tag);
        if (sqlite3_step(insert) != SQLITE_DONE)
            fail("floor", sqlite3_errmsg(bare->database));
        (void)sqlite3_reset(insert);
    }
    (void)sqlite3_exec(bare->database, "commit", NULL, NULL, NULL);
}

static double run_insert(const char *folder, uint64_t count)
{
    char path[PATH];
    struct bare bare = {.count = count};
    (void)snprintf(path, sizeof path, "%s/bare.db", folder);
    if (sqlite3_open(path, &bare.database) != SQLITE_OK ||
        sqlite3_exec(bare.database,
                     "pragma journal_mode = wal; pragma synchronous = full;"
                     "create table bare(key integer primary key, id text unique, parent "
                     "text, name text, size integer, mtime integer, etag text, ctag text)",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(bare.database,
                           "insert into bare values(null, ?, ?, ?, ?, ?, ?, ?)", -1,
                           &bare.insert, NULL) != SQLITE_OK)
        fail("floor", sqlite3_errmsg(bare.database));
    double seconds = each_page(count, take_insert, &bare);
    (void)sqlite3_finalize(bare.insert);
    (void)sqlite3_close(bare.database);
    return seconds;
}

static double size_in(const char *folder, const char *name)
{
    char path[PATH];
    struct stat about;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &about) == 0 ? (double)about.st_size : 0;
}

static void remove_all(const char *folder)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm", "lock",
                                        "bare.db",  "bare.db-wal",  "bare.db-shm"};
    char path[PATH];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

int main(int argument_count, char **arguments)
{
    uint64_t count = argument_count > 1 ? strtoull(arguments[1], NULL, 10) : 1000000;
    const char *where = getenv("TMPDIR");
    char folder[FOLDER_PATH];
    (void)snprintf(folder, sizeof folder, "%s/bench-enumerate-XXXXXX",
                   where != NULL ? where : "/tmp");
    if (count == 0 || mkdtemp(folder) == NULL)
        fail("start", "usage: bench_enumerate [ITEMS]");
    struct rusage usage;
    double ours = run_ours(folder, count);
    (void)getrusage(RUSAGE_SELF, &usage);
    double row_bytes = size_in(folder, "state.db") / (double)count;
    double parse = each_page(count, take_parse, NULL);
    double insert = run_insert(folder, count);
    double items = (double)count;
    printf("{\"items\": %" PRIu64 ", \"items_per_cpu_second\": %.0f, "
           "\"bytes_per_row\": %.1f, \"peak_rss_kib\": %ld, "
           "\"parse_items_per_cpu_second\": %.0f, \"insert_items_per_cpu_second\": %.0f, "
           "\"floor_items_per_cpu_second\": %.0f}\n",
           count, items / ours, row_bytes, usage.ru_maxrss, items / parse, items / insert,
           items / (parse + insert));
    remove_all(folder);
    return 0;
}
