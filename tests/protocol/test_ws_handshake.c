#include "protocol/ws_handshake.h"
#include "tests/support/fixture.h"
#include "tests/support/guarded_bytes.h"
#include "tests/support/table.h"

static const uint8_t nonce[] = "the sample nonce"; /* RFC 6455, 1.3 */

static const struct request_case {
    const char *name;
    struct ws_request request;
    const char *host;   /* NULL: refused */
    const char *origin; /* WS-06 */
} requests[] = {
    {"the usual port",                    /* WS-02 */
     {.host = "a.example", .port = 443, .target = "/s/?a=b", .user_agent = "agent/1"},
     "a.example",                                                                                                  "https://a.example"     },
    {"another port",
     {.host = "a.example", .port = 8443, .target = "/s/?a=b", .user_agent = "agent/1"},
     "a.example:8443",                                                                                             "https://a.example:8443"},
    {"an IPv6 address",
     {.host = "::1", .port = 443, .target = "/s/?a=b", .user_agent = "agent/1"},
     "[::1]",                                                                                                      "https://[::1]"         },
    {"plain text has another usual port",
     {.host = "a.example",
      .port = 80,
      .is_plain = true,
      .target = "/s/?a=b",
      .user_agent = "agent/1"},
     "a.example",                                                                                                  "http://a.example"      },
    {"no user agent",
     {.host = "a.example", .port = 443, .target = "/s/?a=b"},
     "a.example",                                                                                                  "https://a.example"     },
    {"no host",                           {.host = "", .port = 443, .target = "/"},                          NULL, NULL                    },
    {"a user in the host",                {.host = "u@a", .port = 443, .target = "/"},                       NULL, NULL                    },
    {"a line end in the host",            {.host = "a\r\n", .port = 443, .target = "/"},                     NULL, NULL                    },
    {"a DEL in the host",                 {.host = "a\x7F", .port = 443, .target = "/"},                     NULL, NULL                    },
    {"no target",                         {.host = "a", .port = 443, .target = ""},                          NULL, NULL                    },
    {"a target that is a URL",
     {.host = "a", .port = 443, .target = "http://b/"},
     NULL,                                                                                                         NULL                    },
    {"a space in the target",
     {.host = "a", .port = 443, .target = "/ HTTP/1.1"},
     NULL,                                                                                                         NULL                    },
    {"a line end in the target",
     {.host = "a", .port = 443, .target = "/\r\nX:"},
     NULL,                                                                                                         NULL                    },
    {"a fragment",                        {.host = "a", .port = 443, .target = "/#f"},                       NULL, NULL                    }, /* WS-01 */
    {"more than ASCII",                   {.host = "a", .port = 443, .target = "/\xC3\xA9"},                 NULL, NULL                    },
    {"a line end in the user agent",
     {.host = "a", .port = 443, .target = "/", .user_agent = "a\r\nB: c"},
     NULL,                                                                                                         NULL                    },
};

static void check_request(const struct request_case *row)
{
    struct ws_handshake handshake;
    struct bytes out;
    bytes_init(&out, 4096);
    assert_int_equal(ws_handshake_init(&handshake, &row->request, nonce, &out),
                     row->host != NULL);
    if (row->host != NULL) {
        char want[1024];
        bool has_agent = row->request.user_agent != NULL;
        (void)snprintf(want, sizeof want,
                       "GET /s/?a=b HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                       "Origin: %s\r\n%s%s%s\r\n",
                       row->host, row->origin, has_agent ? "User-Agent: " : "",
                       has_agent ? row->request.user_agent : "", has_agent ? "\r\n" : "");
        assert_string_equal(bytes_text(&out), want);
    }
    ws_handshake_clear(&handshake);
    bytes_clear(&out);
}

static void writes_the_request(void **state)
{
    (void)state;
    CASES(requests, check_request);
}

static void begin(struct ws_handshake *handshake)
{
    static const struct ws_request request = {
        .host = "a.example", .port = 443, .target = "/"};
    struct bytes out;
    bytes_init(&out, 4096);
    assert_true(ws_handshake_init(handshake, &request, nonce, &out));
    bytes_clear(&out);
}

