#include "protocol/http_request.h"

#include <mbedtls/base64.h>
#include <string.h>

bool http_is_plain_text(const char *text, char lowest)
{
    for (; *text != '\0'; text++) {
        if (*text < lowest || *text > '~')
            return false;
    }
    return true;
}

bool http_is_host(const char *host)
{
    return host[0] != '\0' && http_is_plain_text(host, '!') &&
           strpbrk(host, "/?#@[]\\") == NULL;
}

bool http_append_host(struct bytes *out, const char *host)
{
    bool is_ipv6 = strchr(host, ':') != NULL;
    return bytes_append_text(out, is_ipv6 ? "[" : "") && bytes_append_text(out, host) &&
           bytes_append_text(out, is_ipv6 ? "]" : "");
}

bool http_append_base64(struct bytes *out, const uint8_t *bytes, size_t size)
{
    size_t room = (size + 2) / 3 * 4 + 1; /* mbedTLS writes a zero behind the text. */
    size_t written = 0;
    uint8_t *to = bytes_reserve(out, room);
    if (to == NULL || mbedtls_base64_encode(to, room, &written, bytes, size) != 0)
        return false;
    bytes_commit(out, written);
    return true;
}
