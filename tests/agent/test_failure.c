#include <string.h>

#include "agent/failure.h"
#include "tests/support/table.h"

static const struct exit_case {
    const char *name;
    enum failure_kind kind;
    int code;
} exits[] = {
    {"nothing failed",            FAILURE_NONE,      0},
    {"ended by ourselves",        FAILURE_CANCELLED, 0},
    {"disk full",                 FAILURE_RESOURCE,  1},
    {"an invariant",              FAILURE_INTERNAL,  1},
    {"command line",              FAILURE_USAGE,     2},
    {"configuration",             FAILURE_CONFIG,    3},
    {"sign-in",                   FAILURE_SIGN_IN,   4},
    {"network",                   FAILURE_TRANSIENT, 5},
    {"a server that is not one",  FAILURE_PROTOCOL,  5},
    {"one item",                  FAILURE_ITEM,      6},
    {"another agent",             FAILURE_HELD,      7},
    {"a person's word is wanted", FAILURE_GUARD,     8},
};

static void has_its_exit_code(const struct exit_case *row)
{
    assert_int_equal(failure_exit_code(row->kind), row->code);
    assert_true(strlen(failure_kind_text(row->kind)) > 0);
}

static void each_class_has_the_exit_code_of_the_contract(void **state)
{
    (void)state;
    CASES(exits, has_its_exit_code);
}

/* Product: the first of 1, 3, 4, 8, 7, 5, 6 wins. */
static void the_stronger_code_wins_whatever_the_order(void **state)
{
    (void)state;
    static const int order[] = {1, 3, 4, 8, 7, 5, 6, 0};
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        for (size_t j = i; j < COUNT_OF(order); j++) {
            assert_int_equal(failure_stronger_code(order[i], order[j]), order[i]);
            assert_int_equal(failure_stronger_code(order[j], order[i]), order[i]);
        }
    }
}

static void set_formats_and_answers_the_kind(void **state)
{
    (void)state;
    struct failure failure = {.retry_after_ms = 7};
    assert_int_equal(failure_set(&failure, FAILURE_ITEM, 38, "bad name: %s", "a/b"),
                     FAILURE_ITEM);
    assert_int_equal(failure.kind, FAILURE_ITEM);
    assert_int_equal(failure.number, 38);
    assert_int_equal(failure.retry_after_ms, 0);
    assert_string_equal(failure.text, "bad name: a/b");
    assert_int_equal(failure_set(NULL, FAILURE_GUARD, 0, "x"), FAILURE_GUARD);
}

static void set_may_quote_the_failure_itself(void **state)
{
    (void)state;
    struct failure failure = {.text = "inner"};
    (void)failure_set(&failure, FAILURE_ITEM, 0, "outer: %s", failure.text);
    assert_string_equal(failure.text, "outer: inner");
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    struct failure failure;
    char text[2 * sizeof failure.text];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)failure_set(&failure, FAILURE_ITEM, 0, "%s", text);
    assert_int_equal(strlen(failure.text), sizeof failure.text - 1);
}

static const struct cut_case {
    const char *name;
    const char *last; /* the characters at the end of the room */
    size_t left_out;  /* bytes of them that find no room */
    size_t kept;      /* bytes of them that stay */
} cuts[] = {
    {"a letter of two bytes that fits", "\xD0\xB6",         0, 2},
    {"one that is halved",              "\xD0\xB6",         1, 0},
    {"three bytes, one missing",        "\xE2\x82\xAC",     1, 0},
    {"four bytes, three missing",       "\xF0\x9F\x98\x80", 3, 0},
    {"a whole one before a halved one", "\xD0\xB6\xD0\xB6", 1, 2},
};

static void is_cut_at_a_character(const struct cut_case *row)
{
    struct failure failure;
    char text[2 * sizeof failure.text];
    size_t size = strlen(row->last);
    size_t begin = sizeof failure.text - 1 + row->left_out - size;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(text + begin, row->last, size);
    (void)failure_set(&failure, FAILURE_ITEM, 0, "%s", text);
    assert_int_equal(strlen(failure.text), begin + row->kept);
}

static void no_character_is_cut(void **state)
{
    (void)state;
    CASES(cuts, is_cut_at_a_character);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(each_class_has_the_exit_code_of_the_contract),
        TABLE_TEST(the_stronger_code_wins_whatever_the_order),
        TABLE_TEST(set_formats_and_answers_the_kind),
        TABLE_TEST(set_may_quote_the_failure_itself),
        TABLE_TEST(a_long_text_is_cut),
        TABLE_TEST(no_character_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
