/* The channel as a script. A line of the server is one text message; lines that begin
 * otherwise stand for something else:
 *
 *   *…       a binary message
 *   @1234    from now on it is 1234 ms; the machine is told when its deadline has come
 *   leave    channel_leave()
 *
 * What the machine does is written down: `> ` a message to send, else an event.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/bytes.h"
#include "protocol/channel.h"
#include "protocol/message_queue.h"
#include "tests/support/table.h"

#define OPEN      "0{\"sid\":\"e\",\"pingInterval\":25000,\"pingTimeout\":20000}\n"
#define JOINED    "40/n,{\"sid\":\"s\"}\n"
#define SENT_JOIN "> 40/n,\n"
#define SENT_EIO3 "> 40/n?q=1,\n"
#define LIVE      "live /n\n"

static const char *const variant_names[] = {"eio4", "eio4-root", "eio3"};

struct player {
    struct channel *channel;
    uint64_t now_ms;
    struct bytes log;
};

static void note_event(struct player *player, const struct channel_event *event)
{
    static const char *const names[] = {"none", "live", "notification", "other", "ended:"};
    struct bytes *log = &player->log;
    bytes_append_format(log, "%s", names[event->type]);
    if (event->type == CHANNEL_EVENT_ENDED)
        bytes_append_format(log, " %s", channel_end_text(event->end));
    else
        bytes_append_format(log, " %.*s", (int)event->name_space_size, event->name_space);
    if (event->text_size > 0)
        bytes_append_format(log, " | %.*s", (int)event->text_size, event->text);
    for (size_t i = 0; i < event->attachment_count; i++)
        bytes_append_format(log, " *%.*s", (int)event->attachments[i].size,
                            (const char *)event->attachments[i].data);
    if (event->type == CHANNEL_EVENT_ENDED)
        bytes_append_format(log, " | next %s", variant_names[event->next_variant]);
    bytes_append_text(log, "\n");
}

static void drain(struct player *player)
{
    struct channel_event event;
    while (channel_next(player->channel, &event))
        note_event(player, &event);
    struct channel_message message;
    while (channel_output(player->channel, &message)) {
        assert_false(message.is_binary);
        bytes_append_format(&player->log, "> %.*s\n", (int)message.size,
                            (const char *)message.data);
    }
}

static void go_to(struct player *player, uint64_t now_ms)
{
    while (channel_deadline(player->channel) <= now_ms) {
        player->now_ms = channel_deadline(player->channel);
        channel_tick(player->channel, player->now_ms);
        drain(player);
    }
    player->now_ms = now_ms;
    channel_tick(player->channel, now_ms);
    drain(player);
}

static void feed(struct player *player, const char *line, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, line, size);
    struct channel_message message = {copy, size, size > 0 && line[0] == '*'};
    if (message.is_binary) {
        message.data++;
        message.size--;
    }
    channel_feed(player->channel, &message, player->now_ms);
    free(copy);
    drain(player);
}

static void play(struct player *player, const char *script)
{
    while (*script != 0) {
        size_t size = strcspn(script, "\n");
        if (*script == '@') {
            go_to(player, strtoull(script + 1, NULL, 10));
        } else if (strncmp(script, "leave", size) == 0 && size > 0) {
            channel_leave(player->channel);
            drain(player);
        } else {
            feed(player, script, size);
        }
        script += size + (script[size] == '\n');
    }
}

static void player_init(struct player *player, enum channel_variant variant)
{
    static const char *const suffixes[] = {"svc.ms"};
    static const struct url_policy policy = {.suffixes = suffixes, .suffix_count = 1};
    struct channel_config config;
    struct channel_url url;
    *player = (struct player){0};
    bytes_init(&player->log, 1 << 20);
    channel_config_init(&config, variant);
    assert_int_equal(channel_url_init("https://h.svc.ms/n?q=1", &policy, &url), URL_OK);
    player->channel = channel_new(&config, &url, 0);
    assert_non_null(player->channel);
    channel_url_clear(&url);
}

static void player_clear(struct player *player)
{
    channel_free(player->channel);
    bytes_clear(&player->log);
}

static const struct channel_case {
    const char *name;
    enum channel_variant variant;
    const char *script;
    const char *want;
} cases[] = {
  /* clang-format off */
    {"joins and hears", CHANNEL_EIO4,
     OPEN JOINED "42/n,[\"notification\",\"{}\"]\n42/n,[\"x\"]",
     SENT_JOIN LIVE "notification /n | [\"notification\",\"{}\"]\nother /n | [\"x\"]\n"},
    {"root first", CHANNEL_EIO4_ROOT, OPEN "40{\"sid\":\"r\"}\n" JOINED,
     "> 40\n" SENT_JOIN LIVE},
    {"generation 3 with its query", CHANNEL_EIO3, OPEN "40\n40/n,", SENT_EIO3 LIVE},
    {"hears before it is joined", CHANNEL_EIO4, OPEN "42/n,[\"notification\"]\n" JOINED,
     SENT_JOIN "notification /n | [\"notification\"]\n" LIVE},
    {"hears from any namespace", CHANNEL_EIO4, OPEN JOINED "42[\"notification\"]",
     SENT_JOIN LIVE "notification / | [\"notification\"]\n"},
    {"answers events that want it", CHANNEL_EIO4, OPEN JOINED "42/n,5[\"notification\"]",
     SENT_JOIN LIVE "notification /n | [\"notification\"]\n> 43/n,5[]\n"},
    {"puts attachments together", CHANNEL_EIO4,
     OPEN JOINED "451-/n,[\"notification\",{\"_placeholder\":true,\"num\":0}]\n2\n*1",
     SENT_JOIN LIVE "> 3\nnotification /n | "
                    "[\"notification\",{\"_placeholder\":true,\"num\":0}] *1\n"},
    {"attachments of generation 3 have a type", CHANNEL_EIO3,
     OPEN "40/n,\n451-/n,[\"x\"]\n*\x04"
          "1\n451-/n,[\"x\"]\n*1",
     SENT_EIO3 LIVE
     "other /n | [\"x\"] *1\nended: the server broke the protocol | a packet of "
     "unknown type | next eio3\n"},
    {"answers nobody asked for", CHANNEL_EIO4, OPEN JOINED "43/n,5[\"x\"]", SENT_JOIN LIVE},
    {"leaves", CHANNEL_EIO4, OPEN "leave\n" JOINED "leave\nleave",
     SENT_JOIN LIVE "> 41/n,\n"},

    {"no open packet", CHANNEL_EIO4, "@9999\n@10000\n" OPEN,
     "ended: the server did not open the session | next eio4\n"},
    {"no answer: root first next", CHANNEL_EIO4, "@9000\n" OPEN "@18999\n@19000",
     SENT_JOIN "ended: the server did not answer for the namespace | next eio4-root\n"},
    {"no answer to that: generation 3 next", CHANNEL_EIO4_ROOT, OPEN "40{}\n@10000",
     "> 40\n" SENT_JOIN "ended: the server did not answer for the namespace | next eio3\n"},
    {"no answer to that: from the start", CHANNEL_EIO3, OPEN "40\n@10000",
     SENT_EIO3 "ended: the server did not answer for the namespace | next eio4\n"},
    {"an answer in time ends the wait", CHANNEL_EIO4, OPEN "@9999\n" JOINED "@44999",
     SENT_JOIN LIVE},

    {"pings in time", CHANNEL_EIO4, OPEN JOINED "@25000\n2\n@50000\n2\n@94999",
     SENT_JOIN LIVE "> 3\n> 3\n"},
    {"no ping (F-129)", CHANNEL_EIO4, OPEN JOINED "@25000\n2\n@70000",
     SENT_JOIN LIVE
     "> 3\nended: the server is silent | the server is silent | next eio4\n"},
    {"an answer without sid turns the heartbeat round", CHANNEL_EIO4,
     OPEN "40/n,\n@25000\n3\n@50000\n3\n@60000", SENT_JOIN LIVE "> 2\n> 2\n"},
    {"a server that has pinged keeps pinging", CHANNEL_EIO4,
     OPEN "@5000\n2\n40/n,\n@40000\n2\n@60000", SENT_JOIN "> 3\n" LIVE "> 3\n"},
    {"no pong (F-129)", CHANNEL_EIO3, OPEN "40/n,\n@45000",
     SENT_EIO3 LIVE
     "> 2\nended: the server is silent | the server is silent | next eio3\n"},
    {"heartbeat that ends before the namespace answers", CHANNEL_EIO4,
     "0{\"sid\":\"e\",\"pingInterval\":1,\"pingTimeout\":1}\n@2000",
     SENT_JOIN "ended: the server is silent | the server is silent | next eio4\n"},

    {"refused", CHANNEL_EIO4, OPEN "44/n,{\"message\":\"no\"}\n" JOINED,
     SENT_JOIN
     "ended: the server refuses the namespace | {\"message\":\"no\"} | next eio4\n"},
    {"left", CHANNEL_EIO4, OPEN JOINED "41/n,\n42/n,[\"notification\"]",
     SENT_JOIN LIVE "ended: the server ended the subscription | next eio4\n"},
    {"closed", CHANNEL_EIO4, OPEN JOINED "1\n2",
     SENT_JOIN LIVE "ended: the server ended the session | next eio4\n"},
    {"bad packet", CHANNEL_EIO4, OPEN JOINED "42/n,[\"notification\"",
     SENT_JOIN LIVE
     "ended: the server broke the protocol | a packet with bad JSON | next eio4\n"},
    {"not an Engine.IO server", CHANNEL_EIO4, "hello",
     "ended: the server broke the protocol | the session did not begin with one open packet"
     " | next eio4\n"},
    {"nothing counts behind the end", CHANNEL_EIO4, OPEN "7\n" JOINED "leave\n@100000",
     SENT_JOIN
     "ended: the server broke the protocol | a packet of unknown type | next eio4\n"},
  /* clang-format on */
};

