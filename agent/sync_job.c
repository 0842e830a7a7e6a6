#include "agent/sync_job.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/mirror_json.h"
#include "agent/words.h"

/* A mirror's part; handed to it as `user`. */
struct sync_part {
    struct sync_job *job;
    struct mirror *mirror;
    bool answered;
    uint64_t changes; /* that have arrived in the folder */
};

struct sync_job {
    struct sync_job_callbacks callbacks;
    void *user;
    bool abandoned;
    int code;
    char message[sizeof((struct failure *)0)->text];
    size_t waiting; /* parts that have not answered, and the start itself */
    size_t count;
    struct sync_part parts[CONFIG_MAX_MIRRORS];
};

static void tell(struct sync_job *job, cJSON *object, const char *event)
{
    char *text = NULL;
    if (!job->abandoned && cJSON_AddStringToObject(object, "event", event) != NULL)
        text = cJSON_PrintUnformatted(object);
    if (text != NULL)
        job->callbacks.on_line(job->user, text);
    cJSON_free(text);
    cJSON_Delete(object);
}

static void release(struct sync_job *job)
{
    if (--job->waiting > 0)
        return;
    if (!job->abandoned)
        job->callbacks.on_done(job->user, job->code,
                               job->message[0] == '\0' ? NULL : job->message);
    free(job);
}

static void on_plan_line(void *user, const char *operation, const char *path, int64_t bytes,
                         const struct failure *held)
{
    struct sync_part *part = user;
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "mirror", mirror_name(part->mirror));
    json_add_text(object, "operation", operation);
    json_add_text(object, "path", path);
    json_add_number(object, "bytes", bytes > 0 ? (uint64_t)bytes : 0);
    json_add_number(object, "failure", held == NULL ? 0 : (uint64_t)held->number);
    json_add_text(object, "message", held == NULL ? NULL : held->text);
    tell(part->job, object, "plan");
}

/* The code that the round ended with; held items alone make it 6. */
static int code_of(const struct failure *failure, uint64_t held)
{
    int code = failure_exit_code(failure->kind);
    if (failure->kind == FAILURE_CANCELLED)
        return 1; /* the agent was stopped before the end */
    return held > 0 ? failure_stronger_code(code, 6) : code;
}

static void on_round_done(void *user, const struct failure *failure, uint64_t held)
{
    static const struct failure none = {0};
    struct sync_part *part = user;
    struct sync_job *job = part->job;
    if (failure == NULL)
        failure = &none;
    char message[sizeof failure->text];
    (void)snprintf(message, sizeof message, "%s", failure->text);
    if (failure->kind == FAILURE_CANCELLED)
        (void)snprintf(message, sizeof message, _("the agent stopped before the end"));
    int code = code_of(failure, held);
    cJSON *object = mirror_json_progress(part->mirror);
    cJSON_DeleteItemFromObjectCaseSensitive(object, "message");
    cJSON_DeleteItemFromObjectCaseSensitive(object, "held");
    cJSON_DeleteItemFromObjectCaseSensitive(object, "failure");
    json_add_number(object, "code", (uint64_t)code);
    json_add_number(object, "changes", part->changes);
    json_add_number(object, "held", held);
    json_add_text(object, "message", message);
    json_add_number(object, "failure", (uint64_t)failure->number);
    tell(job, object, "result");
    part->answered = true;
    if (failure_stronger_code(job->code, code) != job->code) {
        job->code = code;
        (void)snprintf(job->message, sizeof job->message, "%s", message);
    }
    release(job);
}

struct sync_job *sync_job_start(struct assembly *assembly, const char *const *names,
                                size_t name_count, const struct sync_job_options *options,
                                const struct sync_job_callbacks *callbacks, void *user)
{
    struct sync_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        callbacks->on_done(user, 1, _("no memory"));
        return NULL;
    }
    job->callbacks = *callbacks;
    job->user = user;
    job->waiting = 1;
    for (size_t i = 0; i < assembly->mirror_count; i++) {
        struct mirror *mirror = assembly->mirrors[i].mirror;
        if (assembly_is_named(mirror_name(mirror), names, name_count))
            job->parts[job->count++] = (struct sync_part){.job = job, .mirror = mirror};
    }
    for (size_t i = 0; i < job->count; i++) {
        struct mirror_request request = {.full = options->full,
                                         .dry_run = options->dry_run,
                                         .allow_big_delete = options->allow_big_delete,
                                         .trigger = "sync-now",
                                         .on_plan_line = on_plan_line,
                                         .done = on_round_done,
                                         .user = &job->parts[i]};
        job->waiting++;
        mirror_sync(job->parts[i].mirror, &request);
    }
    /* The job is only over for the caller once it has got it: a round that answers at
     * once must not end it under his hands. */
    bool over = job->waiting == 1;
    release(job);
    return over ? NULL : job;
}

void sync_job_progress(struct sync_job *job, const struct mirror *mirror)
{
    for (size_t i = 0; i < job->count; i++) {
        if (job->parts[i].mirror == mirror && !job->parts[i].answered)
            tell(job, mirror_json_progress(mirror), "progress");
    }
}

void sync_job_arrival(struct sync_job *job, const struct mirror *mirror)
{
    for (size_t i = 0; i < job->count; i++) {
        if (job->parts[i].mirror == mirror)
            job->parts[i].changes++;
    }
}

void sync_job_abandon(struct sync_job *job)
{
    job->abandoned = true;
}
