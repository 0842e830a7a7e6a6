/* The tree of remote records: in any order, with what is pending, gone or in a cycle. */
#include "tests/store/state.h"

static void assert_path(struct state *state, int64_t key, const char *want)
{
    char path[512] = "";
    enum store_status status = store_remote_path(state->store, key, path, sizeof path);
    if (want == NULL) {
        assert_int_equal(status, STORE_NONE);
        return;
    }
    assert_int_equal(status, STORE_OK);
    assert_string_equal(path, want);
}

/* F-72 */
static void the_last_one_of_an_id_wins(void **user)
{
    struct state *state = *user;
    assert_int_equal(store_begin(state->store), STORE_OK);
    int64_t key = state_put(state, said_file("f", "root-id", "one")).key;
    assert_int_equal(state_put(state, said_gone("f")).key, key);
    assert_int_equal(state_put(state, said_file("f", "root-id", "two")).key, key);
    assert_int_equal(store_commit(state->store, true), STORE_OK);
    assert_string_equal(state_get(state, key).name, "two");
    assert_false(state_get(state, key).gone);
    state_check(state);
}

static const struct order_case {
    const char *name;
    int order[4];
} orders[] = {
    {"parents first",         {0, 1, 2, 3}},
    {"children first",        {3, 2, 1, 0}},
    {"the middle first",      {1, 3, 0, 2}},
    {"the root last",         {2, 1, 3, 0}},
    {"a grandchild in front", {3, 0, 2, 1}},
};

/* F-73 */
static void gives_the_same_tree(const struct order_case *row)
{
    struct state state;
    memset(&state, 0, sizeof state);
    temp_dir_make(&state.dir);
    state_open(&state);
    struct store_mirror mirror = {.name = "documents"};
    assert_int_equal(store_put_mirror(state.store, &mirror), STORE_OK);
    state.mirror = mirror.key;
    struct store_remote root = said("root-id");
    root.kind = STORE_KIND_ROOT;
    const struct store_remote items[] = {root, said_folder("a", "root-id", "a"),
                                         said_folder("b", "a", "b"),
                                         said_file("c", "b", "c")};
    int64_t keys[4];
    for (int i = 0; i < 4; i++) {
        struct store_change change = state_put(&state, items[row->order[i]]);
        assert_true(change.is_new);
        assert_int_equal(change.changed, row->order[i] != 0);
        keys[row->order[i]] = change.key;
    }
    assert_path(&state, keys[0], "");
    assert_path(&state, keys[3], "a/b/c");
    int64_t after = 0;
    struct store_remote pending;
    assert_int_equal(store_next_pending(state.store, state.mirror, &after, &pending),
                     STORE_NONE);
    state_check(&state);
    state_remove(&state);
}

static void items_may_come_in_any_order(void **user)
{
    (void)user;
    CASES(orders, gives_the_same_tree);
}

/* F-74 */
static void a_parent_not_told_about_is_pending_until_it_is(void **user)
{
    struct state *state = *user;
    int64_t child = state_put(state, said_file("c", "p", "c.txt")).key;
    assert_path(state, child, NULL);
    int64_t after = 0;
    struct store_remote pending;
    assert_int_equal(store_next_pending(state->store, state->mirror, &after, &pending),
                     STORE_OK);
    assert_string_equal(pending.id, "p");
    assert_int_equal(pending.kind, STORE_KIND_PENDING);
    int64_t parent = pending.key;
    assert_int_equal(store_next_pending(state->store, state->mirror, &after, &pending),
                     STORE_NONE);
    assert_false(state_is_queued(state, parent));
    struct store_change change = state_put(state, said_folder("p", "root-id", "p"));
    assert_int_equal(change.key, parent);
    assert_true(change.is_new && change.changed);
    assert_path(state, child, "p/c.txt");
}

static void a_pending_parent_that_nobody_refers_to_is_forgotten(void **user)
{
    struct state *state = *user;
    (void)state_put(state, said_file("c", "p", "c.txt"));
    (void)state_put(state, said_file("d", "p", "d.txt"));
    struct store_remote remote;
    (void)state_put(state, said_file("c", "root-id", "c.txt"));
    assert_int_equal(store_find_remote(state->store, state->mirror, "p", &remote),
                     STORE_OK);
    (void)state_put(state, said_file("d", "root-id", "d.txt"));
    assert_int_equal(store_find_remote(state->store, state->mirror, "p", &remote),
                     STORE_NONE);
    /* The remembered parent does not come back as a key without a row. */
    int64_t key = state_put(state, said_file("e", "p", "e.txt")).key;
    assert_path(state, key, NULL);
    state_check(state);
}

