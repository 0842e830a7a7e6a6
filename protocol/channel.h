/* The notification channel above WebSocket messages: Engine.IO and Socket.IO in one
 * machine without I/O. Messages in, events out, messages to send out.
 *
 * Sequence, once the WebSocket handshake is done:
 *
 *   channel_new                  the 10 s for the open packet start here
 *   loop:
 *     channel_feed               one WebSocket message, text or binary; then
 *     channel_next until false   each event
 *     channel_output until false each message to send; also after channel_tick()
 *     channel_tick               when now_ms has reached channel_deadline(), and only
 *                                after pending reads have been fed (a resume from sleep
 *                                would cost a reconnect otherwise); then next, output
 *   channel_leave                before a close of our own: queues the farewell
 *   channel_free                 at any time
 *
 * Events: LIVE at most once, when the namespace is joined: run a delta query then.
 * NOTIFICATION and OTHER at any time after the open packet, before LIVE too: a false
 * trigger is cheap, a lost one is not. ENDED at most once and last: close the WebSocket,
 * wait, and connect again with `next_variant`. After it everything fed is ignored, and
 * there is no deadline.
 *
 * Errors: everything the peer can do wrong ends in ENDED; no call fails, but
 * channel_new(), for lack of memory.
 *
 * Variants: servers differ in the generation that they speak and in what they expect to
 * be joined. The link starts with the variant that worked last for this host, or with
 * CHANNEL_EIO4, and follows `next_variant` after each failure.
 */
#ifndef PROTOCOL_CHANNEL_H
#define PROTOCOL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/channel_url.h"
#include "protocol/eio.h"
#include "protocol/sio.h"

struct channel;

enum channel_variant {
    CHANNEL_EIO4, /* EIO=4, joins the namespace: what official 3.x and 4.x clients do */
    CHANNEL_EIO4_ROOT, /* EIO=4, joins `/` and then the namespace: for servers that do not
                          answer without it */
    CHANNEL_EIO3       /* EIO=3, joins the namespace with the query: 2.x */
};

/* The request target for this variant; borrowed from `url`. */
const char *channel_target(const struct channel_url *url, enum channel_variant variant);

/* Bounds for the heartbeat times that a server may ask for (F-138), and the timeouts of
 * WS-29. */
struct channel_config {
    enum channel_variant variant;
    uint32_t min_ping_interval_ms;
    uint32_t max_ping_interval_ms;
    uint32_t min_ping_timeout_ms;
    uint32_t max_ping_timeout_ms;
    uint32_t open_timeout_ms;
    uint32_t join_timeout_ms;
};

/* Sets the agent's values: interval 1 s to 5 min, timeout 1 s to 2 min, 10 s, 10 s. */
void channel_config_init(struct channel_config *config, enum channel_variant variant);

/* Makes a machine; `url` and `config` are copied. NULL: no memory. */
struct channel *channel_new(const struct channel_config *config,
                            const struct channel_url *url, uint64_t now_ms);

/* Takes NULL. Wipes the query. */
void channel_free(struct channel *channel);

/* A WebSocket message. Text is valid UTF-8 without a terminator of its own. */
struct channel_message {
    const uint8_t *data;
    size_t size;
    bool is_binary;
};

/* Gives one received message to the machine, which keeps what it needs. All events of the
 * message before must have been taken. */
void channel_feed(struct channel *channel, const struct channel_message *message,
                  uint64_t now_ms);

enum channel_end {
    CHANNEL_NOT_ENDED,
    CHANNEL_OPEN_TIMEOUT,      /* no open packet */
    CHANNEL_JOIN_TIMEOUT,      /* no answer for the namespace */
    CHANNEL_HEARTBEAT_TIMEOUT, /* F-129 */
    CHANNEL_REFUSED,           /* the namespace was refused: the URL is no longer good */
    CHANNEL_LEFT,              /* the server ended the namespace */
    CHANNEL_CLOSED,            /* the server ended the Engine.IO session */
    CHANNEL_PROTOCOL_ERROR,
    CHANNEL_WRONG_GENERATION, /* told by the link, see channel_next_variant() */
    CHANNEL_NO_MEMORY
};

/* Words for people, never NULL. */
const char *channel_end_text(enum channel_end end);

enum channel_event_type {
    CHANNEL_EVENT_NONE,
    CHANNEL_EVENT_LIVE,
    CHANNEL_EVENT_NOTIFICATION, /* whatever the namespace and the arguments */
    CHANNEL_EVENT_OTHER,        /* any other event: to be counted and ignored */
    CHANNEL_EVENT_ENDED
};

/* Texts and attachments are borrowed until the next channel_feed(), channel_next() or
 * channel_free(), have no terminator, and come from the server: escape them before a person
 * sees them. */
struct channel_event {
    enum channel_event_type type;
    const char *name_space; /* LIVE, NOTIFICATION, OTHER; else NULL */
    size_t name_space_size;
    const char *text; /* NOTIFICATION, OTHER: the JSON array, [name, arguments ...];
                         ENDED: detail for people, such as the refusal; may be NULL */
    size_t text_size;
    /* NOTIFICATION, OTHER: what the placeholders in `text` stand for, in order. */
    const struct sio_attachment *attachments;
    size_t attachment_count;
    enum channel_end end;              /* ENDED only */
    enum channel_variant next_variant; /* ENDED only: what to try next */
};

/* Takes the oldest event. False when there is none. */
bool channel_next(struct channel *channel, struct channel_event *out);

/* Takes the oldest message to send, always text. False when there is none. Borrowed until
 * the next call of any function of this machine. */
bool channel_output(struct channel *channel, struct channel_message *out);

/* Judges the deadlines. */
void channel_tick(struct channel *channel, uint64_t now_ms);

/* When to call channel_tick() next, in the caller's own milliseconds; UINT64_MAX: never. */
uint64_t channel_deadline(const struct channel *channel);

/* What a status page shows of the heartbeat: generation, times in force, last ping.
 * Borrowed, and kept up to date, until channel_free(). */
const struct eio_heartbeat *channel_heartbeat(const struct channel *channel);

/* Queues the packet that leaves the namespace, where one was joined. */
void channel_leave(struct channel *channel);

/* What to try after `end`. For ends that this machine does not see the link asks itself:
 * CHANNEL_WRONG_GENERATION after an answer that channel_is_wrong_generation(), or after
 * raw HTTP behind the 101. Pure. */
enum channel_variant channel_next_variant(enum channel_variant variant,
                                          enum channel_end end);

/* Whether the body of a refused upgrade (status 400) asks for the other Engine.IO
 * generation: its error 5, "Unsupported protocol version", as text or within JSON. */
bool channel_is_wrong_generation(const uint8_t *body, size_t size);

#endif
