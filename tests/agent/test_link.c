/* The pure parts of agent/net/link.h: link_plan.h, connection_end.h, proxy_choice.h; F-120,
 * F-126, F-128, F-129, F-136, F-137, WS-16, WS-17. */
#include <string.h>

#include "agent/net/connection_end.h"
#include "agent/net/link_plan.h"
#include "agent/net/proxy_choice.h"
#include "tests/support/table.h"

enum { MIDDLE = 1 << 30 }; /* twice this is the middle of the random numbers */

static const struct life_case {
    const char *name;
    int64_t expires_ms;
    int64_t date_ms;
    int64_t wall_ms;
    uint64_t want_ms;
} life_cases[] = {
    {"by the service's clock",             90000,     30000,     5,     60000},
    {"by ours where the service has none", 90000,     INT64_MIN, 30000, 60000},
    {"over already",                       90000,     90000,     0,     0    },
    {"long over",                          90000,     100000,    0,     0    },
    {"not said",                           INT64_MIN, 100000,    0,     0    },
};

static void computes_life(const struct life_case *row)
{
    assert_int_equal(link_life_ms(row->expires_ms, row->date_ms, row->wall_ms),
                     row->want_ms);
}

static const struct renewal_case {
    const char *name;
    uint64_t life_ms;
    uint32_t random;
    uint64_t want_ms;
} renewal_cases[] = {
    {"an hour: five minutes early is later than 80 %", 3600000,  2U * MIDDLE, 2880000 },
    {"24 minutes: five minutes early is earlier",      1440000,  2U * MIDDLE, 1140000 },
    {"a day",                                          86400000, 2U * MIDDLE, 69120000},
    {"ten percent less",                               3600000,  0,           2592000 },
    {"ten percent more",                               3600000,  UINT32_MAX,  3167999 },
    {"two minutes: 80 %",                              120000,   2U * MIDDLE, 96000   },
    {"never within a minute",                          30000,    0,           60000   },
    {"not known",                                      0,        2U * MIDDLE, 1800000 },
};

static void computes_renewal(const struct renewal_case *row)
{
    assert_int_equal(link_renewal_ms(row->life_ms, row->random), row->want_ms);
}

static const struct answer_case {
    const char *name;
    int status;
    bool has_fallback;
    enum link_step want;
} answer_cases[] = {
    {"an address",                 200, true,  LINK_STEP_TAKE       },
    {"not supported in this form", 400, true,  LINK_STEP_FALL_BACK  },
    {"not supported at all",       400, false, LINK_STEP_UNSUPPORTED},
    {"no such form",               405, true,  LINK_STEP_FALL_BACK  },
    {"no such thing",              404, false, LINK_STEP_UNSUPPORTED},
    {"not here",                   501, true,  LINK_STEP_UNSUPPORTED},
    {"no right to it",             403, true,  LINK_STEP_FORBIDDEN  },
    {"anything else",              409, true,  LINK_STEP_BACK_OFF   },
};

static void judges_answers(const struct answer_case *row)
{
    assert_int_equal(link_judge_answer(row->status, row->has_fallback), row->want);
}

static void ends_are_counted_by_their_cause(void **state)
{
    (void)state;
    assert_int_equal(link_cause_of(129), LINK_CAUSE_SILENCE);
    assert_int_equal(link_cause_of(130), LINK_CAUSE_NETWORK);
    assert_int_equal(link_cause_of(136), LINK_CAUSE_SERVER);
    assert_int_equal(link_cause_of(141), LINK_CAUSE_BREACH);
    assert_string_equal(link_cause_text(LINK_CAUSE_SILENCE), "silence");
}

static void unsupported_doubles_up_to_an_hour(void **state)
{
    (void)state;
    assert_int_equal(link_unsupported_ms(0), 60000);
    assert_int_equal(link_unsupported_ms(1), 120000);
    assert_int_equal(link_unsupported_ms(5), 1920000);
    assert_int_equal(link_unsupported_ms(6), 3600000);
    assert_int_equal(link_unsupported_ms(UINT32_MAX), 3600000);
}

