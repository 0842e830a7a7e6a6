/* The header of a WebSocket frame, from the client's side: decode what a server sends,
 * encode what a client sends, mask. Pure functions. RFC 6455, 5.2 and 5.3.
 *
 *      0               1               2               3
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
 *     |I|S|S|S|  (4)  |A|     (7)     |       (16 when 126,           |
 *     |N|V|V|V|       |S|             |        64 when 127)           |
 *     | |1|2|3|       |K|             |                               |
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 */
#ifndef PROTOCOL_WS_FRAME_H
#define PROTOCOL_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 6455, 5.2: from 8 on they are control frames. */
enum ws_opcode {
    WS_OPCODE_CONTINUATION = 0,
    WS_OPCODE_TEXT = 1,
    WS_OPCODE_BINARY = 2,
    WS_OPCODE_CLOSE = 8,
    WS_OPCODE_PING = 9,
    WS_OPCODE_PONG = 10,
};

enum {
    WS_FRAME_MAX_HEADER = 14, /* 2, a 64-bit length, a mask key */
    WS_FRAME_KEY_SIZE = 4,
    WS_FRAME_MAX_CONTROL = 125, /* RFC 6455, 5.5 */
};

enum ws_frame_result {
    WS_FRAME_READY,
    WS_FRAME_PARTIAL,      /* more bytes are needed; those there are in order */
    WS_FRAME_MASKED,       /* WS-37 */
    WS_FRAME_RESERVED_BIT, /* WS-38 */
    WS_FRAME_BAD_OPCODE,   /* WS-39 */
    WS_FRAME_BAD_SIZE,     /* 64-bit length with its top bit set (WS-42) */
    WS_FRAME_BAD_FIN,      /* a control frame in fragments (WS-49) */
    WS_FRAME_BAD_CONTROL,  /* a control frame above 125 bytes (WS-48) */
};

struct ws_frame_header {
    enum ws_opcode opcode;
    bool is_final;
    uint64_t payload_size;
    size_t header_size; /* bytes that the header itself took */
};

/* Reads a frame header of a server from the start of `bytes`. An error is told as soon as
 * the byte that shows it is there. A length in a longer form than needed passes (WS-41).
 * `*out` is written for READY only. */
enum ws_frame_result ws_frame_decode(const uint8_t *bytes, size_t size,
                                     struct ws_frame_header *out);

/* Writes the header of a final, masked frame with the shortest length form (WS-31) and
 * answers its size. */
size_t ws_frame_encode(enum ws_opcode opcode, uint64_t payload_size,
                       const uint8_t key[WS_FRAME_KEY_SIZE],
                       uint8_t out[WS_FRAME_MAX_HEADER]);

/* Copies a whole payload, masked: byte i is XORed with key byte i mod 4 (RFC 6455, 5.3).
 * Masking twice with one key gives the payload back. */
void ws_frame_mask(uint8_t *out, const uint8_t *payload, size_t size,
                   const uint8_t key[WS_FRAME_KEY_SIZE]);

#endif
