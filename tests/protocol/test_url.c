#include <stdlib.h>
#include <string.h>

#include "protocol/url.h"
#include "tests/support/table.h"

static const struct parse_case {
    const char *name;
    const char *text;
    enum url_verdict want;
    enum url_scheme scheme;
    const char *host;
    uint16_t port;
    const char *path;
    const char *query;
} parse_cases[] = {
  /* clang-format off */
    {"all parts", "https://h.svc.ms:8443/a/b?x=1&y=2#f", URL_OK, URL_HTTPS, "h.svc.ms",
     8443, "/a/b", "x=1&y=2"},
    {"scheme and host only", "https://h.svc.ms", URL_OK, URL_HTTPS, "h.svc.ms", 443, "",
     ""},
    {"query without a path", "wss://h.svc.ms?x", URL_OK, URL_WSS, "h.svc.ms", 443, "", "x"},
    {"fragment without a path", "ws://h#?x", URL_OK, URL_WS, "h", 80, "", ""},
    {"fragment behind a path", "ws://h/p#?x", URL_OK, URL_WS, "h", 80, "/p", ""},
    {"second question mark", "http://h/?a?b", URL_OK, URL_HTTP, "h", 80, "/", "a?b"},
    {"empty query", "http://h/p?", URL_OK, URL_HTTP, "h", 80, "/p", ""},
    {"path as written", "https://h/a/../%2f//B/", URL_OK, URL_HTTPS, "h", 443,
     "/a/../%2f//B/", ""},
    {"case of scheme and host", "HTTPS://H.Svc.MS/N", URL_OK, URL_HTTPS, "h.svc.ms", 443,
     "/N", ""},
    {"last dot of the host", "https://h.svc.ms./n", URL_OK, URL_HTTPS, "h.svc.ms", 443,
     "/n", ""},
    {"IPv6 literal", "https://[::1]:3000/n", URL_OK, URL_HTTPS, "::1", 3000, "/n", ""},
    {"IPv6 literal, usual port", "https://[2001:DB8::1]/n", URL_OK, URL_HTTPS,
     "2001:db8::1", 443, "/n", ""},
    {"user name", "https://u:p@h/n", URL_OK, URL_HTTPS, "h", 443, "/n", ""},
    {"at sign in the password", "https://u@x:p@h/n", URL_OK, URL_HTTPS, "h", 443, "/n", ""},
    {"at sign in the path", "https://h/n@o", URL_OK, URL_HTTPS, "h", 443, "/n@o", ""},
    {"hyphens and underscores", "https://a-b_c.-d", URL_OK, URL_HTTPS, "a-b_c.-d", 443, "", ""},
    {"largest port", "https://h:65535", URL_OK, URL_HTTPS, "h", 65535, "", ""},
    {"bytes of another script in the path", "https://h/\xC3\xA9", URL_OK, URL_HTTPS, "h",
     443, "/\xC3\xA9", ""},

    {"empty", "", URL_UNKNOWN_SCHEME, 0, NULL, 0, NULL, NULL},
    {"no scheme", "h.svc.ms/n", URL_UNKNOWN_SCHEME, 0, NULL, 0, NULL, NULL},
    {"other scheme", "file:///etc/passwd", URL_UNKNOWN_SCHEME, 0, NULL, 0, NULL, NULL},
    {"one slash", "https:/h", URL_UNKNOWN_SCHEME, 0, NULL, 0, NULL, NULL},
    {"longer scheme", "httpss://h", URL_UNKNOWN_SCHEME, 0, NULL, 0, NULL, NULL},
    {"leading space", " https://h", URL_BAD_CHARACTER, 0, NULL, 0, NULL, NULL},
    {"space in the query", "https://h/?a b", URL_BAD_CHARACTER, 0, NULL, 0, NULL, NULL},
    {"line feed", "https://h/?a\nb", URL_BAD_CHARACTER, 0, NULL, 0, NULL, NULL},
    {"delete", "https://h/\x7F", URL_BAD_CHARACTER, 0, NULL, 0, NULL, NULL},
    {"no host", "https:///n", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"user name and no host", "https://u@/n", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"backslash before the at sign", "https://good.svc.ms\\@evil/", URL_OK, URL_HTTPS,
     "evil", 443, "/", ""},
    {"backslash behind the host", "https://evil\\.svc.ms/", URL_BAD_HOST, 0, NULL, 0, NULL,
     NULL},
    {"percent in the host", "https://h%2esvc.ms/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"host in another script", "https://\xC3\xA9.ms/", URL_BAD_HOST, 0, NULL, 0, NULL,
     NULL},
    {"empty label", "https://h..ms/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"leading dot", "https://.svc.ms/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"two last dots", "https://h.ms../", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"only a dot", "https://./", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"short form of an address", "https://127.1/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"number as an address", "https://2130706433/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"hexadecimal address", "https://0x7f.1/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"bad IPv6 literal", "https://[::g]/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"name in brackets", "https://[h]/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"IPv4 in brackets", "https://[127.0.0.1]/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"IPv6 without brackets", "https://2001:db8::1/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"bracket not closed", "https://[::1/", URL_BAD_HOST, 0, NULL, 0, NULL, NULL},
    {"empty port", "https://h:/", URL_BAD_PORT, 0, NULL, 0, NULL, NULL},
    {"port 0", "https://h:0/", URL_BAD_PORT, 0, NULL, 0, NULL, NULL},
    {"port above 65535", "https://h:65536/", URL_BAD_PORT, 0, NULL, 0, NULL, NULL},
    {"port with a sign", "https://h:+1/", URL_BAD_PORT, 0, NULL, 0, NULL, NULL},
    {"port with a letter", "https://h:8a/", URL_BAD_PORT, 0, NULL, 0, NULL, NULL},
    {"port of six digits", "https://h:000443/", URL_BAD_PORT, 0, NULL, 0, NULL, NULL},
  /* clang-format on */
};

static void assert_part(struct url_part part, const char *want)
{
    assert_int_equal(part.size, strlen(want));
    assert_memory_equal(part.text, want, part.size);
}

static void parses_one(const struct parse_case *row)
{
    struct url url = {.port = 7};
    assert_int_equal(url_parse(row->text, &url), row->want);
    if (row->want != URL_OK) {
        assert_int_equal(url.port, 7);
        return;
    }
    assert_int_equal(url.scheme, row->scheme);
    assert_string_equal(url.host, row->host);
    assert_int_equal(url.port, row->port);
    assert_int_equal(url.size, strlen(row->text));
    assert_part(url.path, row->path);
    assert_part(url.query, row->query);
    assert_int_equal(url.is_ipv6, strchr(row->text, '[') != NULL);
}

static void parses(void **state)
{
    (void)state;
    CASES(parse_cases, parses_one);
}

static void knows_user_names_and_kinds_of_hosts(void **state)
{
    (void)state;
    struct url url;
    assert_int_equal(url_parse("https://u@h/", &url), URL_OK);
    assert_true(url.has_userinfo && !url.is_address && !url.is_loopback);
    assert_int_equal(url_parse("https://@h/", &url), URL_OK);
    assert_true(url.has_userinfo);
    assert_int_equal(url_parse("https://192.0.2.1/", &url), URL_OK);
    assert_true(!url.has_userinfo && url.is_address && !url.is_ipv6 && !url.is_loopback);
    assert_int_equal(url_parse("https://127.9.9.9/", &url), URL_OK);
    assert_true(url.is_address && url.is_loopback);
    assert_int_equal(url_parse("https://[::1]/", &url), URL_OK);
    assert_true(url.is_address && url.is_ipv6 && url.is_loopback);
    assert_int_equal(url_parse("https://a.LocalHost./", &url), URL_OK);
    assert_true(url.is_loopback && !url.is_address);
    assert_int_equal(url_parse("https://notlocalhost/", &url), URL_OK);
    assert_false(url.is_loopback);
}

/* "https://h/aaa..." of exactly `size` bytes. */
static char *make_long_url(size_t size)
{
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'a', size);
    memcpy(text, "https://h/", strlen("https://h/"));
    text[size] = 0;
    return text;
}

