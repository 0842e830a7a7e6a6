/* A bounded queue of text messages that wait to be sent. Each begins with a type digit, as
 * the packets of Engine.IO and Socket.IO do.
 *
 * Sequence: queue_init(), queue_put() and queue_next() in any order, queue_clear().
 * Errors: queue_put() answers false when the limit or the memory is reached; the queue is
 * unchanged then.
 */
#ifndef PROTOCOL_MESSAGE_QUEUE_H
#define PROTOCOL_MESSAGE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/bytes.h"

enum { QUEUE_MAX_SIZE = 64 * 1024 }; /* notifications 6, queues */

struct message_queue {
    struct bytes bytes; /* each message behind its size */
    size_t taken;       /* bytes of the message that queue_next() lent last */
};

/* Makes an empty queue of at most QUEUE_MAX_SIZE bytes. Allocates nothing. */
void queue_init(struct message_queue *queue);

/* Overwrites and frees what is queued; the queue is empty then. */
void queue_clear(struct message_queue *queue);

/* Copies one message to the back: `type` and the text behind it. */
bool queue_put(struct message_queue *queue, char type, const char *text, size_t size);

/* Takes the oldest message, borrowed until the next call. False when there is none. */
bool queue_next(struct message_queue *queue, const char **out_text, size_t *out_size);

#endif
