#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json_guard.h"
#include "tests/support/table.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

/* Limits small enough that a row of a table can show both sides of each. */
static const struct json_limits small = {
    .text_size = 64,
    .depth = 3,
    .string_size = 8,
    .token_count = 8,
    .item_count = 3,
};

/* An exact copy, so that a byte read too far is seen by the sanitizer. */
static char *copy_exactly(const char *text, size_t size)
{
    char *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, text, size);
    return copy;
}

static enum json_verdict check(const char *text, size_t size,
                               const struct json_limits *limits)
{
    char *copy = copy_exactly(text, size);
    enum json_verdict verdict = json_guard_check(copy, size, limits);
    free(copy);
    return verdict;
}

static const struct text_case {
    const char *name;
    const char *text;
    size_t size;
    enum json_verdict want;
} text_cases[] = {
  /* clang-format off */
    {"object", TEXT("{\"a\":[1,{\"b\":null}],\"c\":true}"), JSON_OK},
    {"white space everywhere", TEXT(" \t\r\n{ \"a\" : [ 1 , 2 ] }\n"), JSON_OK},
    {"empty containers", TEXT("[{},[],\"\"]"), JSON_OK},
    {"scalar", TEXT("false"), JSON_OK},
    {"all escapes", TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\""), JSON_OK},
    {"UTF-8 of each length", TEXT("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""), JSON_OK},
    {"U+2028 raw", TEXT("\"\xE2\x80\xA8\""), JSON_OK},
    {"delete is no control here", TEXT("\"\x7F\""), JSON_OK},
    {"same key in two objects", TEXT("{\"a\":{\"a\":1},\"b\":{\"a\":2}}"), JSON_OK},
    {"keys that differ in case", TEXT("{\"a\":1,\"A\":2}"), JSON_OK},
    {"same key in the next object", TEXT("[{\"a\":1},{\"a\":1}]"), JSON_OK},

    {"empty", TEXT(""), JSON_CUT_OFF},
    {"white space only", TEXT(" \n"), JSON_CUT_OFF},
    {"byte order mark (F-122)", TEXT("\xEF\xBB\xBF{}"), JSON_BOM},
    {"a login page (F-127)", TEXT("<html></html>"), JSON_SYNTAX},
    {"two values", TEXT("{}{}"), JSON_TRAILING},
    {"junk behind", TEXT("1 x"), JSON_TRAILING},
    {"zero byte behind", TEXT("{}\0"), JSON_TRAILING},
    {"comma at the end of an array", TEXT("[1,]"), JSON_SYNTAX},
    {"comma at the end of an object", TEXT("{\"a\":1,}"), JSON_SYNTAX},
    {"comma first", TEXT("[,1]"), JSON_SYNTAX},
    {"no comma", TEXT("[1 2]"), JSON_SYNTAX},
    {"no colon", TEXT("{\"a\" 1}"), JSON_SYNTAX},
    {"no value", TEXT("{\"a\":}"), JSON_SYNTAX},
    {"number as a key", TEXT("{1:2}"), JSON_SYNTAX},
    {"key without quotes", TEXT("{a:2}"), JSON_SYNTAX},
    {"wrong bracket", TEXT("[1}"), JSON_SYNTAX},
    {"wrong brace", TEXT("{\"a\":1]"), JSON_SYNTAX},
    {"single quotes", TEXT("'a'"), JSON_SYNTAX},
    {"comment", TEXT("[/**/1]"), JSON_SYNTAX},
    {"NaN", TEXT("NaN"), JSON_SYNTAX},
    {"capital word", TEXT("True"), JSON_SYNTAX},
    {"almost a word", TEXT("nulL"), JSON_SYNTAX},
    {"bad UTF-8 outside a string", TEXT("[\xFF]"), JSON_SYNTAX},

    {"raw line feed in a string", TEXT("\"a\nb\""), JSON_CONTROL_CHARACTER},
    {"raw zero in a string", TEXT("\"a\0b\""), JSON_CONTROL_CHARACTER},
    {"raw control in a key", TEXT("{\"\x1F\":1}"), JSON_CONTROL_CHARACTER},
    {"unknown escape", TEXT("\"\\x41-------\""), JSON_BAD_ESCAPE},
    {"escape of a zero byte", TEXT("\"\\\0-------\""), JSON_BAD_ESCAPE},
    {"escape with a bad digit", TEXT("\"\\u00g0----\""), JSON_BAD_ESCAPE},

    {"duplicate key (F-122)", TEXT("{\"a\":1,\"b\":2,\"a\":3}"), JSON_DUPLICATE_KEY},
    {"duplicate key in another spelling", TEXT("{\"a/\":1,\"\\u0061\\/\":3}"),
     JSON_DUPLICATE_KEY},
    {"duplicate key, two bytes", TEXT("{\"\xC3\xA9\":1,\"\\u00E9\":3}"),
     JSON_DUPLICATE_KEY},
    {"duplicate key, three bytes", TEXT("{\"\xE2\x82\xAC\":1,\"\\u20ac\":3}"),
     JSON_DUPLICATE_KEY},
    {"duplicate key, four bytes", TEXT("{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":3}"),
     JSON_DUPLICATE_KEY},
    {"duplicate key behind an inner object", TEXT("{\"a\":{\"b\":1},\"a\":3}"),
     JSON_DUPLICATE_KEY},
    {"duplicate empty key", TEXT("{\"\":1,\"\":3}"), JSON_DUPLICATE_KEY},

    {"leading zero", TEXT("007"), JSON_BAD_NUMBER},
    {"leading zero behind a sign", TEXT("[-01]"), JSON_BAD_NUMBER},
    {"plus sign", TEXT("+1"), JSON_SYNTAX},
    {"no digit before the point", TEXT(".5"), JSON_SYNTAX},
    {"no digit behind the point", TEXT("[1.]"), JSON_BAD_NUMBER},
    {"no digit in the exponent", TEXT("[1e]"), JSON_BAD_NUMBER},
    {"only a sign in the exponent", TEXT("[1e+]"), JSON_BAD_NUMBER},
    {"only a sign", TEXT("[-]"), JSON_BAD_NUMBER},
    {"hexadecimal", TEXT("[0x1]"), JSON_SYNTAX},
    {"infinite", TEXT("[-Infinity]"), JSON_BAD_NUMBER},
    {"zeros", TEXT("[0,-0,0.0,0e0,0.0E+5,-0e-9]"), JSON_OK},
    {"numbers as JavaScript writes them", TEXT("[-30000000000,2.5,1e+21,1E-7]"), JSON_OK},

    {"largest power", TEXT("9.99e307"), JSON_OK},
    {"too large", TEXT("1e308"), JSON_NUMBER_TOO_LARGE},
    {"too large and negative", TEXT("-1E+400"), JSON_NUMBER_TOO_LARGE},
    {"too large by its digits", TEXT("1000e305"), JSON_NUMBER_TOO_LARGE},
    {"not so large behind its zeros", TEXT("0.0001e311"), JSON_OK},
    {"too large in spite of its zeros", TEXT("0.0001e312"), JSON_NUMBER_TOO_LARGE},
    {"huge exponent of nothing", TEXT("0e999999999999999999999"), JSON_OK},
    {"huge exponent", TEXT("1e999999999999999999999"), JSON_NUMBER_TOO_LARGE},
    {"tiny", TEXT("1e-999999999999999999999"), JSON_OK},

    {"bad UTF-8 (F-40)", TEXT("\"a\xFF\""), JSON_BAD_UTF8},
    {"overlong UTF-8", TEXT("\"\xC0\xAF\""), JSON_BAD_UTF8},
    {"surrogate in UTF-8", TEXT("\"\xED\xA0\x80\""), JSON_BAD_UTF8},
    {"cut UTF-8 before the quote", TEXT("\"\xE2\x82\""), JSON_BAD_UTF8},
    {"UTF-8 cut by an escape", TEXT("\"\xE2\\n\x82\xAC\""), JSON_BAD_UTF8},
    {"above U+10FFFF", TEXT("\"\xF4\x90\x80\x80\""), JSON_BAD_UTF8},
    {"bad UTF-8 in a key", TEXT("{\"\xFF\":1}"), JSON_BAD_UTF8},
    {"lone high surrogate", TEXT("\"\\uD800\""), JSON_LONE_SURROGATE},
    {"lone low surrogate", TEXT("\"\\udc00 \""), JSON_LONE_SURROGATE},
    {"two high surrogates", TEXT("\"\\uD800\\uD800\""), JSON_LONE_SURROGATE},
    {"high surrogate and a letter", TEXT("\"\\uD800\\u0041\""), JSON_LONE_SURROGATE},
    {"escaped zero (F-38)", TEXT("\"a\\u0000b\""), JSON_NUL},
    {"the first fault is told", TEXT("[\"\\u0000\",\"\\uD800\"]"), JSON_NUL},
    {"structural damage goes first", TEXT("[\"\\u0000\",\"\xFF\",007]"), JSON_BAD_NUMBER},
    {"a faulty key twice", TEXT("{\"\\ud800\":1,\"\\uD800\":1}"), JSON_DUPLICATE_KEY},
  /* clang-format on */
};

static void judges_one(const struct text_case *row)
{
    assert_int_equal(check(row->text, row->size, &json_limits_graph), row->want);
}

static void judges_texts(void **state)
{
    (void)state;
    CASES(text_cases, judges_one);
}

static const struct text_case limit_cases[] = {
  /* clang-format off */
    {"text of 64 bytes",
     TEXT("                                                              {}"), JSON_OK},
    {"text of 65 bytes",
     TEXT("                                                               {}"),
     JSON_TEXT_TOO_LARGE},
    {"depth 3", TEXT("[[[1]]]"), JSON_OK},
    {"depth 4", TEXT("[[[[]]]]"), JSON_TOO_DEEP},
    {"depth 4 in objects", TEXT("{\"a\":{\"a\":{\"a\":{"), JSON_TOO_DEEP},
    {"string of 8 bytes", TEXT("\"12345678\""), JSON_OK},
    {"string of 9 bytes", TEXT("\"123456789\""), JSON_STRING_TOO_LONG},
    {"key of 9 bytes", TEXT("{\"123456789\":1}"), JSON_STRING_TOO_LONG},
    {"escapes count as written", TEXT("\"\\u00411\\\"\""), JSON_STRING_TOO_LONG},
    {"8 tokens", TEXT("[1,2,3,{\"a\":4,\"b\":"), JSON_CUT_OFF},
    {"9 tokens", TEXT("[1,2,3,{\"a\":4,\"b\":5"), JSON_TOO_MANY_TOKENS},
    {"9 tokens, the last a key", TEXT("[1,2,3,4,{\"a\":4,\"b\":5"), JSON_TOO_MANY_TOKENS},
  /* clang-format on */
};

static void keeps_one_limit(const struct text_case *row)
{
    assert_int_equal(check(row->text, row->size, &small), row->want);
}

static void keeps_limits(void **state)
{
    (void)state;
    CASES(limit_cases, keeps_one_limit);
}

/* F-143: a million brackets, a million keys, a million digits. */
static void stands_a_million_of_anything(void **state)
{
    (void)state;
    enum { MILLION = 1000000 };
    char *text = malloc(MILLION);
    assert_non_null(text);
    memset(text, '[', MILLION);
    assert_int_equal(json_guard_check(text, MILLION, &json_limits_graph), JSON_TOO_DEEP);
    memset(text, '7', MILLION);
    assert_int_equal(json_guard_check(text, MILLION, &json_limits_graph),
                     JSON_NUMBER_TOO_LARGE);
    memset(text, '"', 1);
    assert_int_equal(json_guard_check(text, MILLION, &json_limits_graph), JSON_CUT_OFF);
    free(text);
}

/* `{"k0":0,"k1":1,...` with `count` keys, closed. */
static size_t write_keys(char *out, size_t capacity, int count)
{
    size_t size = 0;
    for (int i = 0; i < count; i++)
        size += (size_t)snprintf(out + size, capacity - size, "%c\"k%d\":%d",
                                 i == 0 ? '{' : ',', i, i);
    out[size++] = '}';
    return size;
}

static void limits_open_keys(void **state)
{
    (void)state;
    char text[16384];
    size_t size = write_keys(text, sizeof text, JSON_MAX_OPEN_KEYS);
    assert_int_equal(check(text, size, &json_limits_graph), JSON_OK);
    size = write_keys(text, sizeof text, JSON_MAX_OPEN_KEYS + 1);
    assert_int_equal(check(text, size, &json_limits_graph), JSON_TOO_MANY_KEYS);
}

static void limits_the_size_of_numbers(void **state)
{
    (void)state;
    char text[64] = "0.";
    memset(text + 2, '1', sizeof text - 2);
    assert_int_equal(check(text, 63, &json_limits_graph), JSON_OK);
    assert_int_equal(check(text, 64, &json_limits_graph), JSON_NUMBER_TOO_LARGE);
}

static void refuses_every_cut_text(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":[1,-2.5e+7,true,false,null],\"b\":{\"\\u00e9\\n\":\"\xE2\x82\xAC\"}}";
    size_t size = sizeof text - 1;
    assert_int_equal(check(text, size, &json_limits_graph), JSON_OK);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(check(text, cut, &json_limits_graph), JSON_CUT_OFF);
}

/* Whatever byte is changed in a text: what the guard lets pass, cJSON can read. */
static void what_passes_can_be_read(void **state)
{
    (void)state;
    char text[] = "{\"a\":[1,-2.5e+7,true,null],\"b\":{\"\\u00e9\\n\":\"\xE2\x82\xAC\\ud83d"
                  "\\ude00\"}}";
    size_t size = sizeof text - 1;
    for (size_t at = 0; at < size; at++) {
        char kept = text[at];
        for (int byte = 0; byte < 256; byte++) {
            text[at] = (char)byte;
            if (check(text, size, &json_limits_graph) != JSON_OK)
                continue;
            cJSON *json = cJSON_ParseWithLengthOpts(text, size + 1, NULL, 1);
            assert_non_null(json);
            cJSON_Delete(json);
        }
        text[at] = kept;
    }
}

/* A page as Graph sends it, with items of each sort. Items are separated in `want` by
 * a line feed; a `!` in front of one says that it has a fault. */
static const struct item_case {
    const char *name;
    const char *member;
    const char *text;
    size_t size;
    enum json_verdict want;
    const char *items;
    const char *array; /* NULL: none */
} item_cases[] = {
  /* clang-format off */
    {"a page", "value",
     TEXT("{\"@c\":\"x\",\"value\":[{\"a\":1},{\"b\":[2]}],\"next\":\"y\"}"), JSON_OK,
     "{\"a\":1}\n{\"b\":[2]}\n", "[{\"a\":1},{\"b\":[2]}]"},
    {"an empty page", "value", TEXT("{\"value\":[ ]}"), JSON_OK, "", "[ ]"},
    {"white space is cut off", "value", TEXT("{\"value\" : [ {} , 1 ] }"), JSON_OK,
     "{}\n1\n", "[ {} , 1 ]"},
    {"elements of any type", "value", TEXT("{\"value\":[\"a\",null,[1]]}"), JSON_OK,
     "\"a\"\nnull\n[1]\n", "[\"a\",null,[1]]"},
    {"no member", "value", TEXT("{\"values\":[1],\"valu\":[2]}"), JSON_OK, "", NULL},
    {"member is no array", "value", TEXT("{\"value\":{\"value\":[1]}}"), JSON_OK, "", NULL},
    {"member is a string before an array", "value", TEXT("{\"value\":\"\",\"o\":[1]}"),
     JSON_OK, "", NULL},
    {"member deeper down", "value", TEXT("{\"o\":{\"value\":[1]}}"), JSON_OK, "", NULL},
    {"text is no object", "value", TEXT("[[1]]"), JSON_OK, "", NULL},
    {"member twice", "value", TEXT("{\"value\":[1],\"value\":[2]}"), JSON_DUPLICATE_KEY,
     NULL, NULL},
    {"top-level array", NULL, TEXT("[\"notification\", {\"a\":[1]} ]"), JSON_OK,
     "\"notification\"\n{\"a\":[1]}\n", "[\"notification\", {\"a\":[1]} ]"},
    {"no top-level array", NULL, TEXT("{\"a\":[1]}"), JSON_OK, "", NULL},

    {"one bad name holds one item (F-40)", "value",
     TEXT("{\"value\":[{\"n\":\"a\"},{\"n\":\"\xFF\"},{\"n\":\"b\"}]}"), JSON_OK,
     "{\"n\":\"a\"}\n!{\"n\":\"\xFF\"}\n{\"n\":\"b\"}\n",
     "[{\"n\":\"a\"},{\"n\":\"\xFF\"},{\"n\":\"b\"}]"},
    {"lone surrogate, escaped zero, large number", "value",
     TEXT("{\"value\":[\"\\ud800\",\"\\u0000\",[1e999]]}"), JSON_OK,
     "!\"\\ud800\"\n!\"\\u0000\"\n![1e999]\n", "[\"\\ud800\",\"\\u0000\",[1e999]]"},
    {"bad text outside the items fails the page", "value",
     TEXT("{\"value\":[\"\\ud800\"],\"next\":\"\xFF\"}"), JSON_BAD_UTF8, NULL, NULL},
    {"bad text before the items likewise", "value",
     TEXT("{\"c\":\"\\u0000\",\"value\":[\"\\ud800\"]}"), JSON_NUL, NULL, NULL},
    {"damage in an item fails the page", "value", TEXT("{\"value\":[{\"n\":007},{}]}"),
     JSON_BAD_NUMBER, NULL, NULL},
    {"damage behind the items fails the page", "value", TEXT("{\"value\":[{}]}]"),
     JSON_TRAILING, NULL, NULL},
    {"duplicate key in an item fails the page", "value",
     TEXT("{\"value\":[{\"n\":1,\"n\":2}]}"), JSON_DUPLICATE_KEY, NULL, NULL},
  /* clang-format on */
};

/* Writes the items as the table does. */
static void describe_items(const char *text, const struct json_items *items, char *out)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct json_item *item = &items->list[i];
        if (item->verdict != JSON_OK) {
            assert_true(json_verdict_is_content(item->verdict));
            *out++ = '!';
        }
        memcpy(out, text + item->offset, item->size);
        out += item->size;
        *out++ = '\n';
    }
    *out = 0;
}

