/* The folder's only worker: jobs for the hands and the eyes, carried out in the pool, one
 * batch at a time: the eyes first, then the hands, each in the order of being added.
 *
 * While one batch runs the next one fills; so one job alone starts at once. After a batch
 * of many steps the next one gathers jobs for some milliseconds, so that many make large
 * batches that share their syncs. Around each batch the store is written twice:
 *
 *   B-1  before it, the intents of its jobs, in one transaction
 *   B-2  after it, what the `done` functions of its jobs record, in one transaction;
 *        where that fails, the steps that they asked for meanwhile are forgotten
 *
 * Both are durable where something is moved, removed or updated (F-04): the next batch
 * builds on it, and of what a power cut has left at a new place nobody would know whose it
 * is. A new version that neither tells of would be a person's as soon as the drive has
 * another one, or none.
 *
 * Before the first change of each batch the root is confirmed (F-57 … F-59): if it is not
 * the one we know, no job of the batch is run.
 *
 * A job is made by batch_job_new(), filled, given away by batch_add(), and freed after its
 * `done`, which is called exactly once, also with `was_run` false. `done` may add jobs.
 */
#ifndef AGENT_SYNC_BATCH_H
#define AGENT_SYNC_BATCH_H

#include "agent/place/look.h"
#include "agent/place/place.h"
#include "agent/sync/context.h"
#include "store/store_intent.h"

struct batch;
struct batch_job;

enum batch_kind {
    BATCH_LOOK,    /* look_at(): `look` -> `answer` */
    BATCH_WATCH,   /* watch_add() of the folder `name` (a path): `watching` */
    BATCH_CONFIRM, /* nothing but what precedes every batch */
    BATCH_STEP,    /* place_run(): `step` */
    BATCH_OPEN, /* place_open_partial() of `step.key`: `offset` -> `fd`, `step.partial` */
    BATCH_DROP, /* place_drop_partial() of `step.key` */
};

typedef void batch_done_fn(void *user, struct batch_job *job);

struct batch_job {
    enum batch_kind kind;
    batch_done_fn *done;
    void *user;
    bool was_run; /* false: nothing was done, `failure` says why */
    struct failure failure;

    struct place_step step;
    struct look_request look;
    struct look_answer answer;
    struct store_base base; /* what `look.base` points to, if anything */
    uint64_t offset;
    int64_t expected_size;
    int fd; /* BATCH_OPEN; -1: `failure` */
    char partial[256];

    struct {
        int descriptor; /* of watch_begin() */
        bool is_above;  /* `name` is an absolute path: only watched for itself */
        int result;     /* for watch_put() */
    } watching;
    struct store_intent intent; /* of B-1; kind NONE: none */

    /* Owned, freed with the job; `step`, `look` and `intent` point into them. */
    char *folder;
    char *name;
    char *from_folder;
    char *from_name;
    char *version; /* of the intent */
    char *base_version;
    uint8_t *content;

    uint64_t number; /* in the order of being added */
    struct batch_job *next;
};

/* NULL: out of memory. Texts are copied; NULL stays NULL. `step` and `look` are set up to
 * point to folder and name. */
struct batch_job *batch_job_new(enum batch_kind kind, int64_t key, const char *folder,
                                const char *name, batch_done_fn *done, void *user);
/* Where a move starts. False: out of memory. */
bool batch_job_from(struct batch_job *job, const char *folder, const char *name);
/* A copy of the base record: what a look compares with, and what a step expects there. */
bool batch_job_base(struct batch_job *job, const struct store_base *base);
/* For a job that is not given to batch_add(). */
void batch_job_free(struct batch_job *job);

/* Called after each batch: `failure` is FAILURE_NONE, or why jobs were not run: GUARD (the
 * root), RESOURCE (disk or store full), INTERNAL. */
typedef void batch_end_fn(void *user, const struct failure *failure);

struct batch *batch_new(const struct sync_context *context, batch_end_fn *on_end,
                        void *user);
/* Jobs that are not running yet end with `was_run` false and FAILURE_CANCELLED at once;
 * what runs is finished and recorded. `closed` is called when nothing is left: jobs added
 * until then end in the same way just before it. */
void batch_close(struct batch *batch, void (*closed)(void *user), void *user);

void batch_add(struct batch *batch, struct batch_job *job);
/* Before all that waits, so that what is added by one job after the other is done in the
 * opposite order. */
void batch_add_first(struct batch *batch, struct batch_job *job);
/* For the `done` of a look: whether hands of the same batch came to that place after it.
 * What has been seen there may stand elsewhere by now. */
bool batch_is_overtaken(const struct batch_job *look);
/* The steps added since `mark`, which must not run yet, end with `was_run` false and
 * FAILURE_CANCELLED: the transaction failed in which they were asked for, and so may have
 * the reading that they follow from. */
uint64_t batch_mark(const struct batch *batch);
void batch_forget(struct batch *batch, uint64_t mark);
/* Whether, since it was asked last, a step failed or what was done could not be written
 * down: then something may lie in the working folder, or stand at its place unrecorded,
 * that only sync/recover.h sets right. */
bool batch_take_failed(struct batch *batch);
/* The same, and it will be asked again. */
bool batch_has_failed(const struct batch *batch);
/* From now on it says so: something is given up that lies in the working folder. */
void batch_leave_work(struct batch *batch);
/* Jobs added and not yet done. */
size_t batch_pending(const struct batch *batch);
/* Free space when the last batch ended; UINT64_MAX before the first. */
uint64_t batch_free_bytes(const struct batch *batch);

#endif
