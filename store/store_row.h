/* Inside store/ only: rows of the item and queue tables, as the modules share them. */
#ifndef STORE_STORE_ROW_H
#define STORE_STORE_ROW_H

#include "store/store_core.h"

/* Hash of an id or a name, for the indexes. Part of the schema: never change it. */
int64_t store_text_hash(const char *text);

/* An item with its mirror. Texts live in `where` until the next call that names it. */
enum store_status store_load_item(struct store *store, int64_t key,
                                  enum store_texts_of where, struct store_remote *out,
                                  int64_t *out_mirror);
enum store_status store_load_item_by_id(struct store *store, int64_t mirror, const char *id,
                                        enum store_texts_of where,
                                        struct store_remote *out);
/* Steps a statement whose columns are those of an item. */
enum store_status store_take_item(struct store *store, sqlite3_stmt *statement,
                                  enum store_texts_of where, struct store_remote *out,
                                  int64_t *out_mirror);

/* Removes the rows of items that are gone, or were only named as a parent, and that
 * nothing refers to any more: the item itself, then its parents. */
enum store_status store_collect(struct store *store, int64_t key);

enum store_status store_has_base(struct store *store, int64_t key, bool *out);

/* Puts an item into the queue as due at once, or makes its entry so. `bytes_before` and
 * `bytes_now`: store_waiting_bytes() of the item before and after its change. */
enum store_status store_queue_item(struct store *store, int64_t mirror, int64_t key,
                                   int64_t bytes_before, int64_t bytes_now);
/* For an item that was not there before. */
enum store_status store_queue_new_item(struct store *store, int64_t mirror, int64_t key,
                                       int64_t bytes);
/* Keeps the counters exact when the size of a queued item changes and nothing else. */
enum store_status store_recount_queued(struct store *store, int64_t mirror, int64_t key,
                                       int64_t bytes_before, int64_t bytes_now);
/* Notes in the queue whether an item has a base record. */
enum store_status store_mark_structural(struct store *store, int64_t mirror, int64_t key,
                                        bool structural);

#endif
