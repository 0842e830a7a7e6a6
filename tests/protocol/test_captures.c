/* Plays what official servers said to our whole stack, WebSocket to Socket.IO, in their
 * time, whole and byte by byte, and compares what ours says with what the official client
 * said. The table has a row for each connection that used WebSocket from the start. */
#include "tests/support/capture.h"
#include "tests/support/stack_player.h"

#define BARE_URL "http://127.0.0.1:3000/notifications"
#define REAL_QUERY                                                                         \
    "token=b0a5b2f4-1111-2222-3333-444455556666"                                           \
    "&applicationId=aaaabbbb-0000-1111-2222-ccccddddeeee"
#define REAL_URL BARE_URL "?" REAL_QUERY

static const struct capture_case {
    const char *name;
    int connection;
    enum channel_variant variant;
    const char *url;  /* NULL: the one that the official client was called with */
    const char *sent; /* NULL: as the official client, see expect_sent() */
    const char *events;
} cases[] = {
  /* clang-format off */
    {"ack-v2", 1, CHANNEL_EIO3, NULL, NULL, "live notification closed(1005)"},
    {"ack-v4", 1, CHANNEL_EIO4, NULL, NULL, "live notification closed(1005)"},
    {"alloweio3-client2-server3-ws", 1, CHANNEL_EIO3, NULL, NULL,
     "live notification closed(1005)"},
    {"alloweio3-client2-server4-ws", 1, CHANNEL_EIO3, NULL, NULL,
     "live notification closed(1005)"},
    {"binary-ws-v2", 1, CHANNEL_EIO3, NULL, NULL, "live other closed(1005)"},
    {"binary-ws-v4", 1, CHANNEL_EIO4, NULL, NULL, "live other closed(1005)"},
    {"client-disconnect-v2", 1, CHANNEL_EIO3, NULL, NULL, "live closed(1005)"},
    {"client-disconnect-v4", 1, CHANNEL_EIO4, NULL, NULL, "live closed(1005)"},
    {"connect-error-middleware-v2", 1, CHANNEL_EIO3, NULL, NULL,
     "ended(the server refuses the namespace) closed(1005)"},
    {"connect-error-middleware-v4", 1, CHANNEL_EIO4, NULL, NULL,
     "ended(the server refuses the namespace) closed(1005)"},
    {"connect-error-unknown-ns-v2", 1, CHANNEL_EIO3, NULL, NULL,
     "ended(the server refuses the namespace) closed(1005)"},
    {"connect-error-unknown-ns-v4", 1, CHANNEL_EIO4, NULL, NULL,
     "ended(the server refuses the namespace) closed(1005)"},
    {"deflate-v4", 1, CHANNEL_EIO4, NULL, "close(1002)\n",
     "closed(1006: the server set a reserved bit)"},
    {"event-large-v4", 1, CHANNEL_EIO4, NULL, NULL,
     "live notification notification notification notification closed(1005)"},
    {"event-notification-string-v4", 1, CHANNEL_EIO4, NULL, NULL,
     "live notification closed(1005)"},
    {"event-shapes-v4", 1, CHANNEL_EIO4, NULL, NULL,
     "live notification notification notification notification other closed(1005)"},
    {"mismatch-client2-server4-ws", 1, CHANNEL_EIO3, NULL, NULL,
     "closed(1006: the server sent an HTTP answer after the upgrade)"},
    {"mismatch-client4-server2-ping", 1, CHANNEL_EIO4, NULL,
     "40/notifications,\n2\nclose(1000)\n",
     "live notification ended(the server is silent) closed(1005)"},
    {"mismatch-client4-server2-ws", 1, CHANNEL_EIO4, NULL, NULL,
     "live notification closed(1005)"},
    {"peer-raw-server2", 1, CHANNEL_EIO4_ROOT, REAL_URL,
     "40\n40/notifications,\nclose(1000)\n", "live notification closed(1005)"},
    {"peer-raw-server4", 1, CHANNEL_EIO4_ROOT, REAL_URL,
     "40\n40/notifications,\nclose(1000)\n", "live notification closed(1005)"},
    {"ping-v2", 1, CHANNEL_EIO3, NULL, NULL, "live closed(1005)"},
    {"ping-v4", 1, CHANNEL_EIO4, NULL, NULL, "live closed(1005)"},
    {"raw-bad-json-server4", 1, CHANNEL_EIO4, BARE_URL, NULL, "live closed(1005)"},
    {"raw-client-ping-eio4", 1, CHANNEL_EIO4, REAL_URL, "40/notifications,\nclose\n",
     "closed(1005)"},
    {"raw-event-before-connect-server4", 1, CHANNEL_EIO4, REAL_URL,
     "40/notifications,\nclose\n", "closed(1005)"},
    {"raw-no-connect-server4", 1, CHANNEL_EIO4, REAL_URL, "40/notifications,\nclose\n",
     "closed(1005)"},
    {"raw-no-ping-eio3", 1, CHANNEL_EIO3, BARE_URL, "40/notifications,\n2\nclose(1000)\n",
     "live ended(the server is silent) closed(1005)"},
    {"raw-no-pong-eio4", 1, CHANNEL_EIO4, BARE_URL, "40/notifications,\n3\nclose\n",
     "live closed(1005)"},
    {"raw-ns-query-server4", 1, CHANNEL_EIO4, REAL_URL, "40/notifications,\nclose(1000)\n",
     "closed(1005)"},
    {"raw-too-big-server4", 1, CHANNEL_EIO4, BARE_URL, NULL, "live closed(1009)"},
    {"raw-twice-connect-burst-server4", 1, CHANNEL_EIO4, REAL_URL,
     "40/notifications,\nclose(1000)\n", "live notification notification closed(1005)"},
    {"raw-twice-connect-later-server2", 1, CHANNEL_EIO3, BARE_URL,
     "40/notifications,\nclose(1000)\n", "live closed(1005)"},
    {"raw-twice-connect-later-server4", 1, CHANNEL_EIO4, BARE_URL,
     "40/notifications,\nclose\n", "live closed(1005)"},
    {"raw-ws-ping-server4", 1, CHANNEL_EIO4, BARE_URL, NULL, "live closed(1005)"},
    {"reconnect-v4", 1, CHANNEL_EIO4, NULL, NULL,
     "live closed(1006: the connection ended without a closing handshake)"},
    {"reconnect-v4", 2, CHANNEL_EIO4, NULL, NULL, "live notification closed(1005)"},
    {"server-disconnect-close-v2", 1, CHANNEL_EIO3, NULL,
     "40/notifications?" REAL_QUERY ",\nclose(1000)\n",
     "live ended(the server ended the subscription) closed(1005)"},
    {"server-disconnect-close-v4", 1, CHANNEL_EIO4, NULL,
     "40/notifications,\nclose(1000)\n",
     "live ended(the server ended the subscription) closed(1005)"},
    {"server-disconnect-ns-v2", 1, CHANNEL_EIO3, NULL, NULL,
     "live ended(the server ended the subscription) closed(1005)"},
    {"server-disconnect-ns-v4", 1, CHANNEL_EIO4, NULL, NULL,
     "live ended(the server ended the subscription) closed(1005)"},
    {"server-shutdown-v2", 1, CHANNEL_EIO3, NULL, NULL, "live closed(1005)"},
    {"server-shutdown-v4", 1, CHANNEL_EIO4, NULL, NULL, "live closed(1005)"},
    {"server-tcp-drop-v2", 1, CHANNEL_EIO3, NULL, NULL,
     "live closed(1006: the connection ended without a closing handshake)"},
    {"server-tcp-drop-v4", 1, CHANNEL_EIO4, NULL, NULL,
     "live closed(1006: the connection ended without a closing handshake)"},
    {"url-doc-v1-ws", 1, CHANNEL_EIO3, NULL, NULL, "live notification closed(1000)"},
    {"url-doc-v2-ws", 1, CHANNEL_EIO3, NULL, NULL, "live notification closed(1005)"},
    {"url-doc-v3-ws", 1, CHANNEL_EIO4, NULL, NULL, "live notification closed(1005)"},
    {"url-doc-v4-ws", 1, CHANNEL_EIO4, NULL, NULL, "live notification closed(1005)"},
    {"url-path-dotpct-v2-ws", 1, CHANNEL_EIO3, NULL, NULL, "closed(1005)"},
    {"url-path-dotpct-v4-ws", 1, CHANNEL_EIO4, NULL, NULL, "closed(1005)"},
    {"url-path-nopath-v2-ws", 1, CHANNEL_EIO3, "http://127.0.0.1:3000?token=t1", NULL,
     "live closed(1005)"},
    {"url-path-nopath-v4-ws", 1, CHANNEL_EIO4, "http://127.0.0.1:3000?token=t1", NULL,
     "live closed(1005)"},
    {"url-path-root-v2-ws", 1, CHANNEL_EIO3, NULL, NULL, "live closed(1005)"},
    {"url-path-root-v4-ws", 1, CHANNEL_EIO4, NULL, NULL, "live closed(1005)"},
    {"url-path-trailing-v2-ws", 1, CHANNEL_EIO3, NULL, NULL, "live closed(1005)"},
    {"url-path-trailing-v4-ws", 1, CHANNEL_EIO4, NULL, NULL, "live closed(1005)"},
    {"url-query-edge-v2-ws", 1, CHANNEL_EIO3, NULL, NULL, "live closed(1005)"},
    {"url-query-edge-v3-ws", 1, CHANNEL_EIO4, NULL, NULL, "live closed(1005)"},
    {"url-query-edge-v4-ws", 1, CHANNEL_EIO4, NULL, NULL, "live closed(1005)"},
    {"url-real-v1-ws", 1, CHANNEL_EIO3, NULL, NULL, "live notification closed(1000)"},
    {"url-real-v2-ws", 1, CHANNEL_EIO3, NULL, NULL, "live notification closed(1005)"},
    {"url-real-v3-ws", 1, CHANNEL_EIO4, NULL, NULL, "live notification closed(1005)"},
    {"url-real-v4-ws", 1, CHANNEL_EIO4, NULL, NULL, "live notification closed(1005)"},
    {"url-split-v2-ws", 1, CHANNEL_EIO3,
     "http://127.0.0.1:3000/zbaehwg?snthgk=1ff3-2345672zz831837523", NULL,
     "live notification closed(1005)"},
    {"url-split-v4-ws", 1, CHANNEL_EIO4,
     "http://127.0.0.1:3000/zbaehwg?snthgk=1ff3-2345672zz831837523", NULL,
     "live notification closed(1005)"},
  /* clang-format on */
};

