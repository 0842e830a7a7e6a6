/* What the log does to a text before it leaves: pure functions, besides log_escape().
 */
#ifndef AGENT_LOG_TEXT_H
#define AGENT_LOG_TEXT_H

#include <stddef.h>

/* Copies `text` with every secret replaced (F-168): queries, fragments and user info of
 * URLs, bearer tokens, values of known secret fields (`refresh_token=…`,
 * `"access_token":"…"`), anything that looks like a signed token. Cuts what does not fit.
 * Returns `out`. */
const char *log_redact(const char *text, char *out, size_t out_size);

/* `text` as a JSON string with its quotes; cut at a character border where it does not
 * fit (`out_size` at least 8). Returns `out`. */
const char *log_json_text(const char *text, char *out, size_t out_size);

#endif
