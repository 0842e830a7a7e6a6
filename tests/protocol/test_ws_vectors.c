/* Replays what a reference client made of 111 byte sequences against our machine. */
#include "tests/support/fixture.h"
#include "tests/support/ws_player.h"

struct vector {
    const char *id;
    const cJSON *json;
    uint8_t *bytes;
    size_t size;
};

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, key));
}

static size_t number_of(const cJSON *object, const char *key)
{
    return (size_t)cJSON_GetNumberValue(cJSON_GetObjectItem(object, key));
}

static size_t decode_hex(const char *hex, uint8_t *out)
{
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return size;
}

/* The large ones are given by their head: it is repeated up to the Close at the end. */
static void fill_large(struct vector *vector)
{
    static const uint8_t close[] = {0x88, 0x02, 0x03, 0xE8};
    size_t head = decode_hex(text_of(vector->json, "server_bytes_head_hex"), vector->bytes);
    uint8_t filler = vector->bytes[head - 1];
    memset(vector->bytes + head, filler, vector->size - head - sizeof close);
    memcpy(vector->bytes + vector->size - sizeof close, close, sizeof close);
    if (strcmp(vector->id, "too-big-fragmented") == 0) /* the second header */
        memcpy(vector->bytes + 4 + 60000, "\x80\x7E\xEA\x60", 4);
}

static struct vector load(const cJSON *json)
{
    struct vector vector = {.id = text_of(json, "id"), .json = json};
    const char *hex = text_of(json, "server_bytes_hex");
    vector.size = hex != NULL ? strlen(hex) / 2 : number_of(json, "server_bytes_length");
    vector.bytes = calloc(vector.size + 1, 1);
    assert_non_null(vector.bytes);
    if (hex != NULL)
        (void)decode_hex(hex, vector.bytes);
    else
        fill_large(&vector);
    return vector;
}

/* Only the words of messages and pongs; the end is compared by code. */
static void expect_messages(const cJSON *observed, struct bytes *events)
{
    const cJSON *message = NULL;
    cJSON_ArrayForEach(message, cJSON_GetObjectItem(observed, "messages"))
    {
        const char *text = text_of(message, "text");
        const char *hex = text_of(message, "binary_hex");
        uint8_t bytes[64];
        if (hex != NULL)
            ws_player_note_payload(events, "binary", false, bytes, decode_hex(hex, bytes));
        else if (text != NULL)
            ws_player_note_payload(events, "text", true, (const uint8_t *)text,
                                   strlen(text));
        else
            ws_player_note_payload(events, "text", true, NULL,
                                   number_of(message, "text_length"));
    }
}

static void expect_sent(const struct vector *vector, struct bytes *sent)
{
    const cJSON *observed = cJSON_GetObjectItem(vector->json, "observed");
    const cJSON *pong = NULL;
    cJSON_ArrayForEach(pong, cJSON_GetObjectItem(observed, "pongs"))
    {
        uint8_t bytes[125];
        ws_player_note_payload(sent, "pong", false, bytes,
                               decode_hex(cJSON_GetStringValue(pong), bytes));
    }
    const cJSON *close = cJSON_GetObjectItem(observed, "client_close");
    const cJSON *code = cJSON_GetObjectItem(close, "code");
    if (strcmp(vector->id, "len-msb") == 0) /* The reference says 1009 (WS-42). */
        ws_player_note(sent, "close(1002)");
    else if (cJSON_IsNumber(code))
        assert_true(bytes_append_format(sent, "%sclose(%d)",
                                        bytes_count(sent) > 0 ? " " : "", code->valueint));
    else if (cJSON_IsObject(close))
        ws_player_note(sent, "close");
}

/* Keeps the words that expect_messages() makes: a text may hold spaces and brackets, so
 * the log is written again rather than searched. */
static void drain(struct ws_player *player, struct ws_event *last)
{
    for (struct ws_event event; ws_next(player->ws, &event); *last = event) {
        if (event.type == WS_EVENT_TEXT || event.type == WS_EVENT_BINARY)
            ws_player_note_event(player, &event);
    }
}

static void play(const struct vector *vector, size_t step)
{
    struct ws_player player;
    struct ws_config config;
    struct ws_event last = {0};
    ws_player_init(&player, &config);
    config.max_message = 100000; /* as the reference client ran */
    ws_player_start(&player, &config);
    ws_feed(player.ws, 0, (const uint8_t *)WS_PLAYER_ACCEPT, sizeof WS_PLAYER_ACCEPT - 1);
    if (strcmp(vector->id, "with-101") != 0)
        drain(&player, &last);
    for (size_t at = 0; at < vector->size;) {
        size_t piece = step == 0 || vector->size - at < step ? vector->size - at : step;
        ws_feed(player.ws, 0, vector->bytes + at, piece);
        drain(&player, &last);
        at += piece;
    }
    ws_finish(player.ws);
    drain(&player, &last);

    struct bytes events;
    struct bytes sent;
    bytes_init(&events, 1 << 20);
    bytes_init(&sent, 1 << 20);
    const cJSON *observed = cJSON_GetObjectItem(vector->json, "observed");
    expect_messages(observed, &events);
    expect_sent(vector, &sent);
    assert_string_equal(ws_player_events(&player), bytes_text(&events));
    assert_string_equal(ws_player_sent(&player, 3), bytes_text(&sent));
    const cJSON *ended = cJSON_GetObjectItem(observed, "close_event");
    assert_int_equal(last.type, WS_EVENT_CLOSED);
    assert_int_equal(last.code, number_of(ended, "code"));
    assert_int_equal(last.clean, number_of(ended, "code") != 1006);
    assert_string_equal((const char *)last.data, text_of(ended, "reason"));
    bytes_clear(&events);
    bytes_clear(&sent);
    ws_player_clear(&player);
}

/* cJSON ends a string at U+0000; the log shows it as a question mark in any case. */
static cJSON *parse_vectors(void)
{
    char *text = fixture_read("ws-client-vectors.json");
    for (char *at = text; (at = strstr(at, "\\u0000")) != NULL;)
        memcpy(at, "\\u003f", 6);
    cJSON *json = cJSON_Parse(text);
    free(text);
    assert_non_null(json);
    return json;
}

static void does_what_the_reference_client_did(void **state)
{
    (void)state;
    cJSON *json = parse_vectors();
    size_t count = 0;
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(json, "vectors"))
    {
        struct vector vector = load(row);
        table_row_begins(vector.id);
        play(&vector, 0);
        play(&vector, 1);
        play(&vector, 7);
        free(vector.bytes);
        count++;
    }
    table_row_begins(NULL);
    assert_int_equal(count, 111);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(does_what_the_reference_client_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
