#include <string.h>

#include "protocol/ws_queue.h"
#include "tests/support/table.h"

static bool give_fixed(void *user, uint8_t *out, size_t size)
{
    size_t *left = user;
    memset(out, 0, size); /* a key of zeros leaves the payload readable */
    return left == NULL || (*left)-- > 0;
}

static void assert_waiting(struct ws_queue *queue, const char *want, size_t size)
{
    const uint8_t *data = NULL;
    size_t count = 0;
    assert_int_equal(ws_queue_output(queue, &data, &count), size > 0);
    assert_int_equal(count, size);
    if (size > 0)
        assert_memory_equal(data, want, size);
}

static void frames_wait_in_order_until_sent(void **state)
{
    (void)state;
    struct ws_queue queue;
    ws_queue_init(&queue, 100, give_fixed, NULL);
    assert_waiting(&queue, "", 0);
    assert_int_equal(ws_queue_frame(&queue, WS_OPCODE_TEXT, (const uint8_t *)"a", 1),
                     WS_OK);
    assert_int_equal(ws_queue_pong(&queue, (const uint8_t *)"b", 1), WS_OK);
    assert_waiting(&queue, "\x81\x81\0\0\0\0a\x8A\x81\0\0\0\0b", 14);
    assert_int_equal(ws_queue_sent(&queue, 7), WS_OK);
    assert_waiting(&queue, "\x8A\x81\0\0\0\0b", 7);
    assert_int_equal(ws_queue_sent(&queue, 7), WS_OK);
    assert_waiting(&queue, "", 0);
    ws_queue_clear(&queue);
}

static void close_codes_are_in_network_order(void **state)
{
    (void)state;
    struct ws_queue queue;
    ws_queue_init(&queue, 100, give_fixed, NULL);
    assert_int_equal(ws_queue_close(&queue, 1002), WS_OK);
    assert_true(queue.is_closed);
    assert_waiting(&queue, "\x88\x82\0\0\0\0\x03\xEA", 8);
    ws_queue_clear(&queue);
    ws_queue_init(&queue, 100, give_fixed, NULL);
    assert_int_equal(ws_queue_close(&queue, 0), WS_OK);
    assert_waiting(&queue, "\x88\x80\0\0\0\0", 6);
    ws_queue_clear(&queue);
}

static void a_full_queue_takes_no_message_but_a_close(void **state)
{
    (void)state;
    static const uint8_t zeros[101];
    struct ws_queue queue;
    ws_queue_init(&queue, 100, give_fixed, NULL);
    assert_int_equal(ws_queue_frame(&queue, WS_OPCODE_BINARY, zeros, 101), WS_OUTPUT_FULL);
    assert_int_equal(ws_queue_frame(&queue, WS_OPCODE_BINARY, zeros, 100), WS_OK);
    assert_int_equal(ws_queue_frame(&queue, WS_OPCODE_BINARY, zeros, 0), WS_OUTPUT_FULL);
    assert_int_equal(ws_queue_close(&queue, 1008), WS_OK);
    const uint8_t *data = NULL;
    size_t size = 0;
    assert_true(ws_queue_output(&queue, &data, &size));
    assert_int_equal(size, 106 + 8);
    ws_queue_clear(&queue);
}

/* WS-55 */
static void behind_a_backlog_only_the_newest_pong_is_kept(void **state)
{
    (void)state;
    static const uint8_t payload[125] = {'x'};
    struct ws_queue queue;
    ws_queue_init(&queue, 64 << 10, give_fixed, NULL);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(ws_queue_pong(&queue, payload, sizeof payload), WS_OK);
    assert_int_equal(ws_queue_pong(&queue, (const uint8_t *)"new", 3), WS_OK);
    const uint8_t *data = NULL;
    size_t size = 0;
    assert_true(ws_queue_output(&queue, &data, &size));
    assert_true(size >= 16 << 10 && size < 17 << 10);
    assert_int_equal(ws_queue_sent(&queue, size - 1), WS_OK);
    assert_int_equal(ws_queue_sent(&queue, 1), WS_OK);
    assert_waiting(&queue, "\x8A\x83\0\0\0\0new", 9);
    assert_int_equal(ws_queue_sent(&queue, 9), WS_OK);
    assert_waiting(&queue, "", 0);
    ws_queue_clear(&queue);
}

static void a_late_pong_is_not_sent_behind_a_close(void **state) /* WS-35 */
{
    (void)state;
    static const uint8_t zeros[1000];
    struct ws_queue queue;
    ws_queue_init(&queue, 1000, give_fixed, NULL);
    assert_int_equal(ws_queue_frame(&queue, WS_OPCODE_BINARY, zeros, 1000), WS_OK);
    assert_int_equal(ws_queue_pong(&queue, NULL, 0), WS_OK);
    assert_int_equal(ws_queue_close(&queue, 1000), WS_OK);
    assert_int_equal(ws_queue_sent(&queue, 1008 + 8), WS_OK);
    assert_waiting(&queue, "", 0);
    ws_queue_clear(&queue);
}

static void without_randomness_nothing_is_appended(void **state)
{
    (void)state;
    static const uint8_t zeros[100];
    size_t left = 1;
    struct ws_queue queue;
    ws_queue_init(&queue, 100, give_fixed, &left);
    assert_int_equal(ws_queue_frame(&queue, WS_OPCODE_BINARY, zeros, 100), WS_OK);
    assert_int_equal(ws_queue_pong(&queue, NULL, 0), WS_OK); /* kept for later */
    assert_int_equal(ws_queue_sent(&queue, 106), WS_NO_RANDOM);
    left = 0;
    assert_int_equal(ws_queue_frame(&queue, WS_OPCODE_TEXT, zeros, 1), WS_NO_RANDOM);
    assert_waiting(&queue, "", 0);
    ws_queue_clear(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(frames_wait_in_order_until_sent),
        TABLE_TEST(close_codes_are_in_network_order),
        TABLE_TEST(a_full_queue_takes_no_message_but_a_close),
        TABLE_TEST(behind_a_backlog_only_the_newest_pong_is_kept),
        TABLE_TEST(a_late_pong_is_not_sent_behind_a_close),
        TABLE_TEST(without_randomness_nothing_is_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
