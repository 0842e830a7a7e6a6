/* What a quick look at the database does not find: rows that contradict each other since
 * somebody has changed them (F-71), and damage that showed only at work (F-61). And a log
 * that is not the database's (F-63). */
#include <fcntl.h>
#include <unistd.h>

#include "tests/store/state.h"

static int64_t folder;
static int64_t file;

static void fill(struct state *state)
{
    folder = state_put(state, said_folder("folder-id", "root-id", "docs")).key;
    file = state_put(state, said_file("file-id", "folder-id", "a.txt")).key;
    struct store_base base = {
        .key = folder, .parent = state->root, .name = "docs", .kind = STORE_KIND_FOLDER};
    assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
    state_close(state);
}

static void edit(const struct state *state, const char *sql)
{
    char *error = NULL;
    sqlite3 *database = state_look(state, SQLITE_OPEN_READWRITE);
    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void write_mark(const struct state *state, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/lock", state->dir.path);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static enum store_status try_open(struct state *state, char text[256])
{
    text[0] = '\0';
    return store_open(state->dir.path, &state->store, &state->opening, text, 256);
}

static const struct edit_case {
    const char *name;
    const char *sql;
} edits[] = {
    {"a parent that does not exist",   "update item set parent = 999 where id = 'file-id'"        },
    {"a folder that lies in itself",   "update item set parent = key where id = 'folder-id'"      },
    {"an item that is gone",           "delete from item where id = 'folder-id'"                  },
    {"a record in a folder with none", "update base set parent = 999"                             },
    {"an id that no index has",        "delete from id_small; delete from id_middle;"
                                "delete from id_large"             },
    {"a queue of nothing",             "update todo set key = 999 where key in "
                           "(select key from item where id = 'file-id')"},
    {"counters that are wrong",        "update mirror set items = items + 1"                      },
};

static void check_edit(const struct edit_case *row)
{
    struct state state;
    char text[256];
    char aside[256];
    state_make(&state);
    fill(&state);
    edit(&state, row->sql);
    /* Twice, as the agent asks before it gives a state up (F-06). */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(try_open(&state, text), STORE_DAMAGED);
        assert_non_null(strstr(text, "full check: "));
    }
    assert_int_equal(store_set_aside(state.dir.path, aside, sizeof aside), STORE_OK);
    assert_int_equal(try_open(&state, text), STORE_OK);
    assert_true(state.opening.created);
    state_remove(&state);
}

static void rows_that_contradict_each_other_are_found(void **user)
{
    (void)user;
    CASES(edits, check_edit);
}

static void a_sound_change_is_taken(void **user)
{
    struct state *state = *user;
    char text[256];
    fill(state);
    edit(state, "update item set size = 11 where id = 'file-id'");
    assert_int_equal(try_open(state, text), STORE_OK);
    assert_true(state->opening.unclean);
    state_close(state);
    assert_int_equal(try_open(state, text), STORE_OK);
    assert_false(state->opening.unclean);
}

/* After a kill the quick check is enough: it must not take a minute each time. */
static void a_kill_costs_a_quick_look_only(void **user)
{
    struct state *state = *user;
    char text[256];
    fill(state);
    edit(state, "update base set parent = 999");
    write_mark(state, "4711\n");
    assert_int_equal(try_open(state, text), STORE_OK);
    assert_true(state->opening.unclean);
}

/* F-61: in a page that nothing else comes by. */
static void a_quick_look_finds_damage_that_no_count_comes_by(void **user)
{
    enum { PAGE = 4096 };
    static const char zeros[PAGE];
    struct state *state = *user;
    char text[256];
    char page[16];
    fill(state);
    assert_sql(state, "pragma page_size", "4096");
    state_ask(state, "select rootpage from sqlite_schema where name = 'history'", page,
              sizeof page);
    (void)snprintf(text, sizeof text, "%s/state.db", state->dir.path);
    int fd = open(text, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, zeros, PAGE, (off_t)(strtol(page, NULL, 10) - 1) * PAGE),
                     PAGE);
    assert_int_equal(close(fd), 0);
    write_mark(state, "4711\n");
    for (int i = 0; i < 2; i++)
        assert_int_equal(try_open(state, text), STORE_DAMAGED);
    assert_non_null(strstr(text, "quick check"));
}

/* Pages of different ages, each of them sound (F-05): what was counted tells. */
static void a_power_cut_on_a_disk_that_lies_is_found_by_counting(void **user)
{
    struct state *state = *user;
    char text[256];
    fill(state);
    edit(state, "update mirror set items = items + 1");
    write_mark(state, "4711\n");
    for (int i = 0; i < 2; i++)
        assert_int_equal(try_open(state, text), STORE_DAMAGED);
    assert_non_null(strstr(text, "counters"));
}