static void plays_one(const struct channel_case *row)
{
    struct player player;
    player_init(&player, row->variant);
    play(&player, row->script);
    assert_string_equal(bytes_text(&player.log), row->want);
    player_clear(&player);
}

static void plays(void **state)
{
    (void)state;
    CASES(cases, plays_one);
}

static void has_no_deadline_behind_the_end(void **state)
{
    (void)state;
    struct player player;
    player_init(&player, CHANNEL_EIO4);
    assert_int_equal(channel_deadline(player.channel), 10000);
    play(&player, OPEN);
    assert_int_equal(channel_deadline(player.channel), 10000);
    play(&player, JOINED);
    assert_int_equal(channel_deadline(player.channel), 45000);
    play(&player, "1\n");
    assert_int_equal(channel_deadline(player.channel), UINT64_MAX);
    player_clear(&player);
    channel_free(NULL);
}

static void shows_the_heartbeat(void **state)
{
    (void)state;
    struct player player;
    player_init(&player, CHANNEL_EIO4);
    const struct eio_heartbeat *heartbeat = channel_heartbeat(player.channel);
    assert_int_equal(heartbeat->interval_ms, 0);
    play(&player, OPEN JOINED "@3000\n2");
    assert_int_equal(heartbeat->generation, 4);
    assert_int_equal(heartbeat->interval_ms, 25000);
    assert_int_equal(heartbeat->timeout_ms, 20000);
    assert_int_equal(heartbeat->last_ms, 3000);
    player_clear(&player);
}

