/* Mirrors, their position, the channel and the settings. */
#include "store/store_intent.h"
#include "store/store_note.h"
#include "tests/store/state.h"

static struct store_mirror full_mirror(void)
{
    return (struct store_mirror){
        .name = "work",
        .folder = "/home/a/Work",
        .drive = "me",
        .drive_id = "b!x",
        .account = "account-1",
        .marker = "marker-1",
        .filters = "exclude *.tmp",
        .root_device = UINT64_MAX,
        .root_inode = 42,
        .root_item = 7,
        .feed = STORE_FEED_LISTING,
        .link = "https://host/next",
        .fallback_link = "https://host/delta",
        .generation = 3,
        .keep_missing = true,
        .enumerated_at = 1,
        .synced_at = 2,
        .approved_deletions = 3,
        .held_deletions = 4,
        .state = "syncing",
    };
}

static void assert_same_mirror(const struct store_mirror *a, const struct store_mirror *b)
{
    assert_int_equal(a->key, b->key);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->folder, b->folder);
    assert_string_equal(a->drive, b->drive);
    assert_string_equal(a->drive_id, b->drive_id);
    assert_string_equal(a->account, b->account);
    assert_string_equal(a->marker, b->marker);
    assert_string_equal(a->filters, b->filters);
    assert_int_equal(a->root_device, b->root_device);
    assert_int_equal(a->root_inode, b->root_inode);
    assert_int_equal(a->root_item, b->root_item);
    assert_int_equal(a->feed, b->feed);
    assert_string_equal(a->link, b->link);
    assert_string_equal(a->fallback_link, b->fallback_link);
    assert_int_equal(a->generation, b->generation);
    assert_int_equal(a->keep_missing, b->keep_missing);
    assert_int_equal(a->enumerated_at, b->enumerated_at);
    assert_int_equal(a->synced_at, b->synced_at);
    assert_int_equal(a->approved_deletions, b->approved_deletions);
    assert_int_equal(a->held_deletions, b->held_deletions);
    assert_string_equal(a->state, b->state);
}

static void a_mirror_comes_back_as_it_was_put(void **user)
{
    struct state *state = *user;
    struct store_mirror mirror = full_mirror();
    struct store_mirror got;
    assert_int_equal(store_put_mirror(state->store, &mirror), STORE_OK);
    assert_true(mirror.key > state->mirror);
    assert_int_equal(store_get_mirror(state->store, "work", &got), STORE_OK);
    assert_same_mirror(&got, &mirror);
    assert_int_equal(store_get_mirror(state->store, "play", &got), STORE_NONE);
}

static void what_is_not_known_comes_back_as_null(void **user)
{
    struct state *state = *user;
    struct store_mirror got;
    assert_int_equal(store_get_mirror(state->store, "documents", &got), STORE_OK);
    assert_null(got.folder);
    assert_null(got.link);
    assert_int_equal(got.feed, STORE_FEED_NEW);
}

/* S-4 */
static void an_unchanged_mirror_is_not_written(void **user)
{
    struct state *state = *user;
    struct store_mirror mirror = full_mirror();
    assert_int_equal(store_put_mirror(state->store, &mirror), STORE_OK);
    int64_t before = state_written(state);
    assert_int_equal(store_put_mirror(state->store, &mirror), STORE_OK);
    /* Also when its texts are the store's own. */
    struct store_mirror got;
    assert_int_equal(store_get_mirror(state->store, "work", &got), STORE_OK);
    assert_int_equal(store_put_mirror(state->store, &got), STORE_OK);
    assert_int_equal(store_put_position(state->store, mirror.key, mirror.feed, mirror.link,
                                        mirror.generation),
                     STORE_OK);
    assert_int_equal(state_written(state), before);
    got.state = "idle";
    assert_int_equal(store_put_mirror(state->store, &got), STORE_OK);
    assert_true(state_written(state) > before);
}

static void a_mirror_written_whole_keeps_its_counters(void **user)
{
    struct state *state = *user;
    (void)state_put(state, said_file("f", "root-id", "f"));
    struct store_mirror mirror;
    assert_int_equal(store_get_mirror(state->store, "documents", &mirror), STORE_OK);
    mirror.state = "idle";
    assert_int_equal(store_put_mirror(state->store, &mirror), STORE_OK);
    struct store_counts counts;
    assert_int_equal(store_count(state->store, state->mirror, &counts), STORE_OK);
    assert_int_equal(counts.files, 1);
}

static void two_mirrors_of_one_name_are_refused(void **user)
{
    struct state *state = *user;
    struct store_mirror mirror = {.name = "documents"};
    assert_int_equal(store_put_mirror(state->store, &mirror), STORE_CONFLICT);
    assert_int_equal(mirror.key, 0);
}

/* I-14: position and page are one transaction. */
static void the_position_stands_and_falls_with_its_page(void **user)
{
    struct state *state = *user;
    struct store_mirror mirror;
    assert_int_equal(store_begin(state->store), STORE_OK);
    (void)state_put(state, said_file("f", "root-id", "f"));
    assert_int_equal(
        store_put_position(state->store, state->mirror, STORE_FEED_ENUMERATING, "next", 1),
        STORE_OK);
    store_rollback(state->store);
    assert_int_equal(store_get_mirror(state->store, "documents", &mirror), STORE_OK);
    assert_int_equal(mirror.feed, STORE_FEED_NEW);
    assert_null(mirror.link);
    struct store_remote remote;
    assert_int_equal(store_find_remote(state->store, state->mirror, "f", &remote),
                     STORE_NONE);
}

