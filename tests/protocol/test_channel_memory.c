/* Lets each allocation of a whole conversation fail in turn: what comes of it is an answer
 * of the kind that the headers name, and nothing leaks. */
#include <string.h>

#include "protocol/channel.h"
#include "protocol/json_guard.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/table.h"

static const char *const lines[] = {
    "0{\"sid\":\"e\",\"pingInterval\":25000,\"pingTimeout\":20000}",
    "2",
    "40/n,{\"sid\":\"s\"}",
    "451-/n,7[\"notification\",{\"_placeholder\":true,\"num\":0}]",
    "*attachment",
    "44/n,{\"message\":\"no\"}",
};

static void drain(struct channel *channel)
{
    struct channel_event event;
    struct channel_message message;
    while (channel_next(channel, &event))
        continue;
    while (channel_output(channel, &message))
        continue;
}

static void feed_all(struct channel *channel, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_binary = lines[i][0] == '*';
        struct channel_message message = {(const uint8_t *)lines[i], strlen(lines[i]),
                                          is_binary};
        channel_feed(channel, &message, 0);
        drain(channel);
    }
}

/* The last line is the refusal: without it there is a namespace to leave. */
static void converse(enum channel_variant variant, size_t line_count)
{
    static const char *const suffixes[] = {"svc.ms"};
    static const struct url_policy policy = {.suffixes = suffixes, .suffix_count = 1};
    struct channel_config config;
    struct channel_url url = {0};
    channel_config_init(&config, variant);
    enum url_verdict verdict =
        channel_url_init("https://h.svc.ms/n?a=\xC3\xA9&b=1", &policy, &url);
    if (verdict != URL_OK) {
        assert_int_equal(verdict, URL_NO_MEMORY);
        return;
    }
    struct channel *channel = channel_new(&config, &url, 0);
    if (channel != NULL) {
        feed_all(channel, line_count);
        channel_leave(channel);
        drain(channel);
    }
    channel_free(channel);
    channel_url_clear(&url);
}

static void conversations_stand_lack_of_memory(void **state)
{
    (void)state;
    for (int variant = CHANNEL_EIO4; variant <= CHANNEL_EIO3; variant++) {
        for (size_t count = COUNT_OF(lines) - 1; count <= COUNT_OF(lines); count++) {
            size_t index = 0;
            do {
                fail_alloc_at(index++);
                converse((enum channel_variant)variant, count);
            } while (fail_alloc_stop());
            assert_true(index > 20);
        }
    }
}

static void lists_of_items_stand_lack_of_memory(void **state)
{
    (void)state;
    char text[512] = "[";
    for (size_t i = 0; i < 100; i++)
        memcpy(text + 1 + 2 * i, i == 99 ? "7]" : "7,", 2);
    for (size_t index = 0; index < 2; index++) {
        struct json_items items = {0};
        fail_alloc_at(index);
        assert_int_equal(
            json_guard_items(text, strlen(text), NULL, &json_limits_graph, &items),
            JSON_NO_MEMORY);
        assert_true(fail_alloc_stop());
        assert_null(items.list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations_stand_lack_of_memory),
        cmocka_unit_test(lists_of_items_stand_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
