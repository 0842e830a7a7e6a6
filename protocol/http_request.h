/* Parts of the head of an HTTP/1.1 request that the WebSocket handshake and the CONNECT
 * to a proxy have in common. RFC 9112, 3; RFC 9110, 7.2.
 */
#ifndef PROTOCOL_HTTP_REQUEST_H
#define PROTOCOL_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"

/* Whether a text is ASCII from `lowest` to '~' throughout: ' ' for a field value, '!' for
 * what must not hold a space. What ends up in a request comes partly from URLs and
 * settings: nothing may end a line early. */
bool http_is_plain_text(const char *text, char lowest);

/* Whether a text can stand as a host: a name, or an address without brackets. */
bool http_is_host(const char *host);

/* Appends the host, an IPv6 address in brackets (WS-02). False: no memory. */
bool http_append_host(struct bytes *out, const char *host);

/* Appends bytes in base64. False: no memory. */
bool http_append_base64(struct bytes *out, const uint8_t *bytes, size_t size);

#endif