static enum ws_handshake_result feed(struct ws_handshake *handshake, const char *text,
                                     size_t step, size_t *out_left)
{
    struct guarded_bytes bytes = guarded_bytes_new(text, strlen(text));
    enum ws_handshake_result result = WS_HANDSHAKE_MORE;
    size_t at = 0;
    while (at < bytes.size && result == WS_HANDSHAKE_MORE) {
        size_t used = 0;
        size_t piece = bytes.size - at < step ? bytes.size - at : step;
        result = ws_handshake_feed(handshake, bytes.data + at, piece, &used);
        assert_true(used <= piece);
        at += used;
    }
    *out_left = bytes.size - at;
    guarded_bytes_free(&bytes);
    return result;
}

static void check_vector(const cJSON *row, const char *response, size_t step)
{
    const char *expected = cJSON_GetStringValue(cJSON_GetObjectItem(row, "expected"));
    struct ws_handshake handshake;
    size_t left = 0;
    begin(&handshake);
    enum ws_handshake_result result = feed(&handshake, response, step, &left);
    if (result == WS_HANDSHAKE_MORE)
        result = ws_handshake_finish(&handshake);
    assert_int_equal(result == WS_HANDSHAKE_ACCEPTED, strcmp(expected, "accept") == 0);
    int status = 0;
    if (sscanf(cJSON_GetStringValue(cJSON_GetObjectItem(row, "id")), "status-%d",
               &status) == 1) {
        assert_int_equal(result, WS_HANDSHAKE_REFUSED);
        assert_int_equal(handshake.head.status, status);
    }
    ws_handshake_clear(&handshake);
}

/* "header-flood" is given by its head: one field of 20,000 letters. */
static char *make_flood(const cJSON *row)
{
    const char *head = cJSON_GetStringValue(cJSON_GetObjectItem(row, "response_head"));
    size_t size = (size_t)cJSON_GetNumberValue(cJSON_GetObjectItem(row, "response_length"));
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'y', size);
    memcpy(text, head, strlen(head));
    memcpy(text + size - 4, "\r\n\r\n", 5);
    return text;
}

static void judges_the_vectors(void **state)
{
    (void)state;
    cJSON *json = fixture_parse("ws-handshake-vectors.json");
    size_t count = 0;
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(json, "vectors"))
    {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(row, "response"));
        char *flood = text == NULL ? make_flood(row) : NULL;
        table_row_begins(cJSON_GetStringValue(cJSON_GetObjectItem(row, "id")));
        check_vector(row, text == NULL ? flood : text, SIZE_MAX);
        check_vector(row, text == NULL ? flood : text, 1);
        free(flood);
        count++;
    }
    table_row_begins(NULL);
    assert_int_equal(count, 26);
    cJSON_Delete(json);
}

