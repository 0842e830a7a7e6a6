/* Holds our parser against what the official decoders of both protocols make of 79 packet
 * strings. Where we are stricter, the table `stricter` says so. */
#include <stdlib.h>
#include <string.h>

#include "protocol/sio_packet.h"
#include "tests/support/fixture.h"

static const struct stricter {
    const char *input;
    unsigned protocol; /* 0: both */
    enum sio_verdict want;
} stricter[] = {
    {"",                                            0, SIO_PACKET_BAD_TYPE },
    {"2 [\"x\"]",                                   0, SIO_PACKET_BAD_JSON },
    {"5 1-[\"b\"]",                                 0, SIO_PACKET_BAD_COUNT},
    {"2/notifications,99999999999999999999[\"x\"]", 0, SIO_PACKET_BAD_ID   },
    {"7",                                           4, SIO_PACKET_BAD_TYPE },
    {"9",                                           4, SIO_PACKET_BAD_TYPE },
    {"x",                                           4, SIO_PACKET_BAD_TYPE },
    {"a[\"x\"]",                                    4, SIO_PACKET_BAD_TYPE },
    {"-1",                                          4, SIO_PACKET_BAD_TYPE },
};

/* Where protocol 5 refuses a payload that nobody reads, we read the packet as protocol 4
 * does: it still says what it has to say. */
static const char *const milder[] = {"0[]", "0null", "4[1]", "4null"};

static bool is_milder(const char *input, unsigned protocol)
{
    for (size_t i = 0; i < COUNT_OF(milder); i++)
        if (protocol == 5 && strcmp(milder[i], input) == 0)
            return true;
    return false;
}

static const struct stricter *find_stricter(const char *input, unsigned protocol)
{
    for (size_t i = 0; i < COUNT_OF(stricter); i++)
        if ((stricter[i].protocol == 0 || stricter[i].protocol == protocol) &&
            strcmp(stricter[i].input, input) == 0)
            return &stricter[i];
    return NULL;
}

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* The decoders tell a binary packet as such (protocol 4) or as its plain sister. */
static int plain_type(enum sio_type type)
{
    if (type == SIO_BINARY_EVENT)
        return SIO_EVENT;
    return type == SIO_BINARY_ACK ? SIO_ACK : (int)type;
}

static void assert_part(struct sio_part part, const char *want)
{
    assert_int_equal(part.size, strlen(want));
    assert_memory_equal(part.text, want, part.size);
}

/* Attachments in the official data stand where our payload has placeholders. */
static void assert_data(const struct sio_packet *packet, const cJSON *data)
{
    cJSON *ours = cJSON_ParseWithLength(packet->payload.text, packet->payload.size);
    assert_int_equal(ours == NULL, data == NULL);
    if (data != NULL && packet->attachment_count == 0)
        assert_true(cJSON_Compare(ours, data, 1));
    if (packet->attachment_count > 0)
        assert_int_equal(cJSON_GetArraySize(ours), cJSON_GetArraySize(data));
    cJSON_Delete(ours);
}

static void assert_packet(const struct sio_packet *packet, const cJSON *official)
{
    char id[32] = "";
    const cJSON *number = member(official, "id");
    if (number != NULL)
        (void)snprintf(id, sizeof id, "%d", number->valueint);
    assert_int_equal(plain_type(packet->type),
                     plain_type((enum sio_type)member(official, "type")->valueint));
    assert_part(packet->name_space, member(official, "nsp")->valuestring);
    assert_part(packet->id, id);
    assert_data(packet, member(official, "data"));
}

static enum sio_verdict parse(const char *input, unsigned protocol, struct sio_packet *out)
{
    enum sio_verdict verdict = sio_packet_parse(input, strlen(input), protocol, out);
    if (verdict == SIO_PACKET_OK && out->attachment_count > 0 &&
        !sio_packet_placeholders_are_good(out))
        return SIO_PACKET_BAD_SHAPE;
    return verdict;
}

static void checks_vector(const char *input, unsigned protocol, const cJSON *official)
{
    struct sio_packet packet = {0};
    enum sio_verdict verdict = parse(input, protocol, &packet);
    const struct stricter *exception = find_stricter(input, protocol);
    if (exception != NULL) {
        assert_int_equal(verdict, exception->want);
        return;
    }
    if (is_milder(input, protocol)) {
        assert_int_equal(verdict, SIO_PACKET_OK);
        return;
    }
    if (member(official, "error") != NULL) {
        assert_true(verdict > SIO_PACKET_EMPTY);
        return;
    }
    assert_true(verdict <= SIO_PACKET_EMPTY);
    assert_packet(&packet, member(official, "packet"));
    const cJSON *awaited = member(official, "awaiting_attachments");
    assert_int_equal(packet.attachment_count, awaited == NULL ? 0 : awaited->valueint);
}