static void cuts_one(const struct item_case *row)
{
    char *copy = copy_exactly(row->text, row->size);
    struct json_items items = {.count = 99};
    assert_int_equal(
        json_guard_items(copy, row->size, row->member, &json_limits_graph, &items),
        row->want);
    if (row->want == JSON_OK) {
        char found[256];
        describe_items(copy, &items, found);
        assert_string_equal(found, row->items);
        assert_int_equal(items.array_size, row->array == NULL ? 0 : strlen(row->array));
        if (row->array != NULL)
            assert_memory_equal(copy + items.array_offset, row->array, items.array_size);
        json_items_clear(&items);
        assert_int_equal(items.count, 0);
    } else {
        assert_int_equal(items.count, 99);
    }
    free(copy);
}

static void cuts_pages_into_items(void **state)
{
    (void)state;
    CASES(item_cases, cuts_one);
}

static void limits_items(void **state)
{
    (void)state;
    struct json_items items;
    assert_int_equal(json_guard_items(TEXT("[1,2,3]"), NULL, &small, &items), JSON_OK);
    assert_int_equal(items.count, 3);
    json_items_clear(&items);
    assert_int_equal(json_guard_items(TEXT("[1,2,3,4]"), NULL, &small, &items),
                     JSON_TOO_MANY_ITEMS);
}

