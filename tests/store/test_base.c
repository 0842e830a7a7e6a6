/* Base records: what the folder held. */
#include "tests/store/state.h"

static struct store_base full_base(int64_t key, int64_t parent, const char *name)
{
    const struct store_hash hash = {
        .kind = 1, .size = 2, .bytes = {1, 2}
    };
    const struct store_hash listed = {.kind = 2, .size = 32, .bytes = {3}};
    struct store_base base = {.key = key, .parent = parent, .name = name};
    base.kind = STORE_KIND_FILE;
    base.mtime_ms = 1700000000123;
    base.size = 5;
    base.hash = hash;
    base.listed = listed;
    base.listed_size = 6;
    base.ctag = "\"c:1\"";
    base.print.device = UINT64_MAX;
    base.print.inode = UINT64_MAX - 1;
    base.print.size = 5;
    base.print.mtime_ns = INT64_MAX;
    base.print.ctime_ns = -1;
    base.flags = STORE_BASE_DIFFERS | STORE_BASE_RACY;
    return base;
}

static int64_t make_file(struct state *state, const char *id)
{
    return state_put(state, said_file(id, "root-id", id)).key;
}

static enum store_status put(struct state *state, struct store_base base)
{
    return store_put_base(state->store, state->mirror, &base);
}

static void a_record_comes_back_as_it_was_put(void **user)
{
    struct state *state = *user;
    int64_t key = make_file(state, "f");
    struct store_base base = full_base(key, state->root, "f");
    struct store_base got;
    assert_int_equal(store_get_base(state->store, key, &got), STORE_NONE);
    assert_int_equal(put(state, base), STORE_OK);
    assert_int_equal(store_get_base(state->store, key, &got), STORE_OK);
    assert_string_equal(got.name, base.name);
    assert_string_equal(got.ctag, base.ctag);
    got.name = base.name;
    got.ctag = base.ctag;
    assert_int_equal(got.parent, base.parent);
    assert_int_equal(got.kind, base.kind);
    assert_int_equal(got.mtime_ms, base.mtime_ms);
    assert_int_equal(got.size, base.size);
    assert_memory_equal(&got.hash, &base.hash, sizeof base.hash);
    assert_memory_equal(&got.listed, &base.listed, sizeof base.listed);
    assert_int_equal(got.listed_size, base.listed_size);
    assert_memory_equal(&got.print, &base.print, sizeof base.print);
    assert_int_equal(got.flags, base.flags);
    state_check(state);
}

/* S-4 */
static void an_unchanged_record_is_not_written(void **user)
{
    struct state *state = *user;
    int64_t key = make_file(state, "f");
    assert_int_equal(put(state, full_base(key, state->root, "f")), STORE_OK);
    int64_t before = state_written(state);
    assert_int_equal(put(state, full_base(key, state->root, "f")), STORE_OK);
    struct store_base own;
    assert_int_equal(store_get_base(state->store, key, &own), STORE_OK);
    assert_int_equal(put(state, own), STORE_OK);
    assert_int_equal(state_written(state), before);
    own.print.ctime_ns++;
    assert_int_equal(put(state, own), STORE_OK);
    assert_true(state_written(state) > before);
}

/* S-3, F-71 */
static void no_two_records_claim_one_place(void **user)
{
    struct state *state = *user;
    int64_t first = make_file(state, "1");
    int64_t second = make_file(state, "2");
    assert_int_equal(put(state, full_base(first, state->root, "same")), STORE_OK);
    assert_int_equal(store_begin(state->store), STORE_OK);
    assert_int_equal(put(state, full_base(second, state->root, "same")), STORE_CONFLICT);
    /* The transaction goes on, and the counters have not seen it. */
    assert_true(store_in_transaction(state->store));
    assert_int_equal(put(state, full_base(second, state->root, "other")), STORE_OK);
    assert_int_equal(put(state, full_base(second, state->root, "same")), STORE_CONFLICT);
    assert_int_equal(store_commit(state->store, true), STORE_OK);
    struct store_base got;
    assert_int_equal(store_get_base(state->store, second, &got), STORE_OK);
    assert_string_equal(got.name, "other");
    state_check(state);
}

