/* The head of an HTTP answer, read line by line: status, the fields that we use, limits.
 *
 * Sequence: http_fields_init(), http_fields_take() for each line as curl hands it out,
 * http_fields_finish() at the blank line, reads of `head`, http_fields_clear(). A new
 * status line (an interim answer, the CONNECT of a proxy) begins anew, but the limits go
 * on counting. RFC 9110, 8 to 15; limits of failure-model 7 (F-148).
 */
#ifndef AGENT_NET_HTTP_FIELDS_H
#define AGENT_NET_HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/net/http.h"

enum {
    HTTP_MAX_FIELD_LINE = 16 * 1024,
    HTTP_MAX_FIELDS_SIZE = 64 * 1024,
    HTTP_MAX_FIELDS_COUNT = 200,
    HTTP_KEPT_FIELDS = 10
};

struct http_fields {
    struct http_answer_head head; /* its texts are borrowed from `texts` */
    char *texts[HTTP_KEPT_FIELDS];
    size_t size;
    size_t count;
};

void http_fields_init(struct http_fields *fields);
void http_fields_clear(struct http_fields *fields);

/* Takes one line, with or without its end. False: beyond a limit, or no memory. */
bool http_fields_take(struct http_fields *fields, const char *line, size_t size);

/* Reads the fields that need each other: a Retry-After date is held against the Date of
 * the same answer, since our clock may be wrong (F-124); `wall_ms` stands in for it. */
void http_fields_finish(struct http_fields *fields, int64_t wall_ms);

/* A Retry-After value, seconds (also fractional) or a date, as milliseconds from `now_ms`
 * (wall clock); 1 s to 1 h (F-110). 0: NULL or unreadable. */
uint64_t http_parse_retry_after(const char *text, int64_t now_ms);

/* "bytes 5-9/10" or "bytes 5-9/ *" (without the blank). Written on true only; total -1
 * when unknown. */
bool http_parse_content_range(const char *text, int64_t *out_first, int64_t *out_total);

#endif
