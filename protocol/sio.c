#include "protocol/sio.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/bytes.h"
#include "protocol/message_queue.h"

/* IDLE    -> JOINING  sio_join
 * JOINING -> JOINED   take_connect
 * JOINING -> JOINING  take_refusal, once, with the shorter namespace
 * JOINING -> GONE     take_refusal
 * JOINED  -> GONE     take_disconnect, take_refusal, sio_leave
 * any     -> FAILED   a status that is not SIO_OK
 *
 * Events of the application are taken in every state but FAILED.
 */
enum state { IDLE, JOINING, JOINED, GONE, FAILED };

struct sio {
    char *name_space;  /* owned */
    bool is_shortened; /* to what the fallback asks for */
    char *query;       /* owned */
    unsigned protocol;
    bool joins_root;
    enum state state;
    enum sio_status status;
    enum sio_verdict verdict; /* of the last packet */
    struct message_queue output;
    struct sio_event event;

    /* The last text packet, and the attachments that belong to it. */
    struct bytes text;
    struct sio_packet packet; /* borrows `text` */
    struct bytes data;
    size_t awaited; /* attachments still to come */
    size_t attachment_count;
    struct sio_attachment attachments[SIO_MAX_ATTACHMENTS];
};

const char *sio_status_text(enum sio_status status)
{
    static const char *const texts[] = {
        [SIO_OK] = "the packet is fine",
        [SIO_BAD_PACKET] = "a bad packet",
        [SIO_UNEXPECTED_TEXT] = "a text message where an attachment was due",
        [SIO_UNEXPECTED_BINARY] = "a binary message that belongs to no packet",
        [SIO_BAD_PLACEHOLDER] = "a packet that refers to an attachment it does not have",
        [SIO_TOO_LARGE] = "a packet that is too large",
        [SIO_FULL] = "no room for a packet to send",
    };
    return texts[status];
}

const char *sio_detail(const struct sio *sio)
{
    return sio->status == SIO_BAD_PACKET ? sio_verdict_text(sio->verdict)
                                         : sio_status_text(sio->status);
}

struct sio *sio_new(const struct sio_config *config)
{
    struct sio *sio = calloc(1, sizeof *sio);
    if (sio == NULL)
        return NULL;
    sio->protocol = config->protocol;
    sio->joins_root = config->joins_root && config->protocol == 5;
    bytes_init(&sio->text, SIO_MAX_MESSAGE);
    bytes_init(&sio->data, SIO_MAX_MESSAGE);
    queue_init(&sio->output);
    sio->name_space = strdup(config->name_space);
    sio->query = strdup(config->query);
    if (sio->name_space == NULL || sio->query == NULL) {
        sio_free(sio);
        return NULL;
    }
    return sio;
}

void sio_free(struct sio *sio)
{
    if (sio == NULL)
        return;
    bytes_wipe_text(sio->query);
    free(sio->name_space);
    bytes_clear(&sio->text);
    bytes_clear(&sio->data);
    queue_clear(&sio->output);
    free(sio);
}

static enum sio_status fail_with(struct sio *sio, enum sio_status status)
{
    sio->state = FAILED;
    sio->status = status;
    return status;
}

static bool is_root(const char *name_space)
{
    return strcmp(name_space, "/") == 0;
}

static bool is_part(struct sio_part part, const char *text)
{
    return part.size == strlen(text) && memcmp(part.text, text, part.size) == 0;
}

static bool is_ours(const struct sio *sio)
{
    return is_part(sio->packet.name_space, sio->name_space);
}

/* `type` and the namespace, which is not written for `/`. In protocol 4 CONNECT carries
 * the query too, and `/` is joined by nobody asking. */
static bool send_for_namespace(struct sio *sio, enum sio_type type)
{
    bool has_query = type == SIO_CONNECT && sio->protocol == 4 && *sio->query != 0;
    struct bytes text;
    bytes_init(&text, QUEUE_MAX_SIZE);
    bool done = is_root(sio->name_space) ||
                (bytes_append_text(&text, sio->name_space) &&
                 (!has_query || (bytes_append_byte(&text, '?') &&
                                 bytes_append_text(&text, sio->query))) &&
                 bytes_append_byte(&text, ','));
    done = done && queue_put(&sio->output, (char)('0' + type),
                             (const char *)bytes_front(&text), bytes_count(&text));
    bytes_wipe(&text);
    return done;
}

