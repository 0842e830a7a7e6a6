#include "tests/support/ws_player.h"

#define TEXT(string) string, sizeof(string) - 1

/* What a server sends behind its 101, and what comes of it. Each row is played whole and
 * byte by byte. */
static const struct stream_case {
    const char *name;
    const char *bytes;
    size_t size;
    const char *events; /* after "open" */
    const char *sent;
} streams[] = {
    {"one message",                          TEXT("\x81\x05Hello"),                               "text(Hello)",                                              ""                        },
    {"binary is not checked",                TEXT("\x82\x02\xFF\xFE"),                            "binary(ff fe)",                                            ""                        },
    {"two messages",
     TEXT("\x81\x01"
          "a\x81\x00"),
     "text(a) text()",                                                                                                                                        ""                        },
    {"fragments",                            TEXT("\x01\x02He\x00\x00\x80\x03llo"),               "text(Hello)",                                              ""                        }, /* WS-44 */
    {"a ping between fragments",
     TEXT("\x01\x01"
          "a\x89\x01"
          "b\x80\x01"
          "c"),                                                                                   /* WS-45 */
     "ping(62) text(ac)",                                                                                                                      "pong(62)"                },
    {"every ping is answered",
     TEXT("\x89\x00\x89\x01"
          "a\x89\x01"
          "b"),                                                                                   /* WS-53 */
     "ping() ping(61) ping(62)",                                                                                                               "pong() pong(61) pong(62)"},
    {"an unasked pong",
     TEXT("\x8A\x01"
          "a"),
     "pong(61)",                                                                                                                                              ""                        }, /* WS-54 */
    {"messages before an error",
     TEXT("\x81\x01"
          "a\x83\x00\x81\x01"
          "b"),
     "text(a) closed(1006: the server used an unknown frame type)",                                                                                           "close(1002)"             },
    {"masked",                               TEXT("\x81\x81"),                                    "closed(1006: the server sent a masked frame)",
     "close(1002)"                                                                                                                                                                      },
    {"a reserved bit",                       TEXT("\xC1\x00"),                                    "closed(1006: the server set a reserved bit)",
     "close(1002)"                                                                                                                                                                      },
    {"an impossible length",                 TEXT("\x82\x7F\xFF"),
     "closed(1006: the server sent an impossible frame length)",                                                                                              "close(1002)"             },
    {"a long ping",                          TEXT("\x89\x7E"),
     "closed(1006: the server sent a fragmented or long control frame)",                                                                                      "close(1002)"             },
    {"a fragmented close",                   TEXT("\x08"),
     "closed(1006: the server sent a fragmented or long control frame)",                                                                                      "close(1002)"             },
    {"continuation of nothing",              TEXT("\x80\x01"),                                    /* WS-46 */
     "closed(1006: the server mixed up the fragments of a message)",                            "close(1002)"             },
    {"a new message inside another",
     TEXT("\x01\x01"
          "a\x81\x01"),                                                                           /* WS-47 */
     "closed(1006: the server mixed up the fragments of a message)",                                                                   "close(1002)"             },
    {"bad text fails before its end",
     TEXT("\x81\x7E\x10\x00"
          "ab\xC0"),                                                                              /* WS-52 */
     "closed(1006: the server sent text that is not UTF-8)",                                                                              "close(1007)"             },
    {"text that ends in a code point",
     TEXT("\x81\x02"
          "a\xC3"),
     "closed(1006: the server sent text that is not UTF-8)",                                                                                                  "close(1007)"             },
    {"a code point over two fragments",      TEXT("\x01\x02h\xC3\x80\x01\xA9"),
     "text(h\xC3\xA9)",                                                                                                                                       ""                        }, /* WS-51 */
    {"one byte above the limit",             TEXT("\x81\x7F\0\0\0\0\0\x10\0\1"),                  /* WS-43 */
     "closed(1006: the server sent a message above the limit)",               "close(1009)"             },
    {"a claim of 2^63 - 1",                  TEXT("\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),    /* F-140 */
     "closed(1006: the server sent a message above the limit)", "close(1009)"             },
    {"the sum of fragments above the limit",
     TEXT("\x01\x01"
          "a\x80\x7F\0\0\0\0\0\x10\0\0"),
     "closed(1006: the server sent a message above the limit)",                                                                                               "close(1009)"             },
    {"close with a reason",
     TEXT("\x88\x05\x03\xE8"
          "bye"),
     "closed(1000 bye)",                                                                                                                                      "close(1000)"             },
    {"close without a code",                 TEXT("\x88\x00"),                                    "closed(1005)",                                             "close"                   }, /* WS-57 */
    {"what comes behind a close",            TEXT("\x88\x02\x03\xE8\xFF\xFF\xFF"),                "closed(1000)",
     "close(1000)"                                                                                                                                                                      }, /* WS-61 */
    {"close of one byte",                    TEXT("\x88\x01\x03"),
     "closed(1006: the server sent a bad close code)",                                                                                                        "close(1002)"             }, /* WS-58 */
    {"a code that is never sent",            TEXT("\x88\x02\x03\xED"),
     "closed(1006: the server sent a bad close code)",                                                                                                        "close(1002)"             }, /* WS-59 */
    {"a reason that is not UTF-8",           TEXT("\x88\x03\x03\xE8\xFF"),
     "closed(1006: the server sent text that is not UTF-8)",                                                                                                  "close(1007)"             }, /* WS-60 */
    {"HTTP behind the 101",                  TEXT("HTTP/1.1 400 Bad Request\r\n\r\nUnsupported"),
     "closed(1006: the server sent an HTTP answer after the upgrade)",                                                                                        "close(1002)"             },
    {"only as good as HTTP",                 TEXT("HTTX"),                                        "closed(1006: the server set a reserved bit)",
     "close(1002)"                                                                                                                                                                      },
    {"HTTP behind a frame is none",
     TEXT("\x81\x01"
          "aH"),
     "text(a) closed(1006: the server set a reserved bit)",                                                                                                   "close(1002)"             },
};

static void play(const struct stream_case *row, size_t step)
{
    char events[512];
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    ws_player_start(&player, &config);
    ws_player_feed(&player, TEXT(WS_PLAYER_ACCEPT), step);
    ws_player_feed(&player, row->bytes, row->size, step);
    (void)snprintf(events, sizeof events, "open %s", row->events);
    assert_string_equal(ws_player_events(&player), events);
    assert_string_equal(ws_player_sent(&player, 1), row->sent);
    ws_player_clear(&player);
}

static void check_stream(const struct stream_case *row)
{
    play(row, 0);
    play(row, 1);
}

static void reads_what_a_server_sends(void **state)
{
    (void)state;
    CASES(streams, check_stream);
}

/* Answers to the request, and the end of the stream behind them. */
static const struct answer_case {
    const char *name;
    const char *text;
    const char *events;
} answers[] = {
    {"accepted",                             WS_PLAYER_ACCEPT,
     "open closed(1006: the connection ended without a closing handshake)"                                                                                        },
    {"accepted, then half of the word HTTP", WS_PLAYER_ACCEPT "HTT",
     "open closed(1006: the connection ended without a closing handshake)"                                                                                        },
    {"refused",                              "HTTP/1.1 401 x\r\nContent-Length: 2\r\n\r\nno",   "refused(401 - no)"                                               },
    {"refused for a while",
     "HTTP/1.1 503 x\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n",                         "refused(503 120 )"                                               },
    {"refused, body cut",                    "HTTP/1.1 400 x\r\nContent-Length: 9\r\n\r\nSess",
     "refused(400 - Sess)"                                                                                                                                        },
    {"not for our key",
     "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",                     "closed(1006: the server did not accept the upgrade to WebSocket)"},
    {"not HTTP",                             "SSH-2.0-OpenSSH_9.0\r\n",
     "closed(1006: the answer to the upgrade request is not HTTP)"                                                                                                },
    {"nothing",                              "",                                                "closed(1006: the connection ended without a closing handshake)"  },
    {"a cut head",                           "HTTP/1.1 101 Sw",
     "closed(1006: the connection ended without a closing handshake)"                                                                                             }, /* WS-18 */
};

static void play_answer(const struct answer_case *row, size_t step)
{
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    ws_player_start(&player, &config);
    ws_player_feed(&player, row->text, strlen(row->text), step);
    ws_player_finish(&player);
    assert_string_equal(ws_player_events(&player), row->events);
    assert_string_equal(ws_player_sent(&player, 0), ""); /* WS-09 */
    ws_player_finish(&player);
    ws_player_feed(&player,
                   TEXT("\x81\x01"
                        "a"),
                   0);
    assert_string_equal(ws_player_events(&player), row->events);
    assert_int_equal(ws_send_text(player.ws, "a", 1), WS_NOT_OPEN);
    ws_close(player.ws, 1000);
    assert_string_equal(ws_player_sent(&player, 0), "");
    ws_player_clear(&player);
}

static void check_answer(const struct answer_case *row)
{
    play_answer(row, 0);
    play_answer(row, 1);
}

static void deals_with_every_answer(void **state)
{
    (void)state;
    CASES(answers, check_answer);
}

static void open_player(struct ws_player *player, const struct ws_config *config)
{
    ws_player_start(player, config);
    ws_player_feed(player, TEXT(WS_PLAYER_ACCEPT), 0);
    assert_string_equal(ws_player_events(player), "open");
}

static void sends_messages_and_pings(void **state)
{
    (void)state;
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    ws_player_start(&player, &config);
    assert_int_equal(ws_send_text(player.ws, "early", 5), WS_NOT_OPEN); /* WS-09 */
    ws_player_feed(&player, TEXT(WS_PLAYER_ACCEPT), 0);
    assert_int_equal(ws_send_text(player.ws, "40/n,", 5), WS_OK);
    assert_int_equal(ws_send_binary(player.ws, (const uint8_t *)"\0\xFF", 2), WS_OK);
    assert_int_equal(ws_send_ping(player.ws, (const uint8_t *)"p", 1), WS_OK);
    assert_int_equal(ws_send_ping(player.ws, NULL, 0), WS_OK); /* WS-56 */
    assert_string_equal(ws_player_sent(&player, 2), "text(40/n,) binary(00 ff) ping(70) "
                                                    "ping()");
    ws_player_clear(&player);
}

static void closes_in_order(void **state)
{
    (void)state;
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    open_player(&player, &config);
    ws_player_feed(&player,
                   TEXT("\x01\x03"
                        "abc"),
                   0); /* a message is half there */
    ws_close(player.ws, 1000);
    ws_close(player.ws, 1001);                                         /* does nothing */
    assert_int_equal(ws_send_text(player.ws, "late", 4), WS_NOT_OPEN); /* WS-35 */
    /* Data, pings and bad text are dropped, only the Close counts (WS-61). */
    ws_player_feed(&player,
                   TEXT("\x80\x01\xFF\x89\x01p\x82\x7F\0\0\0\0\0\x00\0\1x\x88\x02\x03\xE8"),
                   1);
    assert_string_equal(ws_player_events(&player), "open closed(1000)");
    assert_string_equal(ws_player_sent(&player, 0), "close(1000)");
    ws_player_clear(&player);
}

static void an_error_after_our_close_is_not_answered_again(void **state)
{
    (void)state;
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    open_player(&player, &config);
    ws_close(player.ws, 3000);
    ws_player_feed(&player, TEXT("\xC1\x00"), 0);
    assert_string_equal(ws_player_events(&player),
                        "open closed(1006: the server set a reserved bit)");
    assert_string_equal(ws_player_sent(&player, 0), "close(3000)");
    ws_player_clear(&player);
}

static void closing_before_open_ends_at_once(void **state)
{
    (void)state;
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    ws_player_start(&player, &config);
    ws_close(player.ws, 1000);
    ws_player_drain(&player);
    assert_string_equal(ws_player_events(&player),
                        "closed(1006: the connection is not open)");
    ws_feed(player.ws, 0, (const uint8_t *)"x", 1);
    ws_finish(player.ws);
    ws_player_drain(&player);
    assert_string_equal(ws_player_events(&player),
                        "closed(1006: the connection is not open)");
    assert_string_equal(ws_player_sent(&player, 0), "");
    ws_player_clear(&player);
}

static void counts_fragments(void **state) /* WS-44, both sides of the border */
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct ws_player player;
        struct ws_config config;
        ws_player_init(&player, &config);
        open_player(&player, &config);
        ws_player_feed(&player, TEXT("\x01\x00"), 0);
        for (size_t i = 0; i < WS_MAX_FRAGMENTS - 2 + extra; i++)
            ws_player_feed(&player, TEXT("\x00\x00"), 0);
        ws_player_feed(&player, TEXT("\x80\x00"), 0);
        assert_string_equal(
            ws_player_events(&player),
            extra == 0
                ? "open text()"
                : "open closed(1006: the server sent a message in too many fragments)");
        ws_player_clear(&player);
    }
}

