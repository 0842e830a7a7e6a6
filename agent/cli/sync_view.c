#include "agent/cli/sync_view.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/cmd.h"
#include "agent/cli/json_get.h"
#include "agent/cli/output.h"
#include "agent/words.h"

/* What a plan leaves where it is, since it cannot stand here. */
static bool is_held(const cJSON *object)
{
    return json_get_text(object, "message")[0] != '\0';
}

static void show_plan(const cJSON *object)
{
    char size[32];
    uint64_t bytes = json_get_number(object, "bytes");
    output_cell(stdout, _(json_get_text(object, "operation")), 12, true);
    (void)fputc(' ', stdout);
    output_name(stdout, json_get_text(object, "path"));
    if (is_held(object)) {
        (void)fputs(": ", stdout);
        output_name(stdout, json_get_text(object, "message"));
    }
    (void)printf("%s%s%s\n", bytes > 0 ? " (" : "",
                 bytes > 0 ? output_bytes(bytes, size) : "", bytes > 0 ? ")" : "");
}

static void show_failure(const cJSON *object)
{
    char label[64];
    uint64_t number = json_get_number(object, "failure");
    (void)snprintf(label, sizeof label, number > 0 ? "%s F-%02d" : "%s", _("error"),
                   (int)number);
    cmd_note("%s %s: %s", label, json_get_text(object, "mirror"),
             json_get_text(object, "message"));
}

static void show_success(const struct sync_view *view, const cJSON *object)
{
    const char *mirror = json_get_text(object, "mirror");
    uint64_t changes = json_get_number(object, "changes");
    uint64_t conflicts = json_get_number(object, "conflicts");
    if (view->dry_run) {
        (void)printf("%s: %s\n", mirror,
                     view->planned > 0 ? _("this is what would be done")
                                       : _("nothing to do"));
        return;
    }
    (void)printf(words_count("%s: up to date, %" PRIu64 " change%s\n",
                             "%s: up to date, %" PRIu64 " changes%s\n", changes),
                 mirror, changes,
                 json_get_number(object, "held") > 0 ? _("; some items are held") : "");
    if (conflicts > 0)
        (void)printf(words_count("%s: %" PRIu64 " of your versions was set aside: agent "
                                 "inspect conflicts\n",
                                 "%s: %" PRIu64 " of your versions were set aside: agent "
                                 "inspect conflicts\n",
                                 conflicts),
                     mirror, conflicts);
}

/* The part of a mirror, a new one where it is heard of for the first time. */
static struct sync_part *find_part(struct sync_view *view, const char *mirror)
{
    for (size_t i = 0; i < view->part_count; i++) {
        if (strcmp(view->parts[i].mirror, mirror) == 0)
            return &view->parts[i];
    }
    /* An agent has no more mirrors than a configuration; one of another version may. */
    size_t at = view->part_count < CONFIG_MAX_MIRRORS ? view->part_count++ : 0;
    struct sync_part *part = &view->parts[at];
    (void)snprintf(part->mirror, sizeof part->mirror, "%s", mirror);
    return part;
}

/* True: it has moved on. */
static bool take_progress(struct sync_view *view, const cJSON *object)
{
    struct sync_part *part = find_part(view, json_get_text(object, "mirror"));
    struct sync_part before = *part;
    part->listing = strcmp(json_get_text(object, "state"), "listing") == 0;
    part->listed = json_get_number(object, "listed");
    part->done_items = json_get_number(object, "done_items");
    part->total_items = json_get_number(object, "total_items");
    part->done_bytes = json_get_number(object, "done_bytes");
    part->total_bytes = json_get_number(object, "total_bytes");
    part->bytes_per_second = json_get_number(object, "bytes_per_second");
    return part->listed != before.listed || part->done_items != before.done_items ||
           part->done_bytes != before.done_bytes;
}

static void show_progress(const struct sync_view *view, const char *current)
{
    char label[80];
    struct progress_state state = {.label = label, .current = current};
    for (size_t i = 0; i < view->part_count; i++) {
        const struct sync_part *part = &view->parts[i];
        state.listing = state.listing || part->listing;
        state.listed += part->listed;
        state.done_items += part->done_items;
        state.total_items += part->total_items;
        state.done_bytes += part->done_bytes;
        state.total_bytes += part->total_bytes;
        state.bytes_per_second += part->bytes_per_second;
    }
    if (view->part_count == 1)
        (void)snprintf(label, sizeof label, "%s", view->parts[0].mirror);
    else
        (void)snprintf(label, sizeof label,
                       words_count("%zu mirror", "%zu mirrors", view->part_count),
                       view->part_count);
    progress_show(view->progress, &state);
}

bool sync_view_line(struct sync_view *view, const struct cJSON *object, const char *text)
{
    const char *event = json_get_text(object, "event");
    bool is_progress = strcmp(event, "progress") == 0;
    bool has_moved = !is_progress || take_progress(view, object);
    if (view->json) {
        (void)printf("%s\n", text);
        (void)fflush(stdout);
        return has_moved;
    }
    if (is_progress) {
        show_progress(view, json_get_text(object, "current"));
        return has_moved;
    }
    progress_clear(view->progress);
    if (strcmp(event, "plan") == 0) {
        view->planned += is_held(object) ? 0 : 1;
        show_plan(object);
    } else if (strcmp(event, "result") == 0) {
        bool failed = json_get_text(object, "message")[0] != '\0';
        view->has_failed = view->has_failed || failed;
        if (failed)
            show_failure(object);
        else if (!view->is_quiet)
            show_success(view, object);
    }
    return has_moved;
}
