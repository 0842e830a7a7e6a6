/* Reads the head of an HTTP/1.x answer: status line and fields, up to the blank line.
 * RFC 9112, 2 to 5, in its strict form: bare LF or CR, folded lines, white space before
 * a colon and control characters are errors (WS-18, WS-19). Serves the WebSocket
 * handshake and the CONNECT of a proxy, nothing else.
 *
 * Sequence: http_head_init(), http_head_feed() until it answers something else than
 * MORE, the getters, http_head_clear(). Interim answers (100, 102 to 199) are skipped;
 * their lines count towards the limits.
 */
#ifndef PROTOCOL_HTTP_HEAD_H
#define PROTOCOL_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"

enum {
    HTTP_HEAD_MAX_SIZE = 16 << 10, /* everything, with line ends (F-148) */
    HTTP_HEAD_MAX_LINE = 8 << 10,  /* without its line end */
    HTTP_HEAD_MAX_LINES = 100,     /* with the status line, without the blank one */
};

enum http_head_result {
    HTTP_HEAD_MORE,
    HTTP_HEAD_READY,
    HTTP_HEAD_BAD, /* not HTTP, above a limit, or out of memory */
};

struct http_head {
    int status;        /* 101 to 999; valid after READY */
    int minor_version; /* of HTTP/1 */
    /* The rest is for http_head.c. */
    struct bytes text; /* "name\0value\0" for each field, then the open line */
    size_t line_start; /* of the open line in the text */
    size_t size;       /* bytes taken */
    size_t line_count;
    bool has_status;
    bool is_after_cr;
};

/* Makes an empty head. Allocates nothing. */
void http_head_init(struct http_head *head);

/* Reads from the answer; `*out_used` says how many bytes were taken: what is behind the
 * blank line is not. Not called again after READY or BAD. */
enum http_head_result http_head_feed(struct http_head *head, const uint8_t *bytes,
                                     size_t size, size_t *out_used);

/* The value of the field with this name (any case), without the white space around it,
 * borrowed until http_head_clear(). NULL when it is absent or there are several. */
const char *http_head_get(const struct http_head *head, const char *name);

/* Whether a field of this name exists at all. */
bool http_head_has(const struct http_head *head, const char *name);

/* Whether `token` is in the comma-separated list that all fields of this name make; both
 * in any case. */
bool http_head_has_token(const struct http_head *head, const char *name, const char *token);

/* Frees the text. */
void http_head_clear(struct http_head *head);

#endif
