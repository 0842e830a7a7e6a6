/* Conversations as scripts: each line of `script` is one message of the server, `*` in
 * front means binary. What the machine does is written down line by line:
 *
 *   > 0/n,                  a packet to send
 *   joined /n sid           an event; for messages the payload and the attachments follow
 *   failed: words           a status that is not SIO_OK
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/bytes.h"
#include "protocol/message_queue.h"
#include "protocol/sio.h"
#include "tests/support/table.h"

struct player {
    struct sio *sio;
    struct bytes log;
};

static void note(struct player *player, const char *word, struct sio_part part)
{
    assert_true(
        bytes_append_format(&player->log, "%s%.*s", word, (int)part.size, part.text));
}

static void note_event(struct player *player, const struct sio_event *event)
{
    static const char *const names[] = {
        [SIO_EVENT_JOINED] = "joined ", [SIO_EVENT_REFUSED] = "refused ",
        [SIO_EVENT_LEFT] = "left ",     [SIO_EVENT_MESSAGE] = "message ",
        [SIO_EVENT_ACK] = "ack ",
    };
    note(player, names[event->type], event->name_space);
    if (event->type == SIO_EVENT_JOINED)
        note(player, event->has_sid ? " sid" : " no sid", (struct sio_part){"", 0});
    else if (event->payload.size > 0)
        note(player, " ", event->payload);
    if (event->is_notification)
        note(player, " !", (struct sio_part){"", 0});
    for (size_t i = 0; i < event->attachment_count; i++)
        note(player, " *",
             (struct sio_part){(const char *)event->attachments[i].data,
                               event->attachments[i].size});
    note(player, "\n", (struct sio_part){"", 0});
}

static void drain(struct player *player, enum sio_status status)
{
    struct sio_event event;
    while (sio_next(player->sio, &event))
        note_event(player, &event);
    struct sio_part text;
    while (sio_output(player->sio, &text.text, &text.size)) {
        note(player, "> ", text);
        note(player, "\n", (struct sio_part){"", 0});
    }
    if (status != SIO_OK)
        assert_true(
            bytes_append_format(&player->log, "failed: %s\n", sio_detail(player->sio)));
}

static enum sio_status feed_line(struct sio *sio, const char *line, size_t size)
{
    char *copy = malloc(size + 1); /* freed at once: the machine keeps what it needs */
    assert_non_null(copy);
    memcpy(copy, line, size);
    bool is_binary = size > 0 && line[0] == '*';
    enum sio_status status = is_binary
                                 ? sio_feed_binary(sio, (const uint8_t *)copy + 1, size - 1)
                                 : sio_feed_text(sio, copy, size);
    free(copy);
    return status;
}

static void play(struct player *player, const char *script)
{
    while (*script != 0) {
        size_t size = strcspn(script, "\n");
        drain(player, feed_line(player->sio, script, size));
        script += size + (script[size] == '\n');
    }
}

