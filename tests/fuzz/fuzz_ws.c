/* A server's bytes behind the 101. The first byte of the input chooses the size of the
 * pieces; the events must be the same as for the whole, and there must be an end. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char answer[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static bool give_fixed(void *user, uint8_t *out, size_t size)
{
    (void)user;
    memcpy(out, "the sample nonce", size);
    return true;
}

/* FNV-1a over everything that the caller sees. */
static void mix(uint64_t *hash, const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < size; i++)
        *hash = (*hash ^ byte[i]) * 0x100000001B3U;
}

struct outcome {
    uint64_t hash;
    bool is_closed;
};

static void take_events(struct ws *ws, struct outcome *outcome)
{
    for (struct ws_event event; ws_next(ws, &event);) {
        assert(!outcome->is_closed && event.data[event.size] == 0);
        outcome->is_closed = event.type == WS_EVENT_CLOSED;
        mix(&outcome->hash, &event.type, sizeof event.type);
        mix(&outcome->hash, event.data, event.size);
        mix(&outcome->hash, &event.code, sizeof event.code);
        mix(&outcome->hash, &event.status, sizeof event.status);
    }
}

static void take_output(struct ws *ws, struct outcome *outcome)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    while (ws_output(ws, &data, &size)) {
        mix(&outcome->hash, data, size);
        ws_sent(ws, size);
    }
}

static uint64_t run(const uint8_t *data, size_t size, size_t step)
{
    static const struct ws_request request = {.host = "a", .port = 443, .target = "/"};
    struct outcome outcome = {.hash = 0xCBF29CE484222325U};
    struct ws_config config;
    ws_config_init(&config, give_fixed, NULL);
    config.max_message = 4096;
    config.max_fragments = 8;
    struct ws *ws = ws_new(&config, &request);
    if (ws == NULL)
        abort();
    ws_feed(ws, 0, (const uint8_t *)answer, sizeof answer - 1);
    for (size_t at = 0; at < size;) {
        size_t piece = size - at < step ? size - at : step;
        ws_feed(ws, 0, data + at, piece);
        take_events(ws, &outcome);
        at += piece;
    }
    ws_finish(ws);
    take_events(ws, &outcome);
    take_output(ws, &outcome);
    assert(outcome.is_closed);
    ws_free(ws);
    return outcome.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > WS_MAX_FEED / 2)
        return 0;
    uint64_t whole = run(data + 1, size - 1, SIZE_MAX);
    if (run(data + 1, size - 1, (size_t)data[0] % 32 + 1) != whole)
        abort();
    return 0;
}
