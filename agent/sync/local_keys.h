/* Keys of the objects that were touched a moment ago, as events bring them: many of one
 * object, each of which counts once. Pure.
 *
 * Sequence: local_keys_add() for each event, local_keys_tidy(), reads of `list`,
 * local_keys_clear().
 */
#ifndef AGENT_SYNC_LOCAL_KEYS_H
#define AGENT_SYNC_LOCAL_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOCAL_KEYS_MAX = 32768 };

/* All zero is empty. */
struct local_keys {
    int64_t *list;
    size_t count;
    size_t capacity;
};

/* False: near LOCAL_KEYS_MAX different ones, or no memory; nothing was added. */
bool local_keys_add(struct local_keys *keys, int64_t key);
/* From here on `list` is in order, with each key once. */
void local_keys_tidy(struct local_keys *keys);
void local_keys_clear(struct local_keys *keys);

#endif
