/* agent/net/http_fields.h, http_hosts.h: F-110, F-102, F-148, F-130. */
#include <stdlib.h>
#include <string.h>

#include "agent/net/http_fields.h"
#include "agent/net/http_hosts.h"
#include "tests/support/table.h"

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define THEN_MS INT64_C(784111777000)

static const struct retry_case {
    const char *name;
    const char *text;
    int64_t now_ms;
    uint64_t want_ms;
} retry_cases[] = {
    {"seconds",                        "120",                           0,               120000 },
    {"fractional seconds",             "1.5",                           0,               1500   },
    {"many decimals",                  "2.123456789123",                0,               2123   },
    {"less than a second becomes one", "0",                             0,               1000   },
    {"a tenth becomes a second",       "0.1",                           0,               1000   },
    {"more than an hour becomes one",  "86400",                         0,               3600000},
    {"more than any number can hold",  "99999999999999999999",          0,               0      },
    {"a long number",                  "99999999999999999",             0,               3600000},
    {"a date ahead",                   "Sun, 06 Nov 1994 08:49:37 GMT", THEN_MS - 30000, 30000  },
    {"a date gone by",                 "Sun, 06 Nov 1994 08:49:37 GMT", THEN_MS + 30000, 1000   },
    {"a date far ahead",               "Sun, 06 Nov 1994 08:49:37 GMT", 0,               3600000},
    {"a negative number",              "-5",                            0,               0      },
    {"words",                          "soon",                          0,               0      },
    {"a number and words",             "5 apples",                      0,               0      },
    {"nothing",                        "",                              0,               0      },
    {"no field",                       NULL,                            0,               0      },
};

static void reads_retry_after(const struct retry_case *row)
{
    assert_int_equal(http_parse_retry_after(row->text, row->now_ms), row->want_ms);
}

static const struct range_case {
    const char *name;
    const char *text;
    bool want;
    int64_t first;
    int64_t total;
} range_cases[] = {
    {"a part",               "bytes 5-9/10",                  true,  5, 10},
    {"from the start",       "bytes 0-0/1",                   true,  0, 1 },
    {"an unknown whole",     "bytes 5-9/*",                   true,  5, -1},
    {"any case",             "Bytes 5-9/10",                  true,  5, 10},
    {"the unsatisfied form", "bytes */10",                    false, 0, 0 },
    {"last before first",    "bytes 9-5/10",                  false, 0, 0 },
    {"beyond the whole",     "bytes 5-10/10",                 false, 0, 0 },
    {"another unit",         "items 5-9/10",                  false, 0, 0 },
    {"a rest",               "bytes 5-9/10 ",                 false, 0, 0 },
    {"too many digits",      "bytes 5-9/9999999999999999999", false, 0, 0 },
    {"empty",                "",                              false, 0, 0 },
};

static void reads_content_range(const struct range_case *row)
{
    int64_t first = -7;
    int64_t total = -7;
    assert_int_equal(http_parse_content_range(row->text, &first, &total), row->want);
    assert_int_equal(first, row->want ? row->first : -7);
    assert_int_equal(total, row->want ? row->total : -7);
}

static bool take(struct http_fields *fields, const char *line)
{
    return http_fields_take(fields, line, strlen(line));
}

