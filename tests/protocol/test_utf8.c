#include "protocol/utf8.h"
#include "tests/support/guarded_bytes.h"
#include "tests/support/table.h"

static const struct text_case {
    const char *name;
    const char *bytes;
    int valid_size; /* bytes before the first bad one; -1: all are good */
    bool is_complete;
} texts[] = {
    {"nothing",                           "",                                          -1, true },
    {"ASCII",                             "hello",                                     -1, true },
    {"ASCII of many words",               "a quick brown fox jumps over the lazy dog", -1, true },
    {"two, three and four bytes",         "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",      -1, true },
    {"behind a word of ASCII",
     "12345678\xC3\xA9"
     "12345678",                                                                       -1, true },
    {"lowest and highest of each length",
     "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF",   -1,
     true                                                                                       },
    {"around the surrogates",             "\xED\x9F\xBF\xEE\x80\x80",                  -1, true },
    {"noncharacters and a BOM",           "\xEF\xBB\xBF\xEF\xBF\xBE\xEF\xB7\x90",      -1,
     true                                                                                       }, /* WS-50 */
    {"cut in two",                        "a\xC3",                                     -1, false},
    {"cut in four",                       "\xF0\x9F\x98",                              -1, false},
    {"continuation alone",                "ab\x80",                                    2,  false},
    {"overlong in two",                   "\xC0\x80",                                  0,  false},
    {"overlong in two, C1",               "\xC1\xBF",                                  0,  false},
    {"overlong in three",                 "\xE0\x9F\xBF",                              1,  false},
    {"overlong in four",                  "\xF0\x8F\xBF\xBF",                          1,  false},
    {"a surrogate",                       "\xED\xA0\x80",                              1,  false},
    {"above U+10FFFF",                    "\xF4\x90\x80\x80",                          1,  false},
    {"F5 and more",                       "\xF5\x80",                                  0,  false},
    {"FF",                                "12345678\xFF",                              8,  false},
    {"a letter inside",
     "\xE2\x82"
     "a",                                                                              2,  false},
    {"a letter at once",
     "\xE2"
     "a",                                                                              1,  false},
};

/* Whole, then with a cut at each place: the answer comes with the bad byte (WS-52). */
static void check_text(const struct text_case *row)
{
    size_t size = strlen(row->bytes);
    struct guarded_bytes text = guarded_bytes_new(row->bytes, size);
    bool is_good = row->valid_size < 0;
    assert_int_equal(utf8_is_valid(text.data, size), is_good && row->is_complete);
    size_t valid = is_good ? size : (size_t)row->valid_size;
    for (size_t cut = 0; cut <= valid; cut++) {
        struct utf8 utf8 = {0};
        assert_true(utf8_feed(&utf8, text.data, cut));
        assert_int_equal(utf8_feed(&utf8, text.data + cut, size - cut), is_good);
        if (is_good)
            assert_int_equal(utf8_is_complete(&utf8), row->is_complete);
    }
    struct utf8 utf8 = {0};
    for (size_t i = 0; i < valid; i++)
        assert_true(utf8_feed(&utf8, text.data + i, 1));
    if (!is_good)
        assert_false(utf8_feed(&utf8, text.data + valid, 1));
    guarded_bytes_free(&text);
}

static void tells_good_from_bad(void **state)
{
    (void)state;
    CASES(texts, check_text);
}

static size_t encode(uint32_t code, uint8_t out[4])
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size; i-- > 1; code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 0x3F));
    out[0] = (uint8_t)(marks[size] | code);
    return size;
}

static void every_code_point_but_surrogates_is_good(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x120000; code++) {
        uint8_t bytes[4];
        size_t size = encode(code, bytes);
        bool is_good = code < 0xD800 || (code > 0xDFFF && code < 0x110000);
        assert_int_equal(utf8_is_valid(bytes, size), is_good);
    }
}

/* All sequences of up to three bytes: exactly as many are good as there are texts of that
 * many bytes. */
static void nothing_else_is_good(void **state)
{
    (void)state;
    size_t good[4] = {0};
    for (uint32_t value = 0; value < 1U << 24; value++) {
        const uint8_t bytes[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8),
                                  (uint8_t)value};
        if (value < 1U << 8)
            good[1] += utf8_is_valid(bytes + 2, 1);
        if (value < 1U << 16)
            good[2] += utf8_is_valid(bytes + 1, 2);
        good[3] += utf8_is_valid(bytes, 3);
    }
    const size_t one = 128;
    const size_t two = 0x800 - 0x80;
    const size_t three = 0x10000 - 0x800 - 0x800;
    assert_int_equal(good[1], one);
    assert_int_equal(good[2], one * one + two);
    assert_int_equal(good[3], one * one * one + 2 * one * two + three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(tells_good_from_bad),
        TABLE_TEST(every_code_point_but_surrogates_is_good),
        TABLE_TEST(nothing_else_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
