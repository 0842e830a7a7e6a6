/* protocol/percent.h: RFC 3986, 2.1. */
#include <string.h>

#include "protocol/percent.h"
#include "tests/support/table.h"

static const struct decode_case {
    const char *name;
    const char *text;
    bool is_form;
    const char *want; /* NULL: refused */
} decode_cases[] = {
    {"plain",                 "abc",        false, "abc"      },
    {"empty",                 "",           false, ""         },
    {"escapes of both cases", "%41%2f%2F",  false, "A//"      },
    {"a plus in a form",      "a+b",        true,  "a b"      },
    {"a plus in a path",      "a+b",        false, "a+b"      },
    {"a cut escape",          "a%2",        false, NULL       },
    {"a bare percent sign",   "a%",         false, NULL       },
    {"a bad digit first",     "%g0",        false, NULL       },
    {"a bad digit second",    "%0g",        false, NULL       },
    {"a zero byte",           "a%00b",      false, NULL       },
    {"just fits",             "123456789",  false, "123456789"},
    {"too long",              "1234567890", false, NULL       },
};

static void decodes(const struct decode_case *row)
{
    char out[10];
    assert_int_equal(
        percent_decode(row->text, strlen(row->text), row->is_form, out, sizeof out),
        row->want != NULL);
    if (row->want != NULL)
        assert_string_equal(out, row->want);
}

static void texts_are_decoded(void **state)
{
    (void)state;
    CASES(decode_cases, decodes);
}

static void all_but_unreserved_characters_are_escaped(void **state)
{
    (void)state;
    struct bytes out;
    bytes_init(&out, 64);
    assert_true(percent_encode("azAZ09-._~ /%&+\xC3\xA9", &out));
    assert_string_equal(bytes_text(&out), "azAZ09-._~%20%2F%25%26%2B%C3%A9");
    bytes_clear(&out);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct bytes out;
    bytes_init(&out, 2);
    assert_false(percent_encode("abc", &out));
    bytes_clear(&out);
    assert_false(percent_encode("/", &out));
    bytes_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(texts_are_decoded),
        TABLE_TEST(all_but_unreserved_characters_are_escaped),
        TABLE_TEST(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
