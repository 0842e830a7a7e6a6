/* When a round begins, and what its end means. */
#include <stdlib.h>
#include <string.h>

#include "agent/backoff.h"
#include "agent/clock.h"
#include "agent/log.h"
#include "agent/random.h"
#include "agent/sync/mirror_parts.h"
#include "agent/sync/recover.h"
#include "agent/sync/refilter.h"
#include "agent/words.h"

enum {
    POLL_DOWN_MS = 60 * 1000, /* while the channel is down (F-133) */
    POLL_JITTER_PERCENT = 10,
    WALK_MS = 15 * 60 * 1000, /* between two polls of a drive that must be walked */
    MINUTE_MS = 60 * 1000,
    DOUBT_FIRST_MS = 5 * 60 * 1000, /* after nonsense or a drive that is closed (F-93) */
    DOUBT_LAST_MS = 60 * 60 * 1000,
    LEFT_OVER_MS = 15 * 1000, /* for what the round could not do at once */
    REST_MS = 2000,           /* after work, until the store tidies up (F-70) */
    LEFT_OVER_LAST_MS = 15 * 60 * 1000,
    LOOKS = 3,
};

#define ROUND_DAY_MS INT64_C(86400000)
/* Nothing waits for so long (facts_retry_delay_ms): such a time was written while the clock
 * was ahead (F-153). */
#define ROUND_LONGEST_WAIT_MS (2 * ROUND_DAY_MS)

/* The feed may lag behind its event by so much (Graph: Payload of notifications). */
static const uint64_t look_delays_ms[LOOKS] = {5000, 15000, 60000};

/* Timers. */

/* Without a change feed each look costs a question for every folder (Graph: 4.11). */
static bool is_walked(const struct mirror *mirror)
{
    const struct store_mirror *row = &mirror->row.mirror;
    return row->feed == STORE_FEED_NEW && row->enumerated_at != 0;
}

void mirror_arm_poll(struct mirror *mirror)
{
    const struct link_status *link = mirror_link_status(mirror);
    bool is_live =
        link != NULL && (link->state == LINK_LIVE || link->state == LINK_RENEWING);
    uint64_t configured = mirror->environment.config->delta_interval_ms;
    uint64_t interval =
        is_live ? proof_interval_ms(&mirror->proof, configured) : POLL_DOWN_MS;
    if (!mirror->environment.with_link || mirror->is_paused)
        return;
    if (interval > configured)
        interval = configured;
    if (is_walked(mirror) && interval < WALK_MS)
        interval = WALK_MS;
    mirror_start_timer(mirror, MIRROR_TIMER_POLL,
                       backoff_jitter(interval, POLL_JITTER_PERCENT, random_number()));
}

void mirror_arm(struct mirror *mirror)
{
    uint64_t due = pace_due(&mirror->pace);
    uint64_t now = clock_now_ms();
    if (due == PACE_NEVER || !mirror_is_ready(mirror) || mirror->is_paused ||
        mirror->is_closing || mirror->status.state == MIRROR_STOPPED ||
        mirror_check_blocks(mirror) || mirror->preview != NULL)
        return;
    if (!round_may_begin(mirror->round))
        return; /* on_state comes */
    mirror_start_timer(mirror, MIRROR_TIMER_PACE, due <= now ? 0 : due - now);
}

void mirror_want_round(struct mirror *mirror, const char *trigger, int64_t notified_at)
{
    if (notified_at != 0)
        pace_trigger(&mirror->pace, clock_now_ms());
    else
        pace_want(&mirror->pace);
    if (mirror->trigger == NULL || notified_at != 0)
        mirror->trigger = trigger;
    if (mirror->notified_at == 0)
        mirror->notified_at = notified_at;
    mirror_arm(mirror);
}

/* The beginning. */

/* Also where the last one is said to lie further ahead than that: then the clock was
 * (F-153). */
static bool is_reconcile_due(const struct mirror *mirror)
{
    const struct store_mirror *row = &mirror->row.mirror;
    int64_t interval = (int64_t)mirror->environment.config->reconcile_interval_ms;
    int64_t since = clock_wall_ms() - row->enumerated_at;
    return row->feed == STORE_FEED_CURRENT && interval > 0 &&
           (since > interval || since < -interval);
}

/* A person asks: what waits for time may be tried now, with `full` also what waits for a
 * cause. */
