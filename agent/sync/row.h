/* The mirror's row of the store, held in memory with texts of its own.
 *
 * row_load() reads or makes it; change it through the functions below or directly (plain
 * members), then row_save(). Errors are those of the store.
 */
#ifndef AGENT_SYNC_ROW_H
#define AGENT_SYNC_ROW_H

#include "store/store_mirror.h"

struct row {
    struct store_mirror mirror; /* its texts point to `texts` */
    char *texts[10];
};

enum row_text {
    ROW_NAME,
    ROW_FOLDER,
    ROW_DRIVE,
    ROW_DRIVE_ID,
    ROW_ACCOUNT,
    ROW_MARKER,
    ROW_FILTERS,
    ROW_LINK,
    ROW_FALLBACK,
    ROW_STATE,
};

/* STORE_NONE: there is no such mirror yet; `*row` is then empty but for its name. */
enum store_status row_load(struct store *store, const char *name, struct row *row);
void row_clear(struct row *row);

/* Copies; NULL is allowed. False: out of memory, the row is unchanged. */
bool row_set(struct row *row, enum row_text text, const char *value);

enum store_status row_save(struct store *store, struct row *row);

/* The row before a transaction that moves its place in the feed. Where that is rolled back,
 * the place in memory must go back as well: a later row_save() would write it (I-14). */
struct row_mark {
    struct store_mirror mirror;
    char *link;
    char *fallback;
};
/* False: out of memory. */
bool row_mark(const struct row *row, struct row_mark *out);
/* Goes back; of the texts only the two links and the filters may have changed since, and
 * the filters stay. Clears the mark. */
void row_return(struct row *row, struct row_mark *mark);
void row_mark_clear(struct row_mark *mark);

#endif