static void counts_control_frames_per_minute(void **state)
{
    (void)state;
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    player.now_ms = 1000000;
    open_player(&player, &config);
    for (size_t minute = 0; minute < 3; minute++, player.now_ms += 60000) {
        for (size_t i = 0; i < WS_MAX_CONTROLS_PER_MINUTE / 2; i++)
            ws_player_feed(&player, TEXT("\x89\x00\x8A\x00"), 0);
        (void)ws_player_sent(&player, 0);
    }
    player.now_ms -= 1; /* still in the third minute */
    assert_null(strstr(ws_player_events(&player), "closed"));
    ws_player_feed(&player, TEXT("\x8A\x00"), 0);
    assert_non_null(strstr(ws_player_events(&player),
                           "closed(1006: the server sent too many pings or pongs)"));
    assert_non_null(strstr(ws_player_sent(&player, 0), "close(1008)"));
    ws_player_clear(&player);
}

static void the_limits_are_those_of_the_configuration(void **state)
{
    (void)state;
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    config.max_frame = 3;
    config.max_message = 5;
    open_player(&player, &config);
    ws_player_feed(&player,
                   TEXT("\x01\x03"
                        "abc\x80\x02"
                        "de\x82\x04"),
                   1);
    assert_string_equal(
        ws_player_events(&player),
        "open text(abcde) closed(1006: the server sent a message above the limit)");
    ws_player_clear(&player);
}

