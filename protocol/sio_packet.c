#include "protocol/sio_packet.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "protocol/json_guard.h"

const char *sio_verdict_text(enum sio_verdict verdict)
{
    static const char *const texts[] = {
        [SIO_PACKET_OK] = "the packet is fine",
        [SIO_PACKET_EMPTY] = "a packet without its payload",
        [SIO_PACKET_BAD_TYPE] = "a packet of unknown type",
        [SIO_PACKET_BAD_COUNT] = "a packet with a bad number of attachments",
        [SIO_PACKET_BAD_NAMESPACE] = "a packet with too long a namespace",
        [SIO_PACKET_BAD_ID] = "a packet with too long an id",
        [SIO_PACKET_BAD_JSON] = "a packet with bad JSON",
        [SIO_PACKET_BAD_SHAPE] = "a packet with a payload that does not fit its type",
    };
    return texts[verdict];
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static bool is_binary(const struct sio_packet *packet)
{
    return packet->type == SIO_BINARY_EVENT || packet->type == SIO_BINARY_ACK;
}

static bool is_event(const struct sio_packet *packet)
{
    return packet->type == SIO_EVENT || packet->type == SIO_BINARY_EVENT;
}

/* Takes `size` bytes off the front of `rest`. */
static struct sio_part take(struct sio_part *rest, size_t size)
{
    struct sio_part part = {rest->text, size};
    rest->text += size;
    rest->size -= size;
    return part;
}

static struct sio_part take_digits(struct sio_part *rest)
{
    size_t size = 0;
    while (size < rest->size && is_digit(rest->text[size]))
        size++;
    return take(rest, size);
}

static enum sio_verdict take_type(struct sio_part *rest, struct sio_packet *out)
{
    if (rest->size == 0 || rest->text[0] < '0' || rest->text[0] > '6')
        return SIO_PACKET_BAD_TYPE;
    out->type = (enum sio_type)(take(rest, 1).text[0] - '0');
    return SIO_PACKET_OK;
}

static enum sio_verdict take_count(struct sio_part *rest, struct sio_packet *out)
{
    if (!is_binary(out))
        return SIO_PACKET_OK;
    struct sio_part digits = take_digits(rest);
    for (size_t i = 0; i < digits.size; i++) {
        out->attachment_count = out->attachment_count * 10 + (size_t)(digits.text[i] - '0');
        if (out->attachment_count > SIO_MAX_ATTACHMENTS)
            return SIO_PACKET_BAD_COUNT;
    }
    if (out->attachment_count == 0 || rest->size == 0 || take(rest, 1).text[0] != '-')
        return SIO_PACKET_BAD_COUNT;
    return SIO_PACKET_OK;
}

/* From the slash to the first comma or, where 1.x servers leave that out, to the end. */
static enum sio_verdict take_namespace(struct sio_part *rest, struct sio_packet *out)
{
    out->name_space = (struct sio_part){"/", 1};
    if (rest->size == 0 || rest->text[0] != '/')
        return SIO_PACKET_OK;
    const char *comma = memchr(rest->text, ',', rest->size);
    out->name_space = take(rest, comma == NULL ? rest->size : (size_t)(comma - rest->text));
    if (comma != NULL)
        (void)take(rest, 1);
    return out->name_space.size > SIO_MAX_NAMESPACE ? SIO_PACKET_BAD_NAMESPACE
                                                    : SIO_PACKET_OK;
}

static enum sio_verdict take_id(struct sio_part *rest, struct sio_packet *out)
{
    out->id = take_digits(rest);
    if (out->id.size > SIO_MAX_ID_DIGITS)
        return SIO_PACKET_BAD_ID;
    while (out->id.size > 1 && out->id.text[0] == '0')
        (void)take(&out->id, 1);
    return SIO_PACKET_OK;
}

bool sio_json_is_string(struct sio_part json, const char *wanted)
{
    if (json_guard_check(json.text, json.size, &json_limits_channel) != JSON_OK)
        return false;
    cJSON *value = cJSON_ParseWithLength(json.text, json.size);
    const char *string = cJSON_GetStringValue(value);
    bool is_wanted = string != NULL && strcmp(string, wanted) == 0;
    cJSON_Delete(value);
    return is_wanted;
}

/* Names that the library uses for its own events (Socket.IO protocol 5). */
static bool is_reserved(struct sio_part name)
{
    static const char *const names[] = {"connect",       "connect_error", "disconnect",
                                        "disconnecting", "newListener",   "removeListener"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (sio_json_is_string(name, names[i]))
            return true;
    return false;
}

/* The array of an event begins with its name: a string or a number. */
static enum sio_verdict find_name(const struct json_items *items, unsigned protocol,
                                  struct sio_packet *out)
{
    if (items->count == 0)
        return SIO_PACKET_BAD_SHAPE;
    struct sio_part name = {out->payload.text + items->list[0].offset, items->list[0].size};
    if (*name.text != '"' && *name.text != '-' && !is_digit(*name.text))
        return SIO_PACKET_BAD_SHAPE;
    if (protocol == 5 && is_reserved(name))
        return SIO_PACKET_BAD_SHAPE;
    out->name = name;
    return SIO_PACKET_OK;
}

/* The payload must be one array; that of an event has a name. */
static enum sio_verdict check_array(const struct json_items *items, unsigned protocol,
                                    struct sio_packet *out)
{
    if (items->array_size == 0)
        return SIO_PACKET_BAD_SHAPE;
    return is_event(out) ? find_name(items, protocol, out) : SIO_PACKET_OK;
}

/* Of CONNECT: an object in protocol 5, in effect anything in protocol 4. We read an object
 * and put up with an array and null, but not with other scalars, as both decoders do. */
static bool is_connect_payload(char first)
{
    return first == '{' || first == '[' || first == 'n';
}

static enum sio_verdict check_payload(unsigned protocol, struct sio_packet *out)
{
    struct json_items items = {0};
    if (strchr(" \t\r\n", out->payload.text[0]) != NULL)
        return SIO_PACKET_BAD_JSON;
    enum json_verdict json = json_guard_items(out->payload.text, out->payload.size, NULL,
                                              &json_limits_channel, &items);
    if (json != JSON_OK && !json_verdict_is_content(json))
        return SIO_PACKET_BAD_JSON;
    enum sio_verdict verdict = SIO_PACKET_OK;
    switch (out->type) {
    case SIO_CONNECT:
        if (!is_connect_payload(out->payload.text[0]))
            verdict = SIO_PACKET_BAD_SHAPE;
        break;
    case SIO_DISCONNECT:
        verdict = SIO_PACKET_BAD_SHAPE;
        break;
    case SIO_CONNECT_ERROR:
        break;
    case SIO_EVENT:
    case SIO_ACK:
    case SIO_BINARY_EVENT:
    case SIO_BINARY_ACK:
        verdict = check_array(&items, protocol, out);
        break;
    }
    json_items_clear(&items);
    return verdict;
}

/* Joining and leaving say all they have to say without a payload. */
static enum sio_verdict check_empty(const struct sio_packet *packet)
{
    if (packet->type == SIO_CONNECT || packet->type == SIO_DISCONNECT)
        return SIO_PACKET_OK;
    return is_binary(packet) ? SIO_PACKET_BAD_SHAPE : SIO_PACKET_EMPTY;
}

enum sio_verdict sio_packet_parse(const char *text, size_t size, unsigned protocol,
                                  struct sio_packet *out)
{
    typedef enum sio_verdict take_fn(struct sio_part *, struct sio_packet *);
    static take_fn *const parts[] = {take_type, take_count, take_namespace, take_id};
    struct sio_part rest = {text, size};
    struct sio_packet packet = {0};
    enum sio_verdict verdict = SIO_PACKET_OK;
    for (size_t i = 0; verdict == SIO_PACKET_OK && i < sizeof parts / sizeof *parts; i++)
        verdict = parts[i](&rest, &packet);
    if (verdict != SIO_PACKET_OK)
        return verdict;
    packet.payload = rest;
    verdict = rest.size == 0 ? check_empty(&packet) : check_payload(protocol, &packet);
    if (verdict == SIO_PACKET_OK || verdict == SIO_PACKET_EMPTY)
        *out = packet;
    return verdict;
}

/* Depth is bounded by json_limits_channel. */
static bool placeholders_are_good(const cJSON *value, size_t count)
{
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(value, "_placeholder"))) {
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(value, "num");
        return cJSON_IsNumber(number) && number->valuedouble >= 0 &&
               number->valuedouble < (double)count &&
               number->valuedouble == (double)number->valueint;
    }
    for (const cJSON *child = value == NULL ? NULL : value->child; child != NULL;
         child = child->next)
        if (!placeholders_are_good(child, count))
            return false;
    return true;
}

bool sio_packet_placeholders_are_good(const struct sio_packet *packet)
{
    cJSON *payload = cJSON_ParseWithLength(packet->payload.text, packet->payload.size);
    bool are_good = placeholders_are_good(payload, packet->attachment_count);
    cJSON_Delete(payload);
    return are_good;
}
