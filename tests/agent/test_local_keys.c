/* agent/sync/local_keys.h: each object once, however many events it brings (F-30, F-33). */
#include "agent/sync/local_keys.h"
#include "tests/support/table.h"

static void what_is_touched_often_counts_once(void **state)
{
    (void)state;
    struct local_keys keys = {.list = NULL};
    for (int64_t i = 0; i < 100000; i++)
        assert_true(local_keys_add(&keys, i * 7 % 5));
    local_keys_tidy(&keys);
    assert_int_equal(keys.count, 5);
    for (size_t i = 0; i < keys.count; i++)
        assert_int_equal(keys.list[i], i);
    local_keys_clear(&keys);
    assert_int_equal(keys.count, 0);
}

static void more_than_is_worth_remembering_is_refused(void **state)
{
    (void)state;
    struct local_keys keys = {.list = NULL};
    int64_t key = 1;
    while (key <= 2 * LOCAL_KEYS_MAX && local_keys_add(&keys, key))
        key++;
    assert_int_equal(key, LOCAL_KEYS_MAX + 1);
    assert_true(local_keys_add(&keys, LOCAL_KEYS_MAX)); /* known already */
    local_keys_clear(&keys);
}

static void none_is_in_order(void **state)
{
    (void)state;
    struct local_keys keys = {.list = NULL};
    local_keys_tidy(&keys);
    assert_int_equal(keys.count, 0);
    local_keys_clear(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(what_is_touched_often_counts_once),
        TABLE_TEST(more_than_is_worth_remembering_is_refused),
        TABLE_TEST(none_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
