/* Compares a place on disk with its records and says which fact holds.
 *
 * Blocks (it may hash): from the pool. Reads only; opens with O_NOFOLLOW|O_NONBLOCK and
 * checks the type on the descriptor (F-54).
 */
#ifndef AGENT_PLACE_LOOK_H
#define AGENT_PLACE_LOOK_H

#include <stddef.h>

#include "agent/place/place.h"
#include "store/store_item.h"

/* In the order of architecture: what the planner's table is indexed by. */
enum look_fact {
    LOOK_UNKNOWN,      /* not looked, or cannot be read: never a reason to delete (F-16) */
    LOOK_MISSING,      /* nothing of that name, or of its kind where it was removed */
    LOOK_AS_LEFT,      /* print equals the base, or the content does */
    LOOK_EDITED,       /* other content, link or special file: a person's */
    LOOK_HOLDS_REMOTE, /* content equals what the drive has now */
    LOOK_OTHER_KIND,   /* a folder where a file should be, or the other way round */
};

struct look_request {
    const char *folder; /* relative path */
    const char *name;
    enum store_kind kind;          /* what we expect there */
    const struct store_base *base; /* NULL: none */
    int64_t remote_size;           /* with `remote_hash`; STORE_UNKNOWN */
    struct store_hash remote_hash; /* kind 0: unknown */
};

struct look_answer {
    enum look_fact fact;
    struct store_print print; /* of what stands there; zero when missing */
    struct store_hash hash;   /* when it was computed, kind 0 otherwise */
    bool racy;
    struct failure failure; /* for LOOK_UNKNOWN */
};

void look_at(struct place_root *root, const struct look_request *request,
             struct look_answer *out);

/* By stat alone, for many: whether file or folder stands as the record says. False is no
 * verdict, look_at() gives that one. `folder` is open: look_open_folder(), then
 * look_close_folder(); -1 where it cannot be opened, for whatever reason. Reads only what
 * place_open() has set, so it may run on any thread beside other work in the root. */
int look_open_folder(const struct place_root *root, const char *folder);
void look_close_folder(const struct place_root *root, int folder);
bool look_glance(const struct place_root *root, int folder,
                 const struct store_trace *trace);

#endif