static void limits_the_size(void **state)
{
    (void)state;
    struct url url;
    char *longest = make_long_url(URL_MAX_SIZE);
    char *too_long = make_long_url(URL_MAX_SIZE + 1);
    assert_int_equal(url_parse(longest, &url), URL_OK);
    assert_int_equal(url_parse(too_long, &url), URL_TOO_LONG);
    free(longest);
    free(too_long);

    char label[64 + 1 + 8] = "https://";
    memset(label + 8, 'a', 63);
    assert_int_equal(url_parse(label, &url), URL_OK);
    label[8 + 63] = 'a';
    assert_int_equal(url_parse(label, &url), URL_BAD_HOST);

    char host[8 + URL_MAX_HOST_SIZE + 2] = "https://";
    for (size_t i = 0; i < URL_MAX_HOST_SIZE; i++)
        host[8 + i] = i % 2 == 0 ? 'a' : '.';
    assert_int_equal(url_parse(host, &url), URL_OK);
    host[8 + URL_MAX_HOST_SIZE] = 'a';
    assert_int_equal(url_parse(host, &url), URL_BAD_HOST);
}

static const char *const suffixes[] = {"svc.ms", "sharepoint.com"};

#define STRICT                                                                             \
    {                                                                                      \
        .suffixes = suffixes, .suffix_count = 2                                            \
    }
