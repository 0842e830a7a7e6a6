/* Engine.IO 4 and 3 above WebSocket messages: the open packet, the heartbeat, messages.
 * A machine without I/O and without a clock. Engine.IO v4 (and v3): Packet encoding,
 * Handshake, Heartbeat.
 *
 * Sequence:
 *
 *   eio_new
 *   loop:
 *     eio_feed         one received WebSocket message; then
 *     eio_next         its event, if there is one
 *     eio_send         a Socket.IO packet, once OPEN has been told
 *     eio_output       until false: messages to send, always text
 *     eio_tick         when eio_deadline() is reached, after pending reads have been fed
 *   eio_free           at any time
 *
 * Errors: feed and tick answer a status; anything but EIO_OK ends the session: close the
 * WebSocket. The machine refuses everything from then on with the same status. After the
 * CLOSE event it ignores everything.
 *
 * Heartbeat: in generation 4 the server pings, and a ping must come within interval plus
 * timeout of the last one. In generation 3 we ping, interval after the last answer, and
 * something must come within the timeout. Only these packets prove health, not other
 * traffic (generation 4), since a server may send although it does not hear us.
 *
 * Limits: open packet EIO_MAX_OPEN_SIZE, sid EIO_MAX_SID_SIZE, times clamped to the
 * config's bounds (F-138), output QUEUE_MAX_SIZE.
 */
#ifndef PROTOCOL_EIO_H
#define PROTOCOL_EIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct eio;

enum {
    EIO_MAX_OPEN_SIZE = 4096,
    EIO_MAX_SID_SIZE = 128,
    EIO_DEFAULT_INTERVAL_MS = 25000, /* where the server gives no number */
    EIO_DEFAULT_TIMEOUT_MS = 20000
};

struct eio_config {
    unsigned generation; /* 4 or 3 */
    uint32_t min_interval_ms;
    uint32_t max_interval_ms;
    uint32_t min_timeout_ms;
    uint32_t max_timeout_ms;
};

enum eio_status {
    EIO_OK = 0,
    EIO_NOT_OPEN,   /* something else came before the open packet, or it came twice */
    EIO_BAD_OPEN,   /* open packet too large, not JSON, or without a sid */
    EIO_BAD_PACKET, /* empty or of an unknown type */
    EIO_TIMEOUT,    /* the peer does not answer (F-129) */
    EIO_FULL        /* no room or no memory to queue a message */
};

/* Words for people, never NULL. */
const char *eio_status_text(enum eio_status status);

/* Makes a machine; `config` is copied. NULL: no memory. */
struct eio *eio_new(const struct eio_config *config);

/* Takes NULL. */
void eio_free(struct eio *eio);

/* Judges one WebSocket message. An event borrows `bytes`. The event of the message before
 * must have been taken. */
enum eio_status eio_feed(struct eio *eio, bool is_binary, const uint8_t *bytes, size_t size,
                         uint64_t now_ms);

enum eio_event_type {
    EIO_EVENT_NONE,
    EIO_EVENT_OPEN,
    EIO_EVENT_TEXT,   /* a message, without its type digit */
    EIO_EVENT_BINARY, /* likewise */
    EIO_EVENT_CLOSE   /* the server ends the session */
};

struct eio_event {
    enum eio_event_type type;
    const uint8_t *data; /* TEXT and BINARY; borrowed from what was fed */
    size_t size;
};

/* Takes the event. False when there is none. */
bool eio_next(struct eio *eio, struct eio_event *out);

/* Queues a text message. */
enum eio_status eio_send(struct eio *eio, const char *text, size_t size);

/* Takes the oldest message to send, borrowed until the next call. False when there is
 * none. */
bool eio_output(struct eio *eio, const char **out_text, size_t *out_size);

/* Pings or finds the peer dead, as is due. */
enum eio_status eio_tick(struct eio *eio, uint64_t now_ms);

/* When to tick next; UINT64_MAX before OPEN and after an error. */
uint64_t eio_deadline(const struct eio *eio);

/* Goes on in the other generation: for a server that took the request for generation 4
 * and then turns out, by its Socket.IO answer, to speak generation 3. A server that has
 * pinged keeps the heartbeat of generation 4 whatever else it speaks. */
void eio_use_generation(struct eio *eio, unsigned generation);

/* What a status page shows. */
struct eio_heartbeat {
    unsigned generation;  /* 4: the server pings; 3: we do */
    uint32_t interval_ms; /* 0 before OPEN */
    uint32_t timeout_ms;
    uint64_t last_ms; /* when the last ping or pong came; 0 never */
};

/* Borrowed, and kept up to date, until eio_free(). */
const struct eio_heartbeat *eio_heartbeat(const struct eio *eio);

#endif
