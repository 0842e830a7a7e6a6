#include <string.h>

#include "protocol/tls_name.h"
#include "tests/support/table.h"

/* WS-25 */
static const struct pair_case {
    const char *name;
    const char *host;
    const char *pattern;
    size_t size; /* 0: of the text */
    bool want;
} pairs[] = {
    {"equal",                              "a.example",     "a.example",                0,  true },
    {"in another case",                    "A.example",     "a.EXAMPLE",                0,  true },
    {"host with a trailing dot",           "a.example.",    "a.example",                0,  true },
    {"pattern with a trailing dot",        "a.example",     "a.example.",               0,  false},
    {"another",                            "a.example",     "b.example",                0,  false},
    {"shorter",                            "a.example",     "a.exampl",                 0,  false},
    {"longer",                             "a.example",     "a.examplee",               0,  false},
    {"a zero in the pattern",              "a.example",     "a.example\0.evil.example", 23, false},
    {"empty pattern",                      "a.example",     "",                         0,  false},
    {"one label",                          "localhost",     "localhost",                0,  true },
    {"wildcard",                           "x.a.example",   "*.a.example",              0,  true },
    {"wildcard in another case",           "X.A.example",   "*.a.EXAMPLE",              0,  true },
    {"wildcard over two labels",           "x.y.a.example", "*.a.example",              0,  false},
    {"wildcard over no label",             "a.example",     "*.a.example",              0,  false},
    {"wildcard over an empty label",       ".a.example",    "*.a.example",              0,  false},
    {"wildcard over a top label",          "a.example",     "*.example",                0,  false},
    {"wildcard alone",                     "a",             "*",                        0,  false},
    {"wildcard and a dot",                 "a.",            "*.",                       0,  false},
    {"wildcard in part of a label",        "xa.b.example",  "x*.b.example",             0,  false},
    {"all kinds of characters",            "a-1_z.Example", "a-1_Z.example",            0,  true },
    {"a star without a dot",               "xa.example",    "*xa.example",              0,  false},
    {"wildcard inside",                    "a.x.example",   "a.*.example",              0,  false},
    {"wildcard for a single label",        "localhost",     "*.localhost",              0,  false},
    {"an address is no name",              "192.0.2.1",     "192.0.2.1",                0,  false},
    {"nor is one of version 6",            "::1",           "::1",                      0,  false},
    {"an address is not below a wildcard", "192.0.2.1",     "*.0.2.1",                  0,  false},
};

static void check_pair(const struct pair_case *row)
{
    struct tls_name name;
    size_t size = row->size == 0 ? strlen(row->pattern) : row->size;
    assert_true(tls_name_init(&name, row->host));
    assert_int_equal(tls_name_is_covered(&name, (const uint8_t *)row->pattern, size),
                     row->want);
}

static void compares_names(void **state)
{
    (void)state;
    CASES(pairs, check_pair);
}

static void compares_addresses_as_bytes(void **state)
{
    (void)state;
    struct tls_name name;
    uint8_t loopback[16] = {[15] = 1};
    assert_true(tls_name_init(&name, "192.0.2.1"));
    assert_true(tls_name_is_address(&name, (const uint8_t *)"\xC0\0\2\1", 4));
    assert_false(tls_name_is_address(&name, (const uint8_t *)"\xC0\0\2\2", 4));
    assert_false(tls_name_is_address(&name, (const uint8_t *)"\xC0\0\2\1\0", 5));
    assert_true(tls_name_init(&name, "::1"));
    assert_true(tls_name_is_address(&name, loopback, 16));
    assert_true(tls_name_init(&name, "a.example"));
    assert_false(tls_name_is_address(&name, (const uint8_t *)"\xC0\0\2\1", 4));
    assert_false(tls_name_is_address(&name, NULL, 0));
}

static void refuses_what_cannot_be_a_host(void **state)
{
    (void)state;
    struct tls_name name;
    char text[TLS_NAME_MAX + 3] = {0};
    const char *const hosts[] = {"",    ".",   "a b", "a/b",   "a:b",      "a@b",
                                 "a[b", "a{b", "a`b", "[::1]", "\xC3\xA9", "a\n"};
    for (size_t i = 0; i < COUNT_OF(hosts); i++)
        assert_false(tls_name_init(&name, hosts[i]));
    memset(text, 'a', TLS_NAME_MAX);
    assert_true(tls_name_init(&name, text));
    text[TLS_NAME_MAX] = '.';
    assert_true(tls_name_init(&name, text));
    text[TLS_NAME_MAX] = 'a';
    assert_false(tls_name_init(&name, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(compares_names),
        TABLE_TEST(compares_addresses_as_bytes),
        TABLE_TEST(refuses_what_cannot_be_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
