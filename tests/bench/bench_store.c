/* What the store costs per item, against a bare insert of the same row.
 *
 * bench_store [ITEMS] enumerates a drive into a new state, as a delta feed would tell it,
 * and prints one JSON object: items a second of CPU time, bytes a row on disk (item,
 * indexes and queue entry); the same for puts that change nothing, for placing all of it,
 * for a sweep of all of it, for the floor; and the peak of resident memory.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/store_item.h"
#include "store/store_mirror.h"

enum { PAGE_ITEMS = 200, FOLDER_ITEMS = 50, TEXT = 128 };

struct made_item {
    char id[TEXT];
    char parent_id[TEXT];
    char name[TEXT];
    char etag[TEXT];
    char ctag[TEXT];
    struct store_remote remote;
};

static void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_store: %s: %s\n", what, why);
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

static void format_id(uint64_t number, char out[TEXT])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    (void)snprintf(out, TEXT, "01BENCHA");
    for (uint64_t part = 0; part < 2; part++) {
        uint64_t bits = scramble(number * 2 + part);
        for (size_t i = 0; i < 13; i++, bits >>= 5)
            out[8 + part * 13 + i] = letters[bits & 31];
    }
    out[34] = '\0';
}

static void format_tags(uint64_t number, struct made_item *item)
{
    uint64_t high = scramble(number * 2);
    uint64_t low = scramble(number * 2 + 1);
    char guid[TEXT];
    (void)snprintf(guid, sizeof guid, "%08" PRIX64 "-%04X-%04X-%04X-%012" PRIX64,
                   high >> 32, (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xffff,
                   (unsigned)(low >> 48), low & 0xffffffffffffU);
    (void)snprintf(item->etag, TEXT, "\"{%.36s},1\"", guid);
    (void)snprintf(item->ctag, TEXT, "\"c:{%.36s},1\"", guid);
}

/* Item 0 is the root; every FOLDER_ITEMS-th item is a folder that holds those after it. */
static const struct store_remote *make_item(uint64_t number, struct made_item *item)
{
    bool is_folder = number % FOLDER_ITEMS == 1;
    uint64_t parent = is_folder ? number / FOLDER_ITEMS / 8 * FOLDER_ITEMS + 1
                                : (number - 1) / FOLDER_ITEMS * FOLDER_ITEMS + 1;
    if (parent == number)
        parent = 0;
    format_id(number, item->id);
    format_id(parent, item->parent_id);
    format_tags(number, item);
    (void)snprintf(item->name, TEXT, "report %07" PRIu64 ".docx", number);
    item->remote = (struct store_remote){
        .id = item->id,
        .parent_id = number == 0 ? NULL : item->parent_id,
        .name = number == 0 ? "root" : item->name,
        .kind = number == 0 ? STORE_KIND_ROOT
                            : (is_folder ? STORE_KIND_FOLDER : STORE_KIND_FILE),
        .size = (int64_t)(scramble(number) % 10000000),
        .mtime_ms = 1700000000000 + (int64_t)number * 1000,
        .etag = item->etag,
        .ctag = item->ctag,
        .editor = number % 1000 < 500 ? "Adele Vance" : "Alex Wilber",
        .generation = 1,
    };
    if (!is_folder && number != 0) {
        item->remote.hash = (struct store_hash){.kind = 1, .size = 20};
        for (size_t i = 0; i < 20; i++)
            item->remote.hash.bytes[i] = (uint8_t)(scramble(number) >> (i % 8 * 8));
    }
    return &item->remote;
}

static double enumerate(struct store *store, int64_t mirror, uint64_t count)
{
    double start = cpu_seconds();
    struct made_item item;
    for (uint64_t i = 0; i < count;) {
        enum store_status status = store_begin(store);
        for (uint64_t end = i + PAGE_ITEMS; i < end && i < count && status == STORE_OK; i++)
            status = store_put_remote(store, mirror, make_item(i, &item), false, NULL);
        if (status == STORE_OK)
            status = store_put_position(store, mirror, STORE_FEED_ENUMERATING, item.id, 1);
        if (status == STORE_OK)
            status = store_commit(store, true);
        if (status != STORE_OK)
            fail("put", store_error_text(store));
    }
    return cpu_seconds() - start;
}

/* Empties the queue as rounds do: a base record for each entry, in batches. */
static double place_all(struct store *store, int64_t mirror)
{
    double start = cpu_seconds();
    int64_t after = 0;
    enum store_status status = STORE_OK;
    while (status == STORE_OK) {
        if (store_begin(store) != STORE_OK)
            fail("begin", store_error_text(store));
        struct store_todo todo;
        for (int i = 0; i < PAGE_ITEMS && status == STORE_OK; i++) {
            status = store_next_todo(store, mirror, 0, false, &after, &todo);
            struct store_remote remote;
            if (status != STORE_OK ||
                store_get_remote(store, todo.key, &remote) != STORE_OK)
                break;
            struct store_base base = {
                .key = todo.key,
                .parent = remote.parent,
                .name = remote.name,
                .kind = remote.kind,
                .mtime_ms = remote.mtime_ms,
                .size = remote.size,
                .hash = remote.hash,
                .ctag = remote.ctag,
                .print = {.inode = (uint64_t)todo.key,
                          .mtime_ns = remote.mtime_ms * 1000000}
            };
            if (store_put_base(store, mirror, &base) != STORE_OK ||
                store_drop_todo(store, todo.key) != STORE_OK)
                fail("place", store_error_text(store));
        }
        if (store_commit(store, false) != STORE_OK)
            fail("commit", store_error_text(store));
    }
    return cpu_seconds() - start;
}

