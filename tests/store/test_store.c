/* Opening, locking, transactions, damage and removal of the database as a whole. */
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store_core.h"
#include "tests/store/state.h"

static void path_of(const struct state *state, const char *name, char out[128])
{
    (void)snprintf(out, 128, "%s/%s", state->dir.path, name);
}

static int mode_of(const struct state *state, const char *name)
{
    char path[128];
    path_of(state, name, path);
    struct stat stat_of;
    assert_int_equal(stat(path, &stat_of), 0);
    return (int)(stat_of.st_mode & 07777);
}

static void a_new_state_is_created_private_whatever_the_umask(void **user)
{
    struct state *state = *user;
    assert_true(state->opening.created);
    assert_false(state->opening.unclean);
    assert_int_equal(mode_of(state, "state.db"), 0600);
    assert_int_equal(mode_of(state, "state.db-wal"), 0600);
    assert_int_equal(mode_of(state, "state.db-shm"), 0600);
    assert_int_equal(mode_of(state, "lock"), 0600);
}

static void the_folder_and_those_above_are_created(void **user)
{
    struct state *state = *user;
    char path[128];
    path_of(state, "a/b/c", path);
    struct store *store = NULL;
    struct store_opening opening;
    char text[128];
    assert_int_equal(store_open(path, &store, &opening, text, sizeof text), STORE_OK);
    assert_true(opening.created);
    store_close(store);
    assert_int_equal(mode_of(state, "a/b/c"), 0700);
}

/* F-15 */
static void a_folder_that_others_may_write_is_refused(void **user)
{
    struct state *state = *user;
    char path[128];
    path_of(state, "open", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0777), 0);
    struct store *store = NULL;
    char text[256];
    assert_int_equal(store_open(path, &store, NULL, text, sizeof text), STORE_READONLY);
    assert_non_null(strstr(text, "written by others"));
}

static void a_file_in_the_place_of_the_folder_is_an_error(void **user)
{
    struct state *state = *user;
    char path[128];
    path_of(state, "state.db", path);
    struct store *store = NULL;
    char text[256];
    assert_int_equal(store_open(path, &store, NULL, text, sizeof text), STORE_IO);
}

/* Runs `body` in a child and returns its exit code. */
static int in_child(int (*body)(const char *folder), const char *folder)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(body(folder));
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int try_open(const char *folder)
{
    struct store *store = NULL;
    char text[256] = "";
    enum store_status status = store_open(folder, &store, NULL, text, sizeof text);
    if (status == STORE_OK)
        store_close(store);
    return (int)status;
}

/* F-160 */
static void a_second_agent_is_kept_out_and_told_who_is_in(void **user)
{
    struct state *state = *user;
    assert_int_equal(in_child(try_open, state->dir.path), STORE_HELD);
    assert_int_equal(store_holder(state->dir.path), getpid());
    char text[256];
    struct store *store = NULL;
    assert_int_equal(store_open(state->dir.path, &store, NULL, text, sizeof text),
                     STORE_HELD);
    char pid[64];
    (void)snprintf(pid, sizeof pid, "pid %d", (int)getpid());
    assert_non_null(strstr(text, pid));
    /* Neither the question nor the attempt has loosened the lock. */
    assert_int_equal(in_child(try_open, state->dir.path), STORE_HELD);
}

static void a_closed_state_has_no_holder(void **user)
{
    struct state *state = *user;
    state_close(state);
    assert_int_equal(store_holder(state->dir.path), 0);
    assert_int_equal(store_holder("/nowhere/at/all"), 0);
    assert_int_equal(in_child(try_open, state->dir.path), STORE_OK);
}

/* Opens the state in a child, lets it work and kills it. */
static void kill_a_holder(struct state *state)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct store *store = NULL;
        char byte = 'x';
        if (store_open(state->dir.path, &store, NULL, NULL, 0) == STORE_OK &&
            store_put_setting(store, "kept", "yes") == STORE_OK &&
            store_begin(store) == STORE_OK &&
            store_put_setting(store, "lost", "yes") == STORE_OK)
            (void)!write(ready[1], &byte, 1);
        for (;;)
            pause();
    }
    assert_int_equal(close(ready[1]), 0);
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(store_holder(state->dir.path), pid);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(close(ready[0]), 0);
}

