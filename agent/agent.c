/* The life of `agent run`. Construction in begin(), destruction in end(), in the reverse
 * order; between them the loop turns, and comes back only to reload or to stop. */
#include "agent/agent.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent_parts.h"
#include "agent/clock.h"
#include "agent/crash.h"
#include "agent/log.h"
#include "agent/priority.h"
#include "agent/words.h"

enum { AGENT_STOP_MS = 4500 /* of the 5 s of failure-model 7 */ };

void agent_want_stop(struct agent *agent)
{
    agent->stop_wanted = true;
    uv_stop(&agent->assembly.loop);
}

void agent_want_reload(struct agent *agent)
{
    agent->reload_wanted = true;
    uv_stop(&agent->assembly.loop);
}

static void wake_all(struct agent *agent)
{
    struct assembly *assembly = &agent->assembly;
    if (assembly->account.service == NULL)
        return;
    http_drop_connections(assembly->account.http);
    service_wake(assembly->account.service);
    for (size_t i = 0; i < assembly->mirror_count; i++)
        mirror_wake(assembly->mirrors[i].mirror);
}

static void arm_pause_timer(struct agent *agent);

bool agent_rests(const struct agent *agent, const char **out_why)
{
    bool is_thrifty = agent->thrift_reason != NULL && !agent->thrift_overruled;
    if (out_why != NULL)
        *out_why = agent->pause.paused ? _("as you asked") : agent->thrift_reason;
    return agent->pause.paused || is_thrifty;
}

/* Idle connections go too: what was cut off would go on to arrive for as long as the
 * buffers between here and there have room. */
static void apply_pause(struct agent *agent)
{
    if (agent_rests(agent, NULL) && agent->assembly.account.http != NULL)
        http_drop_connections(agent->assembly.account.http);
    for (size_t i = 0; i < agent->assembly.mirror_count; i++) {
        if (agent_rests(agent, NULL))
            mirror_pause(agent->assembly.mirrors[i].mirror);
        else
            mirror_resume(agent->assembly.mirrors[i].mirror);
    }
    arm_pause_timer(agent);
}

enum failure_kind agent_set_pause(struct agent *agent, const struct state_pause *pause,
                                  struct failure *failure)
{
    enum store_status status = state_put_pause(agent->assembly.store, pause);
    if (status != STORE_OK)
        return state_failure(agent->assembly.store, status, _("cannot record the pause"),
                             failure);
    agent->pause = *pause;
    agent->thrift_overruled = !pause->paused;
    apply_pause(agent);
    agent_status_changed(agent, NULL);
    return FAILURE_NONE;
}

/* The end of a pause is a time of the wall clock; the timer only comes to look. Its row
 * says as much, so the pause ends although it cannot be taken away. Nobody has said
 * `resume`: what else work rests for holds on. */
static void on_pause_timer(uv_timer_t *timer)
{
    struct agent *agent = timer->data;
    if (clock_wall_ms() < agent->pause.until_ms) {
        arm_pause_timer(agent);
        return;
    }
    agent->pause = (struct state_pause){0};
    (void)state_put_pause(agent->assembly.store, &agent->pause);
    apply_pause(agent);
    agent_status_changed(agent, NULL);
}

static void arm_pause_timer(struct agent *agent)
{
    (void)uv_timer_stop(&agent->pause_timer);
    if (!agent->pause.paused || agent->pause.until_ms == 0)
        return;
    int64_t left = agent->pause.until_ms - clock_wall_ms();
    (void)uv_timer_start(&agent->pause_timer, on_pause_timer, left > 0 ? (uint64_t)left : 0,
                         0);
}

static void on_clock(void *user, bool woke, uint64_t slept_ms)
{
    struct agent *agent = user;
    throttle_apply(agent->throttle, agent->assembly.config, agent->assembly.account.http);
    arm_pause_timer(agent);
    if (!woke)
        return;
    log_line(LOG_LEVEL_INFO, 154, NULL,
             "the computer woke, after %" PRIu64 " s of sleep: connecting anew",
             slept_ms / 1000);
    wake_all(agent);
}

