#include "protocol/ws_frame.h"

#include <string.h>

/* RFC 6455, 5.2 */
enum {
    FINAL_BIT = 0x80,
    RESERVED_BITS = 0x70,
    OPCODE_BITS = 0x0F,
    MASK_BIT = 0x80,
    SIZE_IS_16_BIT = 126,
    SIZE_IS_64_BIT = 127,
};

static bool is_control(uint8_t opcode)
{
    return opcode >= WS_OPCODE_CLOSE;
}

static bool is_opcode(uint8_t opcode)
{
    return opcode <= WS_OPCODE_BINARY ||
           (opcode >= WS_OPCODE_CLOSE && opcode <= WS_OPCODE_PONG);
}

static enum ws_frame_result check_first(uint8_t byte)
{
    if ((byte & RESERVED_BITS) != 0)
        return WS_FRAME_RESERVED_BIT;
    if (!is_opcode(byte & OPCODE_BITS))
        return WS_FRAME_BAD_OPCODE;
    if (is_control(byte & OPCODE_BITS) && (byte & FINAL_BIT) == 0)
        return WS_FRAME_BAD_FIN;
    return WS_FRAME_READY;
}

static enum ws_frame_result check_second(uint8_t first, uint8_t byte)
{
    if ((byte & MASK_BIT) != 0)
        return WS_FRAME_MASKED;
    if (is_control(first & OPCODE_BITS) && byte > WS_FRAME_MAX_CONTROL)
        return WS_FRAME_BAD_CONTROL;
    return WS_FRAME_READY;
}

static size_t extended_size(uint8_t size_bits)
{
    return size_bits == SIZE_IS_16_BIT ? 2 : size_bits == SIZE_IS_64_BIT ? 8 : 0;
}

static uint64_t read_big_endian(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

enum ws_frame_result ws_frame_decode(const uint8_t *bytes, size_t size,
                                     struct ws_frame_header *out)
{
    enum ws_frame_result result = size < 1 ? WS_FRAME_PARTIAL : check_first(bytes[0]);
    if (result != WS_FRAME_READY)
        return result;
    result = size < 2 ? WS_FRAME_PARTIAL : check_second(bytes[0], bytes[1]);
    if (result != WS_FRAME_READY)
        return result;
    size_t extended = extended_size(bytes[1]);
    if (extended == 8 && size > 2 && (bytes[2] & 0x80) != 0)
        return WS_FRAME_BAD_SIZE;
    if (size < 2 + extended)
        return WS_FRAME_PARTIAL;
    *out = (struct ws_frame_header){
        .opcode = (enum ws_opcode)(bytes[0] & OPCODE_BITS),
        .is_final = (bytes[0] & FINAL_BIT) != 0,
        .payload_size = extended == 0 ? bytes[1] : read_big_endian(bytes + 2, extended),
        .header_size = 2 + extended,
    };
    return WS_FRAME_READY;
}

static void write_big_endian(uint8_t *out, size_t size, uint64_t value)
{
    while (size-- > 0) {
        out[size] = (uint8_t)value;
        value >>= 8;
    }
}

size_t ws_frame_encode(enum ws_opcode opcode, uint64_t payload_size,
                       const uint8_t key[WS_FRAME_KEY_SIZE],
                       uint8_t out[WS_FRAME_MAX_HEADER])
{
    uint8_t size_bits = payload_size <= WS_FRAME_MAX_CONTROL ? (uint8_t)payload_size
                        : payload_size <= UINT16_MAX         ? SIZE_IS_16_BIT
                                                             : SIZE_IS_64_BIT;
    size_t extended = extended_size(size_bits);
    out[0] = (uint8_t)(FINAL_BIT | opcode);
    out[1] = MASK_BIT | size_bits;
    write_big_endian(out + 2, extended, payload_size);
    memcpy(out + 2 + extended, key, WS_FRAME_KEY_SIZE);
    return 2 + extended + WS_FRAME_KEY_SIZE;
}

void ws_frame_mask(uint8_t *out, const uint8_t *payload, size_t size,
                   const uint8_t key[WS_FRAME_KEY_SIZE])
{
    uint64_t keys = 0;
    memcpy(&keys, key, WS_FRAME_KEY_SIZE);
    memcpy((uint8_t *)&keys + WS_FRAME_KEY_SIZE, key, WS_FRAME_KEY_SIZE);
    size_t i = 0;
    uint64_t word = 0;
    for (; size - i >= sizeof word; i += sizeof word) {
        memcpy(&word, payload + i, sizeof word);
        word ^= keys;
        memcpy(out + i, &word, sizeof word);
    }
    for (; i < size; i++)
        out[i] = payload[i] ^ key[i % WS_FRAME_KEY_SIZE];
}
