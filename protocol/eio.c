#include "protocol/eio.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json_guard.h"
#include "protocol/message_queue.h"

/* Engine.IO v4, Packet encoding: the first character of a text message. */
enum packet_type {
    PACKET_OPEN = '0',
    PACKET_CLOSE = '1',
    PACKET_PING = '2',
    PACKET_PONG = '3',
    PACKET_MESSAGE = '4',
    PACKET_UPGRADE = '5',
    PACKET_NOOP = '6'
};

/* Generation 3 puts the type before a binary message, as a number. */
enum { BINARY_MESSAGE = 4 };

/* WAITING -> OPEN    take_open
 * OPEN    -> ENDED   any status but EIO_OK; the close packet
 */
enum state { WAITING, OPEN, ENDED };

struct eio {
    struct eio_config config;
    enum state state;
    enum eio_status status; /* why it ended */
    struct eio_event event;
    struct message_queue output;
    unsigned framing; /* generation that decides how binary messages look */
    struct eio_heartbeat heartbeat;
    bool is_pinged;   /* by the server, at least once */
    bool is_waiting;  /* for the answer to our own ping */
    uint64_t beat_ms; /* open packet, last ping or pong, or our ping while waiting */
};

const char *eio_status_text(enum eio_status status)
{
    static const char *const texts[] = {
        [EIO_OK] = "the session is fine",
        [EIO_NOT_OPEN] = "the session did not begin with one open packet",
        [EIO_BAD_OPEN] = "the open packet is unusable",
        [EIO_BAD_PACKET] = "a packet of unknown type",
        [EIO_TIMEOUT] = "the server is silent",
        [EIO_FULL] = "no room for a message to send",
    };
    return texts[status];
}

struct eio *eio_new(const struct eio_config *config)
{
    struct eio *eio = calloc(1, sizeof *eio);
    if (eio == NULL)
        return NULL;
    eio->config = *config;
    eio->framing = config->generation;
    eio->heartbeat.generation = config->generation;
    queue_init(&eio->output);
    return eio;
}

void eio_free(struct eio *eio)
{
    if (eio == NULL)
        return;
    queue_clear(&eio->output);
    free(eio);
}

static enum eio_status end_with(struct eio *eio, enum eio_status status)
{
    eio->state = ENDED;
    eio->status = status;
    return status;
}

struct time_bounds {
    double fallback; /* where the server gave no number */
    uint32_t low;
    uint32_t high;
};

/* F-138. */
static uint32_t clamp_time(const cJSON *object, const char *key, struct time_bounds bounds)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    double number = cJSON_IsNumber(value) ? value->valuedouble : bounds.fallback;
    if (number < bounds.low)
        return bounds.low;
    return number > bounds.high ? bounds.high : (uint32_t)number;
}

static bool has_sid(const cJSON *object)
{
    const char *sid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "sid"));
    return sid != NULL && *sid != 0 && strlen(sid) <= EIO_MAX_SID_SIZE;
}

/* The handshake object behind the type digit. */
static enum eio_status take_open(struct eio *eio, const char *text, size_t size,
                                 uint64_t now_ms)
{
    const struct eio_config *config = &eio->config;
    if (size > EIO_MAX_OPEN_SIZE ||
        json_guard_check(text, size, &json_limits_channel) != JSON_OK)
        return EIO_BAD_OPEN;
    cJSON *object = cJSON_ParseWithLength(text, size);
    bool is_good = cJSON_IsObject(object) && has_sid(object);
    if (is_good) {
        eio->heartbeat.interval_ms = clamp_time(
            object, "pingInterval",
            (struct time_bounds){EIO_DEFAULT_INTERVAL_MS, config->min_interval_ms,
                                 config->max_interval_ms});
        eio->heartbeat.timeout_ms =
            clamp_time(object, "pingTimeout",
                       (struct time_bounds){EIO_DEFAULT_TIMEOUT_MS, config->min_timeout_ms,
                                            config->max_timeout_ms});
        eio->beat_ms = now_ms;
        eio->state = OPEN;
        eio->event.type = EIO_EVENT_OPEN;
    }
    cJSON_Delete(object);
    return is_good ? EIO_OK : EIO_BAD_OPEN;
}

/* Something came from the peer: enough of an answer to our ping (generation 3). */
static void end_waiting(struct eio *eio, uint64_t now_ms)
{
    if (eio->is_waiting) {
        eio->is_waiting = false;
        eio->beat_ms = now_ms;
    }
}

/* Answers with the same data. Who pings decides which heartbeat is in use, whatever was
 * agreed; a probe belongs to a change of transport and decides nothing. */