static void wake_queue(struct mirror *mirror, const struct round_request *request)
{
    if (request->allow_big_delete && mirror->row.mirror.held_deletions > 0)
        mirror_release_deletions(mirror);
    (void)store_wake_todo(mirror->context.store, mirror->context.mirror, request->full);
}

static void begin(struct mirror *mirror, const struct round_request *request)
{
    struct mirror_status *status = &mirror->status;
    (void)store_wake_later(mirror->context.store, mirror->context.mirror,
                           clock_wall_ms() + ROUND_LONGEST_WAIT_MS);
    mirror->is_enumeration_due = false;
    status->enumerating = request->full || mirror->row.mirror.feed == STORE_FEED_NEW ||
                          mirror->row.mirror.feed == STORE_FEED_ENUMERATING;
    status->listed = 0;
    status->done_items = 0;
    status->recorded_bytes = 0;
    status->received_bytes = 0;
    round_begin(mirror->round, request);
}

static void on_confirmed(void *user, struct batch_job *job)
{
    struct mirror *mirror = user;
    mirror->is_confirming = false;
    if (job->was_run)
        mirror->status.failure = (struct failure){.kind = FAILURE_NONE};
    else if (job->failure.kind != FAILURE_CANCELLED && !mirror->is_reopening)
        mirror_trouble(mirror, &job->failure);
}

/* A round that finds nothing to do does not look at the folder: one that was not there is
 * looked at before (F-57 ... F-59). False: that has begun, and its end calls again. */
static bool has_root(struct mirror *mirror)
{
    int number = mirror->status.failure.number;
    bool is_doubtful =
        mirror->status.failure.kind == FAILURE_GUARD && number >= 57 && number <= 59;
    if (!is_doubtful || mirror->is_confirming)
        return !is_doubtful;
    struct batch_job *job =
        batch_job_new(BATCH_CONFIRM, 0, NULL, NULL, on_confirmed, mirror);
    if (job == NULL)
        return true; /* the next batch confirms it as well */
    mirror->is_confirming = true;
    batch_add(mirror->batch, job);
    return false;
}

/* What a step that failed has left is brought back as after a kill (3.5). False: that has
 * begun, and its end calls again, or it cannot be, and the mirror waits. */
static bool has_recovered(struct mirror *mirror)
{
    struct failure failure = {.kind = FAILURE_NONE};
    if (round_state(mirror->round) != ROUND_IDLE || batch_pending(mirror->batch) > 0 ||
        mirror->check != NULL)
        return true; /* later */
    mirror->needs_recovery = batch_take_failed(mirror->batch) || mirror->needs_recovery;
    if (!mirror->needs_recovery)
        return true;
    if (mirror_recover(mirror, &failure) != FAILURE_NONE) {
        mirror_trouble(mirror, &failure);
        return false;
    }
    mirror->needs_recovery = false;
    mirror->is_reclaimed = false;
    mirror_open_go_on(mirror);
    return false;
}

/* What a person removed is found first, then restored with the rest (F-31). False: that has
 * begun, and its end calls again, or it cannot be. */
static bool has_checked(struct mirror *mirror)
{
    struct failure failure;
    enum mirror_check kind = MIRROR_CHECK_QUIET;
    for (const struct wish *wish = mirror->waiting; wish != NULL; wish = wish->next) {
        if (wish->request.full && !wish->request.dry_run)
            kind = MIRROR_CHECK_FIRST;
        else if (wish->request.full && kind == MIRROR_CHECK_QUIET)
            kind = MIRROR_CHECK_PLAN;
    }
    if (kind == MIRROR_CHECK_QUIET || mirror->check_kind == kind)
        return true;
    if (mirror->check != NULL || round_state(mirror->round) != ROUND_IDLE)
        return false; /* its end calls again */
    if (!mirror_check_start(mirror, kind)) {
        (void)failure_set(&failure, FAILURE_RESOURCE, 22, "out of memory");
        mirror_trouble(mirror, &failure);
    }
    return false;
}

/* A single pass does what it was asked for, which may be only to look: what follows from
 * its answer is for an agent that goes on. */
static bool is_for_nobody(const struct mirror *mirror)
{
    return !mirror->environment.with_link && mirror->waiting == NULL &&
           mirror->running == NULL;
}