static const struct conversation {
    const char *name;
    struct sio_config config;
    const char *script;
    const char *want;
} conversations[] = {
  /* clang-format off */
    /* Joining. */
    {"protocol 5",
     {"/n", "q=1", 5, false},
     "0/n,{\"sid\":\"x\"}",
     "> 0/n,\njoined /n sid\n"},
    {"answer without comma and payload",
     {"/n", "", 5, false},
     "0/n",
     "> 0/n,\njoined /n no sid\n"},
    {"answer with comma only", {"/n", "", 5, false}, "0/n,", "> 0/n,\njoined /n no sid\n"},
    {"answer with an empty sid",
     {"/n", "", 5, false},
     "0/n,{\"sid\":\"\"}",
     "> 0/n,\njoined /n no sid\n"},
    {"answer with null", {"/n", "", 5, false}, "0/n,null", "> 0/n,\njoined /n no sid\n"},
    {"root", {"/", "q=1", 5, false}, "0{\"sid\":\"x\"}", "> 0\njoined / sid\n"},
    {"root is not our namespace",
     {"/n", "", 5, false},
     "0\n0{\"sid\":\"y\"}\n0/n,{\"sid\":\"x\"}",
     "> 0/n,\njoined /n sid\n"},
    {"another namespace is not ours",
     {"/n", "", 5, false},
     "0/m,{\"sid\":\"y\"}\n0/nn,\n0/N,",
     "> 0/n,\n"},
    {"a second answer",
     {"/n", "", 5, false},
     "0/n,{\"sid\":\"x\"}\n0/n,{\"sid\":\"y\"}",
     "> 0/n,\njoined /n sid\n"},
    {"root first",
     {"/n", "", 5, true},
     "0{\"sid\":\"y\"}\n0/n,{\"sid\":\"x\"}",
     "> 0\n> 0/n,\njoined /n sid\n"},
    {"root first where root is all there is",
     {"/", "", 5, true},
     "0{\"sid\":\"y\"}",
     "> 0\njoined / sid\n"},
    {"protocol 4 carries the query",
     {"/n", "a=1&b=2", 4, false},
     "0\n0/n,",
     "> 0/n?a=1&b=2,\njoined /n no sid\n"},
    {"protocol 4 without a query",
     {"/n", "", 4, false},
     "0\n0/n",
     "> 0/n,\njoined /n no sid\n"},
    {"protocol 4 joins root by itself", {"/", "q=1", 4, true}, "0", "joined / no sid\n"},
    {"a 4.x server for a client of protocol 4",
     {"/n", "", 4, false},
     "0/n,{\"sid\":\"x\"}",
     "> 0/n,\njoined /n sid\n"},

    /* Refusals. */
    {"refused",
     {"/n", "", 5, false},
     "4/n,{\"message\":\"Invalid namespace\"}",
     "> 0/n,\nrefused /n {\"message\":\"Invalid namespace\"}\n"},
    {"refused in protocol 4",
     {"/n", "", 4, false},
     "4/n,\"Invalid namespace\"",
     "> 0/n,\nrefused /n \"Invalid namespace\"\n"},
    {"refused once only",
     {"/n", "", 5, false},
     "4/n,{}\n4/n,{}\n0/n,{\"sid\":\"x\"}",
     "> 0/n,\nrefused /n {}\n"},
    {"callback falls back",
     {"/z/callback", "", 5, false},
     "4/z/callback,{}\n0/z,{\"sid\":\"x\"}",
     "> 0/z/callback,\n> 0/z,\njoined /z sid\n"},
    {"callback falls back once",
     {"/a/callback/callback", "", 5, false},
     "4/a/callback/callback,{}\n4/a/callback,{}",
     "> 0/a/callback/callback,\n> 0/a/callback,\nrefused /a/callback {}\n"},
    {"callback falls back with the query",
     {"/z/callback", "q=1", 4, false},
     "4/z/callback,\"no\"\n0/z,",
     "> 0/z/callback?q=1,\n> 0/z?q=1,\njoined /z no sid\n"},
    {"callback alone has nothing to fall back to",
     {"/callback", "", 5, false},
     "4/callback,{}",
     "> 0/callback,\nrefused /callback {}\n"},
    {"callback as a part of a name",
     {"/recallback", "", 5, false},
     "4/recallback,{}",
     "> 0/recallback,\nrefused /recallback {}\n"},
    {"refusal of another namespace", {"/n", "", 5, false}, "4/m,{}", "> 0/n,\n"},
    {"refusal of root by a server that joins it first",
     {"/n", "", 4, false},
     "4\"Not authorized\"",
     "> 0/n,\nrefused / \"Not authorized\"\n"},
    {"refusal of root that we asked for",
     {"/n", "", 5, true},
     "4{}\n0/n,{\"sid\":\"x\"}",
     "> 0\n> 0/n,\njoined /n sid\n"},
    {"refusal after the answer",
     {"/n", "", 5, false},
     "0/n,{\"sid\":\"x\"}\n4/n,{}",
     "> 0/n,\njoined /n sid\nleft /n {}\n"},
    {"refusal of root after the answer",
     {"/n", "", 5, false},
     "0/n,{\"sid\":\"x\"}\n4{}",
     "> 0/n,\njoined /n sid\n"},
    {"refusal without payload is ignored", {"/n", "", 5, false}, "4/n,", "> 0/n,\n"},

    /* Leaving. */
    {"server leaves",
     {"/n", "", 5, false},
     "0/n,{\"sid\":\"x\"}\n1/n,\n1/n,",
     "> 0/n,\njoined /n sid\nleft /n\n"},
    {"server leaves without comma",
     {"/n", "", 5, false},
     "0/n,{\"sid\":\"x\"}\n1/n",
     "> 0/n,\njoined /n sid\nleft /n\n"},
    {"server leaves root",
     {"/n", "", 4, false},
     "0/n,\n1\n1/n,",
     "> 0/n,\njoined /n no sid\nleft /n\n"},
    {"server leaves before it came", {"/n", "", 5, false}, "1/n,", "> 0/n,\n"},

    /* Events. */
    {"notification",
     {"/n", "", 5, false},
     "2/n,[\"notification\",{\"value\":[]}]",
     "> 0/n,\nmessage /n [\"notification\",{\"value\":[]}] !\n"},
    {"notification in another spelling",
     {"/n", "", 5, false},
     "2/n,[\"notificatio\\u006e\"]",
     "> 0/n,\nmessage /n [\"notificatio\\u006e\"] !\n"},
    {"notification from anywhere",
     {"/n", "", 5, false},
     "2[\"notification\"]\n2/m,[\"notification\"]",
     "> 0/n,\nmessage / [\"notification\"] !\nmessage /m [\"notification\"] !\n"},
    {"notification behind the end",
     {"/n", "", 5, false},
     "0/n,{\"sid\":\"x\"}\n1/n,\n2/n,[\"notification\"]",
     "> 0/n,\njoined /n sid\nleft /n\nmessage /n [\"notification\"] !\n"},
    {"other events",
     {"/n", "", 5, false},
     "2/n,[\"x\"]\n2/n,[7,\"notification\"]",
     "> 0/n,\nmessage /n [\"x\"]\nmessage /n [7,\"notification\"]\n"},
    {"event that wants an answer",
     {"/n", "", 5, false},
     "2/n,0[\"x\"]\n212[\"x\"]\n2/m,007[\"x\"]",
     "> 0/n,\nmessage /n [\"x\"]\n> 3/n,0[]\nmessage / [\"x\"]\n> 312[]\n"
     "message /m [\"x\"]\n> 3/m,7[]\n"},
    {"event without payload", {"/n", "", 5, false}, "2/n,\n2\n2/1[\"x\"]", "> 0/n,\n"},
    {"reserved name in protocol 5",
     {"/n", "", 5, false},
     "2/n,[\"connect\"]",
     "> 0/n,\nfailed: a packet with a payload that does not fit its type\n"},
    {"reserved name once protocol 4 is known",
     {"/n", "", 5, false},
     "0/n,\n2/n,[\"connect\"]",
     "> 0/n,\njoined /n no sid\nmessage /n [\"connect\"]\n"},
    {"answers to nobody",
     {"/n", "", 5, false},
     "3/n,0[\"ok\"]\n3",
     "> 0/n,\nack /n [\"ok\"]\n"},

    /* Attachments. */
    {"two attachments in order",
     {"/n", "", 5, false},
     "52-/"
     "n,[\"b\",{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":0}]\n*"
     "12\n*",
     "> 0/n,\nmessage /n [\"b\",{\"_placeholder\":true,\"num\":1},"
     "{\"_placeholder\":true,\"num\":0}] *12 *\n"},
    {"one empty attachment",
     {"/n", "", 5, false},
     "51-/n,[\"b\"]\n*",
     "> 0/n,\nmessage /n [\"b\"] *\n"},
    {"binary notification that wants an answer",
     {"/n", "", 5, false},
     "51-/n,7[\"notification\"]\n*1",
     "> 0/n,\nmessage /n [\"notification\"] ! *1\n> 3/n,7[]\n"},
    {"binary answer",
     {"/n", "", 5, false},
     "61-/n,3[{\"_placeholder\":true,\"num\":0}]\n*1",
     "> 0/n,\nack /n [{\"_placeholder\":true,\"num\":0}] *1\n"},
    {"attachments do not leak into the next",
     {"/n", "", 5, false},
     "51-/n,[\"b\"]\n*1\n2/n,[\"x\"]\n51-/n,[\"b\"]\n*2",
     "> 0/n,\nmessage /n [\"b\"] *1\nmessage /n [\"x\"]\nmessage /n [\"b\"] *2\n"},
    {"text where an attachment is due",
     {"/n", "", 5, false},
     "51-/n,[\"b\"]\n2[\"x\"]",
     "> 0/n,\nfailed: a text message where an attachment was due\n"},
    {"attachment of nothing",
     {"/n", "", 5, false},
     "*1",
     "> 0/n,\nfailed: a binary message that belongs to no packet\n"},
    {"one attachment too many",
     {"/n", "", 5, false},
     "51-/n,[\"b\"]\n*1\n*2",
     "> 0/n,\nmessage /n [\"b\"] *1\nfailed: a binary message that belongs to no packet\n"},
    {"placeholder without attachment",
     {"/n", "", 5, false},
     "51-/n,[\"b\",{\"_placeholder\":true,\"num\":1}]\n*1",
     "> 0/n,\nfailed: a packet that refers to an attachment it does not have\n"},

    /* Failures are final. */
    {"nothing counts behind a failure",
     {"/n", "", 5, false},
     "9\n0/n,{\"sid\":\"x\"}\n*1\n2/n,[\"notification\"]",
     "> 0/n,\nfailed: a packet of unknown type\nfailed: a packet of unknown type\n"
     "failed: a packet of unknown type\nfailed: a packet of unknown type\n"},
    {"broken JSON",
     {"/n", "", 5, false},
     "2/n,[\"x\"",
     "> 0/n,\nfailed: a packet with bad JSON\n"},
  /* clang-format on */
};

