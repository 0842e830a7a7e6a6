/* The answer to an upgrade request, whole and byte by byte: the result, what was taken
 * and what was kept must be the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/ws_handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    enum ws_handshake_result result;
    size_t used;
    int status;
    size_t body_size;
    bool has_retry_after;
};

static void begin(struct ws_handshake *handshake)
{
    static const struct ws_request request = {.host = "a", .port = 443, .target = "/"};
    struct bytes out;
    bytes_init(&out, 4096);
    if (!ws_handshake_init(handshake, &request, (const uint8_t *)"the sample nonce", &out))
        abort();
    bytes_clear(&out);
}

static struct outcome run(const uint8_t *data, size_t size, size_t step)
{
    struct ws_handshake handshake;
    struct outcome outcome = {.result = WS_HANDSHAKE_MORE};
    begin(&handshake);
    while (outcome.used < size && outcome.result == WS_HANDSHAKE_MORE) {
        size_t left = size - outcome.used;
        size_t used = 0;
        outcome.result = ws_handshake_feed(&handshake, data + outcome.used,
                                           left < step ? left : step, &used);
        outcome.used += used;
    }
    if (outcome.result == WS_HANDSHAKE_MORE)
        outcome.result = ws_handshake_finish(&handshake);
    if (outcome.result == WS_HANDSHAKE_REFUSED) {
        outcome.status = handshake.head.status;
        outcome.has_retry_after = http_head_get(&handshake.head, "Retry-After") != NULL;
    }
    outcome.body_size = bytes_count(&handshake.body);
    ws_handshake_clear(&handshake);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole = run(data, size, SIZE_MAX);
    struct outcome pieces = run(data, size, 1);
    if (whole.result != pieces.result || whole.used != pieces.used ||
        whole.status != pieces.status || whole.body_size != pieces.body_size ||
        whole.has_retry_after != pieces.has_retry_after)
        abort();
    return 0;
}