static void a_head_is_read(void **state)
{
    (void)state;
    struct http_fields fields;
    http_fields_init(&fields);
    assert_true(take(&fields, "HTTP/1.1 100 Continue\r\n"));
    assert_true(take(&fields, "Location: https://example.com/from-the-interim\r\n"));
    assert_true(take(&fields, "\r\n"));
    assert_true(take(&fields, "HTTP/2 206 \r\n"));
    assert_true(take(&fields, "content-length:  5\r\n"));
    assert_true(take(&fields, "ETag: \"x\" \r\n"));
    assert_true(take(&fields, "Content-Range: bytes 5-9/10\r\n"));
    assert_true(take(&fields, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assert_true(take(&fields, "Retry-After: Sun, 06 Nov 1994 08:49:57 GMT\r\n"));
    assert_true(take(&fields, "RateLimit-Reset: 30\r\n"));
    assert_true(take(&fields, "WWW-Authenticate: Bearer claims=\"YQ==\"\r\n"));
    assert_true(take(&fields, "WWW-Authenticate: Basic realm=\"x\"\r\n"));
    http_fields_finish(&fields, 0);
    assert_int_equal(fields.head.status, 206);
    assert_true(fields.head.http2);
    assert_string_equal(fields.head.location, "");
    assert_string_equal(fields.head.etag, "\"x\"");
    assert_string_equal(fields.head.www_authenticate, "Bearer claims=\"YQ==\"");
    assert_int_equal(fields.head.content_length, 5);
    assert_int_equal(fields.head.range_first, 5);
    assert_int_equal(fields.head.range_total, 10);
    assert_true(fields.head.date_ms == THEN_MS);
    /* Held against the service's own Date, and the larger of the two waits. */
    assert_int_equal(fields.head.retry_after_ms, 30000);
    http_fields_clear(&fields);
}

static void a_reset_alone_is_no_order_to_wait(void **state)
{
    (void)state;
    struct http_fields fields;
    http_fields_init(&fields);
    assert_true(take(&fields, "HTTP/1.1 200 OK\r\n"));
    assert_true(take(&fields, "RateLimit-Reset: 30\r\n"));
    http_fields_finish(&fields, 0);
    assert_int_equal(fields.head.retry_after_ms, 0);
    assert_true(fields.head.date_ms == INT64_MIN);
    assert_int_equal(fields.head.content_length, -1);
    http_fields_clear(&fields);
}

static void limits_hold_on_both_sides(void **state)
{
    (void)state;
    struct http_fields fields;
    static char line[HTTP_MAX_FIELD_LINE + 1];
    memset(line, 'x', sizeof line);
    http_fields_init(&fields);
    assert_true(http_fields_take(&fields, line, HTTP_MAX_FIELD_LINE));
    assert_false(http_fields_take(&fields, line, HTTP_MAX_FIELD_LINE + 1));
    http_fields_clear(&fields);

    http_fields_init(&fields);
    for (int i = 0; i < HTTP_MAX_FIELDS_COUNT; i++)
        assert_true(take(&fields, "a: b\r\n"));
    assert_false(take(&fields, "a: b\r\n"));
    http_fields_clear(&fields);

    /* An interim answer does not begin the count anew. */
    http_fields_init(&fields);
    for (int i = 0; i < HTTP_MAX_FIELDS_SIZE / 1024; i++)
        assert_true(http_fields_take(&fields, line, 1024));
    assert_false(take(&fields, "HTTP/1.1 200 OK\r\n"));
    http_fields_clear(&fields);
}

static void three_errors_in_a_minute_end_http2(void **state)
{
    (void)state;
    struct http_hosts hosts = {0};
    for (uint64_t minute = 1; minute < 10; minute++)
        http_hosts_note_error(&hosts, "slow.example", minute * 60000);
    assert_false(http_hosts_is_http1(&hosts, "slow.example"));
    http_hosts_note_error(&hosts, "bad.example", 1000);
    http_hosts_note_error(&hosts, "bad.example", 2000);
    assert_false(http_hosts_is_http1(&hosts, "bad.example"));
    http_hosts_note_error(&hosts, "bad.example", 61000);
    assert_true(http_hosts_is_http1(&hosts, "bad.example"));
    assert_false(http_hosts_is_http1(&hosts, "slow.example"));
}

static void the_oldest_host_makes_room(void **state)
{
    (void)state;
    struct http_hosts hosts = {0};
    char name[32];
    for (unsigned i = 0; i < HTTP_HOSTS_MAX + 1; i++) {
        (void)snprintf(name, sizeof name, "h%u.example", i);
        for (int j = 0; j < HTTP_HOSTS_ERRORS; j++)
            http_hosts_note_error(&hosts, name, 1000 + i);
    }
    assert_false(http_hosts_is_http1(&hosts, "h0.example"));
    assert_true(http_hosts_is_http1(&hosts, "h1.example"));
    assert_true(http_hosts_is_http1(&hosts, name));
}

static void retry_after(void **state)
{
    (void)state;
    CASES(retry_cases, reads_retry_after);
}

static void content_range(void **state)
{
    (void)state;
    CASES(range_cases, reads_content_range);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(retry_after),
        TABLE_TEST(content_range),
        cmocka_unit_test(a_head_is_read),
        cmocka_unit_test(a_reset_alone_is_no_order_to_wait),
        cmocka_unit_test(limits_hold_on_both_sides),
        cmocka_unit_test(three_errors_in_a_minute_end_http2),
        cmocka_unit_test(the_oldest_host_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
