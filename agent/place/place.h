/* The hands: everything that is done to the folder, in the order of failure-model 3.
 *
 * A root is opened once and kept; all work is relative to its descriptor (3.4), so that
 * nothing outside can be reached. Steps are carried out in batches by place_run(), which
 * blocks and is meant for the pool: N files made durable, N placements, then each folder
 * synced once. It knows neither store nor loop; the caller records what it reports.
 *
 * Numbered promises:
 *   P-1  a final name shows a complete version, old or new (I-2)
 *   P-2  what differs from what the agent put there is kept as a conflict copy (I-1)
 *   P-3  a step reported as done is durable
 *   P-4  nothing is deleted recursively, nothing is followed (F-50 … F-54)
 *   P-5  a step may be run again after a kill and ends the same (F-02, F-03)
 *
 * Threads: place_run(), place_recover() and look_at() of one root are called by one thread
 * at a time; the calls for partials and look_glance() may run beside them on others.
 *
 * Failures: kinds ITEM and TRANSIENT concern one step; RESOURCE (disk full, read-only, disk
 * error) and GUARD (not our folder any more) stop the batch.
 */
#ifndef AGENT_PLACE_PLACE_H
#define AGENT_PLACE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/failure.h"
#include "agent/place/disk.h"
#include "store/store_item.h"

struct place_root;
struct hash;

/* What the root must be. A marker is a short text, at most 4 KiB. */
struct place_identity {
    const char *marker; /* expected text of the marker, NULL: a new mirror */
    bool known;         /* the state has records of it: an unknown folder is a guard
                           (F-57, F-60), and no marker is made */
    bool adopt;         /* a person approved that this is the right folder */
};

/* Opens FOLDER, makes and locks its working folder, checks the marker (writing `new_marker`
 * where there is none yet), probes what the file system can do (F-18). `folder` is created
 * where missing and not `known`. A marker that stands there must be the expected one, or
 * equal `new_marker` where none is expected (state lost, F-62). FAILURE_GUARD: not the
 * folder we know; FAILURE_HELD: another agent works here (F-160). On FAILURE_NONE `*out` is
 * the caller's. */
enum failure_kind place_open(const struct disk *disk, const char *folder,
                             const struct place_identity *identity, const char *new_marker,
                             struct place_root **out, struct failure *failure);
/* Accepts NULL. */
void place_close(struct place_root *root);

/* Whether FOLDER still leads to this very root with its marker (F-57 … F-59). */
enum failure_kind place_confirm(struct place_root *root, struct failure *failure);

/* Where the folder is now, if it was moved while it was open and its own path leads
 * elsewhere (F-59). False: it is where it was, or gone for good. */
bool place_moved_to(const struct place_root *root, char *out, size_t size);

uint64_t place_device(const struct place_root *root);
uint64_t place_inode(const struct place_root *root);
const struct disk *place_disk(const struct place_root *root);
/* Bytes that may still be written before the reserve is touched (F-10): 200 MiB, or a 16th
 * of a small disk. */
uint64_t place_free_bytes(struct place_root *root);
/* Whether removed files go to the desktop trash; at first they do not. */
void place_set_trash(struct place_root *root, bool trash);
/* Makes all that stands in the folder durable: to be called before what look_at() found
 * (LOOK_HOLDS_REMOTE) is recorded, since nobody has synced that (I-3). */
enum failure_kind place_sync(struct place_root *root, struct failure *failure);
/* What the file system lacks, for `status`; "" when it has everything. */
const char *place_limits(const struct place_root *root);

enum place_op {
    PLACE_NOTHING,
    PLACE_FOLDER,  /* make a folder (an existing one is adopted) */
    PLACE_FILE,    /* put new content under folder/name, new or over what stands */
    PLACE_MOVE,    /* rename from_folder/from_name to folder/name, never over anything */
    PLACE_STAGE,   /* rename from_folder/from_name into the staging area */
    PLACE_UNSTAGE, /* from the staging area to folder/name, never over anything */
    PLACE_REMOVE_FILE,   /* take away a file that equals its base, else leave it */
    PLACE_REMOVE_FOLDER, /* rmdir; one that still holds something stays */
    PLACE_TIMES,         /* only set the mtime of a file that is as we left it */
    PLACE_ASIDE, /* what stands there becomes a conflict copy: for a local object in the
                    way of another kind (F-86). One of `expect_kind` is left: it is not in
                    the way */
};

enum place_result {
    PLACE_PENDING, /* not run */
    PLACE_DONE,
    PLACE_ADOPTED,   /* the wanted content stood there already (F-03, F-28) */
    PLACE_KEPT_COPY, /* done; a person's version stands beside it under `copy_name` */
    PLACE_LEFT,      /* left alone, local-only: edited, or a folder not empty (F-88) */
    PLACE_OCCUPIED,  /* the target is taken by something else: plan again (F-28, F-43) */
    PLACE_VANISHED,  /* what is moved, or the target's folder, is not there any more */
    PLACE_BUSY,      /* open for writing by a program: later (F-29) */
    PLACE_FAILED,    /* `failure` says why */
};