static void player_init(struct player *player, const struct sio_config *config)
{
    bytes_init(&player->log, 1 << 16);
    player->sio = sio_new(config);
    assert_non_null(player->sio);
    drain(player, sio_join(player->sio));
}

static void player_clear(struct player *player)
{
    sio_free(player->sio);
    bytes_clear(&player->log);
}

static void holds_one(const struct conversation *row)
{
    struct player player;
    player_init(&player, &row->config);
    play(&player, row->script);
    assert_string_equal(bytes_text(&player.log), row->want);
    player_clear(&player);
}

static void holds_conversations(void **state)
{
    (void)state;
    CASES(conversations, holds_one);
}

static void leaves_what_it_joined(void **state)
{
    (void)state;
    static const struct sio_config ours = {"/n", "", 5, false};
    static const struct sio_config root = {"/", "", 5, false};
    struct player player;
    player_init(&player, &ours);
    drain(&player, sio_leave(player.sio));
    play(&player, "0/n,{\"sid\":\"x\"}");
    drain(&player, sio_leave(player.sio));
    drain(&player, sio_leave(player.sio));
    assert_string_equal(bytes_text(&player.log), "> 0/n,\njoined /n sid\n> 1/n,\n");
    player_clear(&player);
    player_init(&player, &root);
    play(&player, "0{\"sid\":\"x\"}");
    drain(&player, sio_leave(player.sio));
    assert_string_equal(bytes_text(&player.log), "> 0\njoined / sid\n> 1\n");
    player_clear(&player);
}

