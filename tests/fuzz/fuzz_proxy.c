/* The answer of a proxy to CONNECT, whole and byte by byte. Bytes behind the head are an
 * error only when they come with it, so the two may differ in that. */
#include <stdint.h>
#include <stdlib.h>

#include "protocol/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum proxy_result run(const uint8_t *data, size_t size, size_t step, size_t *out_fed)
{
    static const struct proxy_request request = {
        .host = "a", .port = 443, .user = "u", .password = "p"};
    struct proxy proxy;
    struct bytes out;
    bytes_init(&out, 4096);
    if (!proxy_init(&proxy, &request, &out))
        abort();
    bytes_wipe(&out);
    enum proxy_result result = PROXY_MORE;
    *out_fed = 0;
    while (*out_fed < size && result == PROXY_MORE) {
        size_t left = size - *out_fed;
        size_t piece = left < step ? left : step;
        result = proxy_feed(&proxy, data + *out_fed, piece);
        *out_fed += piece;
    }
    proxy_clear(&proxy);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t fed = 0;
    enum proxy_result whole = run(data, size, SIZE_MAX, &fed);
    enum proxy_result pieces = run(data, size, 1, &fed);
    bool is_talkative = pieces == PROXY_OPEN && fed < size;
    if (is_talkative ? whole != PROXY_BAD : whole != pieces)
        abort();
    return 0;
}
