/* One Socket.IO namespace over one Engine.IO session: joining it, events, answers. A
 * machine without I/O and without a clock. Socket.IO protocol 5 and 4, Exchange protocol.
 *
 * Sequence:
 *
 *   sio_new
 *   sio_join           once the Engine.IO session is open
 *   loop:
 *     sio_feed_text, sio_feed_binary    one received Engine.IO message; then
 *     sio_next                          its event, if there is one
 *     sio_output       until false: packets to send, as Engine.IO text messages
 *   sio_leave          before a close of our own
 *   sio_free           at any time
 *
 * Errors: feeding answers a status; after anything but SIO_OK end the connection, as the
 * official peers do on both sides. The machine refuses everything from then on.
 *
 * Joining: CONNECT is sent once, since a 4.x server accepts it twice and delivers twice.
 * The answer counts with and without comma and payload; one without a `sid` is protocol 4.
 * An unasked answer for `/` is none for another namespace. When a namespace that ends in
 * /callback is refused, the part before that is tried once: older servers were documented
 * so.
 *
 * Events count from any namespace and also before the answer. An event that wants to be
 * acknowledged is, with an empty array.
 *
 * Limits: those of sio_packet.h; text and attachments SIO_MAX_MESSAGE each.
 */
#ifndef PROTOCOL_SIO_H
#define PROTOCOL_SIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/sio_packet.h"

struct sio;

enum { SIO_MAX_MESSAGE = 1 << 20 };

struct sio_config {
    const char *name_space; /* "/notifications"; at most SIO_MAX_NAMESPACE bytes */
    const char *query;      /* for protocol 4, behind the namespace; may be empty */
    unsigned protocol;      /* 5 or 4: how to join */
    bool joins_root;        /* join `/` first; protocol 5 only */
};

enum sio_status {
    SIO_OK = 0,
    SIO_BAD_PACKET,        /* sio_detail() says why */
    SIO_UNEXPECTED_TEXT,   /* while attachments are awaited */
    SIO_UNEXPECTED_BINARY, /* while none are */
    SIO_BAD_PLACEHOLDER,   /* a binary packet refers to an attachment it does not have */
    SIO_TOO_LARGE,         /* text or attachments above SIO_MAX_MESSAGE, or no memory */
    SIO_FULL               /* no room or no memory to queue a packet */
};

/* Words for people, never NULL. */
const char *sio_status_text(enum sio_status status);

/* Makes a machine; `config` is copied. NULL: no memory. */
struct sio *sio_new(const struct sio_config *config);

/* Takes NULL. Wipes the query. */
void sio_free(struct sio *sio);

/* Queues CONNECT. */
enum sio_status sio_join(struct sio *sio);

/* Take one message, which is copied. The event of the message before must have been
 * taken. */
enum sio_status sio_feed_text(struct sio *sio, const char *text, size_t size);
enum sio_status sio_feed_binary(struct sio *sio, const uint8_t *bytes, size_t size);

enum sio_event_type {
    SIO_EVENT_NONE,
    SIO_EVENT_JOINED,
    SIO_EVENT_REFUSED, /* finally: the other namespace, if there was one, too */
    SIO_EVENT_LEFT,    /* the server ended the namespace after it was joined */
    SIO_EVENT_MESSAGE, /* an event of the application */
    SIO_EVENT_ACK      /* an answer to an event; we send none, so it is nobody's */
};

struct sio_attachment {
    const uint8_t *data;
    size_t size;
};

/* All that is pointed to is borrowed until the next feed or sio_free(). */
struct sio_event {
    enum sio_event_type type;
    struct sio_part name_space;
    struct sio_part payload;                  /* JSON; size 0 where the packet has none */
    bool has_sid;                             /* JOINED: protocol 5, else 4 */
    bool is_notification;                     /* MESSAGE: its name is `notification` */
    const struct sio_attachment *attachments; /* of a binary packet, in order */
    size_t attachment_count;
};

/* Takes the event. False when there is none. */
bool sio_next(struct sio *sio, struct sio_event *out);

/* Takes the oldest packet to send, borrowed until the next call. False when there is
 * none. */
bool sio_output(struct sio *sio, const char **out_text, size_t *out_size);

/* Queues DISCONNECT where the namespace is joined. */
enum sio_status sio_leave(struct sio *sio);

/* Why the last packet was refused, for people; never NULL. */
const char *sio_detail(const struct sio *sio);

#endif