/* The URL in `io("...", ...)`. */
static void read_url(const cJSON *file, char *out, size_t out_size)
{
    static const char opening[] = "io(\"";
    const char *call = capture_text(file, "client_call");
    assert_int_equal(strncmp(call, opening, sizeof opening - 1), 0);
    call += sizeof opening - 1;
    (void)snprintf(out, out_size, "%.*s", (int)strcspn(call, "\""), call);
}

static void make_url(const struct capture_case *row, const cJSON *file,
                     struct channel_url *out)
{
    static const struct url_policy policy = {.plain_text_allowed = true, .loopback = true};
    char text[1024];
    if (row->url == NULL)
        read_url(file, text, sizeof text);
    assert_int_equal(channel_url_init(row->url == NULL ? text : row->url, &policy, out),
                     URL_OK);
}

/* What the agent never says: events of its own, and their attachments. */
static bool is_own_event(const cJSON *entry)
{
    const char *text = capture_text(entry, "data");
    return capture_is(entry, "kind", "ws-binary") ||
           (text != NULL && text[0] == '4' && (text[1] == '2' || text[1] == '5'));
}

/* An answer to an event: ours carries no arguments. Else the text as it is, with the comma
 * that 1.x clients leave out behind a namespace, and commas inside it encoded. */
static void expect_text(const char *text, struct bytes *out)
{
    size_t size = strlen(text);
    bool has_namespace = size > 2 && text[0] == '4' && text[1] < '2';
    if (text[0] == '4' && text[1] == '3')
        bytes_append_format(out, "%.*s[]", (int)strcspn(text, "["), text);
    else if (has_namespace && strstr(text, "d,e") != NULL)
        bytes_append_format(out, "%.*s%%2Ce%s", (int)(strstr(text, ",e") - text), text,
                            strstr(text, ",e") + 2);
    else
        bytes_append_text(out, text);
    if (has_namespace && text[size - 1] != ',')
        bytes_append_byte(out, ',');
    bytes_append_text(out, "\n");
}