#define WITH_WSS                                                                           \
    {                                                                                      \
        .suffixes = suffixes, .suffix_count = 2, .web_socket_allowed = true                \
    }
#define OWN_HOST                                                                           \
    {                                                                                      \
        .suffixes = suffixes, .suffix_count = 2, .own_host = "Graph.test."                 \
    }
#define OWN_IP                                                                             \
    {                                                                                      \
        .own_host = "192.0.2.7"                                                            \
    }
#define LOOPBACK                                                                           \
    {                                                                                      \
        .suffixes = suffixes, .suffix_count = 2, .loopback = true                          \
    }
#define TEST_TOOL                                                                          \
    {                                                                                      \
        .loopback = true, .plain_text_allowed = true, .web_socket_allowed = true           \
    }
#define ANY_PORT                                                                           \
    {                                                                                      \
        .suffixes = suffixes, .suffix_count = 2, .any_port = true                          \
    }
#define SHORT                                                                              \
    {                                                                                      \
        .suffixes = suffixes, .suffix_count = 2, .size_limit = 18                          \
    }

static const struct check_case {
    const char *name;
    const char *text;
    struct url_policy policy;
    enum url_verdict want;
} check_cases[] = {
  /* clang-format off */
    {"below a suffix", "https://x.svc.ms/n", STRICT, URL_OK},
    {"the suffix itself", "https://svc.ms/n", STRICT, URL_OK},
    {"second suffix", "https://a.b.SharePoint.com/n", STRICT, URL_OK},
    {"own port written out", "https://x.svc.ms:443/n", STRICT, URL_OK},
    {"not at a label boundary", "https://evilsvc.ms/n", STRICT, URL_HOST_REFUSED},
    {"suffix in the middle", "https://svc.ms.evil.example/n", STRICT, URL_HOST_REFUSED},
    {"other host", "https://example.com/n", STRICT, URL_HOST_REFUSED},
    {"user name", "https://svc.ms@evil.example/n", STRICT, URL_USERINFO_REFUSED},
    {"user name before a good host", "https://u@x.svc.ms/n", STRICT, URL_USERINFO_REFUSED},
    {"plain text", "http://x.svc.ms/n", STRICT, URL_SCHEME_REFUSED},
    {"web socket where none is meant", "wss://x.svc.ms/n", STRICT, URL_SCHEME_REFUSED},
    {"web socket where one is meant", "wss://x.svc.ms/n", WITH_WSS, URL_OK},
    {"plain web socket", "ws://x.svc.ms/n", WITH_WSS, URL_SCHEME_REFUSED},
    {"other port", "https://x.svc.ms:8443/n", STRICT, URL_PORT_REFUSED},
    {"any port where allowed", "https://x.svc.ms:8443/n", ANY_PORT, URL_OK},
    {"address", "https://192.0.2.7/n", STRICT, URL_ADDRESS_REFUSED},
    {"loopback address in the field", "https://127.0.0.1/n", STRICT, URL_ADDRESS_REFUSED},
    {"loopback name in the field", "https://localhost/n", STRICT, URL_HOST_REFUSED},
    {"nothing is allowed by default", "https://x.svc.ms/n", {0}, URL_HOST_REFUSED},

    {"own host at any port", "https://graph.test:8443/n", OWN_HOST, URL_OK},
    {"own host in clear", "http://graph.test/n", OWN_HOST, URL_SCHEME_REFUSED},
    {"below the own host", "https://x.graph.test/n", OWN_HOST, URL_HOST_REFUSED},
    {"built-in host beside the own one", "https://x.svc.ms/n", OWN_HOST, URL_OK},
    {"own host that is an address", "https://192.0.2.7:1/n", OWN_IP, URL_OK},
    {"other address than the own one", "https://192.0.2.8/n", OWN_IP, URL_ADDRESS_REFUSED},

    {"sandbox, IPv4", "https://127.0.0.1:3000/n", LOOPBACK, URL_OK},
    {"sandbox, other loopback address", "https://127.0.0.2:3000/n", LOOPBACK, URL_OK},
    {"sandbox, IPv6", "https://[::1]:3000/n", LOOPBACK, URL_OK},
    {"sandbox, name", "https://localhost:3000/n", LOOPBACK, URL_OK},
    {"sandbox, name below localhost", "https://push.localhost:3000/n", LOOPBACK, URL_OK},
    {"sandbox, address of the network", "https://192.168.0.1:3000/n", LOOPBACK,
     URL_ADDRESS_REFUSED},
    {"sandbox in clear", "http://127.0.0.1:3000/n", LOOPBACK, URL_SCHEME_REFUSED},
    {"test tool in clear", "ws://127.0.0.1:3000/n", TEST_TOOL, URL_OK},
    {"test tool, plain http", "http://[::1]:3000/n", TEST_TOOL, URL_OK},

    {"just short enough", "https://x.svc.ms/n", SHORT, URL_OK},
    {"too long for the policy", "https://x.svc.ms/nn", SHORT, URL_TOO_LONG},
  /* clang-format on */
};

