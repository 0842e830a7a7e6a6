/* What a quick look at the database does not find: rows that contradict each other since
 * somebody has changed them (F-71), and damage that showed only at work (F-61). */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(rows_that_contradict_each_other_are_found),
        STATE_TEST(a_sound_change_is_taken),
        STATE_TEST(a_kill_costs_a_quick_look_only),
        STATE_TEST(a_power_cut_on_a_disk_that_lies_is_found_by_counting),
        STATE_TEST(damage_seen_at_work_is_looked_for_at_the_next_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