/* F-89 */
static void a_deletion_of_what_we_never_knew_stores_nothing(void **user)
{
    struct state *state = *user;
    int64_t before = state_written(state);
    struct store_change change = state_put(state, said_gone("unknown"));
    assert_int_equal(change.key, 0);
    assert_false(change.changed || change.is_new);
    assert_int_equal(state_written(state), before);
}

/* F-89, F-93 */
static void a_deletion_of_the_root_deletes_nothing(void **user)
{
    struct state *state = *user;
    struct store_change change = state_put(state, said_gone("root-id"));
    assert_int_equal(change.key, state->root);
    assert_false(change.changed);
    assert_false(state_get(state, state->root).gone);
}

static void a_gone_item_stays_while_it_is_needed_and_goes_then(void **user)
{
    struct state *state = *user;
    int64_t folder = state_put(state, said_folder("d", "root-id", "d")).key;
    int64_t file = state_put(state, said_file("f", "d", "f")).key;
    struct store_base base = {.key = file, .parent = folder, .name = "f", .kind = 1};
    assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
    assert_true(state_put(state, said_gone("d")).changed);
    assert_true(state_put(state, said_gone("f")).changed);
    struct store_remote remote = state_get(state, file);
    assert_true(remote.gone);
    assert_string_equal(remote.name, "f");
    assert_path(state, file, "d/f");

    /* The folder is done first: it stays because of its child. */
    assert_int_equal(store_drop_todo(state->store, folder), STORE_OK);
    assert_int_equal(store_get_remote(state->store, folder, &remote), STORE_OK);
    assert_int_equal(store_drop_todo(state->store, file), STORE_OK);
    assert_int_equal(store_get_remote(state->store, file, &remote), STORE_OK);
    assert_int_equal(store_drop_base(state->store, file), STORE_OK);
    assert_int_equal(store_get_remote(state->store, file, &remote), STORE_NONE);
    assert_int_equal(store_get_remote(state->store, folder, &remote), STORE_NONE);
    state_check(state);
}

/* F-84: told of in parts, two moves look like a circle; what is deleted then must not keep
 * itself. */
static void gone_folders_in_a_circle_do_not_keep_each_other(void **user)
{
    struct state *state = *user;
    struct store_remote remote;
    int64_t a = state_put(state, said_folder("a", "root-id", "a")).key;
    int64_t b = state_put(state, said_folder("b", "a", "b")).key;
    int64_t c = state_put(state, said_folder("c", "b", "c")).key;
    (void)state_put(state, said_folder("a", "c", "a"));
    (void)state_put(state, said_gone("a"));
    (void)state_put(state, said_gone("b"));
    (void)state_put(state, said_gone("c"));
    assert_int_equal(store_drop_todo(state->store, b), STORE_OK);
    assert_int_equal(store_get_remote(state->store, b, &remote), STORE_OK);
    assert_int_equal(store_drop_todo(state->store, a), STORE_OK);
    assert_int_equal(store_drop_todo(state->store, c), STORE_OK);
    assert_int_equal(store_get_remote(state->store, a, &remote), STORE_NONE);
    assert_int_equal(store_get_remote(state->store, b, &remote), STORE_NONE);
    assert_int_equal(store_get_remote(state->store, c, &remote), STORE_NONE);
    state_check(state);
}

/* F-70: what never stood in the folder leaves nothing behind. */
static void a_gone_item_that_was_never_mirrored_is_forgotten_at_once(void **user)
{
    struct state *state = *user;
    struct store_remote notebook = said_folder("n", "root-id", "Notebook");
    notebook.kind = STORE_KIND_OTHER;
    int64_t key = state_put(state, notebook).key;
    struct store_remote remote;
    assert_int_equal(store_get_remote(state->store, key, &remote), STORE_OK);
    (void)state_put(state, said_gone("n"));
    assert_int_equal(store_get_remote(state->store, key, &remote), STORE_NONE);
    state_check(state);
}

static void a_gone_item_may_come_back(void **user)
{
    struct state *state = *user;
    int64_t key = state_put(state, said_file("f", "root-id", "f")).key;
    (void)state_put(state, said_gone("f"));
    assert_int_equal(store_drop_todo(state->store, key), STORE_OK);
    int64_t other = state_put(state, said_file("f", "root-id", "f")).key;
    assert_true(other > key);
    (void)state_put(state, said_gone("f"));
    struct store_change change = state_put(state, said_file("f", "root-id", "f"));
    assert_int_equal(change.key, other);
    assert_true(change.changed);
    assert_false(change.is_new);
    assert_false(state_get(state, other).gone);
}