static void damage_seen_at_work_is_looked_for_at_the_next_start(void **user)
{
    struct state *state = *user;
    char text[256];
    fill(state);
    write_mark(state, "damaged\n");
    assert_int_equal(try_open(state, text), STORE_OK); /* the disk could not be read once */
    state_close(state);
    assert_int_equal(try_open(state, text), STORE_OK);
    assert_false(state->opening.unclean);
    state_close(state);
    edit(state, "update base set parent = 999");
    write_mark(state, "damaged\n");
    for (int i = 0; i < 2; i++)
        assert_int_equal(try_open(state, text), STORE_DAMAGED);
}

/* Logs. */

static void put_files(struct state *state, const char *prefix, int count)
{
    char id[32];
    assert_int_equal(store_begin(state->store), STORE_OK);
    for (int i = 0; i < count; i++) {
        (void)snprintf(id, sizeof id, "%s-%d", prefix, i);
        (void)state_put(state, said_file(id, "root-id", id));
    }
    assert_int_equal(store_commit(state->store, true), STORE_OK);
}

/* All of the log into the database, as each stop does. */
static void fold_in(struct state *state)
{
    state_close(state);
    state_open(state);
}

/* As the file stands now, whoever has it open. */
static void copy_into(const struct temp_dir *to, const struct state *from, const char *name)
{
    static char bytes[4 * 1024 * 1024];
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", from->dir.path, name);
    int in = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof path, "%s/%s", to->path, name);
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0);
    ssize_t size = read(in, bytes, sizeof bytes);
    assert_in_range(size, 1, sizeof bytes - 1);
    assert_int_equal(write(out, bytes, (size_t)size), size);
    assert_int_equal(close(in), 0);
    assert_int_equal(close(out), 0);
}

enum { MANY = 1000 };

/* What a kill leaves, but for the log. */
static void lose_the_log(struct state *state, struct temp_dir *left)
{
    put_files(state, "before", 3);
    fold_in(state);
    put_files(state, "after", 3);
    copy_into(left, state, "state.db");
}

static void take_the_log_of_another(struct state *state, struct temp_dir *left)
{
    struct state other;
    state_make(&other);
    put_files(&other, "other", MANY);
    fold_in(&other);
    put_files(&other, "after", 3);
    copy_into(left, &other, "state.db-wal");
    state_remove(&other);
    put_files(state, "before", 3);
    fold_in(state);
    copy_into(left, state, "state.db");
}

static void copy_while_it_is_written(struct state *state, struct temp_dir *left)
{
    put_files(state, "before", 3);
    fold_in(state);
    copy_into(left, state, "state.db");
    put_files(state, "meanwhile", MANY);
    fold_in(state);
    put_files(state, "after", 3);
    copy_into(left, state, "state.db-wal");
}

static const struct log_case {
    const char *name;
    void (*leave)(struct state *state, struct temp_dir *left);
    enum store_status want;
} logs[] = {
    {"it is gone: what was folded in is whole", lose_the_log,             STORE_OK     },
    {"it is another database's",                take_the_log_of_another,  STORE_DAMAGED},
    {"it is newer than the database",           copy_while_it_is_written, STORE_DAMAGED},
};

static void check_log(const struct log_case *row)
{
    struct state state;
    struct state left = {.store = NULL};
    char text[256];
    state_make(&state);
    temp_dir_make(&left.dir);
    row->leave(&state, &left.dir);
    /* Twice: what was damaged stays so until it is set aside. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(try_open(&left, text), row->want);
        if (row->want == STORE_OK) {
            assert_int_equal(left.opening.unclean, i == 0);
            state_check(&left);
            assert_sql(&left, "select count(*) from item where id like 'before-%'", "3");
            assert_sql(&left, "select count(*) from item where id like 'after-%'", "0");
            state_close(&left);
        }
    }
    state_remove(&left);
    state_remove(&state);
}

/* F-63 */
static void a_log_that_is_not_the_databases_is_noticed(void **user)
{
    (void)user;
    CASES(logs, check_log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(rows_that_contradict_each_other_are_found),
        STATE_TEST(a_sound_change_is_taken),
        STATE_TEST(a_kill_costs_a_quick_look_only),
        STATE_TEST(a_quick_look_finds_damage_that_no_count_comes_by),
        STATE_TEST(a_power_cut_on_a_disk_that_lies_is_found_by_counting),
        STATE_TEST(damage_seen_at_work_is_looked_for_at_the_next_start),
        TABLE_TEST(a_log_that_is_not_the_databases_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
