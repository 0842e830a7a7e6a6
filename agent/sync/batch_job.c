/* One job: made, filled and freed, and asked what came after it. */
#include <stdlib.h>
#include <string.h>

#include "agent/sync/batch.h"

static char *copy_text(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

struct batch_job *batch_job_new(enum batch_kind kind, int64_t key, const char *folder,
                                const char *name, batch_done_fn *done, void *user)
{
    struct batch_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    *job = (struct batch_job){.kind = kind, .done = done, .user = user, .fd = -1};
    job->folder = copy_text(folder);
    job->name = copy_text(name);
    if ((folder != NULL && job->folder == NULL) || (name != NULL && job->name == NULL)) {
        batch_job_free(job);
        return NULL;
    }
    job->step = (struct place_step){
        .key = key, .folder = job->folder, .name = job->name, .mtime_ms = STORE_UNKNOWN};
    job->look = (struct look_request){
        .folder = job->folder, .name = job->name, .remote_size = STORE_UNKNOWN};
    return job;
}

bool batch_job_from(struct batch_job *job, const char *folder, const char *name)
{
    job->from_folder = copy_text(folder);
    job->from_name = copy_text(name);
    job->step.from_folder = job->from_folder;
    job->step.from_name = job->from_name;
    return job->from_folder != NULL && job->from_name != NULL;
}

bool batch_job_base(struct batch_job *job, const struct store_base *base)
{
    job->base_version = copy_text(base->ctag);
    if (base->ctag != NULL && job->base_version == NULL)
        return false;
    job->base = *base;
    job->base.ctag = job->base_version;
    job->base.name = job->name;
    job->look.base = &job->base;
    job->step.expect_present = true;
    job->step.expect_kind = base->kind;
    job->step.expect_print = base->print;
    job->step.expect_hash = base->hash;
    job->step.expect_size = base->size;
    job->step.expect_flags = base->flags;
    return true;
}

void batch_job_free(struct batch_job *job)
{
    if (job == NULL)
        return;
    free(job->folder);
    free(job->name);
    free(job->from_folder);
    free(job->from_name);
    free(job->version);
    free(job->base_version);
    free(job->content);
    free(job);
}

static bool is_at(const struct batch_job *job, const char *folder, const char *name)
{
    return folder != NULL && name != NULL && strcmp(job->folder, folder) == 0 &&
           strcmp(job->name, name) == 0;
}

bool batch_is_overtaken(const struct batch_job *look)
{
    for (const struct batch_job *job = look->next; job != NULL; job = job->next) {
        if (job->kind == BATCH_STEP && (is_at(look, job->folder, job->name) ||
                                        is_at(look, job->from_folder, job->from_name)))
            return true;
    }
    return false;
}
