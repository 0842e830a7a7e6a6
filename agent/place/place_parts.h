/* What the files of place/ and look.c share, for them only.
 *
 *   place_root.c     opening, marker, lock          place_batch.c   place_run()
 *   place_probe.c    what the file system can do    place_file.c    new content
 *   place_error.c    errno -> failure               place_move.c    renames
 *   place_compare.c  "is that still ours?"          place_folder.c  folders
 *   place_keep.c     never over anything            place_remove.c  deletions
 *   place_partial.c  downloads, made durable        place_trash.c   the desktop's trash
 *   place_dirty.c    folders that want a sync       place_recover.c after a kill
 *   place_dismantle.c  the end of a mirror         place_find.c    what was moved here
 */
#ifndef AGENT_PLACE_PLACE_PARTS_H
#define AGENT_PLACE_PLACE_PARTS_H

#include "agent/place/name.h"
#include "agent/place/place.h"

enum {
    PLACE_MARKER_MAX = 4096,
    PLACE_PATH_TEXT = 320, /* room for an escaped path in a message */
    PLACE_DIRTY_MAX = 64,
    PLACE_SYNC_MANY = 8,      /* from so many files on one syncfs is cheaper */
    PLACE_COPY_TRIES = 10000, /* numbers of conflict copies of one second */
    PLACE_RACY_MS = 2000,     /* F-37 */
};

#define PLACE_MARKER_NAME "identity"
#define PLACE_LOCK_NAME   "lock"

/* Nothing of it changes after place_open(), but for `trash`. */
struct place_root {
    const struct disk *disk;
    char *path;   /* as configured: where to find it again */
    char *real;   /* the same without links */
    char *marker; /* text of the marker */
    int fd;       /* -1: not open yet, as for the next two */
    int work;     /* the working folder */
    int lock;
    uint64_t device;
    uint64_t inode;
    struct timespec opened; /* by the clock of the file system */
    mode_t file_mode;       /* of new files: 0666 less the umask (I-15) */
    bool has_exchange;
    bool has_noreplace;
    bool has_links;
    bool has_folder_sync;
    bool folds_case;
    bool hides_mappings; /* edits through a mapping leave the times alone (F-37) */
    bool trash;
    char host[65];
    char limits[512];
};

/* place_probe.c: fills file_mode, has_*, folds_case and limits. FAILURE_RESOURCE: no safe
 * way to work on this file system (F-18). */
enum failure_kind place_probe(struct place_root *root, struct failure *failure);

/* place_error.c: the failure for an errno. `outcome` says what the agent did: "not
 * moved". The path of folder and name is escaped. */
enum failure_kind place_error(const struct place_root *root, struct failure *out, int error,
                              const char *folder, const char *name, const char *outcome);
/* The same for a file that could not be read: that says nothing about it (F-16). */
enum failure_kind place_read_error(const struct place_root *root, struct failure *out,
                                   int error, const char *folder, const char *name);
/* "folder/name" escaped, for a message. Returns `out`. */
const char *place_path_text(const char *folder, const char *name,
                            char out[PLACE_PATH_TEXT]);
/* The step has failed for `error`. */
void place_fail(const struct place_root *root, struct place_step *step, int error,
                const char *outcome);
/* The same for a step that has changed something already: the batch stops, so that nothing
 * else is done with the item before the recovery has set that right (F-06, P-5). */
void place_fail_half_way(const struct place_root *root, struct place_step *step, int error,
                         const char *outcome);
/* The step's place is taken by what only has a name that the file system folds to the same
 * (F-43). */
void place_clash(struct place_step *step, const char *outcome);
/* Whether the batch must stop at that step. */
bool place_stops(const struct place_step *step);

/* place_compare.c. What the agent had put somewhere. */
struct place_expect {
    bool present;
    bool trust_print; /* an equal print proves the content */
    struct store_print print;
    struct store_hash hash;
    int64_t size;
};
enum place_verdict {
    PLACE_VERDICT_UNSURE, /* cannot be read, or is changing: errno says why */
    PLACE_VERDICT_EQUAL,
    PLACE_VERDICT_DIFFERENT, /* a person's */
};
struct place_expect place_expected(const struct place_step *step);
struct store_print place_print(const struct stat *found);
bool place_print_equal(const struct store_print *one, const struct store_print *other);
/* Whether two looks saw the same content, as far as a rename between them lets tell. */
bool place_unmoved(const struct stat *one, const struct stat *other);
/* Whether the old version that lies in the working folder is still as it was when it was
 * judged, and nobody is writing to it: only then may it go (F-29). */
struct place_job;
enum place_verdict place_judge_kept(const struct place_root *root,
                                    const struct place_step *step,
                                    const struct place_job *job);
bool place_is_racy(const struct place_root *root, const struct store_print *print);
/* Hashes of one file by up to two kinds in one pass. */
struct place_hashing {
    size_t count;
    uint8_t kinds[2];
    struct store_hash hashes[2]; /* what came out, as the next */
    struct stat found;           /* of the end */
};
/* 0, or an errno: EISDIR where it is not a regular file, EBUSY where it changed
 * meanwhile. */
int place_hash_file(const struct place_root *root, int folder, const char *name,
                    struct place_hashing *hashing);