static void agrees_with_official_decoders(void **state)
{
    (void)state;
    cJSON *file = fixture_parse("captures/sio-decode-vectors.json");
    const cJSON *vectors = member(file, "vectors");
    assert_int_equal(cJSON_GetArraySize(vectors), 79);
    const cJSON *vector = NULL;
    cJSON_ArrayForEach(vector, vectors)
    {
        const char *input = member(vector, "input")->valuestring;
        table_row_begins(input);
        checks_vector(input, 4, member(vector, "protocol4"));
        checks_vector(input, 5, member(vector, "protocol5"));
    }
    table_row_begins(NULL);
    cJSON_Delete(file);
}

static const struct packet_case {
    const char *name;
    const char *text;
    enum sio_verdict want;
    const char *id;
    const char *payload;
    const char *event; /* JSON */
} packet_cases[] = {
  /* clang-format off */
    {"id of 19 digits", "21234567890123456789[\"x\"]", SIO_PACKET_OK, "1234567890123456789",
     "[\"x\"]", "\"x\""},
    {"id of 20 digits", "212345678901234567890[\"x\"]", SIO_PACKET_BAD_ID, "", "", ""},
    {"id without its zeros", "2/n,007[\"x\"]", SIO_PACKET_OK, "7", "[\"x\"]", "\"x\""},
    {"id of zeros", "2000[\"x\"]", SIO_PACKET_OK, "0", "[\"x\"]", "\"x\""},
    {"white space behind", "2[\"x\"] \n", SIO_PACKET_OK, "", "[\"x\"] \n", "\"x\""},
    {"white space behind the namespace", "2/n, [\"x\"]", SIO_PACKET_BAD_JSON, "", "", ""},
    {"white space only", "2 ", SIO_PACKET_BAD_JSON, "", "", ""},
    {"space inside", "2[ \"x\" , 1]", SIO_PACKET_OK, "", "[ \"x\" , 1]", "\"x\""},
    {"negative number as a name", "2[-1]", SIO_PACKET_OK, "", "[-1]", "-1"},
    {"true as a name", "2[true]", SIO_PACKET_BAD_SHAPE, "", "", ""},
    {"brackets and quotes in strings", "2[\"a]}\\\"\",\"[{,\"]", SIO_PACKET_OK, "",
     "[\"a]}\\\"\",\"[{,\"]", "\"a]}\\\"\""},
    {"U+0000 and lone surrogates pass", "2[\"x\",\"\\u0000\\ud800\"]", SIO_PACKET_OK, "",
     "[\"x\",\"\\u0000\\ud800\"]", "\"x\""},
    {"a name that is no text", "2[\"\\ud800\"]", SIO_PACKET_OK, "", "[\"\\ud800\"]",
     "\"\\ud800\""},
    {"reserved name in another spelling", "2[\"\\u0063onnect\"]", SIO_PACKET_BAD_SHAPE, "",
     "", ""},
    {"zero byte in the JSON", "2[\"x\",\x01]", SIO_PACKET_BAD_JSON, "", "", ""},
    {"error that is a number", "47", SIO_PACKET_EMPTY, "7", "", ""},
    {"error that is not text", "4{\"message\":\"\\ud800\"}", SIO_PACKET_OK, "",
     "{\"message\":\"\\ud800\"}", ""},
    {"join with a number", "0-1", SIO_PACKET_BAD_SHAPE, "", "", ""},
    {"10 attachments with a zero before", "5010-[\"b\"]", SIO_PACKET_OK, "", "[\"b\"]",
     "\"b\""},
    {"attachments without end", "5999999999999999999999999-[\"b\"]", SIO_PACKET_BAD_COUNT,
     "", "", ""},
    {"attachments and nothing else", "51-", SIO_PACKET_BAD_SHAPE, "", "", ""},
    {"binary ack without payload", "61-/n,3", SIO_PACKET_BAD_SHAPE, "", "", ""},
    {"binary event without a name", "51-[]", SIO_PACKET_BAD_SHAPE, "", "", ""},
    {"cut behind the type", "5", SIO_PACKET_BAD_COUNT, "", "", ""},
    {"cut behind the count", "51", SIO_PACKET_BAD_COUNT, "", "", ""},
  /* clang-format on */
};

static void parses_one(const struct packet_case *row)
{
    struct sio_packet packet = {0};
    size_t size = strlen(row->text);
    char *copy = malloc(size); /* without a terminator */
    assert_non_null(copy);
    memcpy(copy, row->text, size);
    assert_int_equal(sio_packet_parse(copy, size, 5, &packet), row->want);
    assert_part(packet.id, row->id);
    assert_part(packet.payload, row->payload);
    assert_part(packet.name, row->event);
    free(copy);
}

