/* Reads members of a parsed JSON object with the checks that every answer needs.
 *
 * Strings are borrowed from the cJSON tree. A member that is absent, null or of another
 * type is "not there": NULL or JSON_READ_NONE, never an error (Graph leaves out freely,
 * F-76). Keys are compared exactly.
 */
#ifndef PROTOCOL_JSON_READ_H
#define PROTOCOL_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;

#define JSON_READ_NONE INT64_MIN

/* An object member, or NULL. `object` may be NULL. */
const struct cJSON *json_read_object(const struct cJSON *object, const char *key);

/* An array member, or NULL. */
const struct cJSON *json_read_array(const struct cJSON *object, const char *key);

/* A text of 1 … `max_size` bytes, or NULL. */
const char *json_read_text(const struct cJSON *object, const char *key, size_t max_size);

/* An exact integer, as a number or as decimal text, from `low` to `high`, or
 * JSON_READ_NONE. `*out_bad` (may be NULL) is set when there is a value but not such a one
 * (F-144). */
int64_t json_read_integer(const struct cJSON *object, const char *key, int64_t low,
                          int64_t high, bool *out_bad);

/* Copies a text for people: cut at a character border, "" where there is none. */
void json_read_copy(const struct cJSON *object, const char *key, char *out,
                    size_t out_size);

/* Copies an id or address: false where it is absent, empty or does not fit whole. */
bool json_read_whole(const struct cJSON *object, const char *key, char *out,
                     size_t out_size);

#endif
