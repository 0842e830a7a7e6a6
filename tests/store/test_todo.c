/* The queue, and the counters that go with everything. */
#include "tests/store/state.h"

static int64_t make_file(struct state *state, const char *id)
{
    return state_put(state, said_file(id, "root-id", id)).key;
}

static void put(struct state *state, struct store_todo todo)
{
    assert_int_equal(store_put_todo(state->store, state->mirror, &todo), STORE_OK);
}

static struct store_counts count(struct state *state)
{
    struct store_counts counts;
    assert_int_equal(store_count(state->store, state->mirror, &counts), STORE_OK);
    return counts;
}

/* The keys of the entries due at `now`, as "1 2 3 ". */
static void list(struct state *state, int64_t now, bool with_held, char out[64])
{
    int64_t after = 0;
    struct store_todo todo;
    size_t size = 0;
    out[0] = '\0';
    while (store_next_todo(state->store, state->mirror, now, with_held, &after, &todo) ==
           STORE_OK)
        size += (size_t)snprintf(out + size, 64 - size, "%lld ",
                                 (long long)(todo.key - state->root));
}

#define assert_due(state, now, with_held, want)                                            \
    do {                                                                                   \
        char got_[64];                                                                     \
        list(state, now, with_held, got_);                                                 \
        assert_string_equal(got_, want);                                                   \
    } while (0)

static void an_entry_comes_back_as_it_was_put(void **user)
{
    struct state *state = *user;
    int64_t key = make_file(state, "f");
    put(state, (struct store_todo){.key = key,
                                   .attempts = 3,
                                   .failure = 14,
                                   .not_before = 1000,
                                   .text = "no permission",
                                   .held = true});
    int64_t after = 0;
    struct store_todo got;
    assert_int_equal(store_next_todo(state->store, state->mirror, 0, true, &after, &got),
                     STORE_OK);
    assert_int_equal(after, key);
    assert_int_equal(got.key, key);
    assert_int_equal(got.attempts, 3);
    assert_int_equal(got.failure, 14);
    assert_int_equal(got.not_before, 1000);
    assert_string_equal(got.text, "no permission");
    assert_true(got.held);
    struct store_todo unknown = {.key = 999};
    assert_int_equal(store_put_todo(state->store, state->mirror, &unknown), STORE_MISUSE);
}

static void entries_wait_for_their_time_or_for_their_cause(void **user)
{
    struct state *state = *user;
    (void)make_file(state, "1");
    int64_t later = make_file(state, "2");
    int64_t held = make_file(state, "3");
    (void)make_file(state, "4");
    put(state, (struct store_todo){.key = later, .not_before = 100});
    put(state, (struct store_todo){.key = held, .held = true});
    assert_due(state, 99, false, "1 4 ");
    assert_due(state, 100, false, "1 2 4 ");
    assert_due(state, 0, true, "1 2 3 4 ");
    int64_t due = 0;
    assert_int_equal(store_next_due(state->store, state->mirror, &due), STORE_OK);
    assert_int_equal(due, 100);
    assert_int_equal(store_wake_later(state->store, state->mirror, 100), STORE_OK);
    assert_due(state, 99, false, "1 4 ");
    assert_int_equal(store_wake_later(state->store, state->mirror, 99), STORE_OK);
    assert_due(state, 99, false, "1 2 4 ");
    put(state, (struct store_todo){.key = later, .not_before = 100});
    assert_int_equal(store_wake_todo(state->store, state->mirror, false), STORE_OK);
    assert_due(state, 0, false, "1 2 4 ");
    assert_int_equal(store_next_due(state->store, state->mirror, &due), STORE_OK);
    assert_int_equal(due, 0);
    assert_int_equal(store_wake_todo(state->store, state->mirror, true), STORE_OK);
    assert_due(state, 0, false, "1 2 3 4 ");
    state_check(state);
}

static void the_earliest_time_counts_and_a_held_one_does_not(void **user)
{
    struct state *state = *user;
    put(state, (struct store_todo){.key = make_file(state, "1"), .not_before = 300});
    put(state, (struct store_todo){.key = make_file(state, "2"), .not_before = 200});
    put(state,
        (struct store_todo){.key = make_file(state, "3"), .not_before = 100, .held = true});
    int64_t due = 0;
    assert_int_equal(store_next_due(state->store, state->mirror, &due), STORE_OK);
    assert_int_equal(due, 200);
}

static void what_failed_counts_whether_it_waits_or_is_held(void **user)
{
    struct state *state = *user;
    (void)make_file(state, "1");
    put(state, (struct store_todo){.key = make_file(state, "2"), .held = true});
    put(state, (struct store_todo){
                   .key = make_file(state, "3"), .failure = 97, .not_before = 100});
    uint64_t failed = 0;
    assert_int_equal(store_count_failed(state->store, state->mirror, &failed), STORE_OK);
    assert_int_equal(failed, 2);
}

