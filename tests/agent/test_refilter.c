/* agent/sync/refilter.h (F-162): other filters are noted when the walk is over and stored,
 * and not before, whatever call of the database fails on the way; and a folder that the
 * drive has moved is walked through, at once or with all. */
#include <stdlib.h>

#include "agent/sync/filter.h"
#include "agent/sync/refilter.h"
#include "agent/sync/row.h"
/* the table before what uses cmocka */
#include "tests/support/failing_vfs.h"
/* clang-format off */
#include "tests/store/state.h"
/* clang-format on */

enum { FILES = 40, MAX_CALLS = 500 };

/* A mirror of some files, listed once, whose filters have been changed since. */
struct trial {
    struct state state;
    uv_loop_t loop;
    struct row row;
    struct filter *filter;
    struct sync_context context;
    bool has_ended;
    bool is_done;
};

static void begin(struct trial *trial)
{
    static char pattern[] = "*.tmp";
    static char *patterns[] = {pattern};
    const struct config_mirror config = {
        .exclude = {.texts = patterns, .count = 1}
    };
    *trial = (struct trial){.has_ended = false};
    state_make(&trial->state);
    for (int i = 0; i < FILES; i++) {
        char id[16];
        char name[16];
        (void)snprintf(id, sizeof id, "id-%d", i);
        (void)snprintf(name, sizeof name, "%d.%s", i, i % 2 == 0 ? "tmp" : "txt");
        int64_t key = state_put(&trial->state, said_file(id, "root-id", name)).key;
        assert_int_equal(store_drop_todo(trial->state.store, key), STORE_OK);
    }
    assert_int_equal(row_load(trial->state.store, "documents", &trial->row), STORE_OK);
    assert_int_equal(row_save(trial->state.store, &trial->row), STORE_OK);
    assert_true(filter_new(&config, &trial->filter));
    assert_int_equal(uv_loop_init(&trial->loop), 0);
    trial->context = (struct sync_context){.loop = &trial->loop,
                                           .store = trial->state.store,
                                           .row = &trial->row,
                                           .filter = trial->filter,
                                           .mirror = trial->state.mirror,
                                           .root_item = trial->state.root,
                                           .name = "documents"};
}

static void end(struct trial *trial)
{
    (void)uv_run(&trial->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&trial->loop), 0);
    filter_free(trial->filter);
    row_clear(&trial->row);
    state_remove(&trial->state);
}

static void on_done(void *user, bool is_done)
{
    struct trial *trial = user;
    trial->has_ended = true;
    trial->is_done = is_done;
}

static bool walk(struct trial *trial)
{
    trial->has_ended = false;
    assert_non_null(refilter_start(&trial->context, on_done, trial));
    assert_false(trial->has_ended);
    (void)uv_run(&trial->loop, UV_RUN_DEFAULT);
    assert_true(trial->has_ended);
    return trial->is_done;
}

static bool is_stored(const struct trial *trial)
{
    struct store_mirror stored;
    assert_int_equal(store_get_mirror(trial->state.store, "documents", &stored), STORE_OK);
    return stored.filters != NULL &&
           strcmp(stored.filters, filter_text(trial->filter)) == 0;
}

/* Those that the filters let in and that do not stand yet. */
static void assert_queued(const struct trial *trial, uint64_t count)
{
    struct store_counts counts;
    assert_int_equal(store_count(trial->state.store, trial->state.mirror, &counts),
                     STORE_OK);
    assert_int_equal(counts.waiting, count);
}

static void notes_the_filters_with_the_last_of_the_walk(void **user)
{
    (void)user;
    struct trial trial;
    failing_vfs_set(0, false);
    begin(&trial);
    assert_true(refilter_is_due(&trial.context));
    assert_true(walk(&trial));
    assert_false(refilter_is_due(&trial.context));
    assert_true(is_stored(&trial));
    assert_queued(&trial, FILES / 2);
    end(&trial);
}

static void a_walk_that_fails_at_any_call_is_still_due(void **user)
{
    (void)user;
    bool has_failed = true;
    for (unsigned k = 1; has_failed && k < MAX_CALLS; k++) {
        struct trial trial;
        begin(&trial);
        failing_vfs_set(k, false);
        bool is_done = walk(&trial);
        has_failed = failing_vfs_has_failed();
        failing_vfs_set(0, false);
        if (!is_done) {
            assert_true(refilter_is_due(&trial.context));
            /* Only the sync of the last commit can fail with all of it in the records. */
            if (is_stored(&trial))
                assert_queued(&trial, FILES / 2);
            assert_true(walk(&trial));
        }
        assert_false(refilter_is_due(&trial.context));
        assert_queued(&trial, FILES / 2);
        end(&trial);
    }
    assert_false(has_failed);
}

/* One more than can be walked through with a page. */
enum { LITTLE = 3, MUCH = 1001 };

static int64_t put_folder(struct trial *trial, int files)
{
    struct store_remote folder = said_folder("folder", "root-id", "here");
    int64_t key = state_put(&trial->state, folder).key;
    assert_int_equal(store_drop_todo(trial->state.store, key), STORE_OK);
    assert_int_equal(store_begin(trial->state.store), STORE_OK);
    for (int i = 0; i < files; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "in-%d", i);
        int64_t in = state_put(&trial->state, said_file(id, "folder", id)).key;
        assert_int_equal(store_drop_todo(trial->state.store, in), STORE_OK);
    }
    assert_int_equal(store_commit(trial->state.store, false), STORE_OK);
    return key;
}

static void a_folder_at_another_place_is_walked_through_with_its_page(void **user)
{
    (void)user;
    struct trial trial;
    failing_vfs_set(0, false);
    begin(&trial);
    int64_t folder = put_folder(&trial, LITTLE);
    assert_true(walk(&trial));
    for (int i = 0; i < LITTLE; i++) {
        struct store_remote in;
        char id[16];
        (void)snprintf(id, sizeof id, "in-%d", i);
        assert_int_equal(store_find_remote(trial.state.store, trial.state.mirror, id, &in),
                         STORE_OK);
        assert_int_equal(store_drop_todo(trial.state.store, in.key), STORE_OK);
    }
    assert_queued(&trial, FILES / 2 + 1);
    assert_int_equal(refilter_folder(&trial.context, folder), STORE_OK);
    assert_false(refilter_is_due(&trial.context));
    assert_queued(&trial, FILES / 2 + 1 + LITTLE);
    end(&trial);
}

static void too_much_for_a_page_is_walked_through_with_all(void **user)
{
    (void)user;
    struct trial trial;
    failing_vfs_set(0, false);
    begin(&trial);
    int64_t folder = put_folder(&trial, MUCH);
    assert_int_equal(row_set(&trial.row, ROW_FILTERS, filter_text(trial.filter)), true);
    assert_false(refilter_is_due(&trial.context));
    assert_int_equal(refilter_folder(&trial.context, folder), STORE_OK);
    assert_true(refilter_is_due(&trial.context));
    assert_true(walk(&trial));
    assert_false(refilter_is_due(&trial.context));
    assert_queued(&trial, FILES / 2 + 1 + MUCH);
    end(&trial);
}

int main(void)
{
    failing_vfs_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_the_filters_with_the_last_of_the_walk),
        cmocka_unit_test(a_walk_that_fails_at_any_call_is_still_due),
        cmocka_unit_test(a_folder_at_another_place_is_walked_through_with_its_page),
        cmocka_unit_test(too_much_for_a_page_is_walked_through_with_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
