/* A growable byte queue with a cap: append at the back, take from the front.
 *
 * Sequence: bytes_init(), any number of calls, bytes_clear(). A cleared queue is empty
 * and may be used again with the same limit.
 *
 * Errors: a function that can grow the queue answers false when the limit or the memory
 * is reached; the queue is unchanged then.
 *
 * Always true (bytes_is_sane): offset <= size <= capacity <= limit; data is NULL only
 * while capacity is 0. One byte behind the content is kept for a terminating zero that
 * bytes_text() sets, and does not count towards the limit.
 *
 * Cost: appending and consuming are O(bytes moved) amortised; consumed space is reclaimed
 * when it is at least half of the buffer.
 */
#ifndef PROTOCOL_BYTES_H
#define PROTOCOL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data;   /* owned; the content is data[offset .. size) */
    size_t offset;   /* first byte not yet consumed */
    size_t size;     /* end of the content */
    size_t capacity; /* allocated, without the byte for the terminator */
    size_t limit;    /* never allocate more content than this */
};

/* Makes an empty queue that never holds more than `limit` bytes. Allocates nothing. */
void bytes_init(struct bytes *bytes, size_t limit);

/* Frees the content and empties the queue; the limit stays. */
void bytes_clear(struct bytes *bytes);

/* As bytes_clear(), with the memory overwritten first: for secrets. */
void bytes_wipe(struct bytes *bytes);

/* Overwrites memory in a way that no compiler removes: for secrets. */
void bytes_wipe_memory(void *memory, size_t size);

/* Overwrites a text of malloc() and frees it; NULL is none. */
void bytes_wipe_text(char *text);

/* Number of bytes waiting. */
size_t bytes_count(const struct bytes *bytes);

/* The waiting bytes, borrowed until the next call that changes the queue. NULL is
 * possible when there are none. */
const uint8_t *bytes_front(const struct bytes *bytes);

/* The waiting bytes with a zero behind them, borrowed as above. NULL when memory ran
 * out. Zero bytes inside are the caller's matter. */
const char *bytes_text(struct bytes *bytes);

/* Copies `size` bytes to the back. False: limit or memory. */
bool bytes_append(struct bytes *bytes, const void *data, size_t size);

/* Copies a zero-terminated text to the back, without the zero. */
bool bytes_append_text(struct bytes *bytes, const char *text);

/* Appends one byte. */
bool bytes_append_byte(struct bytes *bytes, uint8_t byte);

/* Appends printf's text. */
bool bytes_append_format(struct bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `size` more bytes and returns where to write them; bytes_commit() says
 * how many were written. NULL: limit or memory. Valid until the next call. */
uint8_t *bytes_reserve(struct bytes *bytes, size_t size);
void bytes_commit(struct bytes *bytes, size_t size);

/* Drops `size` bytes from the front; `size` is at most bytes_count(). */
void bytes_consume(struct bytes *bytes, size_t size);

/* Whether the invariants above hold; for assertions. */
bool bytes_is_sane(const struct bytes *bytes);

#endif