static void a_change_on_the_drive_makes_a_held_entry_due(void **user)
{
    struct state *state = *user;
    int64_t key = make_file(state, "f");
    put(state, (struct store_todo){
                   .key = key, .failure = 41, .attempts = 2, .text = "long", .held = true});
    (void)state_put(state, said_file("f", "root-id", "f"));
    assert_due(state, 0, false, "");
    (void)state_put(state, said_file("f", "root-id", "shorter"));
    int64_t after = 0;
    struct store_todo todo;
    assert_int_equal(store_next_todo(state->store, state->mirror, 0, false, &after, &todo),
                     STORE_OK);
    assert_int_equal(todo.failure, 0);
    assert_int_equal(todo.attempts, 0);
    assert_null(todo.text);
}

static void structural_entries_are_those_with_a_base_record(void **user)
{
    struct state *state = *user;
    int64_t created = make_file(state, "1");
    int64_t placed = make_file(state, "2");
    struct store_base base = {.key = placed, .parent = state->root, .name = "2", .kind = 1};
    struct store_todo todo;
    int64_t after = 0;
    assert_int_equal(
        store_next_structural(state->store, state->mirror, 0, true, &after, &todo),
        STORE_NONE);
    /* Whichever comes first, the entry or the record. */
    assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
    assert_int_equal(
        store_next_structural(state->store, state->mirror, 0, true, &after, &todo),
        STORE_OK);
    assert_int_equal(todo.key, placed);
    assert_int_equal(store_drop_todo(state->store, placed), STORE_OK);
    (void)state_put(state, said_gone("2"));
    after = 0;
    assert_int_equal(
        store_next_structural(state->store, state->mirror, 0, false, &after, &todo),
        STORE_OK);
    assert_int_equal(store_drop_base(state->store, placed), STORE_OK);
    after = 0;
    assert_int_equal(
        store_next_structural(state->store, state->mirror, 0, true, &after, &todo),
        STORE_NONE);
    assert_true(state_is_queued(state, created));
    state_check(state);
}

static void an_entry_put_again_unchanged_writes_nothing(void **user)
{
    struct state *state = *user;
    int64_t key = make_file(state, "f");
    int64_t before = state_written(state);
    put(state, (struct store_todo){.key = key});
    assert_int_equal(state_written(state), before);
    assert_int_equal(store_wake_todo(state->store, state->mirror, true), STORE_OK);
    assert_int_equal(state_written(state), before);
    assert_int_equal(store_drop_todo(state->store, key), STORE_OK);
    before = state_written(state);
    assert_int_equal(store_drop_todo(state->store, key), STORE_OK);
    assert_int_equal(store_drop_todo(state->store, 999), STORE_OK);
    assert_int_equal(state_written(state), before);
}

static void bytes_wait_with_their_file(void **user)
{
    struct state *state = *user;
    struct store_remote file = said_file("f", "root-id", "f");
    file.size = 100;
    file.hash = (struct store_hash){.kind = 1, .size = 1, .bytes = {1}};
    int64_t key = state_put(state, file).key;
    assert_int_equal(count(state).waiting_bytes, 100);
    file.size = 150;
    assert_false(state_put(state, file).changed);
    assert_int_equal(count(state).waiting_bytes, 150);
    assert_int_equal(count(state).bytes, 150);
    put(state, (struct store_todo){.key = key, .held = true});
    assert_int_equal(count(state).waiting_bytes, 0);
    assert_int_equal(count(state).held, 1);
    assert_int_equal(store_wake_todo(state->store, state->mirror, true), STORE_OK);
    assert_int_equal(count(state).waiting_bytes, 150);
    (void)state_put(state, said_gone("f"));
    assert_int_equal(count(state).waiting_bytes, 0);
    assert_int_equal(count(state).bytes, 0);
    assert_int_equal(count(state).waiting, 1);
}

/* F-144 */
static void sums_of_made_up_sizes_do_not_overflow(void **user)
{
    struct state *state = *user;
    assert_int_equal(store_begin(state->store), STORE_OK);
    for (int i = 0; i < 9000; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "f%d", i);
        struct store_remote file = said_file(id, "root-id", id);
        file.size = (int64_t)1 << 50;
        (void)state_put(state, file);
    }
    assert_int_equal(store_commit(state->store, true), STORE_OK);
    assert_int_equal(count(state).bytes, 9000 * ((uint64_t)1 << 39));
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* One random act on one of a few items. */
static void act(struct state *state, uint32_t *seed)
{
    char id[8];
    char parent[8];
    (void)snprintf(id, sizeof id, "i%u", next_random(seed) % 12);
    (void)snprintf(parent, sizeof parent, "i%u", next_random(seed) % 12);
    struct store_remote item;
    bool known = store_find_remote(state->store, state->mirror, id, &item) == STORE_OK;
    int64_t key = known ? item.key : 0;
    switch (next_random(seed) % 9) {
    case 0:
    case 1: {
        struct store_remote file = said_file(id, parent, id);
        file.size = next_random(seed) % 50;
        file.generation = next_random(seed) % 3;
        (void)state_put(state, file);
        break;
    }
    case 2:
        (void)state_put(state, said_folder(id, "root-id", id));
        break;
    case 3:
        (void)state_put(state, said_gone(id));
        break;
    case 4:
        if (known) {
            struct store_base base = {.key = key,
                                      .parent = state->root,
                                      .name = id,
                                      .kind = STORE_KIND_FILE,
                                      .flags = next_random(seed) % 8};
            assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
        }
        break;
    case 5:
        assert_int_equal(store_drop_base(state->store, key), STORE_OK);
        break;
    case 6:
        if (known && item.kind != STORE_KIND_PENDING)
            put(state, (struct store_todo){.key = key,
                                           .held = next_random(seed) % 2 == 0,
                                           .not_before = next_random(seed) % 3});
        break;
    case 7:
        assert_int_equal(store_drop_todo(state->store, key), STORE_OK);
        break;
    default:
        if (next_random(seed) % 4 == 0)
            assert_int_equal(state_sweep(state, state->mirror, 1, NULL), STORE_OK);
        else
            assert_int_equal(
                store_wake_todo(state->store, state->mirror, next_random(seed) % 2 == 0),
                STORE_OK);
        break;
    }
}