/* Everything the official client sent on this connection, but for what only an application
 * would send. Its Close carries no code; ours is 1000, or the echo of the server's. */
static void expect_sent(const struct capture_case *row, const cJSON *transcript,
                        struct bytes *out)
{
    bool is_closing = false;
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, transcript)
    {
        const cJSON *data = cJSON_GetObjectItemCaseSensitive(entry, "data");
        bool is_close = capture_is(entry, "kind", "ws-close");
        if (capture_number(entry, "conn") != (uint64_t)row->connection)
            continue;
        if (capture_is(entry, "dir", "s2c")) {
            is_closing = is_closing || is_close;
            continue;
        }
        if (is_close && cJSON_IsNumber(cJSON_GetObjectItem(data, "code")) &&
            capture_number(data, "code") != 1000)
            bytes_append_format(out, "close(%d)\n", (int)capture_number(data, "code"));
        else if (is_close)
            bytes_append_text(out, is_closing ? "close\n" : "close(1000)\n");
        else if (capture_is(entry, "kind", "ws-text") && !is_own_event(entry))
            expect_text(capture_text(entry, "data"), out);
    }
}

/* The official client's own request is the same where it does not re-encode. */
static void assert_request(const struct capture_case *row, const cJSON *entry,
                           struct stack_player *player)
{
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(entry, "data");
    const char *line = capture_text(data, "start_line");
    if (row->url == NULL && strstr(row->name, "query-edge") == NULL)
        assert_int_equal(strncmp(bytes_text(&player->request), line, strlen(line)), 0);
}