static void checks_one(const struct check_case *row)
{
    struct url url;
    assert_int_equal(url_parse(row->text, &url), URL_OK);
    assert_int_equal(url_check(&url, &row->policy), row->want);
}

static void checks_against_a_policy(void **state)
{
    (void)state;
    CASES(check_cases, checks_one);
}

static const struct host_case {
    const char *name;
    const char *host;
    const char *other;
    bool is_equal;
    bool is_below;
} host_cases[] = {
    {"same",              "svc.ms",     "svc.ms",  true,  true },
    {"case and last dot", "SVC.ms.",    "svc.MS",  true,  true },
    {"dot in the suffix", "x.svc.ms",   "svc.ms.", false, true },
    {"below",             "a.b.svc.ms", "svc.ms",  false, true },
    {"longer label",      "xsvc.ms",    "svc.ms",  false, false},
    {"above",             "ms",         "svc.ms",  false, false},
    {"empty suffix",      "svc.ms",     "",        false, false},
    {"suffix of a dot",   "svc.ms",     ".",       false, false},
    {"both empty",        "",           "",        false, false},
};

static void compares_one(const struct host_case *row)
{
    assert_int_equal(url_host_equals(row->host, row->other), row->is_equal);
    assert_int_equal(url_host_matches_suffix(row->host, row->other), row->is_below);
}

static void compares_hosts(void **state)
{
    (void)state;
    CASES(host_cases, compares_one);
}

static bool same_origin(const char *text, const char *other_text)
{
    struct url url;
    struct url other;
    assert_int_equal(url_parse(text, &url), URL_OK);
    assert_int_equal(url_parse(other_text, &other), URL_OK);
    return url_same_origin(&url, &other);
}

static void compares_origins(void **state)
{
    (void)state;
    assert_true(same_origin("https://h/a", "HTTPS://H.:443/b?c"));
    assert_false(same_origin("https://h/a", "https://h:444/a"));
    assert_false(same_origin("https://h/a", "https://i/a"));
    assert_false(same_origin("https://h/a", "http://h:443/a"));
    struct url url;
    assert_int_equal(url_parse("wss://h", &url), URL_OK);
    assert_true(url_is_secure(&url));
    assert_int_equal(url_parse("ws://h", &url), URL_OK);
    assert_false(url_is_secure(&url));
}

static const struct segment_case {
    const char *name;
    const char *segment;
    const char *want; /* NULL: refused */
} segment_cases[] = {
    {"what stands as it is",   "azAZ09-._~!$&'()*+,;=:@",           "azAZ09-._~!$&'()*+,;=:@"},
    {"what does not",          " #%?[]/\\\"<>^`{|}",
     "%20%23%25%3F%5B%5D%2F%5C%22%3C%3E%5E%60%7B%7C%7D"                                      },
    {"controls",               "\x01\n\x7F",                        "%01%0A%7F"              },
    {"UTF-8",                  "\xC3\xA9\xF0\x9F\x98\x80",          "%C3%A9%F0%9F%98%80"     },
    {"empty",                  "",                                  ""                       },
    {"three dots",             "...",                               "..."                    },
    {"one dot is a step",      ".",                                 NULL                     },
    {"two dots are a step",    "..",                                NULL                     },
    {"too long for the limit", "                                 ", NULL                     },
};

static void encodes_one_segment(const struct segment_case *row)
{
    struct bytes out;
    bytes_init(&out, 80);
    bool done = url_append_segment(&out, row->segment, strlen(row->segment));
    assert_int_equal(done, row->want != NULL);
    assert_string_equal(bytes_text(&out), row->want != NULL ? row->want : "");
    bytes_clear(&out);
}

static void encodes_segments(void **state)
{
    (void)state;
    CASES(segment_cases, encodes_one_segment);
    struct bytes out;
    bytes_init(&out, 80);
    assert_true(url_append_segment(&out, "a\0b", 3));
    assert_string_equal(bytes_text(&out), "a%00b");
    bytes_clear(&out);
}

static void has_words_for_each_verdict(void **state)
{
    (void)state;
    for (int i = URL_OK; i <= URL_PORT_REFUSED; i++)
        assert_non_null(url_verdict_text((enum url_verdict)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(parses),
        cmocka_unit_test(knows_user_names_and_kinds_of_hosts),
        cmocka_unit_test(limits_the_size),
        TABLE_TEST(checks_against_a_policy),
        TABLE_TEST(compares_hosts),
        cmocka_unit_test(compares_origins),
        TABLE_TEST(encodes_segments),
        cmocka_unit_test(has_words_for_each_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