static void a_dropped_mirror_leaves_nothing_behind(void **user)
{
    struct state *state = *user;
    struct store_mirror work = full_mirror();
    assert_int_equal(store_put_mirror(state->store, &work), STORE_OK);
    struct state other = *state;
    other.mirror = work.key;
    struct store_remote root = said("root-id");
    root.kind = STORE_KIND_ROOT;
    int64_t root_key = state_put(&other, root).key;
    int64_t key = state_put(&other, said_file("f", "root-id", "f")).key;
    struct store_base base = {.key = key, .parent = root_key, .name = "f", .kind = 1};
    struct store_intent intent = {.key = key, .kind = STORE_INTENT_PLACE};
    struct store_event event = {.mirror = work.key, .operation = "download"};
    struct store_channel channel = {.state = "live"};
    assert_int_equal(store_put_base(state->store, work.key, &base), STORE_OK);
    assert_int_equal(store_put_intent(state->store, work.key, &intent), STORE_OK);
    assert_int_equal(store_put_history(state->store, &event), STORE_OK);
    assert_int_equal(store_put_channel(state->store, work.key, &channel), STORE_OK);
    assert_int_equal(store_put_conflict(state->store, work.key, key, "f", "g", 1),
                     STORE_OK);
    assert_int_equal(store_put_problem(state->store, work.key, 57, "no", 1), STORE_OK);

    assert_int_equal(store_drop_mirror(state->store, work.key), STORE_OK);
    assert_sql(state,
               "select (select count(*) from item) || (select count(*) from base) || "
               "(select count(*) from todo) || (select count(*) from intent) || "
               "(select count(*) from history) || (select count(*) from conflict) || "
               "(select count(*) from problem) || (select count(*) from channel) || "
               "(select count(*) from mirror)",
               "100000001");
    /* The same drive again is another mirror with other keys. */
    assert_true(state_put(state, said_file("f", "root-id", "f")).key > key);
    state_check(state);
}

static void the_channel_comes_back_and_is_written_only_when_it_changed(void **user)
{
    struct state *state = *user;
    struct store_channel got;
    assert_int_equal(store_get_channel(state->store, state->mirror, &got), STORE_NONE);
    struct store_channel channel = {.state = "live",
                                    .since = 1700000000000,
                                    .generation = 4,
                                    .ping_interval_ms = 25000,
                                    .ping_timeout_ms = 20000,
                                    .last_event = 3,
                                    .expires = 4,
                                    .renewals = 5,
                                    .reconnects = 6,
                                    .events = 7,
                                    .found_by_event = 8,
                                    .found_by_poll = 9,
                                    .last_error = "reset"};
    assert_int_equal(store_put_channel(state->store, state->mirror, &channel), STORE_OK);
    assert_int_equal(store_get_channel(state->store, state->mirror, &got), STORE_OK);
    assert_string_equal(got.state, "live");
    assert_string_equal(got.last_error, "reset");
    assert_int_equal(got.expires, 4);
    assert_int_equal(got.found_by_poll, 9);
    int64_t before = state_written(state);
    assert_int_equal(store_put_channel(state->store, state->mirror, &got), STORE_OK);
    assert_int_equal(state_written(state), before);
    assert_sql(state, "select since || ' ' || events from v_channel",
               "2023-11-14T22:13:20.000Z 7");
}

static void settings_are_put_changed_and_dropped(void **user)
{
    struct state *state = *user;
    char value[8] = "before";
    assert_int_equal(store_get_setting(state->store, "a", value, sizeof value), STORE_NONE);
    assert_string_equal(value, "before");
    assert_int_equal(store_put_setting(state->store, "a", "1234567"), STORE_OK);
    int64_t before = state_written(state);
    assert_int_equal(store_put_setting(state->store, "a", "1234567"), STORE_OK);
    assert_int_equal(state_written(state), before);
    assert_int_equal(store_get_setting(state->store, "a", value, sizeof value), STORE_OK);
    assert_string_equal(value, "1234567");
    assert_int_equal(store_put_setting(state->store, "a", "12345678"), STORE_OK);
    assert_int_equal(store_get_setting(state->store, "a", value, sizeof value),
                     STORE_MISUSE);
    assert_int_equal(store_put_setting(state->store, "a", NULL), STORE_OK);
    assert_int_equal(store_get_setting(state->store, "a", value, sizeof value), STORE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(a_mirror_comes_back_as_it_was_put),
        STATE_TEST(what_is_not_known_comes_back_as_null),
        STATE_TEST(an_unchanged_mirror_is_not_written),
        STATE_TEST(a_mirror_written_whole_keeps_its_counters),
        STATE_TEST(two_mirrors_of_one_name_are_refused),
        STATE_TEST(the_position_stands_and_falls_with_its_page),
        STATE_TEST(a_dropped_mirror_leaves_nothing_behind),
        STATE_TEST(the_channel_comes_back_and_is_written_only_when_it_changed),
        STATE_TEST(settings_are_put_changed_and_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
