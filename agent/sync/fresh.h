/* Download addresses that came with the listing a moment ago: one request a file instead
 * of two. Secret and short-lived, so they live here and nowhere else (F-101, I-9).
 *
 * Bounded: fresh_put() beyond the capacity is ignored, and the owner stops paging while
 * fresh_is_full() says so.
 */
#ifndef AGENT_SYNC_FRESH_H
#define AGENT_SYNC_FRESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Paging stops above the first; a page that was already asked for still finds room. */
enum { FRESH_FULL = 1024, FRESH_CAPACITY = 8192, FRESH_LIFE_MS = 10 * 60 * 1000 };

struct fresh;

struct fresh *fresh_new(void);
void fresh_free(struct fresh *fresh);

/* Copies. A second one of an item replaces the first. */
void fresh_put(struct fresh *fresh, int64_t key, const char *url, uint64_t now_ms);
/* Takes it out; the text is the caller's to free. NULL: none, or too old. */
char *fresh_take(struct fresh *fresh, int64_t key, uint64_t now_ms);
void fresh_drop_all(struct fresh *fresh);
size_t fresh_count(const struct fresh *fresh);
bool fresh_is_full(const struct fresh *fresh);

#endif
