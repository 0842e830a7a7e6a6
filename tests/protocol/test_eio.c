#include <stdlib.h>
#include <string.h>

#include "protocol/eio.h"
#include "protocol/message_queue.h"
#include "tests/support/table.h"

#define OPEN                                                                               \
    "0{\"sid\":\"abc\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000}"

static struct eio_config config_of(unsigned generation)
{
    return (struct eio_config){
        .generation = generation,
        .min_interval_ms = 1000,
        .max_interval_ms = 300000,
        .min_timeout_ms = 1000,
        .max_timeout_ms = 120000,
    };
}

static struct eio *make(unsigned generation)
{
    struct eio_config config = config_of(generation);
    struct eio *eio = eio_new(&config);
    assert_non_null(eio);
    return eio;
}

/* Feeds an exact copy, so that a byte read too far is seen, and answers the event's type.
 */
static enum eio_status feed(struct eio *eio, bool is_binary, const void *bytes, size_t size,
                            uint64_t now_ms, enum eio_event_type want)
{
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct eio_event event = {0};
    enum eio_status status = eio_feed(eio, is_binary, copy, size, now_ms);
    (void)eio_next(eio, &event);
    assert_int_equal(event.type, want);
    assert_false(eio_next(eio, &event));
    free(copy);
    return status;
}

static enum eio_status feed_text(struct eio *eio, const char *text, uint64_t now_ms,
                                 enum eio_event_type want)
{
    return feed(eio, false, text, strlen(text), now_ms, want);
}

static struct eio *make_open(unsigned generation, uint64_t now_ms)
{
    struct eio *eio = make(generation);
    assert_int_equal(feed_text(eio, OPEN, now_ms, EIO_EVENT_OPEN), EIO_OK);
    return eio;
}

static void assert_output(struct eio *eio, const char *want)
{
    const char *text = NULL;
    size_t size = 0;
    assert_int_equal(eio_output(eio, &text, &size), want != NULL);
    if (want == NULL)
        return;
    assert_int_equal(size, strlen(want));
    assert_memory_equal(text, want, size);
}

#define SID128                                                                             \
    "012345678901234567890123456789012345678901234567890123456789012345678901234567890123" \
    "4"                                                                                    \
    "5678901234567890123456789012345678901234567"

static const struct open_case {
    const char *name;
    const char *text;
    enum eio_status want;
    uint32_t interval_ms;
    uint32_t timeout_ms;
} open_cases[] = {
  /* clang-format off */
    {"4.x server",
     "0{\"sid\":\"-RW79Dx7GNKCnBOZAAAB\",\"upgrades\":[],\"pingInterval\":25000,"
     "\"pingTimeout\":20000,\"maxPayload\":1000000}",
     EIO_OK, 25000, 20000},
    {"1.x server",
     "0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":60000}",
     EIO_OK, 25000, 60000},
    {"no times", "0{\"sid\":\"a\"}", EIO_OK, 25000, 20000},
    {"times of another type",
     "0{\"sid\":\"a\",\"pingInterval\":\"9\",\"pingTimeout\":null}", EIO_OK, 25000, 20000},
    {"zero (F-138)", "0{\"sid\":\"a\",\"pingInterval\":0,\"pingTimeout\":0}", EIO_OK, 1000,
     1000},
    {"negative (F-138)", "0{\"sid\":\"a\",\"pingInterval\":-5,\"pingTimeout\":-1e300}",
     EIO_OK, 1000, 1000},
    {"years (F-138)", "0{\"sid\":\"a\",\"pingInterval\":1e12,\"pingTimeout\":1e300}",
     EIO_OK, 300000, 120000},
    {"lower bounds", "0{\"sid\":\"a\",\"pingInterval\":1000,\"pingTimeout\":999.5}", EIO_OK,
     1000, 1000},
    {"upper bounds", "0{\"sid\":\"a\",\"pingInterval\":300000,\"pingTimeout\":120001}",
     EIO_OK, 300000, 120000},
    {"fraction", "0{\"sid\":\"a\",\"pingInterval\":1500.7}", EIO_OK, 1500, 20000},
    {"sid of 128 characters", "0{\"sid\":\"" SID128 "\"}", EIO_OK, 25000, 20000},
    {"sid of 129 characters", "0{\"sid\":\"x" SID128 "\"}", EIO_BAD_OPEN, 0, 0},
    {"empty sid", "0{\"sid\":\"\"}", EIO_BAD_OPEN, 0, 0},
    {"no sid", "0{\"pingInterval\":25000}", EIO_BAD_OPEN, 0, 0},
    {"sid is a number", "0{\"sid\":7}", EIO_BAD_OPEN, 0, 0},
    {"sid is not text", "0{\"sid\":\"\\ud800\"}", EIO_BAD_OPEN, 0, 0},
    {"sid twice", "0{\"sid\":\"a\",\"sid\":\"b\"}", EIO_BAD_OPEN, 0, 0},
    {"no object", "0[\"sid\"]", EIO_BAD_OPEN, 0, 0},
    {"no JSON", "0{\"sid\":\"a\"", EIO_BAD_OPEN, 0, 0},
    {"nothing behind the type", "0", EIO_BAD_OPEN, 0, 0},
    {"message first", "40", EIO_NOT_OPEN, 0, 0},
    {"ping first", "2", EIO_NOT_OPEN, 0, 0},
    {"close first", "1", EIO_NOT_OPEN, 0, 0},
    {"empty message first", "", EIO_NOT_OPEN, 0, 0},
  /* clang-format on */
};

