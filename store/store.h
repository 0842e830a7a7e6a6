/* The state database: what we know, durably. One writer, any number of readers.
 *
 * Sequence: store_open() takes the lock of the state folder and opens, checks and if need
 * be upgrades the database; the other store_ headers work on it; store_close(). All calls
 * are made on one thread.
 *
 * Errors: every call answers an enum store_status; store_error_text() says what happened
 * in words, valid until the next call. After STORE_FULL or STORE_IO the open transaction
 * is rolled back; what is still put into it fails as well, until store_commit(), which
 * says so, or store_rollback(). Then the store may be used on.
 *
 * Promises (cited as S-n):
 *   S-1  a transaction is a whole step: a page of remote records, the work that follows
 *        from it and its link; or base rows whose files are durable already (3.3, I-14)
 *   S-2  remote records change only by store_put_remote() and the sweep; base records only
 *        by store_put_base() and store_drop_base(), after the disk holds it (I-3)
 *   S-3  no two base records claim one place
 *   S-4  a record that is put again unchanged is not written (I-6)
 *   S-5  no token, notification address or download address is ever stored (I-9)
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_status {
    STORE_OK,
    STORE_NONE,     /* nothing (more) there */
    STORE_BUSY,     /* locked by another program for too long (F-67) */
    STORE_HELD,     /* another agent holds the lock: store_holder() (F-160) */
    STORE_FULL,     /* disk full (F-12) */
    STORE_IO,       /* I/O error (F-68) */
    STORE_DAMAGED,  /* not a database, or fails its check (F-61, F-63) */
    STORE_NEWER,    /* written by a newer agent (F-65) */
    STORE_READONLY, /* cannot be written */
    STORE_MEMORY,
    STORE_CONFLICT, /* a constraint says no: two items at one place (F-71) */
    STORE_MISUSE,   /* our bug */
};

struct store;

/* Where, and what happened on the way. */
struct store_opening {
    bool created; /* there was no database */
    bool unclean; /* the last agent did not close it, or it was changed since: quick check
                     was run (F-01, F-63) */
    bool without_wal;  /* on a network file system: slower, and readers wait (F-69) */
    int upgraded_from; /* schema number before the upgrade, 0 if none (F-66) */
    char backup[512];  /* path of the copy made before the upgrade, "" if none */
};

/* Opens `folder`/state.db for writing, creating folder (0700) and database (0600). Takes
 * `folder`/lock for life first. On STORE_OK `*out` is owned by the caller. On
 * STORE_DAMAGED nothing was changed: see store_set_aside(). `text` (may be NULL) gets the
 * reason of a failure, at most `text_size` bytes. */
enum store_status store_open(const char *folder, struct store **out,
                             struct store_opening *out_opening, char *text,
                             size_t text_size);

/* Opens for reading only, without the lock, beside a running agent or none. STORE_NONE:
 * there is no database yet. */
enum store_status store_open_reader(const char *folder, struct store **out, char *text,
                                    size_t text_size);

/* Moves database, WAL and shared memory aside together, never deletes (F-61). `aside`
 * gets the new name of the database. Takes and drops the lock itself. */
enum store_status store_set_aside(const char *folder, char *aside, size_t aside_size);

/* Whether a file system of this type (f_type of statfs(2)) lies beyond a network. */
bool store_is_network(long type);

/* The process that holds the lock of `folder`, or 0. */
int64_t store_holder(const char *folder);

/* Ends it in good order: checkpoint, clean mark. NULL is allowed. */
void store_close(struct store *store);

/* Transactions nest not. store_commit(true) is durable on return (positions, deletions);
 * store_commit(false) may lose the last base rows in a power cut, which costs a re-check
 * only (3.3). STORE_IO of a durable commit may also mean: done, but not durable. Calls
 * that write outside a transaction make their own, durable but for the channel and the
 * history. */
enum store_status store_begin(struct store *store);
enum store_status store_commit(struct store *store, bool durable);
void store_rollback(struct store *store);
bool store_in_transaction(const struct store *store);

const char *store_error_text(const struct store *store);
/* The status that these words belong to. */
enum store_status store_failed(const struct store *store);
const char *store_status_text(enum store_status status);

/* Full check of the database (integrity, foreign keys, and our own: cycles, orphans, two
 * items at one place; F-71). Calls `each` with one line per finding; `*out_count` is the
 * number of findings. */
typedef void store_finding_fn(void *user, const char *finding);
enum store_status store_check(struct store *store, store_finding_fn *each, void *user,
                              uint64_t *out_count);
/* The part of it that is worth its time after every stop that was not in good order. */
enum store_status store_check_counters(struct store *store, store_finding_fn *each,
                                       void *user, uint64_t *out_count);

/* Truncates the WAL when it has grown (F-70), and gives the page cache back to the system;
 * for idle moments. Writes nothing when nothing was written since. A reader in the way is
 * not waited for. */
enum store_status store_checkpoint(struct store *store);

#endif