static void on_addresses(void *user, bool appeared)
{
    log_line(LOG_LEVEL_DEBUG, 131, NULL, "the addresses of this computer changed");
    if (appeared)
        wake_all(user);
}

/* A metered network or the battery saver: work rests until that ends (config: desktop). */
static void on_thrift(void *user, const char *reason)
{
    struct agent *agent = user;
    if (reason == agent->thrift_reason)
        return;
    agent->thrift_reason = reason;
    agent->thrift_overruled = false;
    log_line(LOG_LEVEL_INFO, 0, NULL, "%s",
             reason == NULL ? _("no need to save any more: going on") : reason);
    apply_pause(agent);
    agent_status_changed(agent, NULL);
}

static void sync_all(struct agent *agent)
{
    for (size_t i = 0; i < agent->assembly.mirror_count; i++) {
        struct mirror_request request = {.trigger = "sync-now"};
        mirror_sync(agent->assembly.mirrors[i].mirror, &request);
    }
}

static void on_signal(void *user, int number)
{
    struct agent *agent = user;
    if (number == SIGHUP) {
        agent_want_reload(agent);
    } else if (number == SIGUSR1) {
        sync_all(agent);
    } else if (agent->stop_wanted) {
        /* A second wish is an order: as safe as a power cut (F-01). */
        _exit(1);
    } else {
        log_line(LOG_LEVEL_INFO, 155, NULL, "stopping in good order");
        agent_want_stop(agent);
    }
}

static void on_stop_timer(uv_timer_t *timer)
{
    (void)timer;
    log_line(LOG_LEVEL_WARNING, 155, NULL,
             "the stop takes too long: leaving the rest to the next start");
    _exit(1);
}

static void on_mirror_status(void *user, struct mirror *mirror)
{
    struct agent *agent = user;
    const struct mirror_status *status = mirror_status(mirror);
    if (status->failure.kind == FAILURE_INTERNAL && !agent->stop_wanted) {
        /* An invariant is broken: nothing more is written (failure-model 4). */
        agent->end = status->failure;
        agent_want_stop(agent);
    }
    agent_status_changed(agent, mirror);
}

static void on_mirror_arrival(void *user, struct mirror *mirror, const char *operation,
                              const char *path, const char *editor, int64_t latency_ms)
{
    agent_arrivals_add(user, mirror, operation, path, editor, latency_ms);
}

static void on_auth_state(void *user, enum auth_state state, const struct failure *failure)
{
    struct agent *agent = user;
    agent->sign_in = (struct failure){0};
    if (state == AUTH_READY) {
        for (size_t i = 0; i < agent->assembly.mirror_count; i++)
            mirror_signed_in(agent->assembly.mirrors[i].mirror);
    } else {
        (void)failure_set(
            &agent->sign_in, FAILURE_SIGN_IN, failure == NULL ? 114 : failure->number, "%s",
            failure == NULL ? _("nobody is signed in: run agent login") : failure->text);
        log_failure(NULL, &agent->sign_in);
    }
    agent_status_changed(agent, NULL);
}

/* service_watch() counts on the boot-time clock; people read the wall clock. */
static int64_t to_wall(uint64_t at_ms)
{
    return at_ms == 0 ? 0 : clock_wall_ms() + ((int64_t)at_ms - (int64_t)clock_now_ms());
}

static void on_trouble(void *user, uint64_t since_ms, uint64_t next_ms,
                       const struct failure *failure)
{
    struct agent *agent = user;
    bool was = agent->trouble.since != 0;
    agent->trouble =
        (struct agent_trouble){.since = to_wall(since_ms), .next_try = to_wall(next_ms)};
    if (failure != NULL && since_ms != 0)
        agent->trouble.failure = *failure;
    if (!was && since_ms != 0)
        log_failure(NULL, &agent->trouble.failure);
    if (was && since_ms == 0)
        log_line(LOG_LEVEL_INFO, 125, NULL, "the service answers again");
    agent_status_changed(agent, NULL);
}