static void times_can_be_lowered_for_tests(void **state)
{
    (void)state;
    static const char open[] = "0{\"sid\":\"e\",\"pingInterval\":200,\"pingTimeout\":150}";
    struct channel_message message = {(const uint8_t *)open, sizeof open - 1, false};
    struct channel_url url = {.name_space = (char[]){"/n"}, .query = (char[]){""}};
    struct channel_config config;
    channel_config_init(&config, CHANNEL_EIO4);
    config.min_ping_interval_ms = 10;
    config.min_ping_timeout_ms = 10;
    struct channel *channel = channel_new(&config, &url, 0);
    channel_feed(channel, &message, 0);
    assert_int_equal(channel_deadline(channel), 350);
    channel_free(channel);
}

/* A peer that has us answer and never reads ends the channel; what came is still told. */
static void ends_when_nothing_is_taken_from_it(void **state)
{
    (void)state;
    struct player player;
    player_init(&player, CHANNEL_EIO4);
    play(&player, OPEN JOINED);
    static const char event_text[] = "42/n,5[\"notification\"]";
    static const char ping_text[] = "2";
    struct channel_message event_message = {(const uint8_t *)event_text,
                                            sizeof event_text - 1, false};
    struct channel_message ping = {(const uint8_t *)ping_text, 1, false};
    struct channel_event event = {0};
    while (event.type != CHANNEL_EVENT_ENDED) {
        channel_feed(player.channel, &event_message, 0);
        assert_true(channel_next(player.channel, &event));
        assert_int_equal(event.type, CHANNEL_EVENT_NOTIFICATION);
        (void)channel_next(player.channel, &event);
    }
    assert_int_equal(event.end, CHANNEL_NO_MEMORY);
    player_clear(&player);

    player_init(&player, CHANNEL_EIO4);
    play(&player, OPEN JOINED);
    do
        channel_feed(player.channel, &ping, 0);
    while (!channel_next(player.channel, &event));
    assert_int_equal(event.end, CHANNEL_NO_MEMORY);
    player_clear(&player);
}

