/* Decodes a header; then takes the first bytes as a mask key and the rest as a payload,
 * and checks that the frame made of them reads back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void decode(const uint8_t *data, size_t size)
{
    struct ws_frame_header header;
    struct ws_frame_header again;
    if (ws_frame_decode(data, size, &header) != WS_FRAME_READY)
        return;
    require(header.header_size <= size && header.payload_size <= INT64_MAX);
    require(ws_frame_decode(data, header.header_size, &again) == WS_FRAME_READY);
    require(again.payload_size == header.payload_size);
    for (size_t i = 0; i < header.header_size; i++)
        require(ws_frame_decode(data, i, &again) == WS_FRAME_PARTIAL);
}

static void encode(const uint8_t *key, const uint8_t *payload, size_t size)
{
    uint8_t head[WS_FRAME_MAX_HEADER];
    struct ws_frame_header header;
    size_t head_size = ws_frame_encode(WS_OPCODE_BINARY, size, key, head);
    head[1] &= 0x7F; /* as a server would have sent it */
    require(ws_frame_decode(head, head_size, &header) == WS_FRAME_READY);
    require(header.payload_size == size && header.is_final);
    uint8_t *masked = malloc(size + 1);
    require(masked != NULL);
    ws_frame_mask(masked, payload, size, key);
    for (size_t i = 0; i < size; i++)
        require((masked[i] ^ payload[i]) == key[i % WS_FRAME_KEY_SIZE]);
    free(masked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size);
    if (size >= WS_FRAME_KEY_SIZE)
        encode(data, data + WS_FRAME_KEY_SIZE, size - WS_FRAME_KEY_SIZE);
    return 0;
}
