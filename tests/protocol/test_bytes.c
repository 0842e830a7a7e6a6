#include <string.h>

#include "protocol/bytes.h"
#include "tests/support/table.h"

static void assert_content(const struct bytes *bytes, const char *want)
{
    assert_true(bytes_is_sane(bytes));
    assert_int_equal(bytes_count(bytes), strlen(want));
    assert_memory_equal(bytes_count(bytes) == 0 ? (const uint8_t *)"" : bytes_front(bytes),
                        want, strlen(want));
}

static void keeps_what_is_appended_until_it_is_consumed(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 100);
    assert_content(&bytes, "");
    assert_null(bytes_front(&bytes));
    assert_true(bytes_append(&bytes, "abc", 3));
    assert_true(bytes_append_text(&bytes, "def"));
    assert_true(bytes_append_byte(&bytes, 'g'));
    assert_true(bytes_append(&bytes, NULL, 0));
    assert_content(&bytes, "abcdefg");
    bytes_consume(&bytes, 2);
    assert_content(&bytes, "cdefg");
    assert_string_equal(bytes_text(&bytes), "cdefg");
    bytes_consume(&bytes, 5);
    assert_content(&bytes, "");
    assert_int_equal(bytes.offset, 0);
    bytes_clear(&bytes);
    assert_content(&bytes, "");
    assert_int_equal(bytes.limit, 100);
}

static void refuses_what_is_above_its_limit(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 8);
    assert_true(bytes_append_text(&bytes, "12345678"));
    assert_false(bytes_append_byte(&bytes, '9'));
    assert_content(&bytes, "12345678");
    bytes_consume(&bytes, 3);
    assert_false(bytes_append_text(&bytes, "abcd"));
    assert_true(bytes_append_text(&bytes, "abc"));
    assert_content(&bytes, "45678abc");
    assert_null(bytes_reserve(&bytes, SIZE_MAX));
    bytes_clear(&bytes);
}

static void an_empty_queue_has_a_text(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 0);
    assert_string_equal(bytes_text(&bytes), "");
    assert_false(bytes_append_byte(&bytes, 'x'));
    assert_true(bytes_is_sane(&bytes));
    bytes_clear(&bytes);
}

static void grows_by_doubling_and_reuses_consumed_room(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 1 << 20);
    for (unsigned i = 0; i < 100000; i++)
        assert_true(bytes_append_byte(&bytes, (uint8_t)i));
    assert_true(bytes.capacity >= 100000 && bytes.capacity < 200000);
    for (unsigned i = 0; i < 100000; i++) {
        assert_int_equal(bytes_front(&bytes)[0], (uint8_t)i);
        bytes_consume(&bytes, 1);
    }
    size_t capacity = bytes.capacity;
    for (unsigned i = 0; i < 100000; i++) {
        assert_true(bytes_append_text(&bytes, "xyz"));
        bytes_consume(&bytes, 3);
    }
    assert_int_equal(bytes.capacity, capacity);
    bytes_clear(&bytes);
}

static void reserves_and_commits(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 100);
    uint8_t *room = bytes_reserve(&bytes, 10);
    assert_non_null(room);
    memcpy(room, "hello", 5);
    bytes_commit(&bytes, 5);
    assert_content(&bytes, "hello");
    bytes_consume(&bytes, 1);
    room = bytes_reserve(&bytes, 62); /* only there once the start is reclaimed */
    assert_non_null(room);
    bytes_commit(&bytes, 0);
    assert_content(&bytes, "ello");
    bytes_wipe(&bytes);
    assert_content(&bytes, "");
    bytes_wipe(&bytes);
}

static void formats_short_and_long_texts(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 1000);
    assert_true(bytes_append_format(&bytes, "%d-%s", 42, "x"));
    assert_content(&bytes, "42-x");
    assert_true(bytes_append_format(&bytes, "%500d", 7));
    assert_int_equal(bytes_count(&bytes), 504);
    assert_int_equal(bytes_front(&bytes)[503], '7');
    assert_false(bytes_append_format(&bytes, "%500d", 7));
    assert_int_equal(bytes_count(&bytes), 504);
    bytes_clear(&bytes);
}

static void knows_a_broken_queue(void **state)
{
    (void)state;
    const struct bytes broken[] = {
        {.offset = 1},
        {             .size = 1          },
        { .capacity = 1,           .limit = 0},
        {           .capacity = 1,           .limit = 1},
    };
    for (size_t i = 0; i < COUNT_OF(broken); i++)
        assert_false(bytes_is_sane(&broken[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(keeps_what_is_appended_until_it_is_consumed),
        TABLE_TEST(refuses_what_is_above_its_limit),
        TABLE_TEST(an_empty_queue_has_a_text),
        TABLE_TEST(grows_by_doubling_and_reuses_consumed_room),
        TABLE_TEST(reserves_and_commits),
        TABLE_TEST(formats_short_and_long_texts),
        TABLE_TEST(knows_a_broken_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