static void begin_due(struct mirror *mirror)
{
    if (!mirror_is_ready(mirror) || mirror->is_closing || mirror->is_paused ||
        mirror->preview != NULL || !round_may_begin(mirror->round) || is_for_nobody(mirror))
        return;
    if (pace_due(&mirror->pace) > clock_now_ms()) {
        mirror_arm(mirror); /* the loop's clock lags behind ours, so timers come early */
        return;
    }
    if (!has_root(mirror) || !has_recovered(mirror) || !has_checked(mirror))
        return;
    if (mirror->check == NULL)
        mirror->check_kind = MIRROR_CHECK_QUIET;
    if (is_reconcile_due(mirror)) {
        mirror->is_enumeration_due = true;
        mirror->trigger = "reconcile";
    }
    mirror->running_trigger = mirror->trigger == NULL ? "poll" : mirror->trigger;
    mirror->context.origin = (struct sync_origin){.trigger = mirror->running_trigger,
                                                  .notified_at = mirror->notified_at};
    mirror->trigger = NULL;
    mirror->notified_at = 0;
    bool is_asked = mirror->waiting != NULL;
    struct round_request request = mirror_take_wishes(mirror);
    if (is_asked && !request.only_listing)
        wake_queue(mirror, &request);
    mirror->wants_next_set = false;
    pace_begin(&mirror->pace, clock_now_ms());
    begin(mirror, &request);
}

static void begin_retry(struct mirror *mirror)
{
    if (!mirror_is_ready(mirror)) {
        mirror_open_go_on(mirror);
        return;
    }
    if (mirror->is_paused || mirror->status.state == MIRROR_STOPPED)
        return;
    mirror_want_round(mirror, "retry", 0);
}

void mirror_on_timer(struct mirror *mirror, enum mirror_timer which)
{
    switch (which) {
    case MIRROR_TIMER_PACE:
        begin_due(mirror);
        return;
    case MIRROR_TIMER_POLL:
        mirror_want_round(mirror, "poll", 0);
        mirror_check_now_and_then(mirror);
        if (mirror_sample_is_due(mirror))
            mirror_start_timer(mirror, MIRROR_TIMER_REST, REST_MS);
        mirror_arm_poll(mirror);
        return;
    case MIRROR_TIMER_LOOK:
        mirror_want_round(mirror, "event", 0);
        return;
    case MIRROR_TIMER_RETRY:
        begin_retry(mirror);
        return;
    case MIRROR_TIMER_REST:
        if (mirror->round == NULL)
            return; /* closed meanwhile, or never open */
        mirror_sample_begin(mirror);
        if (round_state(mirror->round) == ROUND_IDLE && mirror->check == NULL)
            (void)store_checkpoint(mirror->context.store);
        return;
    case MIRROR_TIMER_STATUS:
        mirror_show_now(mirror);
        return;
    case MIRROR_TIMERS:
        return;
    }
}

/* The end. */

static void on_state(void *user, enum round_state state)
{
    struct mirror *mirror = user;
    bool is_listing = state == ROUND_LISTING;
    if (state != ROUND_IDLE)
        mirror_set_state(mirror, is_listing ? MIRROR_LISTING : MIRROR_APPLYING);
    if (state == ROUND_FILLING)
        pace_end(&mirror->pace); /* another one may begin beside large downloads */
    mirror_arm(mirror);
}

/* Did the feed tell less than the event promised? One that brought nothing came before its
 * change, one that brought something may have brought a part: the feed is asked once more.
 * What only a second look finds proves a feed that lags, and the looks begin anew. */
static void look_again(struct mirror *mirror, bool has_changed)
{
    bool was_look = strcmp(mirror->running_trigger, "event") == 0 &&
                    mirror->context.origin.notified_at == 0;
    if (mirror->notified_at != 0)
        return; /* a later event waits, and its round looks again */
    if (!was_look || has_changed)
        mirror->looks = 0;
    if (mirror->looks >= LOOKS)
        return;
    mirror_start_timer(mirror, MIRROR_TIMER_LOOK, look_delays_ms[mirror->looks]);
    mirror->looks = has_changed && !was_look ? LOOKS : mirror->looks + 1;
}