/* F-83: each of two that swap names passes through the staging folder. */
static void two_may_swap_their_places_by_way_of_the_stage(void **user)
{
    struct state *state = *user;
    int64_t a = make_file(state, "a");
    int64_t b = make_file(state, "b");
    char staged[24];
    assert_int_equal(put(state, full_base(a, state->root, "a")), STORE_OK);
    assert_int_equal(put(state, full_base(b, state->root, "b")), STORE_OK);
    (void)snprintf(staged, sizeof staged, "%lld", (long long)a);
    assert_int_equal(put(state, full_base(a, STORE_STAGE, staged)), STORE_OK);
    char path[32];
    assert_int_equal(store_base_path(state->store, a, path, sizeof path), STORE_NONE);
    assert_int_equal(put(state, full_base(b, state->root, "a")), STORE_OK);
    assert_int_equal(put(state, full_base(a, state->root, "b")), STORE_OK);
    assert_int_equal(store_base_path(state->store, a, path, sizeof path), STORE_OK);
    assert_string_equal(path, "b");
    state_check(state);
}

static void a_place_tells_who_stands_there(void **user)
{
    struct state *state = *user;
    int64_t key = make_file(state, "f");
    assert_int_equal(put(state, full_base(key, state->root, "name")), STORE_OK);
    struct store_base got;
    assert_int_equal(
        store_find_base(state->store, state->mirror, state->root, "name", &got), STORE_OK);
    assert_int_equal(got.key, key);
    assert_int_equal(
        store_find_base(state->store, state->mirror, state->root, "Name", &got),
        STORE_NONE);
    assert_int_equal(
        store_find_base(state->store, state->mirror + 1, state->root, "name", &got),
        STORE_NONE);
    assert_int_equal(store_drop_base(state->store, key), STORE_OK);
    assert_int_equal(
        store_find_base(state->store, state->mirror, state->root, "name", &got),
        STORE_NONE);
    assert_int_equal(store_drop_base(state->store, key), STORE_OK);
}

static void records_come_in_turn_while_they_are_dropped(void **user)
{
    struct state *state = *user;
    int64_t keys[4];
    for (int i = 0; i < 4; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "f%d", i);
        keys[i] = make_file(state, id);
        assert_int_equal(put(state, full_base(keys[i], state->root, id)), STORE_OK);
    }
    int64_t after = 0;
    int64_t all = 0;
    struct store_base got;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(
            store_next_base_child(state->store, state->mirror, state->root, &after, &got),
            STORE_OK);
        assert_int_equal(got.key, keys[i]);
        assert_int_equal(store_next_base(state->store, state->mirror, &all, &got),
                         STORE_OK);
        assert_int_equal(got.key, keys[i]);
        assert_int_equal(store_drop_base(state->store, keys[i]), STORE_OK);
    }
    assert_int_equal(
        store_next_base_child(state->store, state->mirror, state->root, &after, &got),
        STORE_NONE);
    assert_int_equal(store_next_base(state->store, state->mirror, &all, &got), STORE_NONE);
}

/* What was handed out by one question, and how it looked. */
struct traced {
    size_t count;
    int64_t keys[8];
    struct store_print print;
    unsigned flags;
};

static void take_trace(void *user, const struct store_trace *trace)
{
    struct traced *traced = user;
    assert_true(traced->count < 8);
    assert_int_equal(trace->kind, STORE_KIND_FILE);
    assert_true(strncmp(trace->name, "f", 1) == 0);
    traced->keys[traced->count++] = trace->key;
    traced->print = trace->print;
    traced->flags = trace->flags;
}

static void all_records_come_folder_by_folder(void **user)
{
    struct state *state = *user;
    int64_t folder = state_put(state, said_folder("d", "root-id", "d")).key;
    int64_t keys[6];
    for (int i = 0; i < 6; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "f%d", i);
        keys[i] = make_file(state, id);
        /* Every other one in the folder, the last one on its way to another place. */
        int64_t parent = i == 5 ? STORE_STAGE : i % 2 == 0 ? state->root : folder;
        assert_int_equal(put(state, full_base(keys[i], parent, id)), STORE_OK);
    }
    const struct store_base like = full_base(0, 0, "");
    const int64_t parents[] = {STORE_STAGE, state->root, folder};
    const size_t counts[] = {1, 3, 2};
    int64_t parent = -1;
    for (size_t i = 0; i < 3; i++) {
        struct traced traced = {.count = 0};
        int64_t after = 0;
        assert_int_equal(store_next_base_parent(state->store, &parent), STORE_OK);
        assert_int_equal(parent, parents[i]);
        while (store_trace_base_children(state->store, state->mirror, parent, &after, 2,
                                         take_trace, &traced) == STORE_OK)
            assert_int_equal(after, traced.keys[traced.count - 1]);
        assert_int_equal(traced.count, counts[i]);
        assert_memory_equal(&traced.print, &like.print, sizeof like.print);
        assert_int_equal(traced.flags, like.flags);
        after = 0;
        assert_int_equal(store_trace_base_children(state->store, state->mirror + 1, parent,
                                                   &after, 2, take_trace, &traced),
                         STORE_NONE);
    }
    assert_int_equal(store_next_base_parent(state->store, &parent), STORE_NONE);
}