/* Hashes where size and kind leave a doubt. */
enum place_verdict place_content_is(const struct place_root *root, int folder,
                                    const char *name, int64_t size,
                                    const struct store_hash *hash);
/* Whether what lies at folder/name is what was expected; `seen` is the look before the
 * rename that brought it there, or that very look. */
enum place_verdict place_judge(const struct place_root *root, int folder, const char *name,
                               const struct stat *seen, const struct place_expect *expect);
/* 1: a program has it open for writing (F-29). 0: none, or this file system cannot tell.
 * -1: it cannot be opened, and errno says why. */
int place_is_in_use(const struct place_root *root, int folder, const char *name);

/* place_keep.c. Renames never over anything: 0, or an errno (EEXIST). Where the file system
 * cannot (F-18) it is a link and an unlink: then `from` must be the working folder, or the
 * object a folder. */
int place_rename_new(const struct place_root *root, int from, const char *from_name, int to,
                     const char *to_name);
/* Renames into the working folder, where nobody else makes names: whatever stands under
 * `from_name` at that instant. 0, or an errno. */
int place_take(const struct place_root *root, int from, const char *from_name,
               const char *work_name);
/* Gives an object of the working folder a conflict name beside `name` in `to`: 0, or an
 * errno. */
int place_keep_copy(const struct place_root *root, const char *work_name, int to,
                    const char *name, char out_name[NAME_MAX_BYTES + 1]);
/* Whether an object stands there under exactly these bytes, not only under a name that the
 * file system folds to the same (F-43). */
bool place_name_is_exact(const struct place_root *root, int folder, const char *name);

/* place_dirty.c: folders whose entries have changed, each synced once. */
struct place_dirty {
    const struct place_root *root;
    struct {
        int fd;
        uint64_t device;
        uint64_t inode;
    } folders[PLACE_DIRTY_MAX];
    size_t count;
    bool has_work; /* the working folder is among them */
    int error;     /* first one of a sync, 0 none */
};
/* Takes `fd` over. */
void place_dirty_add(struct place_dirty *dirty, int fd);
/* The working folder: it stays open. */
void place_dirty_add_work(struct place_dirty *dirty);
/* Syncs and closes all. */
void place_dirty_flush(struct place_dirty *dirty);

/* place_trash.c. */
struct place_trash {
    bool tried;
    int files; /* -1: there is no trash on this file system */
    int info;
    size_t strip; /* bytes of the root's path that the trash's own folder stands for */
};
void place_trash_init(struct place_trash *trash);
void place_trash_close(const struct place_root *root, struct place_trash *trash);
/* Notes in the trash what stood at folder/name, and under which name it is going to lie
 * there. The note has to last before the file goes: `with_sync`, or the caller sees to it.
 * False: there is no trash. */
bool place_trash_note(const struct place_root *root, struct place_trash *trash,
                      const char *folder, const char *name, bool with_sync,
                      char out_name[NAME_MAX_BYTES + 1]);
/* Moves work/`work_name` there. False: it lies where it was, and the note is gone. */
bool place_trash_put(const struct place_root *root, const struct place_trash *trash,
                     const char *work_name, const char *trash_name);
void place_trash_forget(const struct place_root *root, const struct place_trash *trash,
                        const char *trash_name);

/* place_batch.c. What a step leaves to be done at the end of the batch. */
struct place_job {
    struct stat fresh;             /* the partial, as made durable */
    struct stat seen;              /* the displaced file, as judged to be ours */
    char kept[NAME_MAX_BYTES + 1]; /* where that one lies in the working folder; "" none */
    char
        trash[NAME_MAX_BYTES + 1]; /* the name that is noted for it in the trash; "" none */
    bool is_missing;               /* the partial was not there */
};
struct place_batch {
    struct place_root *root;
    struct place_step *steps;
    struct place_job *jobs;
    size_t count;
    struct place_dirty dirty;
    struct place_trash trash;
};
/* Opens a folder of the mirror for a step; -1: the step has its result. */
int place_open_folder(struct place_batch *batch, struct place_step *step,
                      const char *folder, const char *outcome);

/* The stories of the single steps; each sets the result. */
void place_do_file(struct place_batch *batch, struct place_step *step,
                   struct place_job *job);
void place_do_times(struct place_batch *batch, struct place_step *step);
void place_do_folder(struct place_batch *batch, struct place_step *step);
void place_do_remove_folder(struct place_batch *batch, struct place_step *step);
void place_do_remove_file(struct place_batch *batch, struct place_step *step,
                          struct place_job *job);
void place_do_move(struct place_batch *batch, struct place_step *step);
void place_do_stage(struct place_batch *batch, struct place_step *step);
void place_do_unstage(struct place_batch *batch, struct place_step *step);
void place_do_aside(struct place_batch *batch, struct place_step *step);
/* After the folders are durable: the second look (F-29), then away with what is ours. */
void place_settle_file(struct place_batch *batch, struct place_step *step,
                       struct place_job *job);
/* Notes all that goes to the trash, with one sync where it is much. */
void place_note_removed(struct place_batch *batch, size_t end);
void place_settle_removed(struct place_batch *batch, struct place_step *step,
                          struct place_job *job);

/* place_partial.c: makes the new content of every PLACE_FILE durable. Answers how many
 * steps may go on: fewer where a resource has run out. */
size_t place_prepare_files(struct place_batch *batch);

#endif