#define UPGRADE "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPT  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static const struct answer_case {
    const char *name;
    const char *text;
    enum ws_handshake_result want; /* MORE: also at the end of the stream */
    const char *body;
    size_t left;
} answers[] = {
    {"frames may follow",
     UPGRADE ACCEPT "\r\n\x81\x01"
                    "0",                                                                                    WS_HANDSHAKE_ACCEPTED,    "",                     3},
    {"white space around the proof",
     UPGRADE "Sec-WebSocket-Accept: \t s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \r\n\r\n",
     WS_HANDSHAKE_ACCEPTED,                                                                                                           "",                     0},
    {"the proof twice",              UPGRADE ACCEPT ACCEPT "\r\n",                                          WS_HANDSHAKE_BAD_UPGRADE, "",                     0},
    {"a proof with more behind it",
     UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=x\r\n\r\n",
     WS_HANDSHAKE_BAD_UPGRADE,                                                                                                        "",                     0},
    {"an interim answer first",      "HTTP/1.1 100 Continue\r\n\r\n" UPGRADE ACCEPT "\r\n",
     WS_HANDSHAKE_ACCEPTED,                                                                                                           "",                     0},
    {"a body of a known length",     "HTTP/1.1 400 x\r\nContent-Length: 5\r\n\r\nhello!!",
     WS_HANDSHAKE_REFUSED,                                                                                                            "hello",                2},
    {"no body",                      "HTTP/1.1 400 x\r\nContent-Length: 0\r\n\r\nx",                        WS_HANDSHAKE_REFUSED,     "",
     1                                                                                                                                                         },
    {"204 has none",                 "HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n",                         WS_HANDSHAKE_REFUSED,
     "",                                                                                                                                                      0},
    {"304 has none",                 "HTTP/1.1 304 x\r\n\r\n",                                              WS_HANDSHAKE_REFUSED,     "",                     0},
    {"a body up to the end",         "HTTP/1.1 400 x\r\n\r\nhello",                                         WS_HANDSHAKE_MORE,        "hello",                0},
    {"a cut body",                   "HTTP/1.1 400 x\r\nContent-Length: 9\r\n\r\nhello",                    WS_HANDSHAKE_MORE,
     "hello",                                                                                                                                                 0},
    {"an unreadable length",         "HTTP/1.1 400 x\r\nContent-Length: -1\r\n\r\nhello",
     WS_HANDSHAKE_MORE,                                                                                                               "hello",                0},
    {"an empty length",              "HTTP/1.1 400 x\r\nContent-Length:\r\n\r\nhello",                      WS_HANDSHAKE_MORE,
     "hello",                                                                                                                                                 0},
    {"a huge length",                "HTTP/1.1 400 x\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
     WS_HANDSHAKE_MORE,                                                                                                               "hello",                0},
    {"chunks are kept as they come",
     "HTTP/1.1 400 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nmore",                        WS_HANDSHAKE_REFUSED,     "2\r\nhi\r\n0\r\n\r\n", 4},
};

static void check_answer_in_steps(const struct answer_case *row, size_t step)
{
    struct ws_handshake handshake;
    size_t left = 0;
    begin(&handshake);
    assert_int_equal(feed(&handshake, row->text, step, &left), row->want);
    assert_int_equal(left, row->left);
    assert_string_equal(bytes_text(&handshake.body), row->body);
    if (row->want == WS_HANDSHAKE_MORE)
        assert_int_equal(ws_handshake_finish(&handshake), WS_HANDSHAKE_REFUSED);
    ws_handshake_clear(&handshake);
}

static void check_answer(const struct answer_case *row)
{
    check_answer_in_steps(row, SIZE_MAX);
    check_answer_in_steps(row, 1);
}

static void reads_answers(void **state)
{
    (void)state;
    CASES(answers, check_answer);
}

static void keeps_4_kib_of_a_body(void **state) /* WS-14 */
{
    (void)state;
    static char text[10000];
    struct ws_handshake handshake;
    size_t left = 0;
    memset(text, 'x', sizeof text - 1);
    begin(&handshake);
    assert_int_equal(feed(&handshake, "HTTP/1.1 500 x\r\n\r\n", SIZE_MAX, &left),
                     WS_HANDSHAKE_MORE);
    assert_int_equal(feed(&handshake, text, SIZE_MAX, &left), WS_HANDSHAKE_REFUSED);
    assert_int_equal(bytes_count(&handshake.body), WS_HANDSHAKE_MAX_BODY);
    assert_int_equal(left, sizeof text - 1 - WS_HANDSHAKE_MAX_BODY);
    ws_handshake_clear(&handshake);
}

static void gives_retry_after_as_it_came(void **state) /* WS-17 */
{
    (void)state;
    struct ws_handshake handshake;
    size_t left = 0;
    begin(&handshake);
    assert_int_equal(feed(&handshake,
                          "HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"
                          "Content-Length: 0\r\n\r\n",
                          SIZE_MAX, &left),
                     WS_HANDSHAKE_REFUSED);
    assert_string_equal(http_head_get(&handshake.head, "Retry-After"),
                        "Fri, 31 Dec 1999 23:59:59 GMT");
    ws_handshake_clear(&handshake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(writes_the_request),
        TABLE_TEST(judges_the_vectors),
        TABLE_TEST(reads_answers),
        TABLE_TEST(keeps_4_kib_of_a_body),
        TABLE_TEST(gives_retry_after_as_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
