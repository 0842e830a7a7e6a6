/* Which drive it is, whether the folder is the one that belongs to it, and what an
 * interruption has left. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/state_failure.h"
#include "agent/sync/mirror_parts.h"
#include "agent/sync/recover.h"
#include "agent/sync/suspect.h"
#include "agent/words.h"
#include "protocol/graph_reply.h"

enum {
    MARKER_SIZE = 700,
    PERSONAL_ID_DIGITS = 16,
    RECOVERIES_MAX = 3, /* in a row, before what cannot be read is passed over */
};

/* The text in the folder that says which drive it mirrors (F-57). The same for the same
 * drive, so that a lost state finds its folder again (F-62). */
static void format_marker(char out[MARKER_SIZE], const char *drive_id)
{
    (void)snprintf(out, MARKER_SIZE, "drive-agent mirror\ndrive %s\n", drive_id);
}

/* Personal drives' ids lose leading zeros and change case now and then (Graph:
 * identifiers). */
static void normalise_id(char *id, size_t room)
{
    size_t digits = strlen(id);
    for (size_t i = 0; i < digits; i++) {
        if (!isxdigit((unsigned char)id[i]))
            return;
    }
    if (digits == 0 || digits > PERSONAL_ID_DIGITS || room <= PERSONAL_ID_DIGITS)
        return;
    memmove(id + PERSONAL_ID_DIGITS - digits, id, digits + 1);
    memset(id, '0', PERSONAL_ID_DIGITS - digits);
    for (size_t i = 0; i < PERSONAL_ID_DIGITS; i++)
        id[i] = (char)tolower((unsigned char)id[i]);
}

/* The root. */

static bool is_same_root(const struct mirror *mirror)
{
    const struct store_mirror *row = &mirror->row.mirror;
    return row->root_inode == 0 || row->root_inode == place_inode(mirror->context.root);
}

static enum failure_kind open_place(struct mirror *mirror, struct failure *failure)
{
    struct sync_context *context = &mirror->context;
    const struct store_mirror *row = &mirror->row.mirror;
    char marker[MARKER_SIZE];
    format_marker(marker, row->drive_id);
    const struct place_identity identity = {
        .marker = row->marker,
        .known = row->marker != NULL,
        .adopt = mirror->is_adopting,
    };
    enum failure_kind kind = place_open(context->disk, mirror->config->folder, &identity,
                                        marker, &context->root, failure);
    if (kind != FAILURE_NONE)
        return kind;
    if (!is_same_root(mirror) && !mirror->is_adopting) {
        place_close(context->root);
        context->root = NULL;
        return failure_set(failure, FAILURE_GUARD, 60,
                           "%s looks like a copy or a restored backup of the folder I "
                           "know; if it is the right one: agent approve %s",
                           mirror->config->folder, context->name);
    }
    place_set_trash(context->root, context->config->trash);
    return FAILURE_NONE;
}

static bool save_row(struct mirror *mirror)
{
    struct row *row = &mirror->row;
    char marker[MARKER_SIZE];
    format_marker(marker, row->mirror.drive_id);
    row->mirror.root_device = place_device(mirror->context.root);
    row->mirror.root_inode = place_inode(mirror->context.root);
    return row_set(row, ROW_FOLDER, mirror->config->folder) &&
           row_set(row, ROW_DRIVE, mirror->config->drive) &&
           row_set(row, ROW_MARKER,
                   row->mirror.marker == NULL ? marker : row->mirror.marker) &&
           row_save(mirror->context.store, row) == STORE_OK;
}

/* Before what cannot be read is passed over. One pass does not wait for a better moment. */
static bool is_last_try(const struct mirror *mirror)
{
    return !mirror->environment.with_link || mirror->recoveries >= RECOVERIES_MAX;
}

enum failure_kind mirror_recover(struct mirror *mirror, struct failure *failure)
{
    enum failure_kind kind = recover_run(&mirror->context, is_last_try(mirror), failure);
    mirror->recoveries = kind == FAILURE_NONE ? 0 : mirror->recoveries + 1;
    return kind;
}

