#include "protocol/ws_handshake.h"

#include <mbedtls/base64.h>
#include <mbedtls/md.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocol/http_request.h"

enum { SHA1_SIZE = 20, ACCEPT_SIZE = 28, ROOM_FOR_THE_REST = 1024 };

/* Room for the terminator included, as mbedTLS writes one. */
static bool write_base64(const uint8_t *bytes, size_t size, char *out, size_t room)
{
    size_t written = 0;
    return mbedtls_base64_encode((uint8_t *)out, room, &written, bytes, size) == 0;
}

static bool is_sound(const struct ws_request *request)
{
    return http_is_host(request->host) && request->target[0] == '/' &&
           http_is_plain_text(request->target, '!') &&
           strchr(request->target, '#') == NULL &&
           (request->user_agent == NULL || http_is_plain_text(request->user_agent, ' '));
}

/* WS-02: the port only where it is not the usual one. */
static bool append_authority(struct bytes *out, const struct ws_request *request)
{
    uint16_t usual_port = request->is_plain ? 80 : 443;
    return http_append_host(out, request->host) &&
           (request->port == usual_port ||
            bytes_append_format(out, ":%u", (unsigned)request->port));
}

static bool append_request(struct bytes *out, const struct ws_request *request,
                           const char *key)
{
    return bytes_append_text(out, "GET ") && bytes_append_text(out, request->target) &&
           bytes_append_text(out, " HTTP/1.1\r\nHost: ") &&
           append_authority(out, request) &&
           bytes_append_text(out, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ") &&
           bytes_append_text(out, key) && bytes_append_text(out, "\r\nOrigin: ") &&
           bytes_append_text(out, request->is_plain ? "http://" : "https://") &&
           append_authority(out, request) &&
           (request->user_agent == NULL || (bytes_append_text(out, "\r\nUser-Agent: ") &&
                                            bytes_append_text(out, request->user_agent))) &&
           bytes_append_text(out, "\r\n\r\n");
}

bool ws_handshake_init(struct ws_handshake *handshake, const struct ws_request *request,
                       const uint8_t random[WS_HANDSHAKE_RANDOM_SIZE], struct bytes *out)
{
    *handshake = (struct ws_handshake){.body_size = SIZE_MAX};
    http_head_init(&handshake->head);
    bytes_init(&handshake->body, WS_HANDSHAKE_MAX_BODY);
    /* The target is a secret: one allocation leaves no copies of it behind. */
    return is_sound(request) &&
           write_base64(random, WS_HANDSHAKE_RANDOM_SIZE, handshake->key,
                        sizeof handshake->key) &&
           bytes_reserve(out, strlen(request->target) + ROOM_FOR_THE_REST) != NULL &&
           append_request(out, request, handshake->key);
}

void ws_handshake_clear(struct ws_handshake *handshake)
{
    http_head_clear(&handshake->head);
    bytes_clear(&handshake->body);
}

/* RFC 6455, 4.2.2: base64 of SHA-1 over the key and a fixed text. */
static bool make_accept(const char *key, char out[ACCEPT_SIZE + 1])
{
    static const char tail[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t input[WS_HANDSHAKE_KEY_SIZE + sizeof tail - 1];
    memcpy(input, key, WS_HANDSHAKE_KEY_SIZE);
    memcpy(input + WS_HANDSHAKE_KEY_SIZE, tail, sizeof tail - 1);
    uint8_t digest[SHA1_SIZE];
    const mbedtls_md_info_t *sha1 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA1);
    return mbedtls_md(sha1, input, sizeof input, digest) == 0 &&
           write_base64(digest, sizeof digest, out, ACCEPT_SIZE + 1);
}

static bool accepts(const struct ws_handshake *handshake)
{
    const struct http_head *head = &handshake->head;
    const char *upgrade = http_head_get(head, "Upgrade");
    const char *accept = http_head_get(head, "Sec-WebSocket-Accept");
    char want[ACCEPT_SIZE + 1];
    return head->minor_version >= 1 && upgrade != NULL &&
           strcasecmp(upgrade, "websocket") == 0 &&
           http_head_has_token(head, "Connection", "upgrade") && accept != NULL &&
           make_accept(handshake->key, want) && strcmp(accept, want) == 0 &&
           !http_head_has(head, "Sec-WebSocket-Protocol") &&
           !http_head_has(head, "Sec-WebSocket-Extensions");
}

/* The body only serves diagnosis, so an unreadable length is no error: the body then
 * lasts until its limit or the end of the stream. */
static void measure_body(struct ws_handshake *handshake)
{
    const struct http_head *head = &handshake->head;
    const char *length = http_head_get(head, "Content-Length");
    handshake->is_chunked = http_head_has_token(head, "Transfer-Encoding", "chunked");
    if (head->status == 204 || head->status == 304)
        handshake->body_size = 0;
    else if (!handshake->is_chunked && length != NULL && length[0] != '\0' &&
             strspn(length, "0123456789") == strlen(length) && strlen(length) < 9)
        handshake->body_size = (size_t)strtoul(length, NULL, 10);
}

static bool ends_with_last_chunk(struct bytes *body)
{
    static const char last[] = "0\r\n\r\n";
    size_t size = sizeof last - 1;
    size_t count = bytes_count(body);
    return count >= size && memcmp(bytes_front(body) + count - size, last, size) == 0;
}

static enum ws_handshake_result read_body(struct ws_handshake *handshake,
                                          const uint8_t *bytes, size_t size,
                                          size_t *out_used)
{
    struct bytes *body = &handshake->body;
    size_t end = handshake->body_size < WS_HANDSHAKE_MAX_BODY ? handshake->body_size
                                                              : WS_HANDSHAKE_MAX_BODY;
    size_t used = 0;
    bool is_over = bytes_count(body) >= end;
    while (!is_over && used < size) {
        /* Without memory there is no diagnosis, but still a refusal. */
        is_over = !bytes_append_byte(body, bytes[used++]) || bytes_count(body) >= end ||
                  (handshake->is_chunked && ends_with_last_chunk(body));
    }
    *out_used += used;
    return is_over ? WS_HANDSHAKE_REFUSED : WS_HANDSHAKE_MORE;
}

enum ws_handshake_result ws_handshake_feed(struct ws_handshake *handshake,
                                           const uint8_t *bytes, size_t size,
                                           size_t *out_used)
{
    *out_used = 0;
    if (!handshake->has_head) {
        enum http_head_result result =
            http_head_feed(&handshake->head, bytes, size, out_used);
        if (result == HTTP_HEAD_BAD)
            return WS_HANDSHAKE_BAD_HEAD;
        if (result == HTTP_HEAD_MORE)
            return WS_HANDSHAKE_MORE;
        if (handshake->head.status == 101)
            return accepts(handshake) ? WS_HANDSHAKE_ACCEPTED : WS_HANDSHAKE_BAD_UPGRADE;
        handshake->has_head = true;
        measure_body(handshake);
    }
    return read_body(handshake, bytes + *out_used, size - *out_used, out_used);
}

enum ws_handshake_result ws_handshake_finish(const struct ws_handshake *handshake)
{
    return handshake->has_head ? WS_HANDSHAKE_REFUSED : WS_HANDSHAKE_BAD_HEAD;
}
