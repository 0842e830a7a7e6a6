/* Reads one string or one number of a JSON text. The lower half of json_guard, which knows
 * nothing of arrays and objects. RFC 8259, 6 and 7. Pure, no allocation.
 */
#ifndef PROTOCOL_JSON_TOKEN_H
#define PROTOCOL_JSON_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/json_guard.h"

/* The longest number that cJSON reads whole. */
enum { JSON_MAX_NUMBER_SIZE = 63 };

struct json_token {
    size_t size;               /* as written, with the quotes of a string */
    bool has_escape;           /* strings only */
    enum json_verdict content; /* JSON_OK or a content fault */
};

/* Reads the string whose opening quote is `text[0]`. `out` is written on JSON_OK only; any
 * other answer is structural. At most `limit` bytes between the quotes. */
enum json_verdict json_read_string(const char *text, size_t size, size_t limit,
                                   struct json_token *out);

/* Reads the number that begins at `text[0]`, likewise. */
enum json_verdict json_read_number(const char *text, size_t size, struct json_token *out);

/* A hash of the string's characters: the same however they are escaped. `text` is at the
 * opening quote of what json_read_string() read. */
uint64_t json_hash_string(const char *text, const struct json_token *token);

#endif