static enum sio_status send_connect(struct sio *sio)
{
    sio->state = JOINING;
    if (sio->protocol == 4 && is_root(sio->name_space))
        return SIO_OK;
    return send_for_namespace(sio, SIO_CONNECT) ? SIO_OK : SIO_FULL;
}

enum sio_status sio_join(struct sio *sio)
{
    assert(sio->state == IDLE);
    if (sio->joins_root && !is_root(sio->name_space) &&
        !queue_put(&sio->output, '0' + SIO_CONNECT, "", 0))
        return fail_with(sio, SIO_FULL);
    enum sio_status status = send_connect(sio);
    return status == SIO_OK ? SIO_OK : fail_with(sio, status);
}

enum sio_status sio_leave(struct sio *sio)
{
    if (sio->state != JOINED)
        return sio->status;
    sio->state = GONE;
    return send_for_namespace(sio, SIO_DISCONNECT) ? SIO_OK : fail_with(sio, SIO_FULL);
}

static void tell(struct sio *sio, enum sio_event_type type)
{
    sio->event = (struct sio_event){
        .type = type,
        .name_space = sio->packet.name_space,
        .payload = sio->packet.payload,
        .attachments = sio->attachments,
        .attachment_count = sio->attachment_count,
    };
}

/* Whether the answer to CONNECT holds an id, which protocol 4 does not send. */
static bool has_sid(struct sio_part payload)
{
    cJSON *object = cJSON_ParseWithLength(payload.text, payload.size);
    const char *sid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "sid"));
    bool has = sid != NULL && *sid != 0;
    cJSON_Delete(object);
    return has;
}

static enum sio_status take_connect(struct sio *sio)
{
    if (sio->state != JOINING || !is_ours(sio))
        return SIO_OK;
    sio->state = JOINED;
    tell(sio, SIO_EVENT_JOINED);
    sio->event.has_sid = has_sid(sio->packet.payload);
    sio->protocol = sio->event.has_sid ? 5 : 4;
    return SIO_OK;
}

static enum sio_status take_disconnect(struct sio *sio)
{
    if (sio->state == JOINED && is_ours(sio)) {
        sio->state = GONE;
        tell(sio, SIO_EVENT_LEFT);
    }
    return SIO_OK;
}

/* Cuts the namespace before its last part, where that is the documented one; once. */
static bool shorten_namespace(struct sio *sio)
{
    static const char ending[] = "/callback";
    size_t size = strlen(sio->name_space);
    if (sio->is_shortened || size < sizeof ending ||
        strcmp(sio->name_space + size + 1 - sizeof ending, ending) != 0)
        return false;
    sio->name_space[size + 1 - sizeof ending] = 0;
    sio->is_shortened = true;
    return true;
}

/* In protocol 4 the server joins `/` for us, and only then what we ask for: a refusal of
 * `/` is one of everything. Where we asked for `/` ourselves it is of no interest. */
static bool is_refusal_of_ours(const struct sio *sio)
{
    return is_ours(sio) || (sio->state == JOINING && !sio->joins_root &&
                            is_part(sio->packet.name_space, "/"));
}

static enum sio_status take_refusal(struct sio *sio)
{
    if (!is_refusal_of_ours(sio))
        return SIO_OK;
    if (sio->state == JOINING && is_ours(sio) && shorten_namespace(sio))
        return send_connect(sio);
    if (sio->state == JOINING || sio->state == JOINED)
        tell(sio, sio->state == JOINING ? SIO_EVENT_REFUSED : SIO_EVENT_LEFT);
    sio->state = GONE;
    return SIO_OK;
}

/* Our answer to an event that carries an id. */
static enum sio_status send_ack(struct sio *sio)
{
    const struct sio_packet *packet = &sio->packet;
    struct bytes text;
    bytes_init(&text, QUEUE_MAX_SIZE);
    bool done = (is_part(packet->name_space, "/") ||
                 (bytes_append(&text, packet->name_space.text, packet->name_space.size) &&
                  bytes_append_byte(&text, ','))) &&
                bytes_append(&text, packet->id.text, packet->id.size) &&
                bytes_append_text(&text, "[]") &&
                queue_put(&sio->output, '0' + SIO_ACK, (const char *)bytes_front(&text),
                          bytes_count(&text));
    bytes_clear(&text);
    return done ? SIO_OK : SIO_FULL;
}