static void play_client(struct stack_player *player, const cJSON *entry)
{
    const char *text = capture_text(entry, "data");
    if (capture_is(entry, "kind", "ws-close") && player->end_count == 0)
        ws_close(player->ws, 1000);
    else if (player->channel != NULL && text != NULL && strncmp(text, "41", 2) == 0)
        channel_leave(player->channel);
    stack_player_settle(player);
}

static void play_server(struct stack_player *player, const cJSON *entry, size_t step)
{
    struct bytes bytes;
    bytes_init(&bytes, 1 << 20);
    capture_append_entry(&bytes, entry, STACK_PLAYER_ACCEPT);
    stack_player_feed(player, bytes_front(&bytes), bytes_count(&bytes), step);
    bytes_clear(&bytes);
    if (capture_is(entry, "kind", "tcp-fin"))
        stack_player_finish(player);
}

/* How often the official client's application was called for a notification: never where
 * it took offence at the other generation, or where it was no official client. */
static size_t count_notifications(const cJSON *transcript)
{
    size_t count = 0;
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, transcript)
    {
        const cJSON *data = cJSON_GetObjectItemCaseSensitive(entry, "data");
        count += capture_is(entry, "dir", "client") &&
                 capture_is(data, "what", "on notification");
    }
    return count;
}

static void play(const struct capture_case *row, const cJSON *transcript,
                 struct stack_player *player, size_t step)
{
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, transcript)
    {
        if (capture_number(entry, "conn") != (uint64_t)row->connection)
            continue;
        stack_player_go_to(player, capture_number(entry, "t_ms"));
        if (capture_is(entry, "kind", "http-request"))
            assert_request(row, entry, player);
        else if (capture_is(entry, "dir", "c2s"))
            play_client(player, entry);
        else
            play_server(player, entry, step);
    }
}

static void replays_with_step(const struct capture_case *row, const cJSON *file,
                              size_t step)
{
    const cJSON *transcript = cJSON_GetObjectItemCaseSensitive(file, "transcript");
    struct channel_url url;
    struct stack_player player;
    struct bytes wanted;
    bytes_init(&wanted, 1 << 16);
    make_url(row, file, &url);
    stack_player_init(&player, &url, row->variant);
    player.config.min_ping_interval_ms = 10; /* the servers were made impatient */
    player.config.min_ping_timeout_ms = 10;
    play(row, transcript, &player, step);

    if (row->sent == NULL)
        expect_sent(row, transcript, &wanted);
    assert_string_equal(stack_player_sent(&player),
                        row->sent != NULL ? row->sent : bytes_text(&wanted));
    assert_string_equal(bytes_text(&player.events), row->events);
    if (player.notification_count > 0 && count_notifications(transcript) > 0)
        assert_int_equal(player.notification_count, count_notifications(transcript));
    stack_player_clear(&player);
    channel_url_clear(&url);
    bytes_clear(&wanted);
}

static void replays_one(const struct capture_case *row)
{
    cJSON *file = capture_open(row->name);
    replays_with_step(row, file, 0);
    replays_with_step(row, file, 1);
    replays_with_step(row, file, 7);
    cJSON_Delete(file);
}

static void replays_captures(void **state)
{
    (void)state;
    CASES(cases, replays_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TABLE_TEST(replays_captures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