struct place_step {
    /* what to do; texts are owned by the caller */
    enum place_op op;
    int64_t key;
    const char *folder; /* path of the target's folder relative to the root, "" = root */
    const char *name;
    const char *from_folder;
    const char *from_name;
    /* the new content: a partial in the working folder, or bytes in memory */
    const char *partial;
    const void *content; /* used when `partial` is NULL; may be NULL with size 0. Written to
                            the item's partial first */
    int64_t size;
    struct store_hash hash; /* of the new content: already verified by the caller */
    int64_t mtime_ms;       /* to set; STORE_UNKNOWN: leave (F-145) */
    /* What should stand at the place now; of a move, what is moved: its device and inode
     * recognise a step that was done before a kill. */
    bool expect_present;
    enum store_kind expect_kind; /* STORE_KIND_PENDING: of any kind */
    struct store_print expect_print;
    struct store_hash expect_hash;
    int64_t expect_size;
    unsigned expect_flags; /* store_base_flag: RACY means hash */
    /* what came out */
    enum place_result result;
    bool has_other;           /* VANISHED, but another folder stands there: `print` */
    bool stands_there;        /* the same, and what was to be moved stands at the target */
    bool lacks_folder;        /* VANISHED is the target's folder, not the object */
    struct store_print print; /* of what stands there now; where that is not what the step
                                 put or expected there, a print that will never match */
    bool racy;                /* the print is to be recorded with STORE_BASE_RACY */
    char copy_name[256];      /* of the conflict copy, beside the target; "" none */
    int64_t durable_at; /* wall-clock ms when it stood there for good; 0 it does not */
    struct failure failure;
};

/* Carries out steps in order (files are made durable together first). Always sets every
 * result. Stops early only on FAILURE_GUARD or FAILURE_RESOURCE: the rest stays
 * PLACE_PENDING. */
enum failure_kind place_run(struct place_root *root, struct place_step *steps, size_t count,
                            struct failure *failure);

/* Whether what was found is the object that was recorded, wherever it stands now. The inode
 * of a file may have been given anew; the time and the size of a folder say nothing. */
bool place_is_object(const struct store_print *recorded, const struct store_print *found,
                     enum store_kind kind);

/* Opens a folder of the mirror for reading, by its path beneath the root. -1 and errno; to
 * be closed by disk_close(). */
int place_open_path(const struct place_root *root, const char *folder);
/* The root's path without links. */
const char *place_real_path(const struct place_root *root);

/* An entry of a folder, found by its inode. */
struct place_found {
    uint64_t inode;
    char name[256];
};
/* Looks in one folder for objects with one of `wanted` inodes, which are in order. Answers
 * how many of at most `room` were found; what cannot be read has none (F-32). */
size_t place_find(struct place_root *root, const char *folder, const uint64_t *wanted,
                  size_t count, struct place_found *out, size_t room);

/* A partial: opened in the working folder, written and hashed by sync/fetch.c, then named
 * in a step. `offset` > 0 goes on with an existing one of at least that size, cut to it;
 * place_rehash() feeds those bytes to the hash. Position is at `offset`. Reserves the room
 * where `expected_size` is known; FAILURE_RESOURCE: it does not fit (F-10). Answers a
 * descriptor, to be closed by disk_close(), or -1 with `failure`. */
int place_open_partial(struct place_root *root, int64_t key, int64_t expected_size,
                       uint64_t offset, char out_name[256], struct failure *failure);
/* Feeds the first `size` bytes of a partial to `hash` and leaves the position there. Needs
 * no root: a download that was cancelled may outlive it in the pool. */
enum failure_kind place_rehash(const struct disk *disk, int fd, uint64_t size,
                               struct hash *hash, struct failure *failure);
/* Size of an existing partial, -1 if there is none. A power cut may have left the size
 * without the bytes (F-04): where no hash is going to tell, `is_own_run` asks for one that
 * was written since the root was opened. */
int64_t place_partial_size(struct place_root *root, int64_t key, bool is_own_run);
void place_drop_partial(struct place_root *root, int64_t key);

/* After an unclean stop (3.5): puts back what was on its way out, keeps displaced user
 * files as conflict copies, drops downloads that nobody `wants`, leaves foreign files. Any
 * number of interruptions of it do no harm (F-02). `base_of` looks up what the agent had
 * put at an item's place; `place_of` where that place is now. FAILURE_ITEM: something could
 * not be brought back and stays in the working folder; the rest was done. */
struct place_recovery {
    /* False: no base record. */
    bool (*base_of)(void *user, int64_t key, struct store_base *out);
    /* Folder path and name where the object of an item belongs, by the base record; false:
     * nowhere (it then goes to the root). */
    bool (*place_of)(void *user, int64_t key, char *out_folder, size_t folder_size,
                     char *out_name, size_t name_size);
    /* Whether a download of that item is still of use, or, if `staged`, the state says that
     * the item stands in the staging area, or may (a move of it was begun). */
    bool (*wants)(void *user, int64_t key, bool staged);
    /* The object of an item lies in the staging area although the state has it at its
     * place, which another one has taken: it stays, and the state is to say so. */
    void (*staged)(void *user, int64_t key);
    /* Whether these answers may be believed, and what was told is known: false, once the
     * state could not be read or written; nothing more is done then. NULL: always. */
    bool (*is_sound)(void *user);
    /* A conflict copy was made; texts borrowed. */
    void (*kept)(void *user, int64_t key, const char *folder, const char *copy_name);
    /* What cannot be read is kept as a person's; else it stays for another try, which may
     * show that it is the agent's own (F-16). */
    bool is_last_try;
    void *user;
};
enum failure_kind place_recover(struct place_root *root,
                                const struct place_recovery *recovery,
                                struct failure *failure);

/* Takes the working folder away (`agent remove`). FAILURE_ITEM: files that may be a
 * person's lie in it, nothing was removed; FAILURE_HELD: an agent works there. */
enum failure_kind place_dismantle(const struct disk *disk, const char *folder,
                                  struct failure *failure);

#endif
