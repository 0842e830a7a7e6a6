/* F-22: every allocation fails once. Each call then answers so, or does its work all the
 * same; nothing is lost, half done or leaked. */
#include "store/store_intent.h"
#include "store/store_note.h"
#include "store/store_query.h"
#include "tests/store/state.h"
#include "tests/support/fail_alloc.h"

static bool take_row(void *user, int count, const char *const *names,
                     const char *const *values, const char *types)
{
    (void)user;
    (void)count;
    (void)names;
    (void)values;
    (void)types;
    return true;
}

/* The next allocation to fail: each of the first, then every few; all in the long form. */
static size_t next_of(size_t index)
{
    return getenv("TEST_LONG") != NULL ? index + 1 : index + 1 + index / 16;
}

/* A little of everything, in one transaction. */
static enum store_status write_all(struct state *state)
{
    struct store *store = state->store;
    enum store_status status = store_begin(store);
    struct store_remote file = said_file("f", "folder", "a name");
    file.editor = "Adele Vance";
    struct store_change change = {0};
    if (status == STORE_OK)
        status = store_put_remote(store, state->mirror, &file, false, &change);
    file.name = "another name";
    if (status == STORE_OK)
        status = store_put_remote(store, state->mirror, &file, false, &change);
    struct store_base base = {.key = change.key, .parent = state->root, .name = "a name"};
    if (status == STORE_OK)
        status = store_put_base(store, state->mirror, &base);
    struct store_todo todo = {.key = change.key, .text = "held", .held = true};
    if (status == STORE_OK)
        status = store_put_todo(store, state->mirror, &todo);
    struct store_intent intent = {
        .key = change.key, .kind = STORE_INTENT_MOVE, .name = "x"};
    if (status == STORE_OK)
        status = store_put_intent(store, state->mirror, &intent);
    struct store_event event = {.mirror = state->mirror, .path = "a name"};
    if (status == STORE_OK)
        status = store_put_history(store, &event);
    return status == STORE_OK ? store_commit(store, true) : status;
}

static enum store_status read_all(struct state *state)
{
    struct store *store = state->store;
    struct store_mirror mirror;
    struct store_remote remote;
    struct store_base base;
    struct store_intent intent;
    struct store_todo todo;
    int64_t after = 0;
    char path[64];
    enum store_status status = store_get_mirror(store, "documents", &mirror);
    if (status == STORE_OK)
        status = store_find_remote(store, state->mirror, "f", &remote);
    if (status == STORE_OK)
        status = store_get_base(store, remote.key, &base);
    if (status == STORE_OK)
        status = store_get_intent(store, remote.key, &intent);
    if (status == STORE_OK)
        status = store_next_todo(store, state->mirror, 0, true, &after, &todo);
    if (status == STORE_OK)
        status = store_base_path(store, remote.key, path, sizeof path);
    if (status == STORE_OK)
        status =
            store_query(store, "select *, x'00' from v_items", NULL, 0, take_row, NULL);
    return status;
}

static void writing_is_whole_or_not_at_all(void **user)
{
    (void)user;
    bool has_failed = true;
    for (size_t i = 0; has_failed; i = next_of(i)) {
        struct state state;
        state_make(&state);
        fail_alloc_at(i);
        enum store_status status = write_all(&state);
        has_failed = fail_alloc_stop();
        if (status != STORE_OK) {
            assert_int_equal(status, STORE_MEMORY);
            store_rollback(state.store);
            struct store_remote remote;
            assert_int_equal(store_find_remote(state.store, state.mirror, "f", &remote),
                             STORE_NONE);
            assert_int_equal(write_all(&state), STORE_OK);
        }
        assert_int_equal(read_all(&state), STORE_OK);
        state_check(&state);
        state_remove(&state);
    }
}

static void reading_says_so_and_works_the_next_time(void **user)
{
    (void)user;
    bool has_failed = true;
    for (size_t i = 0; has_failed; i = next_of(i)) {
        struct state state;
        state_make(&state);
        assert_int_equal(write_all(&state), STORE_OK);
        state_close(&state);
        state_open(&state);
        fail_alloc_at(i);
        enum store_status status = read_all(&state);
        has_failed = fail_alloc_stop();
        if (status != STORE_OK)
            assert_int_equal(status, STORE_MEMORY);
        assert_int_equal(read_all(&state), STORE_OK);
        state_remove(&state);
    }
}

static void opening_gives_nothing_or_all(void **user)
{
    (void)user;
    struct state state;
    state_make(&state);
    bool has_failed = true;
    for (size_t i = 0; has_failed; i = next_of(i)) {
        state_close(&state);
        fail_alloc_at(i);
        struct store *store = NULL;
        enum store_status status = store_open(state.dir.path, &store, NULL, NULL, 0);
        has_failed = fail_alloc_stop();
        if (status == STORE_OK)
            store_close(store);
        else
            assert_null(store);
        assert_int_equal(store_holder(state.dir.path), 0);
        state_open(&state);
    }
    state_check(&state);
    state_remove(&state);
}

static int use_memory(void **user)
{
    (void)user;
    if (access("/dev/shm", W_OK) == 0)
        assert_int_equal(setenv("TMPDIR", "/dev/shm", 0), 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(writing_is_whole_or_not_at_all),
        TABLE_TEST(reading_says_so_and_works_the_next_time),
        TABLE_TEST(opening_gives_nothing_or_all),
    };
    return cmocka_run_group_tests(tests, use_memory, NULL);
}
