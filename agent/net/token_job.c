#include "agent/net/token_job.h"

#include <stdlib.h>

#include "agent/net/token_record.h"

struct token_job {
    uv_work_t work;
    struct token_store *store;
    struct token_record record;
    bool is_load;
    enum failure_kind kind;
    struct failure failure;
    token_job_fn *fn;
    void *user;
};

static void run_job(uv_work_t *work)
{
    struct token_job *job = work->data;
    job->kind = job->is_load ? token_store_load(job->store, &job->record, &job->failure)
                             : token_store_save(job->store, &job->record, &job->failure);
}

static void free_job(struct token_job *job)
{
    token_record_clear(&job->record);
    token_store_free(job->store);
    free(job);
}

/* The status is never UV_ECANCELED: nobody cancels a job. */
static void on_job_done(uv_work_t *work, int status)
{
    struct token_job *job = work->data;
    (void)status;
    job->fn(job->user, &job->record, job->kind == FAILURE_NONE ? NULL : &job->failure);
    free_job(job);
}

/* `job->record` may be filled already; the job ends here on failure. */
static bool start_job(uv_loop_t *loop, const struct token_store *store,
                      struct token_job *job)
{
    job->work.data = job;
    job->store = token_store_clone(store);
    if (job->store != NULL && uv_queue_work(loop, &job->work, run_job, on_job_done) == 0)
        return true;
    free_job(job);
    return false;
}

static struct token_job *new_job(token_job_fn *fn, void *user)
{
    struct token_job *job = calloc(1, sizeof *job);
    if (job != NULL) {
        job->fn = fn;
        job->user = user;
    }
    return job;
}

bool token_job_load(uv_loop_t *loop, const struct token_store *store, token_job_fn *fn,
                    void *user)
{
    struct token_job *job = new_job(fn, user);
    if (job == NULL)
        return false;
    job->is_load = true;
    return start_job(loop, store, job);
}

bool token_job_save(uv_loop_t *loop, const struct token_store *store,
                    const struct token_record *record, token_job_fn *fn, void *user)
{
    struct token_job *job = new_job(fn, user);
    if (job == NULL)
        return false;
    if (token_record_copy(record, &job->record))
        return start_job(loop, store, job);
    free_job(job);
    return false;
}