static void on_listed(void *user, const struct round_result *result)
{
    struct mirror *mirror = user;
    /* Just before the channel was up an event may have been missed as well. */
    bool is_event = strcmp(mirror->running_trigger, "event") == 0 ||
                    strcmp(mirror->running_trigger, "start") == 0 ||
                    strcmp(mirror->running_trigger, "renewal") == 0;
    if (result->failure.kind != FAILURE_NONE)
        return;
    mirror_count_round(mirror, result->changed);
    if (result->was_enumeration || result->was_walk)
        mirror->status.enumerating = false;
    if (result->was_enumeration) {
        mirror->status.drift = result->drift;
        if (result->drift > 0)
            log_line(LOG_LEVEL_INFO, 81, mirror->context.name,
                     words_count("full comparison: %llu item had drifted",
                                 "full comparison: %llu items had drifted", result->drift),
                     (unsigned long long)result->drift);
    }
    /* What changed while it was listed comes with the next set, and what the filters see in
     * another way now after a walk; whoever asked waits for it as well. */
    mirror->wants_next_set =
        result->was_enumeration || result->was_resumed || refilter_is_due(&mirror->context);
    if (mirror->wants_next_set)
        mirror_want_round(mirror, "reconcile", 0);
    /* A walk asks for the folders themselves, which do not lag behind. */
    if (is_event && mirror->environment.with_link && !result->was_walk)
        look_again(mirror, result->changed > 0);
}

/* When the queue is to be looked at again by itself. */
static void arm_retry(struct mirror *mirror)
{
    const struct sync_context *context = &mirror->context;
    struct store_counts counts;
    int64_t due = 0;
    if (store_count(context->store, context->mirror, &counts) != STORE_OK ||
        counts.waiting == 0) {
        mirror->failures = 0;
        return;
    }
    if (store_next_due(context->store, context->mirror, &due) != STORE_OK || due == 0) {
        /* Due at once, but not possible: something else has to happen first. */
        uint64_t delay = (uint64_t)LEFT_OVER_MS
                         << (mirror->failures < 6 ? mirror->failures : 6);
        mirror->failures++;
        mirror_start_timer(mirror, MIRROR_TIMER_RETRY,
                           delay < LEFT_OVER_LAST_MS ? delay : LEFT_OVER_LAST_MS);
        return;
    }
    int64_t now = clock_wall_ms();
    bool is_later = due > now && due - now <= ROUND_LONGEST_WAIT_MS;
    mirror_start_timer(mirror, MIRROR_TIMER_RETRY,
                       is_later ? (uint64_t)(due - now) + 100 : 1000);
}

static void save_end(struct mirror *mirror, bool has_changed)
{
    struct store_mirror *row = &mirror->row.mirror;
    int64_t now = clock_wall_ms();
    bool is_dirty = has_changed || row->keep_missing || row->approved_deletions != 0 ||
                    now - row->synced_at > ROUND_DAY_MS;
    mirror->status.synced_at = now;
    if (!is_dirty)
        return; /* I-6: nothing happened, nothing is written */
    row->keep_missing = false;
    row->approved_deletions = 0;
    row->synced_at = now;
    (void)row_save(mirror->context.store, &mirror->row);
}

void mirror_on_stray(void *user)
{
    struct mirror *mirror = user;
    mirror->is_enumeration_due = true;
}

/* What the feed has lost is found by a full comparison. */
static void want_enumeration(struct mirror *mirror)
{
    log_line(LOG_LEVEL_WARNING, 74, mirror->context.name,
             "the drive does not tell where some items belong: full comparison with it");
    mirror->wants_next_set = true;
    mirror_want_round(mirror, "reconcile", 0);
}

/* The folder is as the drive was when it was asked last. */
static void on_went_through(struct mirror *mirror, const struct round_result *result)
{
    struct failure failure = {.kind = FAILURE_NONE};
    if (!mirror->is_only_listing)
        save_end(mirror, result->changed > 0 || mirror->status.done_items > 0);
    mirror->status.held_deletions = (uint64_t)mirror->row.mirror.held_deletions;
    if (mirror->status.held_deletions > 0)
        (void)failure_set(
            &failure, FAILURE_GUARD, 90,
            words_count("%llu deletion waits for your consent: agent approve %s",
                        "%llu deletions wait for your consent: agent approve "
                        "%s",
                        mirror->status.held_deletions),
            (unsigned long long)mirror->status.held_deletions, mirror->context.name);
    mirror->status.failure = failure;
    mirror_set_state(mirror, failure.kind == FAILURE_GUARD ? MIRROR_GUARDED : MIRROR_IDLE);
    mirror_save_problem(mirror);
    arm_retry(mirror);
    mirror->status.held = mirror_count_failed(mirror);
    mirror_show_now(mirror);
    if (mirror->is_enumeration_due)
        want_enumeration(mirror);
    if (mirror->wants_next_set)
        return;
    if (mirror->is_only_listing)
        mirror_want_round(mirror, "poll", 0); /* now for those who did not only ask */
    mirror_end_wishes(mirror);
}

