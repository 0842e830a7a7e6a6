/* Reads one Socket.IO packet: the text behind the Engine.IO type. Pure. Socket.IO protocol
 * 5 and 4, Packet encoding.
 *
 *   type [count "-"] ["/" namespace ","] [id] [JSON]
 *
 * As the official decoders read it, with these exceptions, all stricter: an empty packet,
 * white space between the parts, an id of more than 19 digits, an unknown type also in
 * protocol 4, an attachment count without an array behind it, and the limits below.
 *
 * The JSON is judged by json_guard with the limits of the channel; strings that are not
 * text (lone surrogates, U+0000) are common in events and pass.
 */
#ifndef PROTOCOL_SIO_PACKET_H
#define PROTOCOL_SIO_PACKET_H

#include <stdbool.h>
#include <stddef.h>

enum { SIO_MAX_NAMESPACE = 1024, SIO_MAX_ID_DIGITS = 19, SIO_MAX_ATTACHMENTS = 10 };

enum sio_type {
    SIO_CONNECT,
    SIO_DISCONNECT,
    SIO_EVENT,
    SIO_ACK,
    SIO_CONNECT_ERROR, /* ERROR in protocol 4 */
    SIO_BINARY_EVENT,
    SIO_BINARY_ACK
};

/* A run of bytes of the packet; size 0 when the part is absent. */
struct sio_part {
    const char *text;
    size_t size;
};

struct sio_packet {
    enum sio_type type;
    size_t attachment_count;
    struct sio_part name_space; /* never empty: "/" where the packet names none */
    struct sio_part id;         /* without leading zeros */
    struct sio_part payload;    /* one JSON text */
    struct sio_part name;       /* of an event: the first element of the payload, as JSON */
};

enum sio_verdict {
    SIO_PACKET_OK = 0,
    SIO_PACKET_EMPTY, /* well-formed, but without the payload that gives it a meaning: to
                         be ignored; `out` is written */
    SIO_PACKET_BAD_TYPE,
    SIO_PACKET_BAD_COUNT, /* of attachments: none, no number, more than 10 */
    SIO_PACKET_BAD_NAMESPACE,
    SIO_PACKET_BAD_ID,
    SIO_PACKET_BAD_JSON,
    SIO_PACKET_BAD_SHAPE /* JSON of the wrong sort for the type; also a reserved name */
};

/* Words for people, never NULL. */
const char *sio_verdict_text(enum sio_verdict verdict);

/* Reads a packet by the rules of `protocol`, 5 or 4: they differ in whether events may
 * have reserved names. `out` borrows `text`. */
enum sio_verdict sio_packet_parse(const char *text, size_t size, unsigned protocol,
                                  struct sio_packet *out);

/* Whether each placeholder in the payload of a binary packet stands for one of its
 * attachments. An unused attachment is fine, and so is one used twice. A payload with
 * strings that cJSON cannot hold is not looked into: nobody else looks either. */
bool sio_packet_placeholders_are_good(const struct sio_packet *packet);

/* Whether a JSON text is the string `wanted`, however it is escaped. */
bool sio_json_is_string(struct sio_part json, const char *wanted);

#endif