static void limits_sizes(void **state)
{
    (void)state;
    static const struct sio_config config = {"/n", "", 5, false};
    static char large[SIO_MAX_MESSAGE + 1] = "2[\"x\"]";
    struct sio_event event;
    memset(large + 6, ' ', sizeof large - 6);
    for (size_t extra = 0; extra <= 1; extra++) {
        struct sio *sio = sio_new(&config);
        assert_int_equal(sio_feed_text(sio, large, SIO_MAX_MESSAGE + extra),
                         extra == 0 ? SIO_OK : SIO_TOO_LARGE);
        (void)sio_next(sio, &event);
        sio_free(sio);

        static const uint8_t *const data = (const uint8_t *)large;
        sio = sio_new(&config);
        assert_int_equal(sio_feed_text(sio, "52-[\"b\"]", 8), SIO_OK);
        assert_int_equal(sio_feed_binary(sio, data, SIO_MAX_MESSAGE - 9), SIO_OK);
        assert_int_equal(sio_feed_binary(sio, data, 9 + extra),
                         extra == 0 ? SIO_OK : SIO_TOO_LARGE);
        (void)sio_next(sio, &event);
        sio_free(sio);
    }
}

/* The peer asks for answers and takes none (notifications: queues). */
static void ends_when_nothing_is_taken_from_it(void **state)
{
    (void)state;
    static const struct sio_config config = {"/n", "", 5, false};
    struct sio *sio = sio_new(&config);
    struct sio_event event;
    enum sio_status status = SIO_OK;
    size_t count = 0;
    for (; status == SIO_OK; count++) {
        status = sio_feed_text(sio, "2/n,1[\"x\"]", 10);
        assert_true(sio_next(sio, &event));
    }
    assert_int_equal(status, SIO_FULL);
    assert_int_equal(count, QUEUE_MAX_SIZE / (4 + 7) + 1);
    assert_string_equal(sio_detail(sio), "no room for a packet to send");
    assert_int_equal(sio_leave(sio), SIO_FULL);
    sio_free(sio);
    sio_free(NULL);
}

/* A query that fills the queue by itself. */
static void cannot_join_with_a_huge_query(void **state)
{
    (void)state;
    char *query = calloc(1, QUEUE_MAX_SIZE);
    assert_non_null(query);
    memset(query, 'q', QUEUE_MAX_SIZE - 1);
    struct sio_config config = {"/n", query, 4, false};
    struct sio *sio = sio_new(&config);
    assert_int_equal(sio_join(sio), SIO_FULL);
    sio_free(sio);
    free(query);
}

static void has_words_for_each_status(void **state)
{
    (void)state;
    for (int i = SIO_OK; i <= SIO_FULL; i++)
        assert_non_null(sio_status_text((enum sio_status)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(holds_conversations),
        cmocka_unit_test(leaves_what_it_joined),
        cmocka_unit_test(limits_sizes),
        cmocka_unit_test(ends_when_nothing_is_taken_from_it),
        cmocka_unit_test(cannot_join_with_a_huge_query),
        cmocka_unit_test(has_words_for_each_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