static void opens_one(const struct open_case *row)
{
    struct eio *eio = make(4);
    assert_int_equal(eio_heartbeat(eio)->interval_ms, 0);
    assert_int_equal(eio_deadline(eio), UINT64_MAX);
    assert_int_equal(feed_text(eio, row->text, 500,
                               row->want == EIO_OK ? EIO_EVENT_OPEN : EIO_EVENT_NONE),
                     row->want);
    assert_int_equal(eio_heartbeat(eio)->interval_ms, row->interval_ms);
    assert_int_equal(eio_heartbeat(eio)->timeout_ms, row->timeout_ms);
    if (row->want == EIO_OK) {
        assert_int_equal(eio_deadline(eio), 500 + row->interval_ms + row->timeout_ms);
    } else {
        assert_int_equal(eio_deadline(eio), UINT64_MAX);
        assert_int_equal(feed_text(eio, OPEN, 0, EIO_EVENT_NONE), row->want);
        assert_int_equal(eio_send(eio, "x", 1), row->want);
        assert_int_equal(eio_tick(eio, 0), row->want);
        assert_output(eio, NULL);
    }
    eio_free(eio);
}

static void opens(void **state)
{
    (void)state;
    CASES(open_cases, opens_one);
}

/* 4,096 bytes behind the type digit, and one more. */
static void limits_the_open_packet(void **state)
{
    (void)state;
    char text[1 + EIO_MAX_OPEN_SIZE + 2] = "0{\"sid\":\"a\"}";
    memset(text + strlen(text), ' ', sizeof text - 1 - strlen(text));
    for (size_t extra = 0; extra <= 1; extra++) {
        struct eio *eio = make(4);
        assert_int_equal(feed(eio, false, text, 1 + EIO_MAX_OPEN_SIZE + extra, 0,
                              extra == 0 ? EIO_EVENT_OPEN : EIO_EVENT_NONE),
                         extra == 0 ? EIO_OK : EIO_BAD_OPEN);
        eio_free(eio);
    }
}

static const struct packet_case {
    const char *name;
    const char *text;
    enum eio_status want;
    enum eio_event_type event;
    const char *output;
} packet_cases[] = {
  /* clang-format off */
    {"message", "42[\"a\"]", EIO_OK, EIO_EVENT_TEXT, NULL},
    {"empty message", "4", EIO_OK, EIO_EVENT_TEXT, NULL},
    {"close", "1", EIO_OK, EIO_EVENT_CLOSE, NULL},
    {"ping", "2", EIO_OK, EIO_EVENT_NONE, "3"},
    {"ping with data is echoed", "2data", EIO_OK, EIO_EVENT_NONE, "3data"},
    {"ping of five bytes", "2probX", EIO_OK, EIO_EVENT_NONE, "3probX"},
    {"probe", "2probe", EIO_OK, EIO_EVENT_NONE, "3probe"},
    {"pong nobody asked for", "3", EIO_OK, EIO_EVENT_NONE, NULL},
    {"upgrade", "5", EIO_OK, EIO_EVENT_NONE, NULL},
    {"noop", "6", EIO_OK, EIO_EVENT_NONE, NULL},
    {"second open packet", OPEN, EIO_NOT_OPEN, EIO_EVENT_NONE, NULL},
    {"type 7", "7", EIO_BAD_PACKET, EIO_EVENT_NONE, NULL},
    {"letter", "b", EIO_BAD_PACKET, EIO_EVENT_NONE, NULL},
    {"nothing", "", EIO_BAD_PACKET, EIO_EVENT_NONE, NULL},
  /* clang-format on */
};

static void takes_one_packet(const struct packet_case *row)
{
    for (unsigned generation = 3; generation <= 4; generation++) {
        struct eio *eio = make_open(generation, 0);
        assert_int_equal(feed_text(eio, row->text, 0, row->event), row->want);
        assert_output(eio, row->output);
        assert_output(eio, NULL);
        eio_free(eio);
    }
}

