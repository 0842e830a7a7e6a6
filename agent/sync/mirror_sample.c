/* Once a week some files are held against their hashes (F-05, F-23): a disk that lies, or
 * bits that turn, show in no time and no size. What has changed without a trace could be a
 * person's all the same, so it is kept as a conflict copy, and the drive's version fetched.
 *
 * One file at a time, none that would keep the hands for long, and only while no round
 * runs. `agent verify` looks at all of them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/random.h"
#include "agent/sync/mirror_parts.h"
#include "agent/sync/notice.h"
#include "agent/sync/record.h"

enum {
    FILES = 100,
    TRIES = 4,                     /* for each of them */
    LARGEST = 32 * 1024 * 1024,    /* of one file */
    ALL_BYTES = 256 * 1024 * 1024, /* of a sample */
};

#define WEEK_MS INT64_C(604800000)

/* In place of the time of the last sample: the next one does not wait for a week. */
enum { FOUND_ONE = 1 };

static void go_on(struct mirror *mirror);

/* The time of the last sample, in the state, so that it comes on a computer, too, that is
 * switched off every night. */
static void name_setting(const struct mirror *mirror, char out[96])
{
    (void)snprintf(out, 96, "sampled %" PRId64, mirror->context.mirror);
}

static int64_t read_time(const struct mirror *mirror)
{
    char name[96];
    char text[32];
    name_setting(mirror, name);
    if (store_get_setting(mirror->context.store, name, text, sizeof text) != STORE_OK)
        return 0;
    return strtoll(text, NULL, 10);
}

static bool write_time(struct mirror *mirror, int64_t at)
{
    char name[96];
    char text[32];
    name_setting(mirror, name);
    (void)snprintf(text, sizeof text, "%" PRId64, at);
    mirror->sample.at = at;
    return store_put_setting(mirror->context.store, name, text) == STORE_OK;
}

static bool may_run(const struct mirror *mirror)
{
    return mirror->is_open && mirror->is_checked && !mirror->is_closing &&
           !mirror->is_reopening && !mirror->is_paused && mirror->check == NULL &&
           mirror->status.state == MIRROR_IDLE && round_state(mirror->round) == ROUND_IDLE;
}

/* Choosing. */

static bool is_fit(const struct mirror *mirror, const struct store_base *base)
{
    const unsigned doubtful =
        STORE_BASE_RACY | STORE_BASE_EDITED | STORE_BASE_REMOVED | STORE_BASE_MOVED;
    return base->kind == STORE_KIND_FILE && base->parent != STORE_STAGE &&
           (base->flags & doubtful) == 0 && base->hash.kind != 0 && base->size > 0 &&
           base->size <= LARGEST && base->size <= mirror->sample.bytes_left;
}

/* A file of the next share of the keys, by chance. 0: none that is fit. */
static int64_t choose(struct mirror *mirror)
{
    const struct sync_context *context = &mirror->context;
    struct mirror_sample *sample = &mirror->sample;
    struct store_base base;
    int64_t first = sample->next * sample->last_key / sample->shares;
    int64_t width = (sample->next + 1) * sample->last_key / sample->shares - first;
    sample->next++;
    for (int i = 0; i < TRIES; i++) {
        int64_t after = first + (int64_t)(random_number() % (uint64_t)width);
        if (store_next_base(context->store, context->mirror, &after, &base) == STORE_OK &&
            is_fit(mirror, &base)) {
            sample->bytes_left -= base.size;
            return base.key;
        }
    }
    return 0;
}

/* A key above which there is no record. */
static int64_t find_last_key(const struct sync_context *context)
{
    struct store_base base;
    int64_t low = 0;
    int64_t high = INT64_C(1) << 40;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int64_t after = middle;
        bool has_more =
            store_next_base(context->store, context->mirror, &after, &base) == STORE_OK;
        low = has_more ? after : low;
        high = has_more ? high : middle;
    }
    return low;
}

/* What was found. */