static enum eio_status take_ping(struct eio *eio, const char *data, size_t size,
                                 uint64_t now_ms)
{
    static const char probe[] = "probe";
    if (size != strlen(probe) || memcmp(data, probe, size) != 0) {
        eio->is_pinged = true;
        eio->heartbeat.generation = 4;
        eio->heartbeat.last_ms = now_ms;
        eio->beat_ms = now_ms;
    }
    return queue_put(&eio->output, PACKET_PONG, data, size) ? EIO_OK : EIO_FULL;
}

/* A text packet behind the open packet; `text` is not empty. */
static enum eio_status take_packet(struct eio *eio, const char *text, size_t size,
                                   uint64_t now_ms)
{
    switch (text[0]) {
    case PACKET_OPEN:
        return EIO_NOT_OPEN;
    case PACKET_CLOSE:
        eio->event.type = EIO_EVENT_CLOSE;
        eio->state = ENDED;
        return EIO_OK;
    case PACKET_PING:
        return take_ping(eio, text + 1, size - 1, now_ms);
    case PACKET_PONG:
        eio->heartbeat.last_ms = now_ms;
        return EIO_OK;
    case PACKET_MESSAGE:
        eio->event =
            (struct eio_event){EIO_EVENT_TEXT, (const uint8_t *)text + 1, size - 1};
        return EIO_OK;
    case PACKET_UPGRADE:
    case PACKET_NOOP:
        return EIO_OK;
    default:
        return EIO_BAD_PACKET;
    }
}

static enum eio_status take_binary(struct eio *eio, const uint8_t *bytes, size_t size)
{
    if (eio->framing == 3) {
        if (size == 0 || bytes[0] != BINARY_MESSAGE)
            return EIO_BAD_PACKET;
        bytes++;
        size--;
    }
    eio->event = (struct eio_event){EIO_EVENT_BINARY, bytes, size};
    return EIO_OK;
}

enum eio_status eio_feed(struct eio *eio, bool is_binary, const uint8_t *bytes, size_t size,
                         uint64_t now_ms)
{
    const char *text = (const char *)bytes;
    enum eio_status status = EIO_OK;
    assert(eio->event.type == EIO_EVENT_NONE);
    if (eio->state == ENDED)
        return eio->status;
    if (eio->state == WAITING && (is_binary || size == 0 || text[0] != PACKET_OPEN))
        return end_with(eio, EIO_NOT_OPEN);
    end_waiting(eio, now_ms);
    if (eio->state == WAITING)
        status = take_open(eio, text + 1, size - 1, now_ms);
    else if (is_binary)
        status = take_binary(eio, bytes, size);
    else
        status = size == 0 ? EIO_BAD_PACKET : take_packet(eio, text, size, now_ms);
    return status == EIO_OK ? EIO_OK : end_with(eio, status);
}

bool eio_next(struct eio *eio, struct eio_event *out)
{
    if (eio->event.type == EIO_EVENT_NONE)
        return false;
    *out = eio->event;
    eio->event = (struct eio_event){0};
    return true;
}

enum eio_status eio_send(struct eio *eio, const char *text, size_t size)
{
    if (eio->state == ENDED)
        return eio->status;
    if (!queue_put(&eio->output, PACKET_MESSAGE, text, size))
        return end_with(eio, EIO_FULL);
    return EIO_OK;
}

bool eio_output(struct eio *eio, const char **out_text, size_t *out_size)
{
    return queue_next(&eio->output, out_text, out_size);
}

uint64_t eio_deadline(const struct eio *eio)
{
    if (eio->state != OPEN)
        return UINT64_MAX;
    if (eio->heartbeat.generation == 4)
        return eio->beat_ms + eio->heartbeat.interval_ms + eio->heartbeat.timeout_ms;
    return eio->beat_ms +
           (eio->is_waiting ? eio->heartbeat.timeout_ms : eio->heartbeat.interval_ms);
}

enum eio_status eio_tick(struct eio *eio, uint64_t now_ms)
{
    if (eio->state == ENDED || now_ms < eio_deadline(eio))
        return eio->status;
    if (eio->heartbeat.generation == 4 || eio->is_waiting)
        return end_with(eio, EIO_TIMEOUT);
    if (!queue_put(&eio->output, PACKET_PING, "", 0))
        return end_with(eio, EIO_FULL);
    eio->is_waiting = true;
    eio->beat_ms = now_ms;
    return EIO_OK;
}

void eio_use_generation(struct eio *eio, unsigned generation)
{
    eio->framing = generation;
    if (!eio->is_pinged)
        eio->heartbeat.generation = generation;
}

const struct eio_heartbeat *eio_heartbeat(const struct eio *eio)
{
    return &eio->heartbeat;
}
