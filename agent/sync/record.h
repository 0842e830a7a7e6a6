/* Writes down what the hands have done: base records, history, conflicts, and what is left
 * in the queue. Always inside the transaction of a batch or of a planning step, and only
 * after the disk holds it (I-3).
 *
 * Store errors are not answered here: a store that fails rolls its transaction back, and
 * whoever opened it notices at the commit (sync/batch.h, B-2).
 */
#ifndef AGENT_SYNC_RECORD_H
#define AGENT_SYNC_RECORD_H

#include "agent/sync/context.h"
#include "store/store_item.h"

/* What stands now under an item's name. Texts are borrowed. */
struct record_object {
    int64_t key;
    int64_t parent;
    enum store_kind kind;
    const char *name;
    const char *operation; /* for v_history: download, update, mkdir, record, move */
    const char *version;   /* cTag or eTag that the content is, NULL unknown */
    int64_t mtime_ms;
    int64_t size;
    struct store_hash hash;
    struct store_hash listed; /* with STORE_BASE_DIFFERS */
    int64_t listed_size;
    struct store_print print;
    unsigned flags;
    const char *copy_name; /* "" or NULL: no conflict copy was made beside it */
    int64_t done_at;       /* wall-clock ms when it stood there for good; 0 just now */
};

/* A file or folder stands; its intent and, where folder and drive agree now, its entry in
 * the queue go. True: its folder is recorded as removed here, so that is queued, to be
 * looked at: it was made again and could not be recorded, or a person has put one there
 * (F-31). */
bool record_object(const struct sync_context *context, const struct record_object *object);

/* An object has another place, as `step` says; its content is untouched. A record of
 * another object there was not up to date and goes, where the step was done. False: not
 * written, it has its old place. */
bool record_moved(const struct sync_context *context, int64_t key, int64_t parent,
                  const struct place_step *step);

/* The item's object stands at `name` in `parent`. Nothing is ever put over anything: where
 * the records have another object there, it is gone, and its move or removal could not be
 * done or written down (F-03). What the drive still has of it comes again. */
void record_taken(const struct sync_context *context, int64_t key, int64_t parent,
                  const char *name, const struct store_print *print);

/* A folder stands again at `folder`/`name` that a person had removed: where it is another
 * object now, only that one may be taken for the item's from here on. False: no record
 * leads there any more. */
bool record_remade(const struct sync_context *context, const char *folder, const char *name,
                   const struct store_print *print);

/* The object is gone from the folder, or stays as a person's (`operation`: delete, leave,
 * forget). Called before the record is dropped, which it does. */
void record_gone(const struct sync_context *context, int64_t key, const char *operation);

/* What may not be deleted, or is not mirrored any more, stays as a person's. False:
 * something of ours is in it still, whose record leads through its own. */
bool record_leave(const struct sync_context *context, int64_t key);

/* The record gives up its place and waits in the staging area for another, as its object
 * does. */
void record_put_staged(const struct sync_context *context, int64_t key);

/* What a person has removed does not keep from others a place that the drive has given
 * them: its record waits in the staging area where it cannot leave otherwise. False: it has
 * not been removed, or may have come back, or that is its own place. */
bool record_yields(const struct sync_context *context, int64_t key);

/* A person has moved the object: from now on it stands at `name` in `folder`, and what the
 * drive does to it is done there (F-32). False: that place has a record of its own, or by
 * the records it is in the object itself. */
bool record_moved_here(const struct sync_context *context, int64_t key, int64_t folder,
                       const char *name, const struct store_print *print);

/* What a person moved is to go back to where the drive has it: queues that. */
void record_call_home(const struct sync_context *context, int64_t key);

/* A person's change stays: notes it at the base record, drops the entry in the queue. */
void record_local(const struct sync_context *context, int64_t key, unsigned flag);

/* Drops the entry in the queue if folder and drive agree about the item. */
void record_settle(const struct sync_context *context, int64_t key);

/* The item's entry in the queue, without its text; an empty one where there is none. */
struct store_todo record_find_todo(const struct sync_context *context, int64_t key);
/* Whether there is one. */
bool record_is_queued(const struct sync_context *context, int64_t key);

/* Sets in a row after which the feed is not believed to tell any more of an item without a
 * way to the root: its folder never came (F-74), or its folders lead in a circle (F-84). */
enum { RECORD_STRAY_SETS = 3, RECORD_CIRCLE_SETS = 2 };

/* It could not be done: the entry in the queue says why. `held`: until its cause changes;
 * else it is tried again after a growing delay. Logged when it is news. */
void record_problem(const struct sync_context *context, int64_t key,
                    const struct failure *failure, bool held);
/* The same, due again after `delay_ms`, without counting as a failure of the item. */
void record_delay(const struct sync_context *context, int64_t key,
                  const struct failure *failure, int64_t delay_ms);
/* It waits for another item, and is tried in every round: the entry says why. */
void record_waits(const struct sync_context *context, int64_t key,
                  const struct failure *failure);
/* A folder that is to go goes last: where one of the first things in it says why it cannot
 * leave it, the folder waits for the same reason. */
void record_waits_for_children(const struct sync_context *context, int64_t folder);
/* It belongs into a folder: where that one's own entry says that it cannot come now, it
 * waits as long, for the same reason. False: nothing is said of the folder. */
bool record_waits_with(const struct sync_context *context, int64_t key, int64_t folder);

/* A person's version was set aside as `copy_name` in `folder`. */
void record_conflict(const struct sync_context *context, int64_t key, const char *folder,
                     const char *name, const char *copy_name);

#endif
