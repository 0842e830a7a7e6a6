/* Memory runs out at every place once: nothing leaks or crashes, and the caller hears of
 * it in the way that ws.h promises. */
#include "protocol/proxy.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/ws_player.h"

#define TEXT(string) (const uint8_t *)(string), sizeof(string) - 1

static const struct ws_request request = {
    .host = "a.example", .port = 443, .target = "/socket.io/?EIO=4"};

/* Collects without allocating. */
struct seen {
    size_t messages;
    bool is_refused;
    bool is_closed;
    enum ws_status status;
};

static void take_events(struct ws *ws, struct seen *seen)
{
    for (struct ws_event event; ws_next(ws, &event);) {
        seen->messages += event.type == WS_EVENT_TEXT || event.type == WS_EVENT_BINARY;
        seen->is_refused |= event.type == WS_EVENT_REFUSED;
        if (event.type == WS_EVENT_CLOSED) {
            seen->is_closed = true;
            seen->status = event.status;
        }
    }
}

typedef void script_fn(struct ws *ws, struct seen *seen);

static void talk(struct ws *ws, struct seen *seen)
{
    static const uint8_t large[5000];
    ws_feed(ws, 0, TEXT(WS_PLAYER_ACCEPT));
    take_events(ws, seen);
    ws_feed(ws, 0, TEXT("\x81\x00"));
    take_events(ws, seen);
    ws_feed(ws, 0, TEXT("\x01\x02He\x89\x01p\x80\x03llo\x82\x01z"));
    take_events(ws, seen);
    (void)ws_send_binary(ws, large, sizeof large);
    take_events(ws, seen);
    ws_feed(ws, 0, TEXT("\x88\x02\x03\xE8"));
    take_events(ws, seen);
}

static void hear_one_text(struct ws *ws, struct seen *seen)
{
    ws_feed(ws, 0, TEXT(WS_PLAYER_ACCEPT "\x81\x05Hello"));
    take_events(ws, seen);
    ws_finish(ws);
    ws_feed(ws, 0, TEXT("\x81\x00")); /* behind the end: ignored */
    take_events(ws, seen);
}

static void be_refused_without_a_body(struct ws *ws, struct seen *seen)
{
    ws_feed(ws, 0, TEXT("HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n"));
    take_events(ws, seen);
}

static void be_refused(struct ws *ws, struct seen *seen)
{
    ws_feed(ws, 0, TEXT("HTTP/1.1 503 x\r\nRetry-After: 5\r\nContent-Length: 2\r\n\r\nno"));
    take_events(ws, seen);
    ws_finish(ws);
    take_events(ws, seen);
}

/* Answers whether the n-th allocation was still needed. */
static bool play(size_t n, script_fn *script, struct seen *seen)
{
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    *seen = (struct seen){0};
    fail_alloc_at(n);
    struct ws *ws = ws_new(&config, &request);
    if (ws != NULL)
        script(ws, seen);
    bool has_failed = fail_alloc_stop();
    assert_true(ws == NULL ? has_failed : seen->is_closed != seen->is_refused);
    ws_free(ws);
    return has_failed;
}

static void a_connection_ends_with_no_memory(void **state)
{
    (void)state;
    struct seen seen;
    size_t n = 0;
    size_t ended = 0;
    for (; play(n, talk, &seen); n++) {
        if (seen.is_closed && seen.status == WS_NO_MEMORY)
            ended++;
    }
    assert_true(n >= 5 && ended >= 2);
    assert_int_equal(seen.messages, 3);
    assert_int_equal(seen.status, WS_OK);
}

static void a_message_that_cannot_be_held_ends_the_connection(void **state)
{
    (void)state;
    struct seen seen;
    size_t unheld = 0;
    for (size_t n = 0; play(n, hear_one_text, &seen); n++)
        unheld += seen.is_closed && seen.status == WS_NO_MEMORY && seen.messages == 0;
    assert_true(unheld >= 2);
    assert_int_equal(seen.messages, 1);
}

static void a_refusal_is_told_even_without_its_body(void **state)
{
    (void)state;
    struct seen seen;
    size_t n = 0;
    while (play(n, be_refused, &seen))
        n++;
    assert_true(n >= 4);
    assert_true(seen.is_refused);
    for (n = 0; play(n, be_refused_without_a_body, &seen);)
        n++;
    assert_true(n >= 4);
    assert_true(seen.is_refused);
}

static void a_proxy_request_needs_memory(void **state)
{
    (void)state;
    static const struct proxy_request wanted = {
        .host = "a.example", .port = 443, .user = "u", .password = "p"};
    bool has_failed = true;
    for (size_t n = 0; has_failed; n++) {
        struct proxy proxy;
        struct bytes out;
        bytes_init(&out, 4096);
        fail_alloc_at(n);
        bool is_good = proxy_init(&proxy, &wanted, &out);
        has_failed = fail_alloc_stop();
        assert_int_equal(is_good, !has_failed);
        proxy_clear(&proxy);
        bytes_clear(&out);
    }
}

static void a_queue_of_bytes_stays_as_it_was(void **state)
{
    (void)state;
    for (size_t n = 0; n < 2; n++) {
        struct bytes bytes;
        bytes_init(&bytes, 4096);
        fail_alloc_at(n);
        bool is_good = bytes_append_format(&bytes, "%300d", 1);
        assert_true(fail_alloc_stop());
        assert_false(is_good);
        assert_int_equal(bytes_count(&bytes), 0);
        fail_alloc_at(0);
        const char *text = bytes_text(&bytes);
        assert_true(fail_alloc_stop());
        assert_null(text);
        bytes_clear(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(a_connection_ends_with_no_memory),
        TABLE_TEST(a_message_that_cannot_be_held_ends_the_connection),
        TABLE_TEST(a_refusal_is_told_even_without_its_body),
        TABLE_TEST(a_proxy_request_needs_memory),
        TABLE_TEST(a_queue_of_bytes_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
