/* The near word for a mistyped one. Pure. */
#ifndef AGENT_NEAREST_H
#define AGENT_NEAREST_H

#include <stddef.h>

/* How many letters to insert, delete, replace or swap with the next to make one word of
 * the other. Words over 63 bytes are as far as their length. */
size_t nearest_distance(const char *one, const char *other);

/* The closest of `words` within a third of the length (at least 1, at most 3 letters);
 * NULL: nothing is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