static void assert_recount(struct state *state)
{
    char want[256];
    char got[256];
    struct store_counts counts = count(state);
    (void)snprintf(got, sizeof got, "%llu %llu %llu %llu %llu %llu %llu %llu",
                   (unsigned long long)counts.items, (unsigned long long)counts.files,
                   (unsigned long long)counts.bytes, (unsigned long long)counts.placed,
                   (unsigned long long)counts.waiting,
                   (unsigned long long)counts.waiting_bytes,
                   (unsigned long long)counts.held, (unsigned long long)counts.local_only);
    state_ask(state,
              "select printf('%d %d %d %d %d %d %d %d', "
              "(select count(*) from item where not gone and kind in (1, 2, 4)), "
              "(select count(*) from item where not gone and kind = 1), "
              "(select coalesce(sum(size), 0) from item where not gone and kind = 1), "
              "(select count(*) from base), "
              "(select count(*) from todo where not held), "
              "(select coalesce(sum(size), 0) from todo join item using (key) "
              "where not held and not gone and kind = 1), "
              "(select count(*) from todo where held), "
              "(select count(*) from base where flags & 6))",
              want, sizeof want);
    assert_string_equal(got, want);
}

static void drop_cycles(void *user, const char *finding)
{
    int *others = user;
    bool is_expected =
        strstr(finding, "cycle") != NULL || strstr(finding, "folder without");
    if (!is_expected) {
        print_error("finding: %s\n", finding);
        (*others)++;
    }
}

/* Whatever happens in whatever order, the counters equal a count, also after a rollback,
 * and nothing that refers to nothing is left. */
static void counters_and_records_agree_after_random_work(void **user)
{
    struct state *state = *user;
    uint32_t seed = 20261123;
    for (int round = 0; round < 150; round++) {
        assert_int_equal(store_begin(state->store), STORE_OK);
        for (int i = 0; i < 20; i++)
            act(state, &seed);
        if (round % 5 == 4)
            store_rollback(state->store);
        else
            assert_int_equal(store_commit(state->store, false), STORE_OK);
        assert_recount(state);
    }
    uint64_t findings = 0;
    int others = 0;
    assert_int_equal(store_check(state->store, drop_cycles, &others, &findings), STORE_OK);
    assert_int_equal(others, 0);
    assert_sql(state,
               "select count(*) from item as old where (gone or kind = 0) "
               "and not exists (select 1 from base where base.key = old.key) "
               "and not exists (select 1 from todo where todo.key = old.key) "
               "and not exists (select 1 from item as child where child.parent = old.key)",
               "0");
}

static void counts_of_an_open_transaction_are_seen(void **user)
{
    struct state *state = *user;
    assert_int_equal(store_begin(state->store), STORE_OK);
    (void)make_file(state, "f");
    assert_int_equal(count(state).files, 1);
    store_rollback(state->store);
    assert_int_equal(count(state).files, 0);
    struct store_counts counts;
    assert_int_equal(store_count(state->store, 999, &counts), STORE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(an_entry_comes_back_as_it_was_put),
        STATE_TEST(entries_wait_for_their_time_or_for_their_cause),
        STATE_TEST(the_earliest_time_counts_and_a_held_one_does_not),
        STATE_TEST(what_failed_counts_whether_it_waits_or_is_held),
        STATE_TEST(a_change_on_the_drive_makes_a_held_entry_due),
        STATE_TEST(structural_entries_are_those_with_a_base_record),
        STATE_TEST(an_entry_put_again_unchanged_writes_nothing),
        STATE_TEST(bytes_wait_with_their_file),
        STATE_TEST(sums_of_made_up_sizes_do_not_overflow),
        STATE_TEST(counters_and_records_agree_after_random_work),
        STATE_TEST(counts_of_an_open_transaction_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