/* Ends an enumeration that saw nothing: everything is marked and queued. */
static double sweep_all(struct store *store, int64_t mirror)
{
    enum { MAX = 4096 };
    double start = cpu_seconds();
    int64_t keys[MAX];
    int64_t after_key = 0;
    size_t count = 0;
    enum store_status status = store_begin(store);
    while (status == STORE_OK) {
        status = store_find_unseen(store, mirror, 2, &after_key, keys, MAX, &count);
        if (status == STORE_OK)
            status = store_sweep(store, mirror, 2, keys, count, NULL);
    }
    if (status != STORE_NONE || store_commit(store, true) != STORE_OK)
        fail("sweep", store_error_text(store));
    return cpu_seconds() - start;
}

/* What making up the items costs, to be taken off. */
static double make_only(uint64_t count)
{
    double start = cpu_seconds();
    struct made_item item;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += (uint64_t)make_item(i, &item)->size;
    if (sum == 1)
        puts("");
    return cpu_seconds() - start;
}

/* The floor: the same values into one bare table with one index on the id. */
static double insert_bare(const char *path, uint64_t count)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *insert = NULL;
    if (sqlite3_open(path, &database) != SQLITE_OK ||
        sqlite3_exec(
            database,
            "pragma journal_mode = wal; pragma synchronous = full;"
            "create table bare(key integer primary key, id text unique, parent text,"
            "name text, size integer, mtime integer, etag text, ctag text, "
            "editor text, hash blob)",
            NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(database,
                           "insert into bare values(null, ?, ?, ?, ?, ?, ?, ?, ?, ?)", -1,
                           &insert, NULL) != SQLITE_OK)
        fail("floor", sqlite3_errmsg(database));
    double start = cpu_seconds();
    struct made_item item;
    for (uint64_t i = 0; i < count; i++) {
        if (i % PAGE_ITEMS == 0)
            (void)sqlite3_exec(database, "begin", NULL, NULL, NULL);
        const struct store_remote *remote = make_item(i, &item);
        (void)sqlite3_bind_text(insert, 1, remote->id, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(insert, 2, remote->parent_id, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(insert, 3, remote->name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int64(insert, 4, remote->size);
        (void)sqlite3_bind_int64(insert, 5, remote->mtime_ms);
        (void)sqlite3_bind_text(insert, 6, remote->etag, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(insert, 7, remote->ctag, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(insert, 8, remote->editor, -1, SQLITE_STATIC);
        (void)sqlite3_bind_blob(insert, 9, remote->hash.bytes, remote->hash.size,
                                SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE)
            fail("floor", sqlite3_errmsg(database));
        (void)sqlite3_reset(insert);
        if (i % PAGE_ITEMS == PAGE_ITEMS - 1 || i + 1 == count)
            (void)sqlite3_exec(database, "commit", NULL, NULL, NULL);
    }
    double seconds = cpu_seconds() - start;
    (void)sqlite3_finalize(insert);
    (void)sqlite3_close(database);
    return seconds;
}

static double size_of(const char *path)
{
    struct stat stat_of;
    return stat(path, &stat_of) == 0 ? (double)stat_of.st_size : 0;
}

static void remove_all(const char *folder)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm", "lock",
                                        "bare.db",  "bare.db-wal",  "bare.db-shm"};
    char path[TEXT];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

int main(int argument_count, char **arguments)
{
    uint64_t count = argument_count > 1 ? strtoull(arguments[1], NULL, 10) : 1000000;
    char folder[] = "bench-store-XXXXXX";
    if (count == 0 || mkdtemp(folder) == NULL)
        fail("start", "usage: bench_store [ITEMS], in a folder that can be written");
    char database[TEXT];
    char bare[TEXT];
    (void)snprintf(database, sizeof database, "%s/state.db", folder);
    (void)snprintf(bare, sizeof bare, "%s/bare.db", folder);

    struct store *store = NULL;
    char text[256] = "";
    if (store_open(folder, &store, NULL, text, sizeof text) != STORE_OK)
        fail("open", text);
    struct store_mirror mirror = {.name = "bench"};
    if (store_put_mirror(store, &mirror) != STORE_OK)
        fail("mirror", store_error_text(store));
    double making = make_only(count);
    double first = enumerate(store, mirror.key, count) - making;
    double again = enumerate(store, mirror.key, count) - making;
    (void)store_checkpoint(store);
    double bytes = size_of(database);
    double placing = place_all(store, mirror.key);
    double sweeping = sweep_all(store, mirror.key);
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    store_close(store);
    double floor_seconds = insert_bare(bare, count) - making;

    double items = (double)count;
    printf("{\"items\": %" PRIu64 ", \"items_per_cpu_second\": %.0f, "
           "\"bytes_per_row\": %.1f, \"unchanged_per_cpu_second\": %.0f, "
           "\"placed_per_cpu_second\": %.0f, \"swept_per_cpu_second\": %.0f, "
           "\"floor_items_per_cpu_second\": %.0f, \"floor_bytes_per_row\": %.1f, "
           "\"ratio_to_floor\": %.2f, \"peak_rss_kib\": %ld}\n",
           count, items / first, bytes / items, items / again, items / placing,
           items / sweeping, items / floor_seconds, size_of(bare) / items,
           floor_seconds / first, usage.ru_maxrss);
    remove_all(folder);
    return 0;
}
