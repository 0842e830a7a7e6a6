#include "protocol/ws_queue.h"

#include <assert.h>
#include <string.h>

enum {
    PONG_BACKLOG = 16 << 10,
    /* A Close frame and a late pong go beyond the limit, so that a full queue can still
     * end in order. */
    CONTROL_RESERVE = 2 * (WS_FRAME_MAX_HEADER + WS_FRAME_MAX_CONTROL),
};

void ws_queue_init(struct ws_queue *queue, size_t limit, ws_random_fn *random, void *user)
{
    *queue = (struct ws_queue){.random = random, .random_user = user, .limit = limit};
    bytes_init(&queue->bytes, limit + CONTROL_RESERVE);
}

void ws_queue_clear(struct ws_queue *queue)
{
    bytes_wipe(&queue->bytes);
}

static enum ws_status append_frame(struct ws_queue *queue, enum ws_opcode opcode,
                                   const uint8_t *payload, size_t size)
{
    uint8_t key[WS_FRAME_KEY_SIZE];
    if (!queue->random(queue->random_user, key, sizeof key))
        return WS_NO_RANDOM;
    uint8_t header[WS_FRAME_MAX_HEADER];
    size_t header_size = ws_frame_encode(opcode, size, key, header);
    uint8_t *room = bytes_reserve(&queue->bytes, header_size + size);
    if (room == NULL)
        return WS_NO_MEMORY;
    memcpy(room, header, header_size);
    ws_frame_mask(room + header_size, payload, size, key);
    bytes_commit(&queue->bytes, header_size + size);
    return WS_OK;
}

enum ws_status ws_queue_frame(struct ws_queue *queue, enum ws_opcode opcode,
                              const uint8_t *payload, size_t size)
{
    assert(!queue->is_closed);
    size_t count = bytes_count(&queue->bytes);
    if (count > queue->limit || size > queue->limit - count)
        return WS_OUTPUT_FULL;
    return append_frame(queue, opcode, payload, size);
}

enum ws_status ws_queue_pong(struct ws_queue *queue, const uint8_t *payload, size_t size)
{
    assert(!queue->is_closed && size <= WS_FRAME_MAX_CONTROL);
    size_t backlog = queue->limit < PONG_BACKLOG ? queue->limit : PONG_BACKLOG;
    if (!queue->has_late_pong && bytes_count(&queue->bytes) < backlog)
        return append_frame(queue, WS_OPCODE_PONG, payload, size);
    queue->has_late_pong = true;
    queue->late_pong_size = size;
    if (size > 0)
        memcpy(queue->late_pong, payload, size);
    return WS_OK;
}

enum ws_status ws_queue_close(struct ws_queue *queue, uint16_t code)
{
    assert(!queue->is_closed);
    queue->is_closed = true;
    queue->has_late_pong = false;
    uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    return append_frame(queue, WS_OPCODE_CLOSE, payload, code == 0 ? 0 : sizeof payload);
}

bool ws_queue_output(const struct ws_queue *queue, const uint8_t **out_data,
                     size_t *out_size)
{
    size_t count = bytes_count(&queue->bytes);
    if (count == 0)
        return false;
    *out_data = bytes_front(&queue->bytes);
    *out_size = count;
    return true;
}

enum ws_status ws_queue_sent(struct ws_queue *queue, size_t size)
{
    bytes_consume(&queue->bytes, size);
    if (!queue->has_late_pong || bytes_count(&queue->bytes) > 0)
        return WS_OK;
    queue->has_late_pong = false;
    return append_frame(queue, WS_OPCODE_PONG, queue->late_pong, queue->late_pong_size);
}