static const struct ws_case {
    const char *name;
    struct ws_event event;
    int number;
    bool url_is_refused;
    enum channel_variant next;
    uint64_t retry_after_ms;
} ws_cases[] = {
    {"401: the address is over",
     {.type = WS_EVENT_REFUSED, .data = (const uint8_t *)"", .http_status = 401},
     136, true,
     CHANNEL_EIO4, 0   },
    {"410: the address is over",
     {.type = WS_EVENT_REFUSED, .data = (const uint8_t *)"", .http_status = 410},
     136, true,
     CHANNEL_EIO4, 0   },
    {"503 with a wait",
     {.type = WS_EVENT_REFUSED,
      .data = (const uint8_t *)"",
      .http_status = 503,
      .retry_after = "7"},
     137, false,
     CHANNEL_EIO4, 7000},
    {"a redirect is not followed",
     {.type = WS_EVENT_REFUSED, .data = (const uint8_t *)"", .http_status = 302},
     137, false,
     CHANNEL_EIO4, 0   },
    {"another generation is wanted",
     {.type = WS_EVENT_REFUSED,
      .data = (const uint8_t *)"Unsupported protocol version",
      .size = 28,
      .http_status = 400},
     137, false,
     CHANNEL_EIO3, 0   },
    {"another generation, behind the upgrade",
     {.type = WS_EVENT_CLOSED,
      .data = (const uint8_t *)"",
      .code = 1006,
      .status = WS_RAW_HTTP},
     137, false,
     CHANNEL_EIO3, 0   },
    {"closed in good order",
     {.type = WS_EVENT_CLOSED, .data = (const uint8_t *)"", .code = 1001, .clean = true},
     136, false,
     CHANNEL_EIO4, 0   },
    {"the stream broke",
     {.type = WS_EVENT_CLOSED, .data = (const uint8_t *)"", .code = 1006, .status = WS_EOF},
     130, false,
     CHANNEL_EIO4, 0   },
    {"a masked frame",
     {.type = WS_EVENT_CLOSED,
      .data = (const uint8_t *)"",
      .code = 1006,
      .status = WS_MASKED},
     141, false,
     CHANNEL_EIO4, 0   },
};

static void judges_ends(const struct ws_case *row)
{
    struct connection_end end = {0};
    connection_end_of_ws(&row->event, CHANNEL_EIO4, 0, &end);
    assert_int_equal(end.failure.kind, FAILURE_TRANSIENT);
    assert_int_equal(end.failure.number, row->number);
    assert_int_equal(end.url_is_refused, row->url_is_refused);
    assert_int_equal(end.next_variant, row->next);
    assert_int_equal(end.failure.retry_after_ms, row->retry_after_ms);
}

static const struct tls_case {
    const char *name;
    enum tls_status status;
    enum failure_kind kind;
    int number;
} tls_cases[] = {
    {"not trusted",           TLS_UNKNOWN_ISSUER, FAILURE_PROTOCOL,  126},
    {"expired",               TLS_EXPIRED,        FAILURE_PROTOCOL,  126},
    {"another name",          TLS_WRONG_NAME,     FAILURE_PROTOCOL,  126},
    {"cut off",               TLS_EOF,            FAILURE_TRANSIENT, 130},
    {"refused by the server", TLS_REFUSED,        FAILURE_TRANSIENT, 126},
    {"not TLS",               TLS_BROKEN,         FAILURE_TRANSIENT, 130},
    {"no memory",             TLS_NO_MEMORY,      FAILURE_RESOURCE,  0  },
};

static void judges_tls(const struct tls_case *row)
{
    struct connection_end end = {0};
    connection_end_of_tls("push.example", row->status, &end);
    assert_int_equal(end.failure.kind, row->kind);
    assert_int_equal(end.failure.number, row->number);
    assert_non_null(strstr(end.failure.text, "push.example"));
    assert_false(end.url_is_refused);
}

static const struct channel_end_case {
    const char *name;
    enum channel_end end;
    int number;
    bool url_is_refused;
} channel_end_cases[] = {
    {"no sign of life",          CHANNEL_HEARTBEAT_TIMEOUT, 129, false},
    {"the namespace is refused", CHANNEL_REFUSED,           136, true },
    {"the server left",          CHANNEL_LEFT,              137, false},
};

static void judges_channel_ends(const struct channel_end_case *row)
{
    struct connection_end end = {0};
    struct channel_event event = {.type = CHANNEL_EVENT_ENDED, .end = row->end};
    connection_end_of_channel(&event, &end);
    assert_int_equal(end.failure.number, row->number);
    assert_int_equal(end.url_is_refused, row->url_is_refused);
    assert_string_equal(end.detail, "");
}

static void keeps_what_the_server_says(void **state)
{
    char text[2 * CONNECTION_DETAIL_SIZE + 2];
    struct connection_end end = {0};
    struct channel_event event = {.end = CHANNEL_REFUSED, .text = "{}", .text_size = 2};
    (void)state;
    connection_end_of_channel(&event, &end);
    assert_string_equal(end.detail, "{}");
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\u00e9", 2);
    event.text = text;
    event.text_size = sizeof text;
    connection_end_of_channel(&event, &end);
    assert_int_equal(strlen(end.detail), CONNECTION_DETAIL_SIZE - 2);
}

