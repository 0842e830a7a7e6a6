/* What people change in the folder: when it is watched, and when all of it is looked at. */
#include "agent/clock.h"
#include "agent/log.h"
#include "agent/sync/local.h"
#include "agent/sync/mirror_parts.h"
#include "agent/words.h"

enum { REST_MS = 2000 }; /* after the last look, until the store tidies up (F-70) */

/* Folders that cannot be watched are looked at so often (F-34). */
#define UNWATCHED_MS UINT64_C(86400000)

/* What a person removed can be brought back when all of it is known: whoever asked for that
 * has not got it, unless the hands, who could not work, have answered already. */
static void fail_first(struct mirror *mirror, const struct failure *failure)
{
    if (mirror->waiting != NULL)
        mirror_trouble(mirror, failure);
}

static void on_checked(void *user, const struct check_result *result)
{
    struct mirror *mirror = user;
    bool is_asked =
        mirror->check_kind == MIRROR_CHECK_FIRST || mirror->check_kind == MIRROR_CHECK_PLAN;
    bool is_complete = result->failure.kind == FAILURE_NONE;
    mirror->check = NULL;
    if (mirror->is_reopening) {
        mirror->check_kind = MIRROR_CHECK_QUIET;
        mirror_reopen(mirror);
        return;
    }
    if (!is_asked || !is_complete)
        mirror->check_kind = MIRROR_CHECK_QUIET;
    log_line(LOG_LEVEL_DEBUG, 0, mirror->context.name,
             words_count("%llu file or folder held against the disk in %llu ms%s",
                         "%llu files and folders held against the disk in %llu ms%s",
                         result->seen),
             (unsigned long long)result->seen, (unsigned long long)result->took_ms,
             is_complete ? "" : _(": not all of them"));
    mirror_start_timer(mirror, MIRROR_TIMER_REST, REST_MS);
    if (!is_asked && is_complete && result->edited + result->missing + result->moved > 0)
        log_line(LOG_LEVEL_INFO, 25, mirror->context.name,
                 "changed here: %llu, removed: %llu, moved: %llu; all are left as they are",
                 (unsigned long long)result->edited, (unsigned long long)result->missing,
                 (unsigned long long)result->moved);
    if (is_asked && !is_complete)
        fail_first(mirror, &result->failure);
    mirror_show(mirror);
    mirror_check_go_on(mirror);
    if (!is_asked && !is_complete && mirror->check == NULL)
        mirror->is_check_wanted = true; /* with the next poll */
    mirror_arm(mirror);
}

bool mirror_check_start(struct mirror *mirror, enum mirror_check kind)
{
    mirror->check_kind = kind;
    mirror->checked_at_ms = clock_now_ms();
    mirror->check =
        check_start(&mirror->context, kind == MIRROR_CHECK_FIRST, on_checked, mirror);
    if (mirror->check == NULL)
        mirror->check_kind = MIRROR_CHECK_QUIET;
    return mirror->check != NULL;
}

bool mirror_check_blocks(const struct mirror *mirror)
{
    return mirror->check != NULL && mirror->check_kind != MIRROR_CHECK_QUIET;
}

/* What the watch says. */

static void on_noticed(void *user)
{
    mirror_show(user);
}

static void on_lost(void *user)
{
    struct mirror *mirror = user;
    if (!mirror->is_check_wanted)
        log_line(LOG_LEVEL_INFO, 33, mirror->context.name,
                 "many changes here; checking the folder");
    mirror->is_check_wanted = true;
    mirror_check_go_on(mirror);
}

/* It is the right one (again): what waited for it goes on. */
static void on_root(void *user)
{
    struct mirror *mirror = user;
    int number = mirror->status.failure.number;
    if (mirror->status.state == MIRROR_GUARDED && number >= 57 && number <= 60)
        mirror_want_round(mirror, "retry", 0);
}

static void start_watching(struct mirror *mirror)
{
    static const struct local_callbacks callbacks = {
        .on_noticed = on_noticed, .on_lost = on_lost, .on_root = on_root};
    struct failure failure;
    mirror->context.local = local_start(&mirror->context, &callbacks, mirror, &failure);
    if (mirror->context.local == NULL)
        log_failure(mirror->context.name, &failure);
}

void mirror_check_stop(struct mirror *mirror)
{
    local_close(mirror->context.local);
    mirror->context.local = NULL;
}

/* When a check is due. */

void mirror_check_once(struct mirror *mirror)
{
    if (mirror->is_checked || !mirror->environment.with_link || mirror->check != NULL)
        return;
    mirror->is_checked = true;
    if (mirror->context.local == NULL)
        start_watching(mirror);
    (void)mirror_check_start(mirror, MIRROR_CHECK_QUIET);
}

void mirror_check_go_on(struct mirror *mirror)
{
    if (!mirror->is_check_wanted || mirror->check != NULL || !mirror->is_open ||
        mirror->is_closing || mirror->is_reopening)
        return;
    mirror->is_check_wanted = !mirror_check_start(mirror, MIRROR_CHECK_LOST);
}

void mirror_check_now_and_then(struct mirror *mirror)
{
    mirror_check_go_on(mirror);
    if (!mirror->is_checked || local_is_complete(mirror->context.local) ||
        clock_now_ms() - mirror->checked_at_ms < UNWATCHED_MS || mirror->check != NULL ||
        !mirror->is_open || mirror->is_reopening)
        return;
    (void)mirror_check_start(mirror, MIRROR_CHECK_QUIET);
}
