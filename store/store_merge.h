/* Inside store/ only: what a new record of the drive means beside the old one. Pure. */
#ifndef STORE_STORE_MERGE_H
#define STORE_STORE_MERGE_H

#include "store/store_item.h"

/* Whether the folder shows items of that kind. */
bool store_is_mirrored(enum store_kind kind);

/* What the record is after `said`, whose parent has the key `parent`: what the service
 * left out stays (F-76), unless it belongs to a content that is no longer there. Texts
 * are borrowed from both. */
struct store_remote store_merge(const struct store_remote *old,
                                const struct store_remote *said, int64_t parent,
                                bool *out_other_content);

bool store_is_same_place(const struct store_remote *a, const struct store_remote *b);
/* All but place and generation. */
bool store_is_same_rest(const struct store_remote *a, const struct store_remote *b);

/* Whether the folder shows a difference. */
bool store_shows(const struct store_remote *old, const struct store_remote *now,
                 bool is_other_content);

#endif
