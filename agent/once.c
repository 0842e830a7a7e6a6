#include "agent/once.h"

#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "agent/assembly.h"
#include "agent/clock.h"
#include "agent/signals.h"
#include "agent/state.h"
#include "agent/throttle.h"
#include "agent/words.h"

struct once {
    struct assembly assembly;
    const struct once_options *options;
    once_line_fn *on_line;
    void *user;
    struct signals *signals;
    struct throttle *throttle;
    uv_timer_t patience;
    bool has_patience;
    struct sync_job *job;
    uint64_t moved_at; /* clock_now_ms() when something moved last */
    uint64_t progress; /* sum of all counters then */
    struct failure trouble;
    bool stopped;
    int code;
    struct failure end; /* what ended it before the job did */
};

static void end_with(struct once *once, const struct failure *failure)
{
    once->end = *failure;
    once->code = failure_exit_code(failure->kind);
    uv_stop(&once->assembly.loop);
}

static void give_up(struct once *once, uint64_t waited_ms)
{
    struct failure failure;
    bool known = once->trouble.kind != FAILURE_NONE;
    (void)failure_set(&failure, FAILURE_TRANSIENT, once->trouble.number,
                      "gave up after %" PRIu64 " s in which nothing moved: %s",
                      waited_ms / 1000,
                      known ? once->trouble.text : _("the service does not answer"));
    end_with(once, &failure);
}

static void on_patience(uv_timer_t *timer)
{
    struct once *once = timer->data;
    uint64_t waited = clock_now_ms() - once->moved_at;
    if (waited >= once->options->timeout_ms)
        give_up(once, waited);
    else
        (void)uv_timer_start(timer, on_patience, once->options->timeout_ms - waited, 0);
}

static void on_trouble(void *user, uint64_t since_ms, uint64_t next_ms,
                       const struct failure *failure)
{
    struct once *once = user;
    once->trouble = (struct failure){0};
    if (since_ms == 0 || failure == NULL)
        return;
    once->trouble = *failure;
    /* A service that asks for a longer wait than ours is not waited for (failure-model 4).
     */
    uint64_t now = clock_now_ms();
    if (next_ms > now && next_ms - now > once->options->timeout_ms) {
        struct failure end;
        (void)failure_set(&end, FAILURE_TRANSIENT, failure->number,
                          "%s: the next try is only in %" PRIu64 " s", failure->text,
                          (next_ms - now) / 1000);
        end_with(once, &end);
    }
}

static void on_status(void *user, struct mirror *mirror)
{
    struct once *once = user;
    uint64_t progress = 0;
    for (size_t i = 0; i < once->assembly.mirror_count; i++) {
        const struct mirror_status *status =
            mirror_status(once->assembly.mirrors[i].mirror);
        progress += status->listed + status->done_items + status->received_bytes;
    }
    if (progress != once->progress)
        once->moved_at = clock_now_ms();
    once->progress = progress;
    if (once->job != NULL)
        sync_job_progress(once->job, mirror);
}

static void on_arrival(void *user, struct mirror *mirror, const char *operation,
                       const char *path, const char *editor, int64_t latency_ms)
{
    struct once *once = user;
    if (once->job != NULL)
        sync_job_arrival(once->job, mirror);
    (void)operation;
    (void)path;
    (void)editor;
    (void)latency_ms;
}

static void on_signal(void *user, int number)
{
    struct once *once = user;
    if (number == SIGHUP || number == SIGUSR1)
        return;
    if (once->stopped)
        _exit(1); /* as safe as F-01 */
    once->stopped = true;
    uv_stop(&once->assembly.loop);
}

static void on_job_line(void *user, const char *json)
{
    struct once *once = user;
    once->on_line(once->user, json);
}

static void on_job_done(void *user, int code, const char *message)
{
    (void)message; /* the line of its mirror said it */
    struct once *once = user;
    once->job = NULL;
    once->code = code;
    uv_stop(&once->assembly.loop);
}

static void pass_word(struct once *once)
{
    for (size_t i = 0; i < once->assembly.mirror_count; i++) {
        struct mirror *mirror = once->assembly.mirrors[i].mirror;
        if (once->options->word == ONCE_APPROVE)
            (void)mirror_approve(mirror);
        if (once->options->word == ONCE_REFUSE)
            (void)mirror_refuse(mirror);
    }
}

static enum failure_kind check_start(struct once *once, struct failure *failure)
{
    if (state_get_pause(once->assembly.store).paused)
        return failure_set(failure, FAILURE_RESOURCE, 0,
                           "work is paused: nothing was changed; take it up with agent "
                           "resume");
    return account_wait(&once->assembly.account, &once->assembly.loop, failure);
}

static enum failure_kind begin(struct once *once, struct config *config,
                               struct failure *failure)
{
    static const struct mirror_callbacks callbacks = {.on_status = on_status,
                                                      .on_arrival = on_arrival};
    static const struct sync_job_callbacks job_callbacks = {.on_line = on_job_line,
                                                            .on_done = on_job_done};
    const struct once_options *options = once->options;
    uv_loop_t *loop = &once->assembly.loop;
    signals_ignore_broken_pipes();
    enum failure_kind kind =
        assembly_open(&once->assembly, config, false, &callbacks, once, failure);
    if (kind == FAILURE_NONE)
        kind = check_start(once, failure);
    if (kind != FAILURE_NONE)
        return kind;
    once->signals = signals_new(loop, on_signal, once);
    once->throttle = throttle_new(loop);
    once->has_patience = uv_timer_init(loop, &once->patience) == 0;
    once->patience.data = once;
    throttle_apply(once->throttle, config, once->assembly.account.http);
    service_watch(once->assembly.account.service, on_trouble, once);
    kind = assembly_start(&once->assembly, options->names, options->name_count, failure);
    if (kind != FAILURE_NONE)
        return kind;
    pass_word(once);
    once->moved_at = clock_now_ms();
    if (once->has_patience)
        (void)uv_timer_start(&once->patience, on_patience, options->timeout_ms, 0);
    once->job =
        sync_job_start(&once->assembly, NULL, 0, &options->job, &job_callbacks, once);
    return FAILURE_NONE;
}

static void end(struct once *once)
{
    if (once->job != NULL)
        sync_job_abandon(once->job);
    once->job = NULL;
    assembly_stop(&once->assembly);
    throttle_close(once->throttle);
    signals_close(once->signals);
    if (once->has_patience)
        uv_close((uv_handle_t *)&once->patience, NULL);
    (void)assembly_close(&once->assembly); /* no links, so it is complete */
}

int once_sync(struct config *config, const struct once_options *options,
              once_line_fn *on_line, void *user, struct failure *failure)
{
    struct once once = {.options = options, .on_line = on_line, .user = user};
    struct failure begun = {0};
    if (begin(&once, config, &begun) != FAILURE_NONE) {
        once.end = begun;
        once.code = failure_exit_code(begun.kind);
    } else if (once.job != NULL) {
        (void)uv_run(&once.assembly.loop, UV_RUN_DEFAULT);
    }
    end(&once);
    *failure = once.end;
    return once.code;
}