static enum failure_kind make_parts(struct mirror *mirror, struct failure *failure)
{
    struct sync_context *context = &mirror->context;
    context->mirror = mirror->row.mirror.key;
    context->root_item = mirror->row.mirror.root_item;
    context->drive_id = mirror->row.mirror.drive_id;
    context->origin.trigger = "start";
    if (mirror_recover(mirror, failure) != FAILURE_NONE)
        return failure->kind;
    suspect_hold(context);
    mirror->is_reclaimed = false;
    if (mirror->batch == NULL)
        mirror->batch = batch_new(context, mirror_after_batch, mirror);
    context->batch = mirror->batch;
    if (mirror->round == NULL && mirror->batch != NULL)
        mirror->round = round_new(context, mirror_round_callbacks(), mirror);
    if (mirror->round == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
    return FAILURE_NONE;
}

enum failure_kind mirror_open_root(struct mirror *mirror, struct failure *failure)
{
    enum failure_kind kind = open_place(mirror, failure);
    bool is_adopted = mirror->is_adopting;
    mirror->is_adopting = false; /* a word counts for what stands there now */
    if (kind != FAILURE_NONE)
        return kind;
    if (!save_row(mirror))
        kind = state_trouble(mirror->context.store, failure);
    else
        kind = make_parts(mirror, failure);
    if (kind != FAILURE_NONE) {
        place_close(mirror->context.root);
        mirror->context.root = NULL;
        return kind;
    }
    mirror->is_open = true;
    mirror->is_checked = mirror->is_checked && !is_adopted;
    mirror->status.failure = (struct failure){.kind = FAILURE_NONE};
    const char *limits = place_limits(mirror->context.root);
    if (*limits != '\0')
        log_line(LOG_LEVEL_INFO, 18, mirror->context.name,
                 "the file system has its limits: %s", limits);
    return FAILURE_NONE;
}

void mirror_reopen(struct mirror *mirror)
{
    round_stop(mirror->round);
    pace_end(&mirror->pace); /* its end will not be told */
    mirror->is_reopening = batch_pending(mirror->batch) > 0 || mirror->check != NULL;
    if (mirror->is_reopening)
        return; /* their end calls again */
    round_drop_plan(mirror->round);
    reclaim_cancel(mirror->reclaim);
    refilter_cancel(mirror->refilter);
    mirror->reclaim = NULL;
    mirror->refilter = NULL;
    mirror_check_stop(mirror);
    place_close(mirror->context.root);
    mirror->context.root = NULL;
    mirror->is_open = false;
    mirror->is_checked = false; /* and not watched any more */
    mirror_open_go_on(mirror);
}

/* The link. */

static void on_live(void *user)
{
    struct mirror *mirror = user;
    mirror_want_round(mirror, mirror->channel.renewals > 0 ? "renewal" : "start", 0);
    mirror_arm_poll(mirror);
}

static void on_changed(void *user)
{
    struct mirror *mirror = user;
    int64_t now = clock_wall_ms();
    (void)uv_timer_stop(&mirror->timers[MIRROR_TIMER_LOOK]);
    mirror_want_round(mirror, "event", now);
}

static void start_link(struct mirror *mirror)
{
    static const struct link_callbacks callbacks = {
        .on_live = on_live, .on_changed = on_changed, .on_status = mirror_on_link_status};
    const struct mirror_environment *environment = &mirror->environment;
    char path[GRAPH_URL_SIZE];
    char fallback[GRAPH_URL_SIZE];
    struct failure failure;
    struct graph_drive by_id = {.form = GRAPH_DRIVE_ID};
    if (!environment->with_link || mirror->link != NULL || mirror->is_paused)
        return;
    (void)snprintf(by_id.id, sizeof by_id.id, "%s", mirror->row.mirror.drive_id);
    bool has_path = graph_url_socketio(path, &mirror->drive);
    bool has_fallback = graph_url_socketio(fallback, &by_id);
    const struct link_config config = {
        .path = path,
        .fallback_path = has_fallback ? fallback : NULL,
        .mirror = mirror->config->name,
    };
    if (!has_path)
        return; /* polling goes on */
    const struct link_parts parts = {
        .config = environment->config,
        .service = environment->service,
        .trust = environment->trust,
        .turns = environment->turns,
    };
    mirror->link =
        link_new(environment->loop, &parts, &config, &callbacks, mirror, &failure);
    if (mirror->link == NULL)
        log_failure(mirror->context.name, &failure);
    else
        link_start(mirror->link);
}

/* The drive. */

/* F-64, F-118. */
static bool is_other_drive(struct mirror *mirror, const char *id)
{
    struct failure failure;
    const char *known = mirror->row.mirror.drive_id;
    if (known == NULL || strcmp(known, id) == 0)
        return false;
    (void)failure_set(
        &failure, FAILURE_GUARD, 64,
        "this state belongs to another drive than %s names now; sign in to the "
        "account it belongs to, or use another --state-dir and folder",
        mirror->config->drive);
    mirror_trouble(mirror, &failure);
    return true;
}

static void check_drive(struct mirror *mirror, struct graph_drive_info *info)
{
    struct failure failure;
    struct row *row = &mirror->row;
    normalise_id(info->id, sizeof info->id);
    if (is_other_drive(mirror, info->id))
        return;
    if (row->mirror.drive_id == NULL && !row_set(row, ROW_DRIVE_ID, info->id)) {
        (void)failure_set(&failure, FAILURE_RESOURCE, 22, "out of memory");
        mirror_trouble(mirror, &failure);
        return;
    }
    mirror->is_drive_known = true;
    mirror_open_go_on(mirror);
}

static void on_drive(void *user, const struct service_answer *answer,
                     const struct failure *failure)
{
    struct mirror *mirror = user;
    struct graph_drive_info info;
    struct failure trouble;
    mirror->asking = NULL;
    if (failure != NULL) {
        mirror_trouble(mirror, failure);
        return;
    }
    if (answer->status >= 200 && answer->status < 300 &&
        graph_drive_info_parse(answer->body, answer->size, &info)) {
        check_drive(mirror, &info);
        return;
    }
    bool is_refused = answer->status == 403 || answer->status == 404;
    (void)failure_set(&trouble, FAILURE_PROTOCOL, is_refused ? 93 : 122,
                      is_refused
                          ? N_("no access to drive %s (status %d); your files stay")
                          : N_("the service does not say which drive %s is (status %d)"),
                      mirror->config->drive, answer->status);
    mirror_trouble(mirror, &trouble);
}

static void ask_drive(struct mirror *mirror)
{
    char path[GRAPH_URL_SIZE];
    struct failure failure;
    if (mirror->asking != NULL)
        return;
    if (mirror->drive.form == GRAPH_DRIVE_ID || mirror->drive.form == GRAPH_DRIVE_LIST) {
        /* The config says it outright: no need to ask, and maybe no right to. */
        struct graph_drive named = mirror->drive;
        normalise_id(named.id, sizeof named.id);
        if (is_other_drive(mirror, named.id))
            return;
    }
    if (!graph_url_drive(path, &mirror->drive)) {
        (void)failure_set(&failure, FAILURE_CONFIG, 159, "drive = %s makes no address",
                          mirror->config->drive);
        mirror_trouble(mirror, &failure);
        return;
    }
    mirror->asking = service_get(mirror->context.service, SERVICE_CLASS_ITEM, path,
                                 on_drive, mirror, &failure);
    if (mirror->asking == NULL)
        mirror_trouble(mirror, &failure);
}

/* The records. */

static void settle_records(struct mirror *mirror);

static void fail_memory(struct mirror *mirror)
{
    struct failure failure;
    (void)failure_set(&failure, FAILURE_RESOURCE, 22, "out of memory");
    mirror_trouble(mirror, &failure);
}

static void fail_store(struct mirror *mirror)
{
    struct failure failure;
    (void)state_trouble(mirror->context.store, &failure);
    mirror_trouble(mirror, &failure);
}

static void on_reclaimed(void *user, const struct failure *failure)
{
    struct mirror *mirror = user;
    mirror->reclaim = NULL;
    mirror->is_reclaimed = failure->kind == FAILURE_NONE;
    mirror->recoveries = mirror->is_reclaimed ? 0 : mirror->recoveries + 1;
    if (mirror->is_reclaimed)
        settle_records(mirror);
    else if (failure->kind != FAILURE_CANCELLED ||
             mirror->status.failure.kind == FAILURE_NONE)
        mirror_trouble(mirror, failure);
}

static void on_refiltered(void *user, bool is_done)
{
    struct mirror *mirror = user;
    mirror->refilter = NULL;
    if (is_done)
        settle_records(mirror);
    else
        fail_store(mirror);
}

/* What comes before the first round: the end of an interrupted one, then other filters. */
static void settle_records(struct mirror *mirror)
{
    if (mirror->reclaim != NULL || mirror->refilter != NULL)
        return; /* its end comes here */
    if (!mirror->is_reclaimed) {
        mirror->reclaim =
            reclaim_start(&mirror->context, is_last_try(mirror), on_reclaimed, mirror);
        if (mirror->reclaim == NULL)
            fail_memory(mirror);
    } else if (refilter_is_due(&mirror->context)) {
        mirror->refilter = refilter_start(&mirror->context, on_refiltered, mirror);
        if (mirror->refilter == NULL)
            fail_memory(mirror);
    } else {
        mirror_arm(mirror);
    }
}

void mirror_open_go_on(struct mirror *mirror)
{
    struct failure failure = {.kind = FAILURE_NONE};
    if (mirror->is_closing || mirror->is_paused)
        return;
    if (!mirror->is_drive_known) {
        ask_drive(mirror);
        return;
    }
    if (!mirror->is_open && mirror_open_root(mirror, &failure) != FAILURE_NONE) {
        mirror_trouble(mirror, &failure);
        return;
    }
    if (mirror->status.state == MIRROR_OPENING || mirror->status.state == MIRROR_GUARDED ||
        mirror->status.state == MIRROR_WAITING)
        mirror_set_state(mirror, MIRROR_IDLE);
    start_link(mirror);
    mirror_arm_poll(mirror);
    settle_records(mirror);
}

bool mirror_is_ready(const struct mirror *mirror)
{
    return mirror->is_open && mirror->is_drive_known && mirror->is_reclaimed &&
           mirror->refilter == NULL && !refilter_is_due(&mirror->context);
}

void mirror_open_stop(struct mirror *mirror)
{
    if (mirror->asking != NULL)
        service_cancel(mirror->asking);
    mirror->asking = NULL;
}
