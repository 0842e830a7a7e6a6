/* Which items of a drive are mirrored: `folders`, `exclude` and `include` of the config as
 * a view over what is stored. Pure.
 *
 * Patterns are those of gitignore: "*" and "?" stay within a name, "**" crosses folders, a
 * pattern with a slash in its middle or front is anchored at the root, a slash at the end
 * means folders only, "!" takes back, the last match decides. What lies in an excluded
 * folder is excluded whatever "!" says, unless `include` matches it or something on the way
 * to it. `folders` are paths as they are.
 */
#ifndef AGENT_SYNC_FILTER_H
#define AGENT_SYNC_FILTER_H

#include <stdbool.h>

#include "agent/config.h"

struct filter;

/* `*out` is NULL where the mirror has no filters. False: out of memory. */
bool filter_new(const struct config_mirror *config, struct filter **out);
void filter_free(struct filter *filter);

/* Whether an item is mirrored by itself; a folder that is not may still have to stand for
 * what lies in it. `filter` NULL: yes. */
bool filter_wants(const struct filter *filter, const char *path, bool is_folder);

/* The filters as one text, to notice a change (F-162). "" for none. Borrowed. */
const char *filter_text(const struct filter *filter);

#endif
