#include "protocol/http_head.h"
#include "tests/support/guarded_bytes.h"
#include "tests/support/table.h"

static const struct head_case {
    const char *name;
    const char *text;
    enum http_head_result want;
    int status;
    size_t left; /* bytes behind the head */
} heads[] = {
    {"plain",                        "HTTP/1.1 200 OK\r\nA: b\r\n\r\n",                      HTTP_HEAD_READY, 200, 0},
    {"no fields",                    "HTTP/1.1 404 Not Found\r\n\r\n",                       HTTP_HEAD_READY, 404, 0},
    {"no reason",                    "HTTP/1.1 101\r\n\r\n",                                 HTTP_HEAD_READY, 101, 0},
    {"an empty reason",              "HTTP/1.1 101 \r\n\r\n",                                HTTP_HEAD_READY, 101, 0},
    {"HTTP/1.0",                     "HTTP/1.0 200 OK\r\n\r\n",                              HTTP_HEAD_READY, 200, 0},
    {"what is behind is left",       "HTTP/1.1 200 OK\r\n\r\nbody",                          HTTP_HEAD_READY, 200, 4},
    {"highest status",               "HTTP/1.1 999 x\r\n\r\n",                               HTTP_HEAD_READY, 999, 0},
    {"interim answers are skipped",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: y\r\n\r\nHTTP/1.1 101 x\r\n\r\n", HTTP_HEAD_READY, 101, 0},
    {"only an interim answer",       "HTTP/1.1 100 Continue\r\n\r\n",                        HTTP_HEAD_MORE,  0,   0},
    {"an empty value",               "HTTP/1.1 200 OK\r\nA:\r\n\r\n",                        HTTP_HEAD_READY, 200, 0},
    {"a value of white space",       "HTTP/1.1 200 OK\r\nA: \t \r\n\r\n",                    HTTP_HEAD_READY, 200,
     0                                                                                                              },
    {"bytes above ASCII in a value", "HTTP/1.1 200 OK\r\nA: \xC3\xA9\r\n\r\n",
     HTTP_HEAD_READY,                                                                                         200, 0},
    {"cut in the status",            "HTTP/1.1 20",                                          HTTP_HEAD_MORE,  0,   0},
    {"cut before the blank line",    "HTTP/1.1 200 OK\r\nA: b\r\n",                          HTTP_HEAD_MORE,  0,   0},
    {"cut in the blank line",        "HTTP/1.1 200 OK\r\nA: b\r\n\r",                        HTTP_HEAD_MORE,  0,   0},
    {"another protocol",             "SSH-2.0-OpenSSH_9.0\r\n",                              HTTP_HEAD_BAD,   0,   0},
    {"HTTP/2",                       "HTTP/2 200 OK\r\n",                                    HTTP_HEAD_BAD,   0,   0},
    {"a blank line first",           "\r\nHTTP/1.1 200 OK\r\n\r\n",                          HTTP_HEAD_BAD,   0,   0},
    {"status of two digits",         "HTTP/1.1 20 OK\r\n",                                   HTTP_HEAD_BAD,   0,   0},
    {"status of four digits",        "HTTP/1.1 2000 OK\r\n",                                 HTTP_HEAD_BAD,   0,   0},
    {"status below 100",             "HTTP/1.1 099 OK\r\n",                                  HTTP_HEAD_BAD,   0,   0},
    {"status not a number",          "HTTP/1.1 2x0 OK\r\n",                                  HTTP_HEAD_BAD,   0,   0},
    {"minor version not a digit",    "HTTP/1.x 200 OK\r\n",                                  HTTP_HEAD_BAD,   0,   0},
    {"two spaces",                   "HTTP/1.1  200 OK\r\n",                                 HTTP_HEAD_BAD,   0,   0},
    {"bare LF",                      "HTTP/1.1 200 OK\n",                                    HTTP_HEAD_BAD,   0,   0}, /* WS-19 */
    {"bare CR",                      "HTTP/1.1 200\rOK",                                     HTTP_HEAD_BAD,   0,   0},
    {"folded line",                  "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n",                    HTTP_HEAD_BAD,   0,   0}, /* WS-19 */
    {"folded with a tab",            "HTTP/1.1 200 OK\r\nA: b\r\n\tc: d\r\n",                HTTP_HEAD_BAD,   0,   0},
    {"space before the colon",       "HTTP/1.1 200 OK\r\nA : b\r\n",                         HTTP_HEAD_BAD,   0,   0},
    {"no colon",                     "HTTP/1.1 200 OK\r\nA\r\n",                             HTTP_HEAD_BAD,   0,   0},
    {"no name",                      "HTTP/1.1 200 OK\r\n: b\r\n",                           HTTP_HEAD_BAD,   0,   0},
    {"a control character",          "HTTP/1.1 200 OK\r\nA: \x01\r\n",                       HTTP_HEAD_BAD,   0,   0},
    {"DEL",                          "HTTP/1.1 200 OK\r\nA: \x7F\r\n",                       HTTP_HEAD_BAD,   0,   0},
};

static void read_head(const struct head_case *row, size_t step)
{
    size_t size = strlen(row->text);
    struct guarded_bytes text = guarded_bytes_new(row->text, size);
    struct http_head head;
    http_head_init(&head);
    enum http_head_result result = HTTP_HEAD_MORE;
    size_t at = 0;
    while (at < size && result == HTTP_HEAD_MORE) {
        size_t used = 0;
        size_t piece = size - at < step ? size - at : step;
        result = http_head_feed(&head, text.data + at, piece, &used);
        at += used;
    }
    assert_int_equal(result, row->want);
    if (row->want == HTTP_HEAD_READY) {
        assert_int_equal(head.status, row->status);
        assert_int_equal(size - at, row->left);
    }
    http_head_clear(&head);
    guarded_bytes_free(&text);
}

static void check_head(const struct head_case *row)
{
    read_head(row, SIZE_MAX);
    read_head(row, 1);
    read_head(row, 5);
}

static void reads_heads_strictly(void **state)
{
    (void)state;
    CASES(heads, check_head);
}

static enum http_head_result feed_text(struct http_head *head, const char *text)
{
    size_t used = 0;
    return http_head_feed(head, (const uint8_t *)text, strlen(text), &used);
}

static void gives_fields_by_name(void **state)
{
    (void)state;
    struct http_head head;
    http_head_init(&head);
    assert_null(http_head_get(&head, "A"));
    assert_int_equal(feed_text(&head,
                               "HTTP/1.1 200 OK\r\nOne:  first \t\r\nTwo: a\r\n"
                               "two: b\r\nNone:\r\nList: x , Upgrade\r\nLIST:,,y,\r\n"
                               "\r\n"),
                     HTTP_HEAD_READY);
    assert_int_equal(head.minor_version, 1);
    assert_string_equal(http_head_get(&head, "one"), "first");
    assert_string_equal(http_head_get(&head, "NONE"), "");
    assert_null(http_head_get(&head, "Two")); /* twice */
    assert_null(http_head_get(&head, "Three"));
    assert_true(http_head_has(&head, "TWO"));
    assert_false(http_head_has(&head, "Three"));
    assert_true(http_head_has_token(&head, "list", "upgrade"));
    assert_true(http_head_has_token(&head, "list", "X"));
    assert_true(http_head_has_token(&head, "list", "y"));
    assert_false(http_head_has_token(&head, "list", "up"));
    assert_false(http_head_has_token(&head, "none", "x"));
    http_head_clear(&head);
}

/* Both sides of each border (F-148, WS-19). */
static enum http_head_result read_made_head(size_t field_count, size_t line_size)
{
    struct bytes text;
    bytes_init(&text, 1 << 20);
    assert_true(bytes_append_text(&text, "HTTP/1.1 200 OK\r\n"));
    for (size_t i = 0; i < field_count; i++) {
        assert_true(bytes_append_text(&text, "A:"));
        for (size_t j = 2; j < line_size; j++)
            assert_true(bytes_append_byte(&text, 'x'));
        assert_true(bytes_append_text(&text, "\r\n"));
    }
    assert_true(bytes_append_text(&text, "\r\n"));
    struct http_head head;
    http_head_init(&head);
    enum http_head_result result = feed_text(&head, bytes_text(&text));
    http_head_clear(&head);
    bytes_clear(&text);
    return result;
}

static void has_limits(void **state)
{
    (void)state;
    const size_t start = strlen("HTTP/1.1 200 OK\r\n");
    assert_int_equal(read_made_head(HTTP_HEAD_MAX_LINES - 1, 10), HTTP_HEAD_READY);
    assert_int_equal(read_made_head(HTTP_HEAD_MAX_LINES, 10), HTTP_HEAD_BAD);
    assert_int_equal(read_made_head(1, HTTP_HEAD_MAX_LINE), HTTP_HEAD_READY);
    assert_int_equal(read_made_head(1, HTTP_HEAD_MAX_LINE + 1), HTTP_HEAD_BAD);
    /* Three lines of the same size make 16 KiB with the start and the blank line. */
    size_t line = (HTTP_HEAD_MAX_SIZE - start - 2) / 3 - 2;
    assert_int_equal(start + 3 * (line + 2) + 2, HTTP_HEAD_MAX_SIZE);
    assert_int_equal(read_made_head(3, line), HTTP_HEAD_READY);
    assert_int_equal(read_made_head(3, line + 1), HTTP_HEAD_BAD);
}

static void interim_answers_count_towards_the_limits(void **state)
{
    (void)state;
    struct http_head head;
    http_head_init(&head);
    enum http_head_result result = HTTP_HEAD_MORE;
    size_t count = 0;
    for (; result == HTTP_HEAD_MORE && count < 1000; count++)
        result = feed_text(&head, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(result, HTTP_HEAD_BAD);
    assert_int_equal(count, HTTP_HEAD_MAX_LINES + 1);
    http_head_clear(&head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(reads_heads_strictly),
        TABLE_TEST(gives_fields_by_name),
        TABLE_TEST(has_limits),
        TABLE_TEST(interim_answers_count_towards_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
