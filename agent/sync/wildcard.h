/* One pattern of gitignore against one path, as git matches it. Pure. */
#ifndef AGENT_SYNC_WILDCARD_H
#define AGENT_SYNC_WILDCARD_H

#include <stdbool.h>

/* A text is given by its two ends. */
struct span {
    const char *at;
    const char *end;
};

/* "*" and "?" stay within a name, a name of the pattern that is all stars stands for any
 * number of folders; "[a-z]", "[!a]" and "[[:digit:]]" are sets of bytes, a backslash takes
 * the next byte as it is. A set that is never closed matches nothing. */
bool wildcard_match(struct span pattern, struct span path);

#endif
