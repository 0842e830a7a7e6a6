#include "protocol/proxy.h"

#include <string.h>

#include "protocol/http_request.h"

/* RFC 7617, 2: the user name ends at the first colon. */
static bool is_sound(const struct proxy_request *request)
{
    return http_is_host(request->host) &&
           (request->user == NULL ||
            (request->password != NULL && strchr(request->user, ':') == NULL));
}

static bool append_credentials(struct bytes *out, const struct proxy_request *request)
{
    struct bytes pair;
    if (request->user == NULL)
        return true;
    size_t size = strlen(request->user) + 1 + strlen(request->password);
    bytes_init(&pair, size);
    bool is_good =
        bytes_reserve(&pair, size) != NULL && bytes_append_text(&pair, request->user) &&
        bytes_append_text(&pair, ":") && bytes_append_text(&pair, request->password) &&
        bytes_append_text(out, "Proxy-Authorization: Basic ") &&
        http_append_base64(out, bytes_front(&pair), size) && bytes_append_text(out, "\r\n");
    bytes_wipe(&pair);
    return is_good;
}

bool proxy_init(struct proxy *proxy, const struct proxy_request *request, struct bytes *out)
{
    http_head_init(&proxy->head);
    return is_sound(request) && bytes_append_text(out, "CONNECT ") &&
           http_append_host(out, request->host) &&
           bytes_append_format(out, ":%u HTTP/1.1\r\nHost: ", (unsigned)request->port) &&
           http_append_host(out, request->host) &&
           bytes_append_format(out, ":%u\r\n", (unsigned)request->port) &&
           append_credentials(out, request) && bytes_append_text(out, "\r\n");
}

enum proxy_result proxy_feed(struct proxy *proxy, const uint8_t *bytes, size_t size)
{
    size_t used = 0;
    switch (http_head_feed(&proxy->head, bytes, size, &used)) {
    case HTTP_HEAD_MORE:
        return PROXY_MORE;
    case HTTP_HEAD_BAD:
        return PROXY_BAD;
    case HTTP_HEAD_READY:
        break;
    }
    if (proxy->head.status == 407)
        return PROXY_SIGN_IN;
    if (proxy->head.status < 200 || proxy->head.status > 299)
        return PROXY_REFUSED;
    return used == size ? PROXY_OPEN : PROXY_BAD;
}

void proxy_clear(struct proxy *proxy)
{
    http_head_clear(&proxy->head);
}