/* Joins what a reload may have built anew to the rest. */
static void attach(struct agent *agent)
{
    struct account *account = &agent->assembly.account;
    agent->sign_in = (struct failure){0};
    auth_watch(account->auth, on_auth_state, agent);
    service_watch(account->service, on_trouble, agent);
    throttle_apply(agent->throttle, agent->assembly.config, account->http);
    surroundings_configure(agent->surroundings, agent->assembly.config);
}

/* Where nobody ever signed in, waiting would be in vain (product.md, code 4). A keyring
 * that is locked is another matter: it may be opened (F-117). */
static enum failure_kind check_sign_in(struct agent *agent, struct failure *failure)
{
    const struct account *account = &agent->assembly.account;
    enum failure_kind kind = account_wait(account, &agent->assembly.loop, failure);
    bool may_open = kind == FAILURE_SIGN_IN && auth_state(account->auth) == AUTH_LAPSED;
    return may_open ? FAILURE_NONE : kind;
}

static enum failure_kind make_handles(struct agent *agent, struct failure *failure)
{
    static const struct surroundings_callbacks callbacks = {.on_clock = on_clock,
                                                            .on_addresses = on_addresses,
                                                            .on_thrift = on_thrift,
                                                            .on_action =
                                                                agent_notices_action};
    uv_loop_t *loop = &agent->assembly.loop;
    if (uv_timer_init(loop, &agent->pause_timer) != 0 ||
        uv_timer_init(loop, &agent->stop_timer) != 0)
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    agent->pause_timer.data = agent;
    agent->stop_timer.data = agent;
    agent->has_timers = true;
    agent->signals = signals_new(loop, on_signal, agent);
    if (agent->signals == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "cannot listen to signals");
    agent->control = control_listen(loop, agent->assembly.config->socket_path,
                                    agent_requests(), agent, failure);
    if (agent->control == NULL)
        return failure->kind;
    agent->supervisor = supervisor_new(loop);
    agent->throttle = throttle_new(loop);
    agent->surroundings = surroundings_new(loop, &callbacks, agent);
    priority_lower_pool(loop);
    return FAILURE_NONE;
}

/* F-07. */
static void count_crashes(struct agent *agent)
{
    agent->crashes = crash_watch(agent->assembly.config->state_dir);
    agent->assembly.is_careful = agent->crashes >= CRASH_LIMIT;
    if (agent->assembly.is_careful)
        log_line(LOG_LEVEL_ERROR, 7, NULL,
                 "the agent has crashed %" PRIu64 " times within the hour: it goes on with "
                 "one item at a time; please report it",
                 agent->crashes);
    else if (agent->crashes > 0)
        log_line(LOG_LEVEL_WARNING, 7, NULL,
                 "the agent has crashed: please report it (%" PRIu64 " within the hour)",
                 agent->crashes);
}

static enum failure_kind begin(struct agent *agent, struct config *config,
                               struct failure *failure)
{
    static const struct mirror_callbacks callbacks = {.on_status = on_mirror_status,
                                                      .on_arrival = on_mirror_arrival};
    crash_forbid_core_files();
    signals_ignore_broken_pipes();
    enum failure_kind kind =
        assembly_open(&agent->assembly, config, true, &callbacks, agent, failure);
    if (kind == FAILURE_NONE && config->mirror_count == 0)
        kind = failure_set(failure, FAILURE_CONFIG, 0,
                           "no mirror is configured in %s: add one with agent add FOLDER",
                           config->path);
    if (kind == FAILURE_NONE)
        kind = check_sign_in(agent, failure);
    if (kind == FAILURE_NONE)
        kind = make_handles(agent, failure);
    if (kind != FAILURE_NONE)
        return kind;
    attach(agent);
    count_crashes(agent);
    agent->pause = state_get_pause(agent->assembly.store);
    kind = assembly_start(&agent->assembly, NULL, 0, failure);
    apply_pause(agent);
    return kind;
}