static void children_come_in_turn_whatever_happens_between(void **user)
{
    struct state *state = *user;
    int64_t folder = state_put(state, said_folder("d", "root-id", "d")).key;
    int64_t keys[4];
    for (int i = 0; i < 4; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "c%d", i);
        keys[i] = state_put(state, said_file(id, "d", id)).key;
    }
    int64_t after = 0;
    struct store_remote child;
    assert_int_equal(store_next_remote_child(state->store, folder, &after, &child),
                     STORE_OK);
    assert_int_equal(child.key, keys[0]);
    /* The one we stand on leaves the folder, and so does the next. */
    (void)state_put(state, said_file("c0", "root-id", "c0"));
    (void)state_put(state, said_file("c1", "root-id", "c1"));
    assert_int_equal(store_next_remote_child(state->store, folder, &after, &child),
                     STORE_OK);
    assert_int_equal(child.key, keys[2]);
    assert_int_equal(store_next_remote_child(state->store, folder, &after, &child),
                     STORE_OK);
    assert_int_equal(store_next_remote_child(state->store, folder, &after, &child),
                     STORE_NONE);
    assert_int_equal(after, keys[3]);
}

static void a_child_is_found_by_its_exact_name(void **user)
{
    struct state *state = *user;
    int64_t first = state_put(state, said_file("1", "root-id", "a.txt")).key;
    int64_t second = state_put(state, said_file("2", "root-id", "a.txt")).key;
    struct store_remote child;
    assert_int_equal(store_find_remote_child(state->store, state->root, "a.txt", 0, &child),
                     STORE_OK);
    assert_int_equal(child.key, first);
    assert_int_equal(
        store_find_remote_child(state->store, state->root, "a.txt", first, &child),
        STORE_OK);
    assert_int_equal(child.key, second);
    (void)state_put(state, said_gone("1"));
    assert_int_equal(
        store_find_remote_child(state->store, state->root, "a.txt", second, &child),
        STORE_NONE);
    assert_int_equal(store_find_remote_child(state->store, state->root, "A.TXT", 0, &child),
                     STORE_NONE);
}

/* F-42, F-84 */
static void a_path_ends_at_cycles_and_at_too_much_depth(void **user)
{
    struct state *state = *user;
    char id[32] = "root-id";
    char parent[32];
    int64_t keys[300];
    for (int i = 0; i < 300; i++) {
        memcpy(parent, id, sizeof id);
        (void)snprintf(id, sizeof id, "deep-%d", i);
        keys[i] = state_put(state, said_folder(id, parent, "d")).key;
    }
    char path[1024];
    assert_int_equal(store_remote_path(state->store, keys[255], path, sizeof path),
                     STORE_OK);
    assert_int_equal(strlen(path), 511);
    assert_int_equal(store_remote_path(state->store, keys[256], path, sizeof path),
                     STORE_NONE);
    assert_int_equal(store_remote_path(state->store, keys[9], path, 19), STORE_NONE);
    assert_int_equal(store_remote_path(state->store, keys[9], path, 20), STORE_OK);
    (void)state_put(state, said_folder("deep-0", "deep-1", "d"));
    assert_path(state, keys[1], NULL);
    assert_path(state, 999, NULL);
}

/* F-84 */
static void an_item_that_names_itself_as_its_parent_has_none(void **user)
{
    struct state *state = *user;
    int64_t key = state_put(state, said_folder("a", "a", "a")).key;
    assert_path(state, key, NULL);
    (void)state_put(state, said_folder("b", "root-id", "b"));
    key = state_put(state, said_folder("b", "b", "b")).key;
    assert_path(state, key, NULL);
    state_check(state);
}

static void the_root_stays_the_root(void **user)
{
    struct state *state = *user;
    (void)state_put(state, said_file("root-id", "p", "f"));
    assert_int_equal(state_get(state, state->root).kind, STORE_KIND_ROOT);
    assert_path(state, state->root, "");
}