static void takes_packets(void **state)
{
    (void)state;
    CASES(packet_cases, takes_one_packet);
}

static void hands_on_messages_without_their_type(void **state)
{
    (void)state;
    struct eio *eio = make_open(4, 0);
    struct eio_event event;
    static const uint8_t text[] = "42[\"a\"]";
    assert_int_equal(eio_feed(eio, false, text, sizeof text - 1, 0), EIO_OK);
    assert_true(eio_next(eio, &event));
    assert_int_equal(event.size, sizeof text - 2);
    assert_ptr_equal(event.data, text + 1);
    assert_int_equal(eio_feed(eio, true, text, 2, 0), EIO_OK);
    assert_true(eio_next(eio, &event));
    assert_int_equal(event.type, EIO_EVENT_BINARY);
    assert_int_equal(event.size, 2);
    assert_ptr_equal(event.data, text);

    eio_use_generation(eio, 3);
    static const uint8_t binary[] = {4, 1, 2};
    assert_int_equal(eio_feed(eio, true, binary, sizeof binary, 0), EIO_OK);
    assert_true(eio_next(eio, &event));
    assert_int_equal(event.size, 2);
    assert_ptr_equal(event.data, binary + 1);
    eio_free(eio);
}

static const struct binary_case {
    const char *name;
    unsigned generation;
    const char *bytes;
    size_t size;
    enum eio_status want;
} binary_cases[] = {
    {"generation 4, data",                4, "\x01\x02", 2, EIO_OK        },
    {"generation 4, empty",               4, "",         0, EIO_OK        },
    {"generation 3, message",             3, "\x04\x01", 2, EIO_OK        },
    {"generation 3, empty message",       3, "\x04",     1, EIO_OK        },
    {"generation 3, no type",             3, "",         0, EIO_BAD_PACKET},
    {"generation 3, other type",          3, "\x02",     1, EIO_BAD_PACKET},
    {"generation 3, type as a character", 3, "4\x01",    2, EIO_BAD_PACKET},
};

static void takes_one_binary(const struct binary_case *row)
{
    struct eio *eio = make_open(row->generation, 0);
    assert_int_equal(feed(eio, true, row->bytes, row->size, 0,
                          row->want == EIO_OK ? EIO_EVENT_BINARY : EIO_EVENT_NONE),
                     row->want);
    eio_free(eio);
    eio = make(row->generation);
    assert_int_equal(feed(eio, true, row->bytes, row->size, 0, EIO_EVENT_NONE),
                     EIO_NOT_OPEN);
    eio_free(eio);
}

static void takes_binary_messages(void **state)
{
    (void)state;
    CASES(binary_cases, takes_one_binary);
}

static void generation_4_waits_for_pings(void **state)
{
    (void)state;
    struct eio *eio = make_open(4, 1000);
    assert_int_equal(eio_deadline(eio), 46000);
    assert_int_equal(eio_tick(eio, 45999), EIO_OK);
    assert_int_equal(feed_text(eio, "2", 26000, EIO_EVENT_NONE), EIO_OK);
    assert_output(eio, "3");
    assert_int_equal(eio_heartbeat(eio)->last_ms, 26000);
    assert_int_equal(eio_deadline(eio), 71000);
    /* Nothing but a ping proves that the server hears us. */
    assert_int_equal(feed_text(eio, "42[\"a\"]", 60000, EIO_EVENT_TEXT), EIO_OK);
    assert_int_equal(feed_text(eio, "3", 60000, EIO_EVENT_NONE), EIO_OK);
    assert_int_equal(feed_text(eio, "2probe", 60000, EIO_EVENT_NONE), EIO_OK);
    assert_int_equal(eio_deadline(eio), 71000);
    assert_int_equal(eio_tick(eio, 71000), EIO_TIMEOUT);
    assert_int_equal(eio_deadline(eio), UINT64_MAX);
    eio_free(eio);
}