static void on_done(void *user, const struct round_result *result)
{
    struct mirror *mirror = user;
    struct failure failure = result->failure;
    pace_end(&mirror->pace);
    if (result->changed > 0 || mirror->status.done_items > 0)
        mirror_start_timer(mirror, MIRROR_TIMER_REST, REST_MS);
    if (failure.kind == FAILURE_NONE)
        on_went_through(mirror, result);
    else
        mirror_trouble(mirror, &failure);
    if (failure.kind == FAILURE_NONE && refilter_is_due(&mirror->context))
        mirror_open_go_on(mirror);
    else
        mirror_arm(mirror);
}

const struct round_callbacks *mirror_round_callbacks(void)
{
    static const struct round_callbacks callbacks = {
        .on_state = on_state, .on_listed = on_listed, .on_done = on_done};
    return &callbacks;
}

void mirror_after_batch(void *user, const struct failure *failure)
{
    struct mirror *mirror = user;
    if (mirror->is_reopening) {
        mirror_reopen(mirror);
        return;
    }
    if (failure->kind != FAILURE_NONE && failure->kind != FAILURE_CANCELLED) {
        round_trouble(mirror->round, failure);
        check_trouble(mirror->check, failure);
        if (mirror->status.failure.kind == FAILURE_NONE)
            mirror_trouble(mirror, failure); /* no round was running */
        return;
    }
    round_jobs_done(mirror->round);
    mirror_arm(mirror);
    mirror_show(mirror);
}

/* Trouble. */

static uint64_t delay_of(const struct mirror *mirror, const struct failure *failure)
{
    unsigned doublings = mirror->failures < 5 ? mirror->failures : 5;
    uint64_t delay = MINUTE_MS;
    if (failure->kind == FAILURE_PROTOCOL)
        delay = (uint64_t)DOUBT_FIRST_MS << doublings;
    if (failure->kind == FAILURE_TRANSIENT)
        delay = backoff_full(mirror->failures + 3, 1000, DOUBT_FIRST_MS, random_number());
    if (delay > DOUBT_LAST_MS)
        delay = DOUBT_LAST_MS;
    return failure->retry_after_ms > delay ? failure->retry_after_ms : delay;
}

static enum mirror_state state_of(enum failure_kind kind)
{
    switch (kind) {
    case FAILURE_GUARD:
    case FAILURE_HELD:
        return MIRROR_GUARDED;
    case FAILURE_SIGN_IN:
    case FAILURE_CONFIG:
    case FAILURE_INTERNAL:
    case FAILURE_USAGE:
        return MIRROR_STOPPED;
    case FAILURE_NONE:
    case FAILURE_TRANSIENT:
    case FAILURE_ITEM:
    case FAILURE_RESOURCE:
    case FAILURE_PROTOCOL:
    case FAILURE_CANCELLED:
        return MIRROR_WAITING;
    }
    return MIRROR_WAITING;
}

void mirror_trouble(struct mirror *mirror, const struct failure *failure)
{
    struct failure copy = *failure;
    bool is_news = mirror->status.failure.kind != copy.kind ||
                   mirror->status.failure.number != copy.number;
    enum mirror_state state = state_of(copy.kind);
    mirror->status.failure = copy;
    mirror->status.next_try = 0;
    /* A single pass says it once, in its answer. */
    if (is_news && mirror->environment.with_link)
        log_failure(mirror->context.name, &copy);
    if (state != MIRROR_STOPPED) {
        uint64_t delay = delay_of(mirror, &copy);
        mirror->status.next_try = clock_wall_ms() + (int64_t)delay;
        mirror_start_timer(mirror, MIRROR_TIMER_RETRY, delay);
    }
    mirror->failures++;
    if (!mirror->is_paused)
        mirror_set_state(mirror, state);
    mirror_save_problem(mirror);
    mirror_show_now(mirror);
    mirror_answer(mirror, &mirror->running, &copy);
    mirror_answer(mirror, &mirror->waiting, &copy);
}
