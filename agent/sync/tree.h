/* Questions to the two trees of records: where an item belongs, and where it stands. */
#ifndef AGENT_SYNC_TREE_H
#define AGENT_SYNC_TREE_H

#include "agent/sync/context.h"
#include "store/store_item.h"

/* 256 levels of 255 bytes and a slash (F-42). */
enum { TREE_MAX_DEPTH = 256, TREE_PATH_SIZE = TREE_MAX_DEPTH * 256 + 1 };

enum tree_answer {
    TREE_OK,
    TREE_PENDING,  /* some folder above has not been heard of (F-73, F-74) */
    TREE_GONE,     /* some folder above is deleted */
    TREE_UNWANTED, /* not mirrored: lies in a notebook or the like */
    TREE_FILTERED, /* not mirrored by wish */
    TREE_HELD,     /* some folder above cannot stand here: `*out_number` */
    TREE_FAILED,   /* the store cannot be read */
};

/* Whether the drive's folders lead from an item to the root, and none of them is in the
 * way. The item itself is looked at as well. */
enum tree_answer tree_resolve(const struct sync_context *context, int64_t key,
                              int *out_number);

/* Whether a folder that the filters leave out stands for what is in it: something that they
 * let in stands there; or, while it does not stand itself, is to come there. Looks at so
 * many records only that the loop does not wait: false where much that is left out comes
 * first, until that has been left. */
bool tree_is_needed(const struct sync_context *context, int64_t key);

/* Where an object stands: folder path and name by the base records, also while it is
 * staged. False: it does not stand, or the store fails. */
bool tree_standing(const struct sync_context *context, int64_t key,
                   char out[TREE_PATH_SIZE]);
/* Whether such a path leads into the working folder: what stands there is staged. */
bool tree_is_staged(const char *path);

/* Where the object of an item stands, or, while it does not, belongs: folder and name in
 * `out`. False: not now. */
struct tree_place {
    int64_t parent;
    const char *folder;
    const char *name;
};
bool tree_place_of(const struct sync_context *context, int64_t key,
                   char out[TREE_PATH_SIZE], struct tree_place *place);

/* Builds a path from its end: puts a name, and a slash where needed, in front of the text
 * at `*start`, which lies in `buffer`. False: no room. */
bool tree_prepend(const char *buffer, char **start, const char *name);

/* Splits a path at its last slash, in place: answers the name, and leaves the folder's
 * path ("" for the root) in `*out_folder`. */
const char *tree_split(char *path, const char **out_folder);

/* Why something with the number of a TREE_HELD cannot stand here. */
const char *tree_why_held(int number);

/* A reason for people, with the item's id: its name may be one that cannot be shown or does
 * not say which item it is. */
void tree_reason(const struct sync_context *context, int64_t key, int number,
                 const char *why, struct failure *out);

/* Path on the drive, for people: the remote one, or as far as it is known. */
void tree_shown_path(const struct sync_context *context, int64_t key,
                     char out[TREE_PATH_SIZE]);

#endif
