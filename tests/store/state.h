/* What every test of the store begins with: an open state in a folder of its own, with one
 * mirror whose root is known; and short ways to say what the drive says. */
#ifndef TESTS_STORE_STATE_H
#define TESTS_STORE_STATE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#include "store/store_item.h"
#include "store/store_mirror.h"
#include "tests/support/temp_dir.h"

struct state {
    struct temp_dir dir;
    struct store *store;
    struct store_opening opening;
    int64_t mirror;
    int64_t root;
};

static inline void state_open(struct state *state)
{
    char text[256] = "";
    enum store_status status =
        store_open(state->dir.path, &state->store, &state->opening, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(status, STORE_OK);
}

/* A record with nothing known but its id. */
static inline struct store_remote said(const char *id)
{
    return (struct store_remote){.id = id,
                                 .size = STORE_UNKNOWN,
                                 .mtime_ms = STORE_UNKNOWN,
                                 .kind = STORE_KIND_PENDING};
}

static inline struct store_remote said_file(const char *id, const char *parent_id,
                                            const char *name)
{
    struct store_remote remote = said(id);
    remote.parent_id = parent_id;
    remote.name = name;
    remote.kind = STORE_KIND_FILE;
    remote.size = 10;
    remote.mtime_ms = 1700000000123;
    return remote;
}

static inline struct store_remote said_folder(const char *id, const char *parent_id,
                                              const char *name)
{
    struct store_remote remote = said(id);
    remote.parent_id = parent_id;
    remote.name = name;
    remote.kind = STORE_KIND_FOLDER;
    return remote;
}

static inline struct store_remote said_gone(const char *id)
{
    struct store_remote remote = said(id);
    remote.gone = true;
    return remote;
}

static inline struct store_change state_put(struct state *state, struct store_remote remote)
{
    struct store_change change;
    enum store_status status =
        store_put_remote(state->store, state->mirror, &remote, false, &change);
    if (status != STORE_OK)
        print_error("%s\n", store_error_text(state->store));
    assert_int_equal(status, STORE_OK);
    return change;
}

static inline void state_make(struct state *state)
{
    memset(state, 0, sizeof *state);
    temp_dir_make(&state->dir);
    state_open(state);
    struct store_mirror mirror = {.name = "documents"};
    assert_int_equal(store_put_mirror(state->store, &mirror), STORE_OK);
    state->mirror = mirror.key;
    struct store_remote root = said("root-id");
    root.name = "root";
    root.kind = STORE_KIND_ROOT;
    state->root = state_put(state, root).key;
}

static inline void state_close(struct state *state)
{
    store_close(state->store);
    state->store = NULL;
}

static inline void state_remove(struct state *state)
{
    store_close(state->store);
    temp_dir_remove(&state->dir);
}

/* A connection of somebody else to the same database. The caller closes it. */
static inline sqlite3 *state_look(const struct state *state, int flags)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/state.db", state->dir.path);
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open_v2(path, &database, flags, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(database, 1000);
    return database;
}

/* Runs SQL from outside and copies the first column of its first row; "(none)" without
 * a row, "(null)" for NULL. */
static inline void state_ask(const struct state *state, const char *sql, char *out,
                             size_t size)
{
    sqlite3 *database = state_look(state, SQLITE_OPEN_READWRITE);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    int result = sqlite3_step(statement);
    const char *text =
        result == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : "(none)";
    (void)snprintf(out, size, "%s", text == NULL ? "(null)" : text);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

#define assert_sql(state, sql, want)                                                       \
    do {                                                                                   \
        char got_[1024];                                                                   \
        state_ask(state, sql, got_, sizeof got_);                                          \
        assert_string_equal(got_, want);                                                   \
    } while (0)

/* Ends an enumeration: finds what it has not seen, and marks that. */
static inline enum store_status state_sweep(struct state *state, int64_t mirror,
                                            int64_t generation, uint64_t *out_count)
{
    int64_t keys[512];
    int64_t after = 0;
    size_t count = 0;
    enum store_status status =
        store_find_unseen(state->store, mirror, generation, &after, keys, 512, &count);
    if (status != STORE_OK && status != STORE_NONE)
        return status;
    return store_sweep(state->store, mirror, generation, keys, count, out_count);
}

/* Size of the write-ahead log: it grows with every commit that writes. */
static inline int64_t state_written(const struct state *state)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/state.db-wal", state->dir.path);
    struct stat stat_of;
    return stat(path, &stat_of) == 0 ? (int64_t)stat_of.st_size : -1;
}

/* No finding of the full check. */
static inline void print_finding(void *user, const char *finding)
{
    (void)user;
    print_error("finding: %s\n", finding);
}

static inline void state_check(struct state *state)
{
    uint64_t count = 1;
    assert_int_equal(store_check(state->store, print_finding, NULL, &count), STORE_OK);
    assert_int_equal(count, 0);
}

static inline struct store_remote state_get(struct state *state, int64_t key)
{
    struct store_remote remote;
    assert_int_equal(store_get_remote(state->store, key, &remote), STORE_OK);
    return remote;
}

static inline bool state_is_queued(struct state *state, int64_t key)
{
    int64_t after = key - 1;
    struct store_todo todo;
    enum store_status status =
        store_next_todo(state->store, state->mirror, INT64_MAX, true, &after, &todo);
    return status == STORE_OK && todo.key == key;
}

static inline int state_setup(void **user)
{
    struct state *state = calloc(1, sizeof *state);
    assert_non_null(state);
    state_make(state);
    *user = state;
    return 0;
}

static inline int state_teardown(void **user)
{
    struct state *state = *user;
    state_remove(state);
    free(state);
    return table_teardown(user);
}

#define STATE_TEST(function)                                                               \
    cmocka_unit_test_setup_teardown(function, state_setup, state_teardown)

#endif
