/* Percent-encoding of texts in URLs (RFC 3986, 2.1). Pure. */
#ifndef PROTOCOL_PERCENT_H
#define PROTOCOL_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/bytes.h"

/* Decodes `size` bytes and ends `out` with a zero. `is_form`: a plus is a space, as in
 * queries. False: a bad escape, a zero byte, or it does not fit. */
bool percent_decode(const char *text, size_t size, bool is_form, char *out,
                    size_t out_size);

/* Appends `text` to `out`, all but unreserved characters escaped: right in a query and in
 * a form. False: limit or memory of `out`. */
bool percent_encode(const char *text, struct bytes *out);

#endif