static void a_renamed_folder_is_one_row(void **user)
{
    struct state *state = *user;
    (void)state_put(state, said_folder("d", "root-id", "old"));
    int64_t last = 0;
    for (int i = 0; i < 500; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "c%d", i);
        last = state_put(state, said_file(id, "d", id)).key;
    }
    int64_t before = state_written(state);
    (void)state_put(state, said_folder("d", "root-id", "new"));
    assert_true(state_written(state) - before < (int64_t)16 * 4096);
    assert_path(state, last, "new/c499");
}

/* F-81, F-82 */
static void a_sweep_marks_what_an_enumeration_did_not_see(void **user)
{
    struct state *state = *user;
    struct store_remote seen = said_file("seen", "d", "seen");
    struct store_remote unseen = said_file("unseen", "d", "unseen");
    struct store_remote folder = said_folder("d", "root-id", "d");
    folder.generation = seen.generation = unseen.generation = 1;
    (void)state_put(state, folder);
    int64_t seen_key = state_put(state, seen).key;
    int64_t unseen_key = state_put(state, unseen).key;
    (void)state_put(state, said_file("orphan", "pending", "orphan"));
    assert_int_equal(store_drop_todo(state->store, seen_key), STORE_OK);
    assert_int_equal(store_drop_todo(state->store, unseen_key), STORE_OK);
    seen.generation = folder.generation = 2;
    assert_false(state_put(state, seen).changed);
    assert_false(state_put(state, folder).changed);
    uint64_t count = 0;
    assert_int_equal(state_sweep(state, state->mirror, 2, &count), STORE_OK);
    assert_int_equal(count, 2);
    assert_false(state_get(state, seen_key).gone);
    assert_true(state_get(state, unseen_key).gone);
    assert_false(state_is_queued(state, seen_key));
    assert_true(state_is_queued(state, unseen_key));
    assert_int_equal(state_get(state, state->root).kind, STORE_KIND_ROOT);
    assert_int_equal(state_sweep(state, state->mirror, 2, &count), STORE_OK);
    assert_int_equal(count, 0);
    state_check(state);
}

static void a_sweep_leaves_other_mirrors_alone(void **user)
{
    struct state *state = *user;
    struct store_mirror other = {.name = "other"};
    assert_int_equal(store_put_mirror(state->store, &other), STORE_OK);
    int64_t key = state_put(state, said_file("f", "root-id", "f")).key;
    uint64_t count = 9;
    assert_int_equal(state_sweep(state, other.key, 5, &count), STORE_OK);
    assert_int_equal(count, 0);
    assert_false(state_get(state, key).gone);
}

/* The index of ids in three tables answers alike wherever an id lies. */
static void every_id_of_many_is_found_again(void **user)
{
    struct state *state = *user;
    enum { MANY = 20000 };
    char id[32];
    assert_int_equal(store_begin(state->store), STORE_OK);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof id, "id-%d", i * 7919 % MANY);
        assert_true(state_put(state, said_file(id, "root-id", id)).is_new);
    }
    assert_int_equal(store_commit(state->store, true), STORE_OK);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof id, "id-%d", i);
        struct store_remote remote;
        assert_int_equal(store_find_remote(state->store, state->mirror, id, &remote),
                         STORE_OK);
        assert_string_equal(remote.id, id);
    }
    state_check(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(the_last_one_of_an_id_wins),
        TABLE_TEST(items_may_come_in_any_order),
        STATE_TEST(a_parent_not_told_about_is_pending_until_it_is),
        STATE_TEST(a_pending_parent_that_nobody_refers_to_is_forgotten),
        STATE_TEST(a_deletion_of_what_we_never_knew_stores_nothing),
        STATE_TEST(a_deletion_of_the_root_deletes_nothing),
        STATE_TEST(a_gone_item_stays_while_it_is_needed_and_goes_then),
        STATE_TEST(gone_folders_in_a_circle_do_not_keep_each_other),
        STATE_TEST(a_gone_item_that_was_never_mirrored_is_forgotten_at_once),
        STATE_TEST(a_gone_item_may_come_back),
        STATE_TEST(children_come_in_turn_whatever_happens_between),
        STATE_TEST(a_child_is_found_by_its_exact_name),
        STATE_TEST(a_path_ends_at_cycles_and_at_too_much_depth),
        STATE_TEST(an_item_that_names_itself_as_its_parent_has_none),
        STATE_TEST(the_root_stays_the_root),
        STATE_TEST(a_renamed_folder_is_one_row),
        STATE_TEST(a_sweep_marks_what_an_enumeration_did_not_see),
        STATE_TEST(a_sweep_leaves_other_mirrors_alone),
        STATE_TEST(every_id_of_many_is_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