static void lists_more_items_than_fit_at_first(void **state)
{
    (void)state;
    char text[1024] = "[";
    for (size_t i = 0; i < 200; i++)
        memcpy(text + 1 + 2 * i, i == 199 ? "7]" : "7,", 2);
    struct json_items items;
    assert_int_equal(json_guard_items(text, 401, NULL, &json_limits_graph, &items),
                     JSON_OK);
    assert_int_equal(items.count, 200);
    for (size_t i = 0; i < 200; i++)
        assert_int_equal(items.list[i].offset, 1 + 2 * i);
    json_items_clear(&items);
}

static const struct blank_case {
    const char *name;
    const char *text;
    size_t size;
    enum json_verdict want;
    const char *blanked;
} blank_cases[] = {
  /* clang-format off */
    {"nothing to do", TEXT("{\"a\":\"b\"}"), JSON_OK, "{\"a\":\"b\"}"},
    {"bad UTF-8", TEXT("{\"a\":\"x\xFFy\",\"id\":\"7\"}"), JSON_OK,
     "{\"a\":\"\x7F\x7F\x7F\",\"id\":\"7\"}"},
    {"lone surrogate", TEXT("[\"\\ud800\",\"b\"]"), JSON_OK,
     "[\"\x7F\x7F\x7F\x7F\x7F\x7F\",\"b\"]"},
    {"escaped zero behind an escaped quote", TEXT("[\"\\\"\\u0000\"]"), JSON_OK,
     "[\"\x7F\x7F\x7F\x7F\x7F\x7F\x7F\x7F\"]"},
    {"large number", TEXT("[1e999,2]"), JSON_OK, "[0    ,2]"},
    {"several faults", TEXT("[\"\xFF\",\"\xFE\"]"), JSON_OK, "[\"\x7F\",\"\x7F\"]"},
    {"a faulty key", TEXT("{\"\xFF\":1}"), JSON_OK, "{\"\x7F\":1}"},
    {"damage", TEXT("[\"a\""), JSON_CUT_OFF, "[\"a\""},
  /* clang-format on */
};