static const struct variant_case {
    const char *name;
    enum channel_variant variant;
    enum channel_end end;
    enum channel_variant want;
} variant_cases[] = {
  /* clang-format off */
    {"silence, EIO 4", CHANNEL_EIO4, CHANNEL_JOIN_TIMEOUT, CHANNEL_EIO4_ROOT},
    {"silence, EIO 4 with root", CHANNEL_EIO4_ROOT, CHANNEL_JOIN_TIMEOUT, CHANNEL_EIO3},
    {"silence, EIO 3", CHANNEL_EIO3, CHANNEL_JOIN_TIMEOUT, CHANNEL_EIO4},
    {"wrong generation, EIO 4", CHANNEL_EIO4, CHANNEL_WRONG_GENERATION, CHANNEL_EIO3},
    {"wrong generation, EIO 4 with root", CHANNEL_EIO4_ROOT, CHANNEL_WRONG_GENERATION,
     CHANNEL_EIO3},
    {"wrong generation, EIO 3", CHANNEL_EIO3, CHANNEL_WRONG_GENERATION, CHANNEL_EIO4},
    {"an end of another sort", CHANNEL_EIO3, CHANNEL_CLOSED, CHANNEL_EIO3},
    {"refusal", CHANNEL_EIO4_ROOT, CHANNEL_REFUSED, CHANNEL_EIO4_ROOT},
  /* clang-format on */
};

static void picks_one_variant(const struct variant_case *row)
{
    assert_int_equal(channel_next_variant(row->variant, row->end), row->want);
}

static void picks_the_next_variant(void **state)
{
    (void)state;
    CASES(variant_cases, picks_one_variant);
}

static const struct body_case {
    const char *name;
    const char *body;
    bool want;
} body_cases[] = {
    {"the message alone", "Unsupported protocol version",                              true },
    {"Engine.IO's error", "{\"code\":5,\"message\":\"Unsupported protocol version\"}",
     true                                                                                   },
    {"cut at the end",    "Unsupported protocol versio",                               false},
    {"other error",       "{\"code\":3,\"message\":\"Bad request\"}",                  false},
    {"empty",             "",                                                          false},
};

static void knows_one_body(const struct body_case *row)
{
    assert_int_equal(
        channel_is_wrong_generation((const uint8_t *)row->body, strlen(row->body)),
        row->want);
}

static void knows_a_wrong_generation(void **state)
{
    (void)state;
    CASES(body_cases, knows_one_body);
    for (int i = CHANNEL_NOT_ENDED; i <= CHANNEL_NO_MEMORY; i++)
        assert_non_null(channel_end_text((enum channel_end)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(plays),
        cmocka_unit_test(has_no_deadline_behind_the_end),
        cmocka_unit_test(shows_the_heartbeat),
        cmocka_unit_test(times_can_be_lowered_for_tests),
        cmocka_unit_test(ends_when_nothing_is_taken_from_it),
        TABLE_TEST(picks_the_next_variant),
        TABLE_TEST(knows_a_wrong_generation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
