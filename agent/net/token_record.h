/* A token record as the JSON text that is kept, in a file or in a keyring.
 *
 * Both texts and records are secrets: callers wipe them.
 */
#ifndef AGENT_NET_TOKEN_RECORD_H
#define AGENT_NET_TOKEN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/net/token_store.h"
#include "protocol/bytes.h"

enum { TOKEN_RECORD_MAX = 64 * 1024 };

/* Appends the record to `out`. False: limit or memory. */
bool token_record_format(const struct token_record *record, struct bytes *out);

/* Reads a whole text into an empty record. False, and `*out` untouched: not such a text,
 * or no memory. */
bool token_record_parse(const uint8_t *text, size_t size, struct token_record *out);

/* Whether it is a sign-in at all, and of the registration and the service that are
 * configured: one of another is nobody's (F-118). */
bool token_record_fits(const struct token_record *record, const struct config *config);

/* False: no memory; `*out` is untouched. */
bool token_record_copy(const struct token_record *record, struct token_record *out);

#endif
