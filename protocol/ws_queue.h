/* The frames of a WebSocket client that wait to be sent: encoded, masked, bounded.
 * RFC 6455, 5.1 to 5.5 and 7.1; WS-30 to WS-35, WS-53, WS-55.
 *
 * Sequence: ws_queue_init(), the append calls, ws_queue_output() and ws_queue_sent() in
 * any order, ws_queue_clear(). After ws_queue_close() nothing more is appended (WS-35).
 *
 * Limits: messages and pings within the given number of bytes. Pongs wait behind each
 * other up to 16 KiB of output; above that only the newest is kept and sent when the
 * others are gone. So pongs never overflow the queue, however slow the network.
 */
#ifndef PROTOCOL_WS_QUEUE_H
#define PROTOCOL_WS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"
#include "protocol/ws_frame.h"
#include "protocol/ws_status.h"

/* Fills `out` with `size` bytes of a cryptographic generator. False: it has none. */
typedef bool ws_random_fn(void *user, uint8_t *out, size_t size);

struct ws_queue {
    ws_random_fn *random;
    void *random_user;
    size_t limit;
    struct bytes bytes; /* ready to be written */
    bool is_closed;
    bool has_late_pong;
    size_t late_pong_size;
    uint8_t late_pong[WS_FRAME_MAX_CONTROL];
};

/* Makes an empty queue for at most `limit` bytes and a few control frames. */
void ws_queue_init(struct ws_queue *queue, size_t limit, ws_random_fn *random, void *user);

/* Wipes and frees what is waiting. */
void ws_queue_clear(struct ws_queue *queue);

/* The calls below answer WS_OK, WS_OUTPUT_FULL, WS_NO_MEMORY or WS_NO_RANDOM. */

/* Appends one whole frame. On failure nothing was appended. */
enum ws_status ws_queue_frame(struct ws_queue *queue, enum ws_opcode opcode,
                              const uint8_t *payload, size_t size);

/* Appends a pong, or keeps it for later. */
enum ws_status ws_queue_pong(struct ws_queue *queue, const uint8_t *payload, size_t size);

/* Appends a Close frame without a reason; code 0 makes its payload empty. The last frame.
 */
enum ws_status ws_queue_close(struct ws_queue *queue, uint16_t code);

/* The bytes to write next, borrowed until the next call. False: none. */
bool ws_queue_output(const struct ws_queue *queue, const uint8_t **out_data,
                     size_t *out_size);

/* Drops the first `size` bytes, which were written. */
enum ws_status ws_queue_sent(struct ws_queue *queue, size_t size);

#endif
