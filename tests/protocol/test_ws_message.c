#include <string.h>

#include "protocol/ws_message.h"
#include "tests/support/table.h"

/* A sequence of data frames, "TEXT+" for one without FIN, and what comes of the last. */
struct frame {
    enum ws_opcode opcode;
    bool is_final;
    const char *payload;
};

enum { MAX_FRAMES = 5 };

static const struct message_case {
    const char *name;
    struct frame frames[MAX_FRAMES];
    size_t count;
    enum ws_status want;
    const char *content;
} messages[] = {
    {"one frame",                       {{WS_OPCODE_TEXT, true, "Hello"}},                          1, WS_OK,                 "Hello"   },
    {"three frames, one of them empty",
     {{WS_OPCODE_TEXT, false, "He"},
      {WS_OPCODE_CONTINUATION, false, ""},
      {WS_OPCODE_CONTINUATION, true, "llo"}},
     3,                                                                                                WS_OK,
     "Hello"                                                                                                                            },
    {"exactly the limit of a message",
     {{WS_OPCODE_BINARY, false, "123456"}, {WS_OPCODE_CONTINUATION, true, "1234"}},
     2,                                                                                                WS_OK,
     "1234561234"                                                                                                                       },
    {"above the limit of a message",
     {{WS_OPCODE_BINARY, false, "123456"}, {WS_OPCODE_CONTINUATION, true, "12345"}},
     2,                                                                                                WS_TOO_BIG,
     "123456"                                                                                                                           },
    {"above the limit of a frame",
     {{WS_OPCODE_BINARY, true, "1234567"}},
     1,                                                                                                WS_TOO_BIG,
     ""                                                                                                                                 },
    {"as many fragments as may be",
     {{WS_OPCODE_TEXT, false, "a"},
      {WS_OPCODE_CONTINUATION, false, "b"},
      {WS_OPCODE_CONTINUATION, false, "c"},
      {WS_OPCODE_CONTINUATION, true, "d"}},
     4,                                                                                                WS_OK,
     "abcd"                                                                                                                             },
    {"one fragment more",
     {{WS_OPCODE_TEXT, false, "a"},
      {WS_OPCODE_CONTINUATION, false, "b"},
      {WS_OPCODE_CONTINUATION, false, "c"},
      {WS_OPCODE_CONTINUATION, false, "d"},
      {WS_OPCODE_CONTINUATION, true, "e"}},
     5,                                                                                                WS_TOO_MANY_FRAGMENTS,
     "abcd"                                                                                                                             },
    {"continuation of nothing",         /* WS-46 */
     {{WS_OPCODE_CONTINUATION, true, "a"}},
     1,                                                                                                WS_BAD_FRAGMENT,
     ""                                                                                                                                 },
    {"a message inside a message",      /* WS-47 */
     {{WS_OPCODE_TEXT, false, "a"}, {WS_OPCODE_TEXT, true, "b"}},
     2,                                                                                                WS_BAD_FRAGMENT,
     "a"                                                                                                                                },
    {"bad text",                        {{WS_OPCODE_TEXT, false, "a\xFF"}},                         1, WS_BAD_TEXT,           ""        },
    {"text cut inside a code point",
     {{WS_OPCODE_TEXT, false, "a"}, {WS_OPCODE_CONTINUATION, true, "\xC3"}},
     2,                                                                                                WS_BAD_TEXT,
     "a\xC3"                                                                                                                            },
    {"binary is not text",              {{WS_OPCODE_BINARY, true, "\xFF\xC3"}},                     1, WS_OK,                 "\xFF\xC3"},
};

static enum ws_status put(struct ws_message *message, const struct frame *frame)
{
    size_t size = strlen(frame->payload);
    const struct ws_frame_header header = {
        .opcode = frame->opcode, .is_final = frame->is_final, .payload_size = size};
    enum ws_status status = ws_message_begin_frame(message, &header);
    for (size_t i = 0; i < size && status == WS_OK; i++)
        status = ws_message_append(message, (const uint8_t *)frame->payload + i, 1);
    return status == WS_OK ? ws_message_end_frame(message, frame->is_final) : status;
}

static void check_message(const struct message_case *row)
{
    struct ws_message message;
    enum ws_status status = WS_OK;
    ws_message_init(&message, 6, 10, 4);
    for (size_t i = 0; i < row->count; i++) {
        assert_int_equal(status, WS_OK);
        status = put(&message, &row->frames[i]);
    }
    assert_int_equal(status, row->want);
    if (row->want == WS_OK) {
        assert_false(message.is_open);
        assert_string_equal(bytes_text(&message.content), row->content);
    }
    ws_message_drop(&message);
    assert_int_equal(bytes_count(&message.content), 0);
    ws_message_clear(&message);
}

static void joins_fragments_within_limits(void **state)
{
    (void)state;
    CASES(messages, check_message);
}

static void ignored_messages_are_not_measured_but_stay_in_order(void **state) /* WS-61 */
{
    (void)state;
    struct ws_message message;
    ws_message_init(&message, 6, 10, 4);
    message.is_ignored = true;
    assert_int_equal(
        put(&message, &(struct frame){WS_OPCODE_TEXT, false, "\xFF much more"}), WS_OK);
    assert_int_equal(put(&message, &(struct frame){WS_OPCODE_CONTINUATION, true, "\xC3"}),
                     WS_OK);
    assert_int_equal(bytes_count(&message.content), 0);
    assert_int_equal(put(&message, &(struct frame){WS_OPCODE_CONTINUATION, true, ""}),
                     WS_BAD_FRAGMENT);
    ws_message_clear(&message);
}

static void the_room_of_a_large_message_is_given_back(void **state)
{
    (void)state;
    static const uint8_t zeros[100000];
    const struct ws_frame_header header = {
        .opcode = WS_OPCODE_BINARY, .is_final = true, .payload_size = sizeof zeros};
    struct ws_message message;
    ws_message_init(&message, 1 << 20, 1 << 20, 4);
    assert_int_equal(ws_message_begin_frame(&message, &header), WS_OK);
    assert_int_equal(message.content.capacity, 0); /* WS-43 */
    assert_int_equal(ws_message_append(&message, zeros, sizeof zeros), WS_OK);
    assert_int_equal(ws_message_end_frame(&message, true), WS_OK);
    ws_message_drop(&message);
    assert_int_equal(message.content.capacity, 0);
    ws_message_clear(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(joins_fragments_within_limits),
        TABLE_TEST(ignored_messages_are_not_measured_but_stay_in_order),
        TABLE_TEST(the_room_of_a_large_message_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