static void parses(void **state)
{
    (void)state;
    CASES(packet_cases, parses_one);
}

static void limits_the_namespace(void **state)
{
    (void)state;
    char text[1 + SIO_MAX_NAMESPACE + 2];
    struct sio_packet packet;
    memset(text, 'a', sizeof text);
    memcpy(text, "0/", 2);
    assert_int_equal(sio_packet_parse(text, 1 + SIO_MAX_NAMESPACE, 5, &packet),
                     SIO_PACKET_OK);
    assert_int_equal(packet.name_space.size, SIO_MAX_NAMESPACE);
    assert_int_equal(sio_packet_parse(text, 2 + SIO_MAX_NAMESPACE, 5, &packet),
                     SIO_PACKET_BAD_NAMESPACE);
}

/* F-143 in the limits of the channel: depth 32, 20,000 tokens. */
static void limits_the_json(void **state)
{
    (void)state;
    static char text[50000] = "2[\"x\",";
    struct sio_packet packet;
    size_t head = strlen(text);
    memset(text + head, '[', 32);
    memset(text + head + 31, ']', 32);
    assert_int_equal(sio_packet_parse(text, head + 63, 5, &packet), SIO_PACKET_OK);
    memset(text + head, '[', 32);
    memset(text + head + 32, ']', 33);
    assert_int_equal(sio_packet_parse(text, head + 65, 5, &packet), SIO_PACKET_BAD_JSON);

    for (size_t i = 0; i < 19999; i++)
        memcpy(text + head + 2 * i, "1,", 2);
    text[head + 2 * 19998 - 1] = ']';
    assert_int_equal(sio_packet_parse(text, head + (size_t)2 * 19998, 5, &packet),
                     SIO_PACKET_OK);
    text[head + 2 * 19998 - 1] = ',';
    text[head + 2 * 19999 - 1] = ']';
    assert_int_equal(sio_packet_parse(text, head + (size_t)2 * 19999, 5, &packet),
                     SIO_PACKET_BAD_JSON);
}

static const struct placeholder_case {
    const char *name;
    const char *text;
    bool want;
} placeholder_cases[] = {
  /* clang-format off */
    {"deep inside", "51-[\"b\",{\"a\":[{\"_placeholder\":true,\"num\":0}]}]", true},
    {"deep inside and bad", "51-[\"b\",{\"a\":[{\"_placeholder\":true,\"num\":1}]}]",
     false},
    {"fraction", "51-[\"b\",{\"_placeholder\":true,\"num\":0.5}]", false},
    {"text", "51-[\"b\",{\"_placeholder\":true,\"num\":\"0\"}]", false},
    {"huge", "51-[\"b\",{\"_placeholder\":true,\"num\":1e300}]", false},
    {"not a placeholder", "51-[\"b\",{\"_placeholder\":false,\"num\":7}]", true},
    {"unused attachment", "52-[\"b\",{\"_placeholder\":true,\"num\":1}]", true},
    {"strings that cannot be held", "51-[\"b\",\"\\ud800\"]", true},
  /* clang-format on */
};

static void checks_one_placeholder(const struct placeholder_case *row)
{
    struct sio_packet packet;
    assert_int_equal(sio_packet_parse(row->text, strlen(row->text), 5, &packet),
                     SIO_PACKET_OK);
    assert_int_equal(sio_packet_placeholders_are_good(&packet), row->want);
}

static void checks_placeholders(void **state)
{
    (void)state;
    CASES(placeholder_cases, checks_one_placeholder);
}

static bool is_string(const char *json, const char *wanted)
{
    return sio_json_is_string((struct sio_part){json, strlen(json)}, wanted);
}

static void compares_strings(void **state)
{
    (void)state;
    assert_true(is_string("\"notification\"", "notification"));
    assert_true(is_string("\"notif\\u0069cation\"", "notification"));
    assert_false(is_string("\"notification\\u0000\"", "notification"));
    assert_false(is_string("\"Notification\"", "notification"));
    assert_false(is_string("7", "7"));
    assert_false(is_string("", ""));
}

static void has_words_for_each_verdict(void **state)
{
    (void)state;
    for (int i = SIO_PACKET_OK; i <= SIO_PACKET_BAD_SHAPE; i++)
        assert_non_null(sio_verdict_text((enum sio_verdict)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(agrees_with_official_decoders),
        TABLE_TEST(parses),
        cmocka_unit_test(limits_the_namespace),
        cmocka_unit_test(limits_the_json),
        TABLE_TEST(checks_placeholders),
        cmocka_unit_test(compares_strings),
        cmocka_unit_test(has_words_for_each_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
