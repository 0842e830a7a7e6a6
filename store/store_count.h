/* Inside store/ only: exact counters without counting rows.
 *
 * Each writing call takes away what a row counted before and adds what it counts now, in
 * memory; the commit adds the sum to the mirror's row, a rollback forgets it. A
 * transaction that changes no counter writes none.
 */
#ifndef STORE_STORE_COUNT_H
#define STORE_STORE_COUNT_H

#include "store/store_item.h"

/* The members of struct store_counts as differences, in the same order. */
struct store_tally {
    int64_t items;
    int64_t files;
    int64_t bytes;
    int64_t placed;
    int64_t waiting;
    int64_t waiting_bytes;
    int64_t held;
    int64_t local_only;
    bool new_keys; /* items were made: the highest key is to be noted */
};

/* The tally of one mirror. Another mirror's is written first. */
enum store_status store_tally_of(struct store *store, int64_t mirror,
                                 struct store_tally **out);
enum store_status store_tally_flush(struct store *store);
void store_tally_forget(struct store *store);

/* Adds (`sign` 1) or takes away (-1) what a record counts. */
void store_tally_remote(struct store_tally *tally, int sign,
                        const struct store_remote *remote);
void store_tally_base(struct store_tally *tally, int sign, unsigned flags);
/* `bytes`: store_waiting_bytes() of its item. */
void store_tally_todo(struct store_tally *tally, int sign, bool held, int64_t bytes);

/* What an item stands for in bytes and waiting_bytes: the listed size of a live file, at
 * most 512 GiB. */
int64_t store_waiting_bytes(const struct store_remote *remote);

#endif