static void log_config_error(void *user, const char *line)
{
    (void)user;
    log_line(LOG_LEVEL_ERROR, 159, NULL, "%s", line);
}

static void reload(struct agent *agent)
{
    struct failure failure = {0};
    agent->reload_wanted = false;
    supervisor_reloading(agent->supervisor);
    struct config *config = NULL;
    enum failure_kind kind =
        config_load(agent->places, log_config_error, NULL, &config, &failure);
    if (kind == FAILURE_NONE &&
        strcmp(config->state_dir, agent->assembly.config->state_dir) != 0) {
        config_free(config);
        kind = failure_set(&failure, FAILURE_CONFIG, 162,
                           "the state folder cannot change while the agent runs");
    }
    if (kind != FAILURE_NONE) {
        log_line(LOG_LEVEL_ERROR, 159, NULL, "%s: going on with the old configuration",
                 failure.text);
    } else {
        throttle_apply(agent->throttle, NULL, NULL);
        kind = assembly_reload(&agent->assembly, config, &failure);
        if (kind == FAILURE_NONE) {
            attach(agent);
            apply_pause(agent);
            log_line(LOG_LEVEL_INFO, 0, NULL,
                     words_count("configuration read anew: %zu mirror",
                                 "configuration read anew: %zu mirrors",
                                 agent->assembly.mirror_count),
                     agent->assembly.mirror_count);
        } else {
            agent->end = failure;
            agent->stop_wanted = true;
        }
    }
    agent_requests_reloaded(agent, &failure);
    supervisor_ready(agent->supervisor);
    agent_status_changed(agent, NULL);
}

/* False: the process cannot end in the usual way. */
static bool end(struct agent *agent)
{
    supervisor_stopping(agent->supervisor);
    if (agent->has_timers)
        (void)uv_timer_start(&agent->stop_timer, on_stop_timer, AGENT_STOP_MS, 0);
    agent->stop_wanted = true;
    assembly_stop(&agent->assembly);
    agent_requests_clear(agent);
    agent_arrivals_clear(agent);
    surroundings_close(agent->surroundings);
    throttle_close(agent->throttle);
    supervisor_close(agent->supervisor);
    control_close(agent->control);
    signals_close(agent->signals);
    if (agent->has_timers) {
        uv_close((uv_handle_t *)&agent->stop_timer, NULL);
        uv_close((uv_handle_t *)&agent->pause_timer, NULL);
    }
    return assembly_close(&agent->assembly);
}

/* What is left is of no use to anybody, but libuv would wait for it at exit. */
static void leave_the_rest(const struct agent *agent)
{
    log_failure(NULL, &agent->end);
    _exit(failure_exit_code(agent->end.kind));
}

enum failure_kind agent_run(const struct config_places *places, struct config *config,
                            struct failure *failure)
{
    struct agent agent = {.places = places, .started = clock_wall_ms()};
    agent.end.kind = begin(&agent, config, &agent.end);
    if (agent.end.kind == FAILURE_NONE) {
        supervisor_ready(agent.supervisor);
        agent_status_changed(&agent, NULL);
    }
    while (agent.end.kind == FAILURE_NONE && !agent.stop_wanted) {
        (void)uv_run(&agent.assembly.loop, UV_RUN_DEFAULT);
        if (agent.reload_wanted && !agent.stop_wanted)
            reload(&agent);
    }
    if (agent.end.kind == FAILURE_NONE)
        crash_forget(agent.assembly.config->state_dir);
    if (!end(&agent))
        leave_the_rest(&agent);
    *failure = agent.end;
    return agent.end.kind;
}