static enum sio_status take_message(struct sio *sio)
{
    tell(sio, SIO_EVENT_MESSAGE);
    sio->event.is_notification = sio_json_is_string(sio->packet.name, "notification");
    return sio->packet.id.size > 0 ? send_ack(sio) : SIO_OK;
}

/* A packet with all its attachments. */
static enum sio_status take_packet(struct sio *sio)
{
    switch (sio->packet.type) {
    case SIO_CONNECT:
        return take_connect(sio);
    case SIO_DISCONNECT:
        return take_disconnect(sio);
    case SIO_CONNECT_ERROR:
        return take_refusal(sio);
    case SIO_EVENT:
    case SIO_BINARY_EVENT:
        return take_message(sio);
    case SIO_ACK:
    case SIO_BINARY_ACK:
        tell(sio, SIO_EVENT_ACK);
        return SIO_OK;
    }
    return SIO_BAD_PACKET;
}

/* Keeps a copy, which the packet and its event point into. */
static bool keep_text(struct sio *sio, const char *text, size_t size)
{
    bytes_consume(&sio->text, bytes_count(&sio->text));
    bytes_consume(&sio->data, bytes_count(&sio->data));
    sio->attachment_count = 0;
    return bytes_append(&sio->text, text, size);
}

static enum sio_status take_text(struct sio *sio, const char *text, size_t size)
{
    if (sio->awaited > 0)
        return SIO_UNEXPECTED_TEXT;
    if (!keep_text(sio, text, size))
        return SIO_TOO_LARGE;
    sio->verdict = sio_packet_parse((const char *)bytes_front(&sio->text), size,
                                    sio->protocol, &sio->packet);
    if (sio->verdict == SIO_PACKET_EMPTY)
        return SIO_OK;
    if (sio->verdict != SIO_PACKET_OK)
        return SIO_BAD_PACKET;
    sio->awaited = sio->packet.attachment_count;
    return sio->awaited > 0 ? SIO_OK : take_packet(sio);
}

/* The last attachment is in: now they lie still and can be pointed to. */
static void point_to_attachments(struct sio *sio)
{
    const uint8_t *data = (const uint8_t *)"";
    if (bytes_count(&sio->data) > 0)
        data = bytes_front(&sio->data);
    for (size_t i = 0; i < sio->attachment_count; i++) {
        sio->attachments[i].data = data;
        data += sio->attachments[i].size;
    }
}

static enum sio_status take_binary(struct sio *sio, const uint8_t *bytes, size_t size)
{
    if (sio->awaited == 0)
        return SIO_UNEXPECTED_BINARY;
    if (!bytes_append(&sio->data, bytes, size))
        return SIO_TOO_LARGE;
    sio->attachments[sio->attachment_count++].size = size;
    if (--sio->awaited > 0)
        return SIO_OK;
    point_to_attachments(sio);
    if (!sio_packet_placeholders_are_good(&sio->packet))
        return SIO_BAD_PLACEHOLDER;
    return take_packet(sio);
}

enum sio_status sio_feed_text(struct sio *sio, const char *text, size_t size)
{
    assert(sio->event.type == SIO_EVENT_NONE);
    if (sio->state == FAILED)
        return sio->status;
    enum sio_status status = take_text(sio, text, size);
    return status == SIO_OK ? SIO_OK : fail_with(sio, status);
}

enum sio_status sio_feed_binary(struct sio *sio, const uint8_t *bytes, size_t size)
{
    assert(sio->event.type == SIO_EVENT_NONE);
    if (sio->state == FAILED)
        return sio->status;
    enum sio_status status = take_binary(sio, bytes, size);
    return status == SIO_OK ? SIO_OK : fail_with(sio, status);
}

bool sio_next(struct sio *sio, struct sio_event *out)
{
    if (sio->event.type == SIO_EVENT_NONE)
        return false;
    *out = sio->event;
    sio->event = (struct sio_event){0};
    return true;
}

bool sio_output(struct sio *sio, const char **out_text, size_t *out_size)
{
    return queue_next(&sio->output, out_text, out_size);
}