/* F-01, F-160 */
static void a_killed_agent_leaves_no_lock_but_a_mark(void **user)
{
    struct state *state = *user;
    state_close(state);
    kill_a_holder(state);
    assert_int_equal(store_holder(state->dir.path), 0);
    state_open(state);
    assert_true(state->opening.unclean);
    char value[16];
    assert_int_equal(store_get_setting(state->store, "kept", value, sizeof value),
                     STORE_OK);
    assert_int_equal(store_get_setting(state->store, "lost", value, sizeof value),
                     STORE_NONE);
    state_close(state);
    state_open(state);
    assert_false(state->opening.unclean);
}

/* F-63 */
static void a_database_changed_behind_our_back_is_checked(void **user)
{
    struct state *state = *user;
    state_close(state);
    char path[128];
    path_of(state, "state.db", path);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(futimens(fd, times), 0);
    assert_int_equal(close(fd), 0);
    state_open(state);
    assert_true(state->opening.unclean);
}

static void what_was_committed_is_there_and_what_was_rolled_back_is_not(void **user)
{
    struct state *state = *user;
    char value[16];
    assert_false(store_in_transaction(state->store));
    assert_int_equal(store_begin(state->store), STORE_OK);
    assert_true(store_in_transaction(state->store));
    assert_int_equal(store_begin(state->store), STORE_MISUSE);
    assert_int_equal(store_put_setting(state->store, "a", "1"), STORE_OK);
    assert_int_equal(store_commit(state->store, false), STORE_OK);
    assert_int_equal(store_commit(state->store, true), STORE_MISUSE);
    assert_int_equal(store_begin(state->store), STORE_OK);
    assert_int_equal(store_put_setting(state->store, "a", "2"), STORE_OK);
    store_rollback(state->store);
    store_rollback(state->store);
    state_close(state);
    state_open(state);
    assert_int_equal(store_get_setting(state->store, "a", value, sizeof value), STORE_OK);
    assert_string_equal(value, "1");
}

static void a_transaction_without_changes_writes_nothing(void **user)
{
    struct state *state = *user;
    int64_t before = state_written(state);
    assert_int_equal(store_begin(state->store), STORE_OK);
    assert_int_equal(store_commit(state->store, true), STORE_OK);
    assert_int_equal(state_written(state), before);
}

/* F-70 */
static void a_checkpoint_shrinks_a_grown_log(void **user)
{
    struct state *state = *user;
    char value[4000];
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = '\0';
    for (int i = 0; i < 40; i++) {
        value[0] = (char)('a' + i % 26);
        assert_int_equal(store_put_setting(state->store, "big", value), STORE_OK);
    }
    assert_true(state_written(state) > (int64_t)256 * 1024);
    assert_int_equal(store_checkpoint(state->store), STORE_OK);
    assert_int_equal(state_written(state), 0);
}

