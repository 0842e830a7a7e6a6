#include <cjson/cJSON.h>
#include <string.h>

#include "protocol/json_read.h"
#include "tests/support/table.h"

static const struct integer_case {
    const char *name;
    const char *json; /* the value of `n` */
    int64_t want;
    bool is_bad;
} integers[] = {
    {"a number",                          "7",                      7,                         false},
    {"the smallest allowed",              "-5",                     -5,                        false},
    {"the largest allowed",               "9007199254740992",       INT64_C(9007199254740992), false},
    {"below the range",                   "-6",                     JSON_READ_NONE,            true },
    {"beyond 2^53",                       "9007199254740994",       JSON_READ_NONE,            true },
    {"beyond -2^53",                      "-9007199254740994",      JSON_READ_NONE,            true },
    {"a fraction",                        "7.5",                    JSON_READ_NONE,            true },
    {"decimal text",                      "\"12\"",                 12,                        false},
    {"negative text",                     "\"-4\"",                 -4,                        false},
    {"text with a letter behind",         "\"1a\"",                 JSON_READ_NONE,            true },
    {"text with a sign below the digits", "\"1 \"",                 JSON_READ_NONE,            true },
    {"text of too many digits",           "\"123456789012345678\"", JSON_READ_NONE,            true },
    {"a sign alone",                      "\"-\"",                  JSON_READ_NONE,            true },
    {"another kind",                      "{}",                     JSON_READ_NONE,            true },
    {"null is not there",                 "null",                   JSON_READ_NONE,            false},
};

static void reads_one_integer(const struct integer_case *row)
{
    static const int64_t most = INT64_C(9007199254740992);
    char text[128];
    (void)snprintf(text, sizeof text, "{\"n\":%s}", row->json);
    cJSON *tree = cJSON_Parse(text);
    bool is_bad = false;
    assert_true(json_read_integer(tree, "n", -5, most, &is_bad) == row->want);
    assert_int_equal(is_bad, row->is_bad);
    assert_true(json_read_integer(tree, "n", -5, most, NULL) == row->want);
    assert_true(json_read_integer(tree, "m", -5, most, &is_bad) == JSON_READ_NONE);
    cJSON_Delete(tree);
}

static void integers_are_exact_or_none(void **state) /* F-144 */
{
    (void)state;
    CASES(integers, reads_one_integer);
    cJSON *tree = cJSON_Parse("{\"n\":7}");
    assert_true(json_read_integer(tree, "n", 0, 6, NULL) == JSON_READ_NONE);
    cJSON_Delete(tree);
}

static const struct copy_case {
    const char *name;
    const char *json; /* the value of `t` */
    const char *want; /* in four bytes and a zero */
} copies[] = {
    {"what fits",                    "\"abcd\"",                      "abcd"         },
    {"what does not fit is cut",     "\"abcde\"",                     "abcd"         },
    {"at the border of a character", "\"abc\xC3\xA9\"",               "abc"          },
    {"never in its middle",          "\"a\xE2\x82\xAC\xE2\x82\xAC\"", "a\xE2\x82\xAC"},
    {"another kind is empty",        "7",                             ""             },
};

static void copies_one_text(const struct copy_case *row)
{
    char text[128];
    char out[5] = "?";
    (void)snprintf(text, sizeof text, "{\"t\":%s}", row->json);
    cJSON *tree = cJSON_Parse(text);
    json_read_copy(tree, "t", out, sizeof out);
    assert_string_equal(out, row->want);
    cJSON_Delete(tree);
}

static void texts_for_people_are_cut_between_characters(void **state)
{
    (void)state;
    CASES(copies, copies_one_text);
}

static void an_id_is_whole_or_refused(void **state)
{
    (void)state;
    cJSON *tree = cJSON_Parse("{\"id\":\"abcd\",\"empty\":\"\",\"list\":[],\"inner\":{}}");
    char out[5] = "?";
    assert_true(json_read_whole(tree, "id", out, sizeof out));
    assert_string_equal(out, "abcd");
    assert_false(json_read_whole(tree, "id", out, sizeof out - 1));
    assert_false(json_read_whole(tree, "empty", out, sizeof out));
    assert_false(json_read_whole(NULL, "id", out, sizeof out));
    assert_non_null(json_read_array(tree, "list"));
    assert_null(json_read_array(tree, "inner"));
    assert_non_null(json_read_object(tree, "inner"));
    assert_null(json_read_object(tree, "list"));
    cJSON_Delete(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(integers_are_exact_or_none),
        TABLE_TEST(texts_for_people_are_cut_between_characters),
        TABLE_TEST(an_id_is_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
