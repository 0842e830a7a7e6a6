#include "protocol/message_queue.h"

#include <stdint.h>
#include <string.h>

void queue_init(struct message_queue *queue)
{
    bytes_init(&queue->bytes, QUEUE_MAX_SIZE);
    queue->taken = 0;
}

void queue_clear(struct message_queue *queue)
{
    bytes_wipe(&queue->bytes);
    queue->taken = 0;
}

static void drop_taken(struct message_queue *queue)
{
    bytes_consume(&queue->bytes, queue->taken);
    queue->taken = 0;
}

bool queue_put(struct message_queue *queue, char type, const char *text, size_t size)
{
    uint32_t message_size = (uint32_t)size + 1;
    drop_taken(queue);
    if (size >= QUEUE_MAX_SIZE ||
        bytes_reserve(&queue->bytes, sizeof message_size + message_size) == NULL)
        return false;
    return bytes_append(&queue->bytes, &message_size, sizeof message_size) &&
           bytes_append(&queue->bytes, &type, 1) && bytes_append(&queue->bytes, text, size);
}

bool queue_next(struct message_queue *queue, const char **out_text, size_t *out_size)
{
    uint32_t message_size = 0;
    drop_taken(queue);
    if (bytes_count(&queue->bytes) == 0)
        return false;
    memcpy(&message_size, bytes_front(&queue->bytes), sizeof message_size);
    *out_text = (const char *)bytes_front(&queue->bytes) + sizeof message_size;
    *out_size = message_size;
    queue->taken = sizeof message_size + message_size;
    return true;
}