/* F-67 */
static void a_reader_does_not_stop_the_writer_nor_a_checkpoint_wait_for_it(void **user)
{
    struct state *state = *user;
    sqlite3 *reader = state_look(state, SQLITE_OPEN_READONLY);
    assert_int_equal(sqlite3_exec(reader, "begin; select * from setting", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(store_put_setting(state->store, "a", "1"), STORE_OK);
    assert_int_equal(store_checkpoint(state->store), STORE_OK);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
}

static void a_reader_works_beside_the_agent_and_without_it(void **user)
{
    struct state *state = *user;
    struct store *reader = NULL;
    struct store_mirror mirror;
    for (int round = 0; round < 2; round++) {
        char text[128] = "";
        assert_int_equal(store_open_reader(state->dir.path, &reader, text, sizeof text),
                         STORE_OK);
        assert_int_equal(store_get_mirror(reader, "documents", &mirror), STORE_OK);
        assert_int_equal(store_put_setting(reader, "a", "1"), STORE_READONLY);
        store_close(reader);
        state_close(state);
    }
    state_open(state);
    assert_false(state->opening.unclean);
}

static void a_reader_is_told_that_there_is_no_database(void **user)
{
    struct state *state = *user;
    struct store *reader = NULL;
    char path[128];
    path_of(state, "none", path);
    char text[256];
    assert_int_equal(store_open_reader(path, &reader, text, sizeof text), STORE_NONE);
}

static const struct damage_case {
    const char *name;
    long offset;
    long truncated; /* bytes cut from the end */
    size_t size;    /* bytes overwritten */
    char with;
} damages[] = {
    {"the first bytes are another file's", 0,    0,    100,  'x'   },
    {"the schema page is zeroed",          100,  0,    3996, 0     },
    {"a page in the middle is zeroed",     8192, 0,    4096, 0     },
    {"bytes flipped in a tree page",       4096, 0,    16,   '\x5a'},
    {"the end is cut off",                 0,    6000, 0,    0     },
};

/* Damages the closed database. Everything before and behind the damage stays. */
static void damage(const struct state *state, const struct damage_case *row)
{
    char path[128];
    path_of(state, "state.db", path);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    char bytes[4096];
    memset(bytes, row->with, sizeof bytes);
    assert_int_equal(pwrite(fd, bytes, row->size, row->offset), row->size);
    struct stat stat_of;
    assert_int_equal(fstat(fd, &stat_of), 0);
    assert_int_equal(ftruncate(fd, stat_of.st_size - row->truncated), 0);
    assert_int_equal(close(fd), 0);
}

/* F-61 */
static void damage_is_found_and_nothing_changed(const struct damage_case *row)
{
    struct state state;
    state_make(&state);
    state_close(&state);
    damage(&state, row);
    char text[256] = "";
    struct store *store = NULL;
    assert_int_equal(store_open(state.dir.path, &store, NULL, text, sizeof text),
                     STORE_DAMAGED);
    assert_true(strlen(text) > 0);

    char aside[256];
    assert_int_equal(store_set_aside(state.dir.path, aside, sizeof aside), STORE_OK);
    assert_int_equal(access(aside, F_OK), 0);
    state_open(&state);
    assert_true(state.opening.created);
    state_remove(&state);
}

static void every_damage_is_found_at_the_next_start(void **user)
{
    (void)user;
    CASES(damages, damage_is_found_and_nothing_changed);
}

/* F-61 */
static void the_log_goes_aside_with_its_database_and_under_a_free_name(void **user)
{
    struct state *state = *user;
    state_close(state);
    char path[128];
    path_of(state, "state.db-wal", path);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    path_of(state, "state.db.damaged-1", path);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    char aside[256];
    assert_int_equal(store_set_aside(state->dir.path, aside, sizeof aside), STORE_OK);
    assert_non_null(strstr(aside, "state.db.damaged-2"));
    path_of(state, "state.db.damaged-2-wal", path);
    assert_int_equal(access(path, F_OK), 0);
    path_of(state, "state.db-wal", path);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(store_set_aside(state->dir.path, aside, sizeof aside), STORE_NONE);
}

static void a_held_state_is_not_set_aside(void **user)
{
    struct state *state = *user;
    char aside[256];
    assert_int_equal(store_set_aside(state->dir.path, aside, sizeof aside), STORE_HELD);
}

static enum store_status put_big(struct state *state)
{
    static char value[100000];
    memset(value, 'x', sizeof value - 1);
    assert_int_equal(store_begin(state->store), STORE_OK);
    assert_int_equal(store_put_setting(state->store, "small", "1"), STORE_OK);
    enum store_status status = store_put_setting(state->store, "big", value);
    /* What comes later belongs to the transaction, and is lost with it. */
    if (status != STORE_OK)
        assert_int_equal(store_put_setting(state->store, "small", "3"), status);
    return store_commit(state->store, true);
}

static void assert_rolled_back_and_usable(struct state *state)
{
    char value[16];
    assert_false(store_in_transaction(state->store));
    assert_true(strlen(store_error_text(state->store)) > 0);
    assert_int_equal(store_get_setting(state->store, "small", value, sizeof value),
                     STORE_NONE);
    assert_int_equal(store_put_setting(state->store, "small", "2"), STORE_OK);
    state_check(state);
}

/* F-12 */
static void a_full_disk_rolls_back_and_the_store_works_on(void **user)
{
    struct state *state = *user;
    /* A limit on pages stands in for the full disk. */
    assert_int_equal(
        sqlite3_exec(state->store->database, "pragma max_page_count = 1", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(put_big(state), STORE_FULL);
    assert_rolled_back_and_usable(state);
}

/* F-68 */
static void an_io_error_rolls_back_and_the_store_works_on(void **user)
{
    struct state *state = *user;
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    assert_ptr_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    struct rlimit low = {.rlim_cur = (rlim_t)state_written(state) + 5000,
                         .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    enum store_status status = put_big(state);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, STORE_IO);
    assert_rolled_back_and_usable(state);
}

static void closing_nothing_is_allowed(void **user)
{
    (void)user;
    store_close(NULL);
}

static void every_status_has_its_words(void **user)
{
    (void)user;
    for (int i = STORE_OK; i <= STORE_MISUSE; i++)
        assert_string_not_equal(store_status_text((enum store_status)i), "unknown");
}

static const struct network_case {
    const char *name;
    long type;
    bool is_network;
} network_cases[] = {
    {"NFS",                               NFS_SUPER_MAGIC,       true },
    {"9P",                                V9FS_MAGIC,            true },
    {"AFS",                               AFS_SUPER_MAGIC,       true },
    {"CIFS",                              (long)0xff534d42,      true },
    {"SMB 2, with its sign bit spread",   (long)(int)0xfe534d42, true },
    {"ext4",                              EXT4_SUPER_MAGIC,      false},
    {"btrfs",                             BTRFS_SUPER_MAGIC,     false},
    {"tmpfs",                             TMPFS_MAGIC,           false},
    {"a file system of a program (FUSE)", FUSE_SUPER_MAGIC,      false},
};

static void check_network(const struct network_case *row)
{
    assert_int_equal(store_is_network(row->type), row->is_network);
}

static void file_systems_beyond_a_network_are_known(void **user)
{
    (void)user;
    CASES(network_cases, check_network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(a_new_state_is_created_private_whatever_the_umask),
        STATE_TEST(the_folder_and_those_above_are_created),
        STATE_TEST(a_folder_that_others_may_write_is_refused),
        STATE_TEST(a_file_in_the_place_of_the_folder_is_an_error),
        STATE_TEST(a_second_agent_is_kept_out_and_told_who_is_in),
        STATE_TEST(a_closed_state_has_no_holder),
        STATE_TEST(a_killed_agent_leaves_no_lock_but_a_mark),
        STATE_TEST(a_database_changed_behind_our_back_is_checked),
        STATE_TEST(what_was_committed_is_there_and_what_was_rolled_back_is_not),
        STATE_TEST(a_transaction_without_changes_writes_nothing),
        STATE_TEST(a_checkpoint_shrinks_a_grown_log),
        STATE_TEST(a_reader_does_not_stop_the_writer_nor_a_checkpoint_wait_for_it),
        STATE_TEST(a_reader_works_beside_the_agent_and_without_it),
        STATE_TEST(a_reader_is_told_that_there_is_no_database),
        TABLE_TEST(every_damage_is_found_at_the_next_start),
        STATE_TEST(the_log_goes_aside_with_its_database_and_under_a_free_name),
        STATE_TEST(a_held_state_is_not_set_aside),
        STATE_TEST(a_full_disk_rolls_back_and_the_store_works_on),
        STATE_TEST(an_io_error_rolls_back_and_the_store_works_on),
        TABLE_TEST(closing_nothing_is_allowed),
        TABLE_TEST(every_status_has_its_words),
        TABLE_TEST(file_systems_beyond_a_network_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
