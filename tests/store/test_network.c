/* A state on a file system that cannot share memory (F-69): no WAL there, and all that is
 * promised of the state holds all the same. */
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/state.h"
#include "tests/support/network_disk.h"

enum { MANY = 40000 }; /* more rows than the page cache holds: a transaction is spilled */

static void open_on(struct state *state, long type)
{
    state_close(state);
    network_disk_type = type;
    state_open(state);
    network_disk_type = 0;
}

static bool has_file(const struct state *state, const char *name)
{
    return temp_dir_has(&state->dir, name);
}

static void a_rollback_journal_is_used_where_memory_is_not_shared(void **user)
{
    struct state *state = *user;
    assert_false(state->opening.without_wal);
    assert_sql(state, "pragma journal_mode", "wal");
    open_on(state, NFS_SUPER_MAGIC);
    assert_true(state->opening.without_wal);
    assert_sql(state, "pragma journal_mode", "delete");
    assert_sql(state, "select name from mirror", "documents");
    (void)state_put(state, said_file("f", "root-id", "f.txt"));
    assert_false(has_file(state, "state.db-wal"));
    assert_false(has_file(state, "state.db-shm"));
    assert_int_equal(store_checkpoint(state->store), STORE_OK);
    open_on(state, EXT4_SUPER_MAGIC);
    assert_false(state->opening.without_wal);
    assert_sql(state, "pragma journal_mode", "wal");
    assert_sql(state, "select name from item where id = 'f'", "f.txt");
}

/* Commits something, goes on, and is killed. `many`: with more than fits in memory. */
static void die_at_work(const struct state *state, long type, int many)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct state own = *state;
        struct store_change change;
        network_disk_type = type;
        bool ok = store_open(own.dir.path, &own.store, NULL, NULL, 0) == STORE_OK &&
                  store_put_setting(own.store, "kept", "yes") == STORE_OK &&
                  store_begin(own.store) == STORE_OK;
        for (int i = 0; ok && i < many; i++) {
            char id[32];
            (void)snprintf(id, sizeof id, "lost-%d", i);
            struct store_remote lost = said_file(id, "root-id", id);
            ok = store_put_remote(own.store, own.mirror, &lost, false, &change) == STORE_OK;
        }
        (void)raise(ok ? SIGKILL : SIGTERM);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void assert_only_what_was_committed(struct state *state)
{
    char text[8];
    uint64_t findings = 0;
    assert_true(state->opening.unclean);
    assert_int_equal(store_get_setting(state->store, "kept", text, sizeof text), STORE_OK);
    assert_sql(state, "select count(*) from item where id like 'lost-%'", "0");
    assert_int_equal(store_check(state->store, NULL, NULL, &findings), STORE_OK);
    assert_int_equal(findings, 0);
}

static void a_killed_transaction_is_rolled_back_from_the_journal(void **user)
{
    struct state *state = *user;
    state_close(state);
    die_at_work(state, NFS_SUPER_MAGIC, MANY);
    assert_true(has_file(state, "state.db-journal"));
    open_on(state, NFS_SUPER_MAGIC);
    assert_only_what_was_committed(state);
}

/* A home that was copied to a server, and back: what the log held is not lost on the way.
 */
static void a_killed_state_may_come_to_another_kind_of_disk(void **user)
{
    struct state *state = *user;
    state_close(state);
    die_at_work(state, EXT4_SUPER_MAGIC, 1);
    assert_true(has_file(state, "state.db-wal"));
    open_on(state, SMB_SUPER_MAGIC);
    assert_true(state->opening.without_wal);
    assert_only_what_was_committed(state);
    state_close(state);
    die_at_work(state, SMB_SUPER_MAGIC, MANY);
    open_on(state, EXT4_SUPER_MAGIC);
    assert_false(state->opening.without_wal);
    assert_only_what_was_committed(state);
}

static void a_reader_works_beside_the_agent(void **user)
{
    struct state *state = *user;
    struct store *reader = NULL;
    char text[256] = "";
    open_on(state, NFS_SUPER_MAGIC);
    assert_int_equal(store_put_setting(state->store, "one", "1"), STORE_OK);
    assert_int_equal(store_open_reader(state->dir.path, &reader, text, sizeof text),
                     STORE_OK);
    assert_int_equal(store_get_setting(reader, "one", text, sizeof text), STORE_OK);
    assert_int_equal(store_put_setting(state->store, "two", "2"), STORE_OK);
    assert_int_equal(store_get_setting(reader, "two", text, sizeof text), STORE_OK);
    store_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(a_rollback_journal_is_used_where_memory_is_not_shared),
        STATE_TEST(a_killed_transaction_is_rolled_back_from_the_journal),
        STATE_TEST(a_killed_state_may_come_to_another_kind_of_disk),
        STATE_TEST(a_reader_works_beside_the_agent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