static void carries_a_message_of_exactly_the_limit(void **state)
{
    (void)state;
    static uint8_t text[10 + WS_MAX_MESSAGE] = {0x81, 0x7F, 0, 0, 0, 0, 0, 0x10, 0, 0};
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    open_player(&player, &config);
    memset(text + 10, 'x', WS_MAX_MESSAGE);
    ws_player_feed(&player, text, sizeof text, 65536);
    ws_player_feed(&player, text, sizeof text, 65536);
    assert_string_equal(ws_player_events(&player),
                        "open text(1048576 bytes) text(1048576 bytes)");
    ws_player_clear(&player);
}

/* WS-55: whoever does not read loses the connection, but pongs alone never do that. */
static void bounds_the_output(void **state)
{
    (void)state;
    static const uint8_t zeros[WS_MAX_OUTPUT];
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    open_player(&player, &config);
    assert_int_equal(ws_send_binary(player.ws, zeros, sizeof zeros), WS_OK);
    ws_player_feed(&player,
                   TEXT("\x89\x01"
                        "a\x89\x01"
                        "b"),
                   0);
    assert_int_equal(ws_send_text(player.ws, "x", 1), WS_OUTPUT_FULL);
    assert_int_equal(ws_send_text(player.ws, "x", 1), WS_NOT_OPEN);
    ws_player_drain(&player);
    assert_string_equal(
        ws_player_events(&player),
        "open ping(61) ping(62) closed(1006: the server does not take what is sent to it)");
    assert_string_equal(ws_player_sent(&player, 1000), "binary(65536 bytes) close(1008)");
    ws_player_clear(&player);
}

