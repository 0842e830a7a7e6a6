/* Versions, upgrades and the public views. */
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_intent.h"
#include "store/store_note.h"
#include "store/store_schema.h"
#include "tests/store/state.h"

static void run(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
}

static void change_closed(struct state *state, const char *sql)
{
    state_close(state);
    sqlite3 *database = state_look(state, SQLITE_OPEN_READWRITE);
    run(database, sql);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static enum store_status open_again(struct state *state, char text[256])
{
    struct store *store = NULL;
    text[0] = '\0';
    enum store_status status =
        store_open(state->dir.path, &store, &state->opening, text, 256);
    if (status == STORE_OK)
        state->store = store;
    return status;
}

/* F-65 */
static void a_newer_schema_is_refused_and_left_alone(void **user)
{
    struct state *state = *user;
    char text[256];
    struct store *reader = NULL;
    change_closed(state, "pragma user_version = 999");
    assert_int_equal(open_again(state, text), STORE_NEWER);
    assert_non_null(strstr(text, "999"));
    assert_int_equal(store_open_reader(state->dir.path, &reader, text, sizeof text),
                     STORE_NEWER);
    assert_sql(state, "pragma user_version", "999");
    assert_sql(state, "select name from mirror", "documents");
}

/* F-64 */
static void a_database_of_another_program_is_refused(void **user)
{
    struct state *state = *user;
    char text[256];
    change_closed(state, "pragma application_id = 7");
    assert_int_equal(open_again(state, text), STORE_DAMAGED);
    assert_non_null(strstr(text, "not of this program"));
}

/* F-62 */
static void an_empty_file_is_a_new_state(void **user)
{
    struct state *state = *user;
    char text[256];
    char path[128];
    state_close(state);
    (void)snprintf(path, sizeof path, "%s/state.db", state->dir.path);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(open_again(state, text), STORE_OK);
    assert_true(state->opening.created);
}

/* A state as the first schema left it, with one mirror and one item. */
static void make_schema_1(struct state *state)
{
    char path[128];
    state_close(state);
    (void)snprintf(path, sizeof path, "%s/state.db", state->dir.path);
    assert_int_equal(unlink(path), 0);
    sqlite3 *database = state_look(state, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    run(database, "pragma journal_mode = wal");
    run(database, store_schema_step(1));
    run(database, "pragma user_version = 1; pragma application_id = 0x44724167;"
                  "insert into mirror(key, name, items, files, last_key) "
                  "values(1, 'old', 1, 1, 9);"
                  "insert into item(key, mirror, parent, kind, id, name) "
                  "values(1, 1, 0, 3, 'r', 'root'), (2, 1, 1, 1, 'f', 'file.txt');"
                  "insert into base(key, mirror, parent, name, kind, flags, hash_kind, "
                  "listed_kind) values(2, 1, 1, 'file.txt', 1, 0, 0, 0)");
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* F-66 */
static void an_older_schema_is_copied_and_then_upgraded(void **user)
{
    struct state *state = *user;
    char text[256];
    make_schema_1(state);
    struct store *reader = NULL;
    assert_int_equal(store_open_reader(state->dir.path, &reader, text, sizeof text),
                     STORE_READONLY);
    assert_int_equal(open_again(state, text), STORE_OK);
    assert_int_equal(state->opening.upgraded_from, 1);
    assert_sql(state, "pragma user_version", "2");
    assert_sql(state, "select path from v_items where state = 'synced'", "file.txt");
    struct store_base base;
    assert_int_equal(store_get_base(state->store, 2, &base), STORE_OK);

    struct stat stat_of;
    assert_int_equal(stat(state->opening.backup, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 07777, 0600);
    sqlite3 *copy = NULL;
    assert_int_equal(sqlite3_open(state->opening.backup, &copy), SQLITE_OK);
    run(copy, "select key from item where name = 'file.txt'");
    run(copy, "create table channel(only_in_schema_2)");
    assert_int_equal(sqlite3_close(copy), SQLITE_OK);

    /* Keys that were given once are not given again. */
    state->mirror = 1;
    assert_int_equal(state_put(state, said_file("new", NULL, "new.txt")).key, 10);
    state_close(state);
    state_open(state);
    assert_int_equal(state->opening.upgraded_from, 0);
    assert_string_equal(state->opening.backup, "");
}

/* F-66: what fails in the middle leaves the old schema for the old program. */
static void a_failed_upgrade_leaves_what_was_there(void **user)
{
    struct state *state = *user;
    char text[256];
    make_schema_1(state);
    sqlite3 *database = state_look(state, SQLITE_OPEN_READWRITE);
    run(database, "create table problem(in_the_way)");
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    assert_int_not_equal(open_again(state, text), STORE_OK);
    assert_sql(state, "pragma user_version", "1");
    assert_sql(state, "select count(*) from sqlite_schema where name = 'history'", "0");
}

static const struct view_case {
    const char *name;
    const char *columns;
} views[] = {
    {"v_items",     "mirror,path,kind,size,item_id,etag,ctag,hash,remote_mtime,state,"
                "local_mtime,problem"                                       },
    {"v_history",   "when,mirror,path,operation,bytes,trigger,notified_at,delta_at,done_at"},
    {"v_pending",   "mirror,path,operation,why,size,attempts,next_try,held,item_id"        },
    {"v_problems",  "mirror,path,failure,text,since,attempts,next_try,held,item_id"        },
    {"v_conflicts", "when,mirror,path,copy"                                                },
    {"v_mirrors",
     "mirror,folder,drive,drive_id,state,feed,items,files,bytes,placed,waiting,"
     "waiting_bytes,held,local_only,held_deletions,enumerated_at,synced_at"                },
    {"v_channel",   "mirror,state,since,generation,ping_interval_ms,ping_timeout_ms,"
                  "last_event,expires,renewals,reconnects,events,found_by_event,"
                  "found_by_poll,last_error"                              },
};

static struct state *shared;

static void has_its_columns_in_order(const struct view_case *row)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "select group_concat(name) from pragma_table_info('%s')", row->name);
    assert_sql(shared, sql, row->columns);
}

static void the_public_views_have_the_documented_columns(void **user)
{
    shared = *user;
    CASES(views, has_its_columns_in_order);
}

/* A folder with a file in it that stands on disk, and a file that does not. */
static void fill(struct state *state, int64_t *out_folder, int64_t *out_file)
{
    *out_folder = state_put(state, said_folder("folder-id", "root-id", "a b")).key;
    struct store_remote file = said_file("file-id", "folder-id", "x.txt");
    file.etag = "\"{E},1\"";
    file.ctag = "\"c:{E},1\"";
    file.hash = (struct store_hash){
        .kind = 1, .size = 3, .bytes = {0xab, 0x00, 0xff}
    };
    *out_file = state_put(state, file).key;
    (void)state_put(state, said_file("late-id", "nobody-yet", "late.txt"));
    struct store_base folder_base = {.key = *out_folder,
                                     .parent = state->root,
                                     .name = "a b",
                                     .kind = STORE_KIND_FOLDER};
    struct store_base base = {.key = *out_file,
                              .parent = *out_folder,
                              .name = "x.txt",
                              .kind = STORE_KIND_FILE,
                              .print = {.mtime_ns = 1700000000123456789}};
    assert_int_equal(store_put_base(state->store, state->mirror, &folder_base), STORE_OK);
    assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
    assert_int_equal(store_drop_todo(state->store, *out_folder), STORE_OK);
    assert_int_equal(store_drop_todo(state->store, *out_file), STORE_OK);
}

static void items_show_what_is_recorded(void **user)
{
    struct state *state = *user;
    int64_t folder;
    int64_t file;
    fill(state, &folder, &file);
    assert_sql(
        state,
        "select mirror || '|' || path || '|' || kind || '|' || size || '|' || item_id "
        "|| '|' || etag || '|' || ctag || '|' || hash || '|' || remote_mtime || '|' "
        "|| state || '|' || local_mtime || '|' || coalesce(problem, '-') "
        "from v_items where item_id = 'file-id'",
        "documents|a b/x.txt|file|10|file-id|\"{E},1\"|\"c:{E},1\"|ab00ff|"
        "2023-11-14T22:13:20.123Z|synced|2023-11-14T22:13:20.123Z|-");
    assert_sql(state, "select count(*) from v_items", "3");
    assert_sql(state, "select item_id from v_items where path = 'a b'", "folder-id");
    assert_sql(state, "select path from v_items where item_id = 'late-id'", "(null)");
    assert_sql(state, "select state from v_items where item_id = 'late-id'", "waiting");
}

static void the_state_of_an_item_is_one_word(void **user)
{
    struct state *state = *user;
    int64_t folder;
    int64_t file;
    fill(state, &folder, &file);
    struct store_base base;
    assert_int_equal(store_get_base(state->store, file, &base), STORE_OK);
    base.flags = STORE_BASE_EDITED;
    assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
    assert_sql(state,
               "select state || ': ' || problem from v_items where path = 'a b/x.txt'",
               "local-only: edited here");
    struct store_todo todo = {.key = file, .failure = 14, .held = true};
    assert_int_equal(store_put_todo(state->store, state->mirror, &todo), STORE_OK);
    assert_sql(state,
               "select state || ': ' || problem from v_items where path = 'a b/x.txt'",
               "held: F-14");
    (void)state_put(state, said_gone("file-id"));
    assert_sql(state, "select state from v_items where path = 'a b/x.txt'", "deleting");
    struct store_remote other = said("notebook");
    other.parent_id = "root-id";
    other.name = "notes";
    other.kind = STORE_KIND_OTHER;
    (void)state_put(state, other);
    assert_sql(state, "select kind || ': ' || state from v_items where path = 'notes'",
               "other: not-mirrored");
}

static void pending_work_says_what_and_why(void **user)
{
    struct state *state = *user;
    int64_t folder;
    int64_t file;
    fill(state, &folder, &file);
    static const char line[] =
        "select operation || ', ' || why || ', ' || coalesce(path, '?') from v_pending "
        "where item_id = '";
    char sql[256];
    (void)snprintf(sql, sizeof sql, "%s%s'", line, "late-id");
    assert_sql(state, sql, "download, new on the drive, ?");
    (void)state_put(state, said_file("file-id", "root-id", "y.txt"));
    (void)snprintf(sql, sizeof sql, "%s%s'", line, "file-id");
    assert_sql(state, sql, "move, changed on the drive, y.txt");
    (void)state_put(state, said_gone("file-id"));
    assert_sql(state, sql, "delete, deleted on the drive, y.txt");
    struct store_todo todo = {.key = file,
                              .failure = 10,
                              .attempts = 3,
                              .text = "disk full",
                              .not_before = 1700000000000};
    assert_int_equal(store_put_todo(state->store, state->mirror, &todo), STORE_OK);
    assert_sql(state, sql, "delete, disk full, y.txt");
    assert_sql(state,
               "select attempts || ' ' || next_try from v_pending where attempts > 0",
               "3 2023-11-14T22:13:20.000Z");
}

static void problems_are_those_of_mirrors_and_of_items(void **user)
{
    struct state *state = *user;
    int64_t folder;
    int64_t file;
    fill(state, &folder, &file);
    assert_sql(state, "select count(*) from v_problems", "0");
    assert_int_equal(
        store_put_problem(state->store, state->mirror, 57, "not mounted", 1700000000000),
        STORE_OK);
    struct store_todo todo = {.key = file, .failure = 9, .text = "no", .held = true};
    assert_int_equal(store_put_todo(state->store, state->mirror, &todo), STORE_OK);
    assert_sql(state,
               "select failure || ' ' || text || ' ' || since from v_problems "
               "where path is null",
               "F-57 not mounted 2023-11-14T22:13:20.000Z");
    assert_sql(state,
               "select failure || ' ' || path || ' ' || held from v_problems "
               "where path is not null",
               "F-09 a b/x.txt 1");
}

static void deep_paths_are_whole_in_every_view(void **user)
{
    struct state *state = *user;
    char id[32] = "root-id";
    char parent[32];
    for (int i = 0; i < 100; i++) {
        memcpy(parent, id, sizeof id);
        (void)snprintf(id, sizeof id, "deep-%d", i);
        (void)state_put(state, said_folder(id, parent, "d"));
    }
    assert_sql(state, "select max(length(path)) from v_items", "199");
    assert_sql(state, "select max(length(path)) from v_pending", "199");
}

/* F-84: a cycle is reached by no walk, and stops none. */
static void views_end_on_a_cycle(void **user)
{
    struct state *state = *user;
    (void)state_put(state, said_folder("a", "root-id", "a"));
    (void)state_put(state, said_folder("b", "a", "b"));
    (void)state_put(state, said_folder("a", "b", "a"));
    assert_sql(state, "select count(*) from v_items", "0");
    assert_sql(state, "select count(*) from v_pending where path is null", "2");
    uint64_t count = 0;
    assert_int_equal(store_check(state->store, NULL, NULL, &count), STORE_OK);
    assert_int_equal(count, 2);
}

static void the_views_work_read_only_while_the_agent_writes(void **user)
{
    struct state *state = *user;
    int64_t folder;
    int64_t file;
    fill(state, &folder, &file);
    assert_int_equal(store_begin(state->store), STORE_OK);
    (void)state_put(state, said_file("z", "root-id", "z"));
    sqlite3 *reader = state_look(state, SQLITE_OPEN_READONLY);
    for (size_t i = 0; i < COUNT_OF(views); i++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "select * from %s", views[i].name);
        run(reader, sql);
    }
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    assert_int_equal(store_commit(state->store, true), STORE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(a_newer_schema_is_refused_and_left_alone),
        STATE_TEST(a_database_of_another_program_is_refused),
        STATE_TEST(an_empty_file_is_a_new_state),
        STATE_TEST(an_older_schema_is_copied_and_then_upgraded),
        STATE_TEST(a_failed_upgrade_leaves_what_was_there),
        STATE_TEST(the_public_views_have_the_documented_columns),
        STATE_TEST(items_show_what_is_recorded),
        STATE_TEST(the_state_of_an_item_is_one_word),
        STATE_TEST(pending_work_says_what_and_why),
        STATE_TEST(problems_are_those_of_mirrors_and_of_items),
        STATE_TEST(deep_paths_are_whole_in_every_view),
        STATE_TEST(views_end_on_a_cycle),
        STATE_TEST(the_views_work_read_only_while_the_agent_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