static bool is_same_print(const struct store_print *one, const struct store_print *other)
{
    return one->device == other->device && one->inode == other->inode &&
           one->size == other->size && one->mtime_ns == other->mtime_ns &&
           one->ctime_ns == other->ctime_ns;
}

/* Nothing but the content is another, and the records say so still. */
static bool has_turned(const struct mirror *mirror, const struct batch_job *job)
{
    const struct sync_context *context = &mirror->context;
    struct store_base base;
    return job->answer.fact == LOOK_EDITED &&
           is_same_print(&job->answer.print, &job->base.print) &&
           store_get_base(context->store, job->step.key, &base) == STORE_OK &&
           is_same_print(&base.print, &job->base.print) &&
           !record_is_queued(context, job->step.key) && may_run(mirror);
}

static void on_aside(void *user, struct batch_job *job)
{
    struct mirror *mirror = user;
    const struct sync_context *context = &mirror->context;
    const struct store_todo todo = {.key = job->intent.key};
    char path[512];
    char shown[320];
    if (job->was_run && job->step.result == PLACE_KEPT_COPY) {
        (void)snprintf(path, sizeof path, "%s%s%s", job->folder,
                       job->folder[0] != '\0' ? "/" : "", job->name);
        log_line(LOG_LEVEL_WARNING, 23, context->name,
                 "content changed without a trace: %s: kept as a conflict copy, the "
                 "drive's version is fetched; check the disk",
                 log_escape(path, shown, sizeof shown));
        record_conflict(context, todo.key, job->folder, job->name, job->step.copy_name);
        (void)store_drop_base(context->store, todo.key);
        (void)store_put_todo(context->store, context->mirror, &todo);
        mirror_want_round(mirror, "poll", 0);
        (void)write_time(mirror, FOUND_ONE); /* soon again, until all is well */
    }
    mirror->sample.is_running = false;
}

static void set_aside(struct mirror *mirror, const struct batch_job *found)
{
    struct batch_job *job =
        batch_job_new(BATCH_STEP, 0, found->folder, found->name, on_aside, mirror);
    if (job == NULL) {
        mirror->sample.is_running = false;
        return;
    }
    job->step.op = PLACE_ASIDE;        /* expect_kind: any */
    job->intent.key = found->step.key; /* of kind NONE: only remembers whose it is */
    batch_add(mirror->context.batch, job);
}

static void on_looked(void *user, struct batch_job *job)
{
    struct mirror *mirror = user;
    if (!job->was_run)
        mirror->sample.is_running = false;
    else if (has_turned(mirror, job))
        set_aside(mirror, job);
    else
        go_on(mirror);
}

static void go_on(struct mirror *mirror)
{
    struct batch_job *job = NULL;
    while (job == NULL && mirror->sample.next < mirror->sample.shares && may_run(mirror)) {
        int64_t key = choose(mirror);
        if (key != 0)
            job = notice_look(&mirror->context, key, on_looked, mirror);
    }
    mirror->sample.is_running = job != NULL;
    if (job == NULL)
        return;
    job->base.flags |= STORE_BASE_RACY; /* a print that fits proves nothing here */
    batch_add(mirror->context.batch, job);
}

/* When. */

bool mirror_sample_is_due(const struct mirror *mirror)
{
    int64_t since = clock_wall_ms() - mirror->sample.at;
    return mirror->environment.with_link && mirror->is_open && !mirror->sample.is_running &&
           (since >= WEEK_MS || since < 0);
}

void mirror_sample_begin(struct mirror *mirror)
{
    struct mirror_sample *sample = &mirror->sample;
    if (!mirror_sample_is_due(mirror) || !may_run(mirror))
        return;
    int64_t before = read_time(mirror);
    sample->at = before;
    if (!mirror_sample_is_due(mirror) || !write_time(mirror, clock_wall_ms()) ||
        before == 0)
        return; /* a new mirror has just been verified */
    sample->next = 0;
    sample->bytes_left = ALL_BYTES;
    sample->last_key = find_last_key(&mirror->context);
    sample->shares = sample->last_key < FILES ? sample->last_key : FILES;
    go_on(mirror);
}