static void keeps_the_newest_of_pongs_that_cannot_be_sent(void **state)
{
    (void)state;
    static const uint8_t zeros[WS_MAX_OUTPUT];
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    config.max_controls_per_minute = SIZE_MAX;
    open_player(&player, &config);
    assert_int_equal(ws_send_binary(player.ws, zeros, sizeof zeros), WS_OK);
    for (size_t i = 0; i < 100000; i++)
        ws_feed(player.ws, 0, (const uint8_t *)"\x89\x01z", 3);
    ws_player_feed(&player, TEXT("\x89\x01q"), 0);
    assert_string_equal(ws_player_sent(&player, 0), "binary(65536 bytes) pong(71)");
    ws_player_clear(&player);
}

/* The request takes one draw; each frame one more. */
static void fails_without_randomness(void **state)
{
    (void)state;
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    player.randoms_left = 0;
    const struct ws_request request = {.host = "a", .port = 443, .target = "/"};
    assert_null(ws_new(&config, &request));
    player.randoms_left = 1;
    open_player(&player, &config);
    assert_int_equal(ws_send_text(player.ws, "x", 1), WS_NO_RANDOM);
    ws_player_drain(&player);
    assert_string_equal(ws_player_events(&player),
                        "open closed(1006: no random numbers are available)");
    ws_player_clear(&player);
}

