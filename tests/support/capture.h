/* Reads the transcripts of tests/fixtures/captures: what official clients and servers of
 * Socket.IO said to each other on loopback. An entry has t_ms, conn, dir (c2s, s2c,
 * client), kind and data; `wire` is the whole frame in base64. Of frames above 4 KiB only
 * the head is kept; their text goes on as its head ends.
 */
#ifndef TESTS_SUPPORT_CAPTURE_H
#define TESTS_SUPPORT_CAPTURE_H

#include <mbedtls/base64.h>
#include <string.h>

#include "protocol/bytes.h"
#include "tests/support/fixture.h"

static inline const char *capture_text(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static inline uint64_t capture_number(const cJSON *object, const char *key)
{
    return (uint64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static inline bool capture_is(const cJSON *entry, const char *key, const char *value)
{
    const char *text = capture_text(entry, key);
    return text != NULL && strcmp(text, value) == 0;
}

/* The whole transcript; the caller deletes it. */
static inline cJSON *capture_open(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "captures/%s.json", name);
    return fixture_parse(path);
}

static inline void capture_append_base64(struct bytes *out, const char *base64)
{
    size_t room = strlen(base64);
    size_t size = 0;
    uint8_t *to = bytes_reserve(out, room);
    assert_non_null(to);
    assert_int_equal(
        mbedtls_base64_decode(to, room, &size, (const uint8_t *)base64, strlen(base64)), 0);
    bytes_commit(out, size);
}

/* A frame of which only head and tail are known: the character before the tail fills it. */
static inline void capture_append_large(struct bytes *out, const cJSON *entry)
{
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(entry, "data");
    const char *tail = capture_text(data, "text_tail");
    size_t payload_size = capture_number(data, "payload_length");
    size_t start = bytes_count(out);
    capture_append_base64(out, capture_text(entry, "wire_head"));
    size_t header_size = bytes_front(out)[start + 1] == 127 ? 10 : 4;
    while (bytes_count(out) - start < header_size + payload_size - strlen(tail))
        bytes_append_byte(out, (uint8_t)*tail);
    bytes_append_text(out, tail);
}

/* The answer to the upgrade request as it came, but for the key, which is `accept`, and for
 * the extension, which official clients ask for and we do not (WS-05). */
static inline void capture_append_response(struct bytes *out, const cJSON *data,
                                           const char *accept)
{
    const cJSON *header = NULL;
    bytes_append_format(out, "%s\r\n", capture_text(data, "start_line"));
    cJSON_ArrayForEach(header, cJSON_GetObjectItemCaseSensitive(data, "headers"))
    {
        const char *name = cJSON_GetArrayItem(header, 0)->valuestring;
        const char *value = cJSON_GetArrayItem(header, 1)->valuestring;
        if (strcmp(name, "Sec-WebSocket-Extensions") == 0)
            continue;
        bool is_accept = strcmp(name, "Sec-WebSocket-Accept") == 0;
        bytes_append_format(out, "%s: %s\r\n", name, is_accept ? accept : value);
    }
    bytes_append_text(out, "\r\n");
    if (capture_text(data, "body") != NULL)
        bytes_append_text(out, capture_text(data, "body"));
}

/* The bytes of an entry of the server. */
static inline void capture_append_entry(struct bytes *out, const cJSON *entry,
                                        const char *accept)
{
    if (capture_is(entry, "kind", "http-response"))
        capture_append_response(out, cJSON_GetObjectItemCaseSensitive(entry, "data"),
                                accept);
    else if (capture_is(entry, "kind", "raw-bytes"))
        bytes_append_text(out, capture_text(entry, "data"));
    else if (capture_text(entry, "wire") != NULL)
        capture_append_base64(out, capture_text(entry, "wire"));
    else if (capture_text(entry, "wire_head") != NULL)
        capture_append_large(out, entry);
}

#endif