static const struct proxy_case {
    const char *name;
    const char *text;
    const char *host; /* NULL: refused */
    uint16_t port;
    const char *user;
    const char *password;
} proxy_cases[] = {
    {"with a port",                "http://proxy.example:3128",       "proxy.example", 3128, "",   ""   },
    {"with a slash",               "http://proxy.example:3128/",      "proxy.example", 3128, "",   ""   },
    {"without a scheme",           "proxy.example:3128",              "proxy.example", 3128, "",   ""   },
    {"without a port",             "http://proxy.example",            "proxy.example", 1080, "",   ""   },
    {"port 80",                    "http://proxy.example:80",         "proxy.example", 80,   "",   ""   },
    {"an IPv6 address",            "http://[::1]:3128",               "::1",           3128, "",   ""   },
    {"credentials",                "http://me:a%40b@proxy.example:1", "proxy.example", 1,    "me", "a@b"},
    {"a name alone",               "http://me@proxy.example:1",       "proxy.example", 1,    "me", ""   },
    {"an at sign in the password", "http://me:a@b@proxy.example:1",   "proxy.example", 1,
     "me",                                                                                         "a@b"},
    {"socks",                      "socks5://proxy.example:1080",     NULL,            0,    NULL, NULL },
    {"TLS to the proxy",           "https://proxy.example:443",       NULL,            0,    NULL, NULL },
    {"no host",                    "http://",                         NULL,            0,    NULL, NULL },
    {"a bad port",                 "http://proxy.example:99999",      NULL,            0,    NULL, NULL },
};

static void parses_proxies(const struct proxy_case *row)
{
    struct proxy_choice choice = {.port = 7};
    assert_int_equal(proxy_choice_parse(row->text, &choice), row->host != NULL);
    if (row->host == NULL) {
        assert_int_equal(choice.port, 7);
        return;
    }
    assert_string_equal(choice.host, row->host);
    assert_int_equal(choice.port, row->port);
    assert_string_equal(choice.user, row->user);
    assert_string_equal(choice.password, row->password);
}

static const struct except_case {
    const char *name;
    const char *list;
    const char *host;
    bool want;
} except_cases[] = {
    {"no list",               NULL,                  "push.svc.ms", false},
    {"an empty one",          "",                    "push.svc.ms", false},
    {"all",                   "*",                   "push.svc.ms", true },
    {"the host",              "push.svc.ms",         "push.svc.ms", true },
    {"its domain",            "example.com, svc.ms", "push.svc.ms", true },
    {"its domain with a dot", ".svc.ms",             "push.svc.ms", true },
    {"a neighbour",           "ush.svc.ms,vc.ms",    "push.svc.ms", false},
    {"commas only",           ",, ,",                "push.svc.ms", false},
    {"its address",           "10.1.2.3",            "10.1.2.3",    true },
    {"its network",           "a, 10.0.0.0/8",       "10.1.2.3",    true },
    {"a network of bits",     "10.1.2.0/30",         "10.1.2.3",    true },
    {"the next one",          "10.1.2.4/30",         "10.1.2.3",    false},
    {"one address",           "10.1.2.3/32",         "10.1.2.3",    true },
    {"every address",         "0.0.0.0/0",           "10.1.2.3",    true },
    {"of the other family",   "::/0",                "10.1.2.3",    false},
    {"an IPv6 network",       "fd00::/8",            "fd12::1",     true },
    {"too many bits",         "10.1.2.3/33",         "10.1.2.3",    false},
    {"no bits",               "10.1.2.3/",           "10.1.2.3",    false},
    {"a network and a name",  "10.0.0.0/8",          "push.svc.ms", false},
};

static void excepts_hosts(const struct except_case *row)
{
    assert_int_equal(proxy_choice_is_excepted(row->list, row->host), row->want);
}

#define TABLE(function, cases, check)                                                      \
    static void function(void **state)                                                     \
    {                                                                                      \
        (void)state;                                                                       \
        CASES(cases, check);                                                               \
    }

TABLE(lives, life_cases, computes_life)
TABLE(renewals, renewal_cases, computes_renewal)
TABLE(answers, answer_cases, judges_answers)
TABLE(ws_ends, ws_cases, judges_ends)
TABLE(tls_ends, tls_cases, judges_tls)
TABLE(channel_ends, channel_end_cases, judges_channel_ends)
TABLE(proxies, proxy_cases, parses_proxies)
TABLE(exceptions, except_cases, excepts_hosts)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(lives),
        TABLE_TEST(renewals),
        TABLE_TEST(answers),
        cmocka_unit_test(unsupported_doubles_up_to_an_hour),
        cmocka_unit_test(ends_are_counted_by_their_cause),
        cmocka_unit_test(keeps_what_the_server_says),
        TABLE_TEST(ws_ends),
        TABLE_TEST(tls_ends),
        TABLE_TEST(channel_ends),
        TABLE_TEST(proxies),
        TABLE_TEST(exceptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
