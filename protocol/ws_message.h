/* Puts the message of a WebSocket server together from its fragments, within limits.
 * RFC 6455, 5.4 and 8.1; WS-43 to WS-47, WS-50 to WS-52.
 *
 * Sequence: ws_message_init(); for each data frame ws_message_begin_frame(), then
 * ws_message_append() for its payload in any split, then ws_message_end_frame(). When
 * that was the final frame, `content` is the message until ws_message_drop().
 *
 * Once `is_ignored` is set nothing more is kept or measured, but fragments must still be
 * in order (WS-61).
 */
#ifndef PROTOCOL_WS_MESSAGE_H
#define PROTOCOL_WS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"
#include "protocol/utf8.h"
#include "protocol/ws_frame.h"
#include "protocol/ws_status.h"

struct ws_message {
    size_t max_frame;
    size_t max_fragments;
    bool is_ignored;
    bool is_open;        /* a fragment with FIN is to come */
    enum ws_opcode type; /* WS_OPCODE_TEXT or WS_OPCODE_BINARY */
    size_t fragment_count;
    struct utf8 utf8;
    struct bytes content; /* its limit is that of the message */
};

void ws_message_init(struct ws_message *message, size_t max_frame, size_t max_message,
                     size_t max_fragments);
void ws_message_clear(struct ws_message *message);

/* Checks a frame before any of its payload is there: WS_BAD_FRAGMENT, WS_TOO_BIG,
 * WS_TOO_MANY_FRAGMENTS. Allocates nothing. */
enum ws_status ws_message_begin_frame(struct ws_message *message,
                                      const struct ws_frame_header *header);

/* Adds a piece of payload: WS_BAD_TEXT at the first bad byte, WS_NO_MEMORY. */
enum ws_status ws_message_append(struct ws_message *message, const uint8_t *bytes,
                                 size_t size);

/* Ends a frame: WS_BAD_TEXT when the message ends inside a code point. */
enum ws_status ws_message_end_frame(struct ws_message *message, bool is_final);

/* Forgets a complete message. */
void ws_message_drop(struct ws_message *message);

#endif
