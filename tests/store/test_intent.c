/* Intents: what was begun. */
#include "store/store_intent.h"
#include "tests/store/state.h"

static void an_intent_comes_back_until_it_is_dropped(void **user)
{
    struct state *state = *user;
    int64_t key = state_put(state, said_file("f", "root-id", "f")).key;
    struct store_intent got;
    assert_int_equal(store_get_intent(state->store, key, &got), STORE_NONE);
    struct store_intent intent = {
        .key = key,
        .kind = STORE_INTENT_FETCH,
        .parent = state->root,
        .name = "f",
        .partial = "part-7",
        .version = "\"c:1\"",
        .size = 12,
        .hash = {.kind = 1, .size = 20, .bytes = {7}}
    };
    assert_int_equal(store_put_intent(state->store, state->mirror, &intent), STORE_OK);
    assert_int_equal(store_get_intent(state->store, key, &got), STORE_OK);
    assert_int_equal(got.kind, STORE_INTENT_FETCH);
    assert_int_equal(got.parent, state->root);
    assert_string_equal(got.name, "f");
    assert_string_equal(got.partial, "part-7");
    assert_string_equal(got.version, "\"c:1\"");
    assert_int_equal(got.size, 12);
    assert_memory_equal(&got.hash, &intent.hash, sizeof got.hash);

    /* One intent an item: the later one stands. */
    struct store_intent place = {
        .key = key, .kind = STORE_INTENT_PLACE, .size = STORE_UNKNOWN};
    assert_int_equal(store_put_intent(state->store, state->mirror, &place), STORE_OK);
    assert_int_equal(store_get_intent(state->store, key, &got), STORE_OK);
    assert_int_equal(got.kind, STORE_INTENT_PLACE);
    assert_null(got.partial);
    assert_int_equal(got.size, STORE_UNKNOWN);
    assert_int_equal(store_drop_intent(state->store, key), STORE_OK);
    assert_int_equal(store_drop_intent(state->store, key), STORE_OK);
    assert_int_equal(store_get_intent(state->store, key, &got), STORE_NONE);
}

/* F-01: found at the next start, each of its own mirror. */
static void intents_survive_a_restart_and_come_in_turn(void **user)
{
    struct state *state = *user;
    int64_t first = state_put(state, said_file("1", "root-id", "1")).key;
    int64_t second = state_put(state, said_file("2", "root-id", "2")).key;
    struct store_intent intent = {.kind = STORE_INTENT_MOVE};
    intent.key = second;
    assert_int_equal(store_put_intent(state->store, state->mirror, &intent), STORE_OK);
    intent.key = first;
    assert_int_equal(store_put_intent(state->store, state->mirror, &intent), STORE_OK);
    state_close(state);
    state_open(state);
    int64_t after = 0;
    struct store_intent got;
    assert_int_equal(store_next_intent(state->store, state->mirror, &after, &got),
                     STORE_OK);
    assert_int_equal(got.key, first);
    assert_int_equal(store_drop_intent(state->store, first), STORE_OK);
    assert_int_equal(store_next_intent(state->store, state->mirror, &after, &got),
                     STORE_OK);
    assert_int_equal(got.key, second);
    assert_int_equal(store_next_intent(state->store, state->mirror, &after, &got),
                     STORE_NONE);
    after = 0;
    assert_int_equal(store_next_intent(state->store, state->mirror + 1, &after, &got),
                     STORE_NONE);
}

/* F-109: the row of a gone item stays while something was begun with it. */
static void an_intent_keeps_its_item(void **user)
{
    struct state *state = *user;
    int64_t key = state_put(state, said_file("f", "root-id", "f")).key;
    struct store_intent intent = {.key = key, .kind = STORE_INTENT_FETCH};
    assert_int_equal(store_put_intent(state->store, state->mirror, &intent), STORE_OK);
    (void)state_put(state, said_gone("f"));
    assert_int_equal(store_drop_todo(state->store, key), STORE_OK);
    struct store_remote remote;
    assert_int_equal(store_get_remote(state->store, key, &remote), STORE_OK);
    assert_int_equal(store_drop_intent(state->store, key), STORE_OK);
    assert_int_equal(store_get_remote(state->store, key, &remote), STORE_NONE);

    /* Nor does one come without it: the work of a download goes on a little longer. */
    assert_int_equal(store_put_intent(state->store, state->mirror, &intent), STORE_OK);
    assert_int_equal(store_get_intent(state->store, key, &intent), STORE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(an_intent_comes_back_until_it_is_dropped),
        STATE_TEST(intents_survive_a_restart_and_come_in_turn),
        STATE_TEST(an_intent_keeps_its_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
