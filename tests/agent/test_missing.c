/* What a check looks for, by inode (F-32). */
#include "agent/sync/missing.h"
#include "tests/support/table.h"

static void finds_and_drops_by_inode(void **state)
{
    (void)state;
    struct missing missing = {.list = NULL};
    size_t at = 0;
    int64_t key;
    assert_false(missing_sort(&missing)); /* nothing is missing */
    assert_int_equal(missing_find(&missing, 1), 0);
    assert_false(missing_next(&missing, &at, &key));
    for (int64_t i = 1; i <= 40; i++)
        assert_true(missing_add(&missing, i, (uint64_t)(1000 - 7 * i)));
    assert_true(missing_sort(&missing));
    for (size_t i = 1; i < missing.count; i++)
        assert_true(missing.inodes[i - 1] < missing.inodes[i]);
    for (int64_t i = 1; i <= 40; i++)
        assert_int_equal(missing_find(&missing, (uint64_t)(1000 - 7 * i)), i);
    assert_int_equal(missing_find(&missing, 1001), 0);
    for (int64_t i = 1; i <= 40; i += 2)
        missing_drop(&missing, i, (uint64_t)(1000 - 7 * i));
    missing_drop(&missing, 99, 1000 - 14); /* another object with that inode */
    size_t left = 0;
    while (missing_next(&missing, &at, &key)) {
        assert_int_equal(key % 2, 0);
        left++;
    }
    assert_int_equal(left, 20);
    missing_clear(&missing);
}

static void holds_a_bounded_number(void **state)
{
    (void)state;
    struct missing missing = {.list = NULL};
    for (int64_t i = 1; i <= MISSING_MAX; i++)
        assert_true(missing_add(&missing, i, (uint64_t)i));
    assert_false(missing_add(&missing, MISSING_MAX + 1, 1));
    missing_clear(&missing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(finds_and_drops_by_inode),
        TABLE_TEST(holds_a_bounded_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
