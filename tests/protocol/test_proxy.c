#include "protocol/proxy.h"
#include "tests/support/guarded_bytes.h"
#include "tests/support/table.h"

static const struct request_case {
    const char *name;
    struct proxy_request request;
    const char *want; /* NULL: refused */
} requests[] = {
    {"a name",                    /* WS-20 */
     {.host = "a.example", .port = 443},
     "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"                                          },
    {"an IPv6 address",
     {.host = "::1", .port = 8443},
     "CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n"                                                },
    {"credentials",               /* WS-21; the example of RFC 7617, 2 */
     {.host = "a.example", .port = 443, .user = "Aladdin", .password = "open sesame"},
     "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n"
     "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"                                        },
    {"an empty password",
     {.host = "a.example", .port = 443, .user = "u", .password = ""},
     "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n"
     "Proxy-Authorization: Basic dTo=\r\n\r\n"                                                                },
    {"no host",                   {.host = "", .port = 443},                                              NULL},
    {"a line end in the host",    {.host = "a\r\nB: c", .port = 443},                                     NULL},
    {"a path in the host",        {.host = "a/b", .port = 443},                                           NULL},
    {"a colon in the user",       {.host = "a", .port = 1, .user = "u:", .password = ""},                 NULL},
    {"a user without a password", {.host = "a", .port = 1, .user = "u"},                                  NULL},
};

static void check_request(const struct request_case *row)
{
    struct proxy proxy;
    struct bytes out;
    bytes_init(&out, 4096);
    assert_int_equal(proxy_init(&proxy, &row->request, &out), row->want != NULL);
    if (row->want != NULL)
        assert_string_equal(bytes_text(&out), row->want);
    proxy_clear(&proxy);
    bytes_clear(&out);
}

static void asks_for_a_tunnel(void **state)
{
    (void)state;
    CASES(requests, check_request);
}

static void fails_where_there_is_no_room(void **state)
{
    (void)state;
    static const struct proxy_request request = {
        .host = "::1", .port = 443, .user = "Aladdin", .password = "open sesame"};
    struct bytes out;
    bytes_init(&out, 4096);
    struct proxy proxy;
    assert_true(proxy_init(&proxy, &request, &out));
    size_t needed = bytes_count(&out);
    bytes_clear(&out);
    for (size_t limit = 0; limit < needed; limit++) {
        bytes_init(&out, limit);
        assert_false(proxy_init(&proxy, &request, &out));
        bytes_clear(&out);
    }
}

static const struct answer_case {
    const char *name;
    const char *text;
    enum proxy_result want;
    int status;
} answers[] = {
    {"200",                                   "HTTP/1.1 200 Connection established\r\n\r\n",            PROXY_OPEN,    200},
    {"any 2xx of an old proxy",               "HTTP/1.0 299 x\r\n\r\n",                                 PROXY_OPEN,    299},
    {"a length without a body means nothing",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",                      PROXY_OPEN,    200},
    {"407",                                   "HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\n\r\n",    PROXY_SIGN_IN, 407},
    {"403",                                   "HTTP/1.1 403 Forbidden\r\n\r\n",                         PROXY_REFUSED, 403},
    {"302",                                   "HTTP/1.1 302 x\r\nLocation: https://b.example/\r\n\r\n", PROXY_REFUSED, 302},
    {"101",                                   "HTTP/1.1 101 x\r\n\r\n",                                 PROXY_REFUSED, 101},
    {"not HTTP",                              "SOCKS\r\n",                                              PROXY_BAD,     0  },
    {"cut",                                   "HTTP/1.1 200 OK\r\n",                                    PROXY_MORE,    0  },
};

static enum proxy_result feed(const char *text, size_t step, int *out_status)
{
    static const struct proxy_request request = {.host = "a.example", .port = 443};
    struct proxy proxy;
    struct bytes out;
    bytes_init(&out, 4096);
    assert_true(proxy_init(&proxy, &request, &out));
    bytes_clear(&out);
    struct guarded_bytes bytes = guarded_bytes_new(text, strlen(text));
    enum proxy_result result = PROXY_MORE;
    for (size_t at = 0; at < bytes.size && result == PROXY_MORE;) {
        size_t piece = bytes.size - at < step ? bytes.size - at : step;
        result = proxy_feed(&proxy, bytes.data + at, piece);
        at += piece;
    }
    *out_status = proxy.head.status;
    guarded_bytes_free(&bytes);
    proxy_clear(&proxy);
    return result;
}

static void check_answer(const struct answer_case *row)
{
    int status = 0;
    assert_int_equal(feed(row->text, SIZE_MAX, &status), row->want);
    if (row->status != 0)
        assert_int_equal(status, row->status);
    assert_int_equal(feed(row->text, 1, &status), row->want);
}

static void understands_the_answer(void **state)
{
    (void)state;
    CASES(answers, check_answer);
}

static void bytes_behind_the_head_are_an_error(void **state) /* WS-22 */
{
    (void)state;
    int status = 0;
    assert_int_equal(feed("HTTP/1.1 200 OK\r\n\r\n\x16", SIZE_MAX, &status), PROXY_BAD);
    assert_int_equal(feed("HTTP/1.1 403 x\r\n\r\nno", SIZE_MAX, &status), PROXY_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(asks_for_a_tunnel),
        TABLE_TEST(fails_where_there_is_no_room),
        TABLE_TEST(understands_the_answer),
        TABLE_TEST(bytes_behind_the_head_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