static void blanks_one(const struct blank_case *row)
{
    char *copy = copy_exactly(row->text, row->size);
    assert_int_equal(json_guard_blank(copy, row->size, &json_limits_graph), row->want);
    assert_memory_equal(copy, row->blanked, row->size);
    if (row->want == JSON_OK) {
        assert_int_equal(json_guard_blank(copy, row->size, &json_limits_graph), JSON_OK);
        cJSON *json = cJSON_ParseWithLength(copy, row->size);
        assert_non_null(json);
        cJSON_Delete(json);
    }
    free(copy);
}

static void blanks_faults(void **state)
{
    (void)state;
    CASES(blank_cases, blanks_one);
}

static void has_words_for_each_verdict(void **state)
{
    (void)state;
    for (int i = JSON_OK; i <= JSON_NUMBER_TOO_LARGE; i++)
        assert_non_null(json_verdict_text((enum json_verdict)i));
    assert_false(json_verdict_is_content(JSON_OK));
    assert_false(json_verdict_is_content(JSON_NO_MEMORY));
    assert_true(json_verdict_is_content(JSON_BAD_UTF8));
    assert_true(json_verdict_is_content(JSON_NUMBER_TOO_LARGE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(judges_texts),
        TABLE_TEST(keeps_limits),
        cmocka_unit_test(stands_a_million_of_anything),
        cmocka_unit_test(limits_open_keys),
        cmocka_unit_test(limits_the_size_of_numbers),
        cmocka_unit_test(refuses_every_cut_text),
        cmocka_unit_test(what_passes_can_be_read),
        TABLE_TEST(cuts_pages_into_items),
        cmocka_unit_test(limits_items),
        cmocka_unit_test(lists_more_items_than_fit_at_first),
        TABLE_TEST(blanks_faults),
        cmocka_unit_test(has_words_for_each_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