static void generation_3_pings(void **state)
{
    (void)state;
    struct eio *eio = make_open(3, 1000);
    assert_int_equal(eio_deadline(eio), 26000);
    assert_int_equal(eio_tick(eio, 25999), EIO_OK);
    assert_output(eio, NULL);
    assert_int_equal(eio_tick(eio, 26000), EIO_OK);
    assert_output(eio, "2");
    assert_int_equal(eio_deadline(eio), 46000);
    assert_int_equal(eio_tick(eio, 30000), EIO_OK);
    assert_output(eio, NULL);
    assert_int_equal(feed_text(eio, "3", 31000, EIO_EVENT_NONE), EIO_OK);
    assert_int_equal(eio_heartbeat(eio)->last_ms, 31000);
    assert_int_equal(eio_deadline(eio), 56000);
    /* Any packet will do as an answer. */
    assert_int_equal(eio_tick(eio, 56000), EIO_OK);
    assert_output(eio, "2");
    assert_int_equal(feed_text(eio, "42[\"a\"]", 57000, EIO_EVENT_TEXT), EIO_OK);
    assert_int_equal(eio_deadline(eio), 82000);
    assert_int_equal(eio_tick(eio, 90000), EIO_OK);
    assert_output(eio, "2");
    assert_int_equal(eio_tick(eio, 110000), EIO_TIMEOUT);
    eio_free(eio);
}

static void may_turn_to_generation_3(void **state)
{
    (void)state;
    struct eio *eio = make_open(4, 1000);
    eio_use_generation(eio, 3);
    assert_int_equal(eio_heartbeat(eio)->generation, 3);
    assert_int_equal(eio_deadline(eio), 26000);
    eio_free(eio);
}

static void who_pings_decides(void **state)
{
    (void)state;
    struct eio *eio = make_open(4, 1000);
    assert_int_equal(feed_text(eio, "2", 2000, EIO_EVENT_NONE), EIO_OK);
    eio_use_generation(eio, 3);
    assert_int_equal(eio_heartbeat(eio)->generation, 4);
    assert_int_equal(eio_deadline(eio), 47000);
    eio_free(eio);

    eio = make_open(3, 1000);
    assert_int_equal(eio_tick(eio, 26000), EIO_OK);
    assert_int_equal(feed_text(eio, "2", 27000, EIO_EVENT_NONE), EIO_OK);
    assert_int_equal(eio_heartbeat(eio)->generation, 4);
    assert_int_equal(eio_deadline(eio), 72000);
    eio_free(eio);
}

static void ignores_everything_behind_close(void **state)
{
    (void)state;
    struct eio *eio = make_open(4, 0);
    assert_int_equal(feed_text(eio, "1", 0, EIO_EVENT_CLOSE), EIO_OK);
    assert_int_equal(feed_text(eio, "42[\"a\"]", 0, EIO_EVENT_NONE), EIO_OK);
    assert_int_equal(eio_deadline(eio), UINT64_MAX);
    assert_int_equal(eio_tick(eio, UINT64_MAX), EIO_OK);
    eio_free(eio);
}

static void sends_messages(void **state)
{
    (void)state;
    struct eio *eio = make_open(4, 0);
    assert_int_equal(eio_send(eio, "0/n,", 4), EIO_OK);
    assert_output(eio, "40/n,");
    assert_output(eio, NULL);
    eio_free(eio);
    eio_free(NULL);
}

/* Fills the queue up to the last byte. */
static void fill(struct eio *eio)
{
    char *text = calloc(1, QUEUE_MAX_SIZE);
    assert_non_null(text);
    assert_int_equal(eio_send(eio, text, QUEUE_MAX_SIZE - 5), EIO_OK);
    free(text);
}

static void ends_when_nothing_is_taken_from_it(void **state)
{
    (void)state;
    struct eio *eio = make_open(4, 0);
    fill(eio);
    assert_int_equal(eio_send(eio, "", 0), EIO_FULL);
    assert_int_equal(eio_send(eio, "", 0), EIO_FULL);
    eio_free(eio);
    eio = make_open(4, 0);
    fill(eio);
    assert_int_equal(feed_text(eio, "2", 0, EIO_EVENT_NONE), EIO_FULL);
    eio_free(eio);
    eio = make_open(3, 0);
    fill(eio);
    assert_int_equal(eio_tick(eio, 25000), EIO_FULL);
    eio_free(eio);
}

static void has_words_for_each_status(void **state)
{
    (void)state;
    for (int i = EIO_OK; i <= EIO_FULL; i++)
        assert_non_null(eio_status_text((enum eio_status)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(opens),
        cmocka_unit_test(limits_the_open_packet),
        TABLE_TEST(takes_packets),
        cmocka_unit_test(hands_on_messages_without_their_type),
        TABLE_TEST(takes_binary_messages),
        cmocka_unit_test(generation_4_waits_for_pings),
        cmocka_unit_test(generation_3_pings),
        cmocka_unit_test(may_turn_to_generation_3),
        cmocka_unit_test(who_pings_decides),
        cmocka_unit_test(ignores_everything_behind_close),
        cmocka_unit_test(sends_messages),
        cmocka_unit_test(ends_when_nothing_is_taken_from_it),
        cmocka_unit_test(has_words_for_each_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