static void an_unmaskable_pong_ends_the_connection(void **state)
{
    (void)state;
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    player.randoms_left = 1;
    open_player(&player, &config);
    ws_player_feed(&player, TEXT("\x89\x00"), 0);
    assert_string_equal(ws_player_events(&player),
                        "open closed(1006: no random numbers are available)");
    ws_player_clear(&player);
}

static void refuses_a_bad_request(void **state)
{
    (void)state;
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    const struct ws_request request = {.host = "a", .port = 443, .target = "no slash"};
    assert_null(ws_new(&config, &request));
    ws_free(NULL);
}

static void more_than_a_feed_may_hold_is_an_end(void **state)
{
    (void)state;
    static const uint8_t zeros[WS_MAX_FEED];
    struct ws_player player;
    struct ws_config config;
    ws_player_init(&player, &config);
    open_player(&player, &config);
    for (size_t i = 0; i < 3; i++) /* without ws_next() */
        ws_feed(player.ws, 0, zeros, sizeof zeros);
    ws_player_drain(&player);
    assert_string_equal(ws_player_events(&player), "open closed(1006: out of memory)");
    ws_player_clear(&player);
}

static void every_status_has_words(void **state)
{
    (void)state;
    for (int i = WS_OK; i <= WS_NO_MEMORY; i++) {
        assert_true(strlen(ws_status_text((enum ws_status)i)) > 10);
        uint16_t code = ws_status_close_code((enum ws_status)i);
        assert_true(code == 0 || (code >= 1002 && code <= 1011));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(reads_what_a_server_sends),
        TABLE_TEST(deals_with_every_answer),
        TABLE_TEST(sends_messages_and_pings),
        TABLE_TEST(closes_in_order),
        TABLE_TEST(an_error_after_our_close_is_not_answered_again),
        TABLE_TEST(closing_before_open_ends_at_once),
        TABLE_TEST(counts_fragments),
        TABLE_TEST(counts_control_frames_per_minute),
        TABLE_TEST(the_limits_are_those_of_the_configuration),
        TABLE_TEST(carries_a_message_of_exactly_the_limit),
        TABLE_TEST(bounds_the_output),
        TABLE_TEST(keeps_the_newest_of_pongs_that_cannot_be_sent),
        TABLE_TEST(fails_without_randomness),
        TABLE_TEST(an_unmaskable_pong_ends_the_connection),
        TABLE_TEST(refuses_a_bad_request),
        TABLE_TEST(more_than_a_feed_may_hold_is_an_end),
        TABLE_TEST(every_status_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