/* The tree of the disk is another one than that of the drive while work is under way. */
static void the_base_path_follows_the_disk(void **user)
{
    struct state *state = *user;
    int64_t folder = state_put(state, said_folder("d", "root-id", "new")).key;
    int64_t file = state_put(state, said_file("f", "d", "f.txt")).key;
    struct store_base base = full_base(folder, state->root, "old");
    base.kind = STORE_KIND_FOLDER;
    char path[64] = "";
    assert_int_equal(put(state, full_base(file, folder, "g.txt")), STORE_OK);
    assert_int_equal(store_base_path(state->store, file, path, sizeof path), STORE_NONE);
    assert_int_equal(put(state, base), STORE_OK);
    assert_int_equal(store_base_path(state->store, file, path, sizeof path), STORE_OK);
    assert_string_equal(path, "old/g.txt");
    assert_int_equal(store_remote_path(state->store, file, path, sizeof path), STORE_OK);
    assert_string_equal(path, "new/f.txt");
    assert_int_equal(store_base_path(state->store, state->root, path, sizeof path),
                     STORE_OK);
    assert_string_equal(path, "");
}

static void local_changes_are_counted_by_their_flag(void **user)
{
    struct state *state = *user;
    int64_t key = make_file(state, "f");
    struct store_base base = full_base(key, state->root, "f");
    struct store_counts counts;
    assert_int_equal(put(state, base), STORE_OK);
    static const unsigned flags[] = {STORE_BASE_REMOVED, STORE_BASE_EDITED,
                                     STORE_BASE_MOVED};
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        base.flags = flags[i];
        assert_int_equal(put(state, base), STORE_OK);
        assert_int_equal(store_count(state->store, state->mirror, &counts), STORE_OK);
        assert_int_equal(counts.placed, 1);
        assert_int_equal(counts.local_only, 1);
    }
    base.flags = 0;
    assert_int_equal(put(state, base), STORE_OK);
    assert_int_equal(store_count(state->store, state->mirror, &counts), STORE_OK);
    assert_int_equal(counts.local_only, 0);
}

static const struct finding_case {
    const char *name; /* what to look for in the finding */
    const char *sql;
} findings[] = {
    {"parent that does not exist",  "update item set parent = 77 where id = 'f'"     },
    {"stand at one place",          "update item set name = 'x', name_hash = 0"      },
    {"have one id",                 "update item set id = 'f' where id = 'g'"        },
    {"base record 88 has no item",  "update base set key = 88"                       },
    {"in a folder without one",     "update base set parent = 99"                    },
    {"queue entry 88 has no item",  "update todo set key = 88 where key = 3"         },
    {"on the wrong list",           "update todo set structural = 0 where structural"},
    {"not in the index of ids",     "delete from id_small"                           },
    {"names an item 5 that is not", "insert into id_large values(1, 5)"              },
    {"the counters of mirror",      "update mirror set placed = 5"                   },
};

struct search {
    const char *want;
    bool found;
};

static void look_for(void *user, const char *finding)
{
    struct search *search = user;
    search->found |= strstr(finding, search->want) != NULL;
}

/* F-71 */
static void a_contradiction_is_found(const struct finding_case *row)
{
    struct state state;
    state_make(&state);
    int64_t key = make_file(&state, "f");
    (void)make_file(&state, "g");
    assert_int_equal(put(&state, full_base(key, state.root, "f")), STORE_OK);
    state_check(&state);
    sqlite3 *database = state_look(&state, SQLITE_OPEN_READWRITE);
    if (sqlite3_exec(database, row->sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(database));
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    struct search search = {.want = row->name};
    uint64_t count = 0;
    assert_int_equal(store_check(state.store, look_for, &search, &count), STORE_OK);
    assert_true(count > 0);
    assert_true(search.found);
    state_remove(&state);
}

static void the_full_check_finds_contradictions(void **user)
{
    (void)user;
    CASES(findings, a_contradiction_is_found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(a_record_comes_back_as_it_was_put),
        STATE_TEST(an_unchanged_record_is_not_written),
        STATE_TEST(no_two_records_claim_one_place),
        STATE_TEST(two_may_swap_their_places_by_way_of_the_stage),
        STATE_TEST(a_place_tells_who_stands_there),
        STATE_TEST(records_come_in_turn_while_they_are_dropped),
        STATE_TEST(all_records_come_folder_by_folder),
        STATE_TEST(the_base_path_follows_the_disk),
        STATE_TEST(local_changes_are_counted_by_their_flag),
        TABLE_TEST(the_full_check_finds_contradictions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
