/* One `agent sync-now` over several mirrors: starts a round of each, tells progress and
 * results as JSON lines, and ends with one exit code. The same for the running agent,
 * whose lines go to the socket, and for one pass, whose lines go to the command.
 *
 * Lines: {"event":"plan",…} for a dry run, {"event":"progress",…} as work goes on,
 * {"event":"result","mirror":…,"code":…,"changes":…,"held":…,"message":…} for each mirror.
 */
#ifndef AGENT_SYNC_JOB_H
#define AGENT_SYNC_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/assembly.h"

struct sync_job;

/* Borrowed texts. `code` and `message` (may be NULL) are those of the strongest failure. */
struct sync_job_callbacks {
    void (*on_line)(void *user, const char *json);
    /* All mirrors have answered; the job is freed after the call. */
    void (*on_done)(void *user, int code, const char *message);
};

struct sync_job_options {
    bool full;
    bool dry_run;
    bool allow_big_delete;
};

/* `names` (count 0: all mirrors of the assembly) exist: the caller has checked. The
 * callbacks may come inside the call. NULL: it is over already, and on_done was called. */
struct sync_job *sync_job_start(struct assembly *assembly, const char *const *names,
                                size_t name_count, const struct sync_job_options *options,
                                const struct sync_job_callbacks *callbacks, void *user);

/* To be called from the mirror's on_status: writes a progress line if the mirror is one
 * of the job's that has not answered yet. */
void sync_job_progress(struct sync_job *job, const struct mirror *mirror);

/* To be called from the mirror's on_arrival: results tell the number of "changes". */
void sync_job_arrival(struct sync_job *job, const struct mirror *mirror);

/* Nobody listens any more: no callback will come; the rounds go on. */
void sync_job_abandon(struct sync_job *job);

#endif
