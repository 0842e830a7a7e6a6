#include <stdlib.h>

#include "agent/sync/fresh.h"
#include "tests/support/table.h"

static void an_address_is_taken_once(void **state)
{
    (void)state;
    struct fresh *fresh = fresh_new();
    assert_non_null(fresh);
    fresh_put(fresh, 7, "https://one", 1000);
    fresh_put(fresh, 7, "https://two", 1000);
    assert_int_equal(fresh_count(fresh), 1);
    char *url = fresh_take(fresh, 7, 2000);
    assert_string_equal(url, "https://two");
    free(url);
    assert_null(fresh_take(fresh, 7, 2000));
    assert_null(fresh_take(fresh, 8, 2000));
    fresh_free(fresh);
}

static void an_old_address_is_not_used(void **state)
{
    (void)state;
    struct fresh *fresh = fresh_new();
    assert_non_null(fresh);
    fresh_put(fresh, 7, "https://one", 1000);
    assert_null(fresh_take(fresh, 7, 1000 + FRESH_LIFE_MS)); /* F-101 */
    assert_int_equal(fresh_count(fresh), 0);
    fresh_free(fresh);
}

static void the_table_is_bounded(void **state)
{
    (void)state;
    struct fresh *fresh = fresh_new();
    assert_non_null(fresh);
    for (int64_t key = 1; key <= 3 * FRESH_CAPACITY; key++) /* I-10 */
        fresh_put(fresh, key, "https://one", 1000);
    assert_int_equal(fresh_count(fresh), FRESH_CAPACITY);
    assert_true(fresh_is_full(fresh));
    size_t found = 0;
    for (int64_t key = 1; key <= 3 * FRESH_CAPACITY; key++) {
        char *url = fresh_take(fresh, key, 2000);
        found += url != NULL;
        free(url);
    }
    assert_int_equal(found, FRESH_CAPACITY);
    assert_false(fresh_is_full(fresh));
    fresh_put(fresh, 1, "https://one", 1000);
    assert_int_equal(fresh_count(fresh), 1);
    fresh_free(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(an_address_is_taken_once),
        TABLE_TEST(an_old_address_is_not_used),
        TABLE_TEST(the_table_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
