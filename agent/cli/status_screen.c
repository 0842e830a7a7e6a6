#include "agent/cli/status_screen.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

#include "agent/arrival_text.h"
#include "agent/cli/json_get.h"
#include "agent/cli/output.h"
#include "agent/cli/progress.h"
#include "agent/log.h"
#include "agent/words.h"

enum {
    STATUS_SHOWN_PROBLEMS = 5,
    STATUS_LABEL = 12,
    STATUS_BAR = 44,
    STATUS_NAME = 10 /* of a mirror, in the brief form */
};

/* Where the text goes. */
struct screen {
    FILE *stream;
    struct status_style style;
};

static const char *time_of(const cJSON *object, const char *name, char out[32])
{
    return output_time((int64_t)json_get_number(object, name), out);
}

/* What a line is about, so that all begin in one column. */
static void print_label(const struct screen *screen, unsigned indent, const char *label)
{
    (void)fprintf(screen->stream, "%*s", (int)indent, "");
    output_cell(screen->stream, label, STATUS_LABEL - 1 - indent, true);
    (void)fputc(' ', screen->stream);
}

/* Words need no colour to be understood; it only helps the eye. */
static void print_state(const struct screen *screen, const char *state)
{
    static const char *const bad[] = {"attention", "guard", "stopped", "lapsed",
                                      "signed out"};
    static const char *const good[] = {"idle", "live", "signed in"};
    const char *color = "";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        color = strcmp(state, bad[i]) == 0 ? "\033[31m" : color;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        color = strcmp(state, good[i]) == 0 ? "\033[32m" : color;
    bool paint = screen->style.color && color[0] != '\0';
    (void)fprintf(screen->stream, "%s%s%s", paint ? color : "", _(state),
                  paint ? "\033[0m" : "");
}

static void print_text(const struct screen *screen, const char *text)
{
    output_name(screen->stream, text);
}

static void print_message(const struct screen *screen, const char *label,
                          const cJSON *object)
{
    const char *message = json_get_text(object, "message");
    char when[32];
    if (message[0] == '\0')
        return;
    print_label(screen, 2, label);
    print_text(screen, message);
    if (json_get_number(object, "next_try") > 0)
        (void)fprintf(screen->stream, _(" (next try %s)"),
                      time_of(object, "next_try", when));
    (void)fputc('\n', screen->stream);
}

static void print_account(const struct screen *screen, const cJSON *status)
{
    const cJSON *account = json_get(status, "account");
    if (!cJSON_IsObject(account))
        return;
    print_label(screen, 0, _("account"));
    if (json_get_text(account, "name")[0] != '\0') {
        print_text(screen, json_get_text(account, "name"));
        (void)fputs(", ", screen->stream);
    }
    print_state(screen, json_get_text(account, "state"));
    (void)fputc('\n', screen->stream);
    print_message(screen, _("trouble"), account);
}

/* Bytes decide where there are many; else items do. */
static void print_bar(const struct screen *screen, uint64_t done, uint64_t total)
{
    char bar[64];
    print_label(screen, 2, _("work"));
    (void)fprintf(screen->stream, "%s %3" PRIu64 " %%\n",
                  progress_bar(done, total, STATUS_BAR, bar),
                  total == 0 || done >= total ? 100 : done * 100 / total);
}

static void print_counts(const struct screen *screen, const cJSON *mirror)
{
    char done[32];
    char total[32];
    char rate[32];
    char left[32];
    uint64_t items = json_get_number(mirror, "total_items");
    uint64_t bytes = json_get_number(mirror, "total_bytes");
    uint64_t have = json_get_number(mirror, "done_bytes");
    uint64_t speed = json_get_number(mirror, "bytes_per_second");
    print_label(screen, 2, "");
    (void)fprintf(screen->stream,
                  words_count("%" PRIu64 " of %" PRIu64 " item, %s of %s",
                              "%" PRIu64 " of %" PRIu64 " items, %s of %s", items),
                  json_get_number(mirror, "done_items"), items, output_bytes(have, done),
                  output_bytes(bytes, total));
    if (speed > 0 && strcmp(json_get_text(mirror, "state"), "syncing") == 0)
        (void)fprintf(
            screen->stream, _(", %s/s, %s left"), output_bytes(speed, rate),
            output_period((bytes > have ? bytes - have : 0) * 1000 / speed, left));
    (void)fputc('\n', screen->stream);
}

static void print_listing(const struct screen *screen, const cJSON *mirror)
{
    uint64_t listed = json_get_number(mirror, "listed");
    print_label(screen, 2, _("work"));
    (void)fprintf(screen->stream,
                  words_count("asking what changed, %" PRIu64 " item so far\n",
                              "asking what changed, %" PRIu64 " items so far\n", listed),
                  listed);
}

static void print_work(const struct screen *screen, const cJSON *mirror)
{
    uint64_t bytes = json_get_number(mirror, "total_bytes");
    uint64_t items = json_get_number(mirror, "total_items");
    uint64_t ready = json_get_number(mirror, "done_items");
    if (strcmp(json_get_text(mirror, "state"), "listing") == 0)
        print_listing(screen, mirror);
    if (items == 0 || ready >= items)
        return;
    print_bar(screen, bytes > 0 ? json_get_number(mirror, "done_bytes") : ready,
              bytes > 0 ? bytes : items);
    print_counts(screen, mirror);
    if (json_get_text(mirror, "current")[0] != '\0') {
        print_label(screen, 2, _("now"));
        print_text(screen, json_get_text(mirror, "current"));
        (void)fputc('\n', screen->stream);
    }
}

/* Proof of life: what push was worth, and how late it was. */
static void print_push(const struct screen *screen, const cJSON *channel)
{
    uint64_t told = json_get_number(channel, "found_by_event");
    uint64_t missed = json_get_number(channel, "found_by_poll");
    const cJSON *latency = json_get(channel, "event_to_disk_ms");
    char half[32];
    char most[32];
    if (told + missed > 0) {
        print_label(screen, 2, "");
        (void)fprintf(screen->stream,
                      words_count("push caught %" PRIu64 " of %" PRIu64
                                  " change, the poll found %" PRIu64 "\n",
                                  "push caught %" PRIu64 " of %" PRIu64
                                  " changes, the poll found %" PRIu64 "\n",
                                  told + missed),
                      told, told + missed, missed);
    }
    if (json_get_number(latency, "p95") > 0) {
        print_label(screen, 2, "");
        (void)fprintf(screen->stream,
                      _("from event to folder: half within %s, 95 %% within %s\n"),
                      output_period(json_get_number(latency, "p50"), half),
                      output_period(json_get_number(latency, "p95"), most));
    }
    if (!json_get_bool(channel, "poll_tightened"))
        return;
    print_label(screen, 2, "");
    (void)fprintf(screen->stream,
                  _("polling every %s, since polls find what push missed\n"),
                  output_period(json_get_number(channel, "poll_interval_ms"), half));
}

static void print_channel(const struct screen *screen, const cJSON *mirror)
{
    const cJSON *channel = json_get(mirror, "channel");
    char when[32];
    if (!cJSON_IsObject(channel))
        return;
    print_label(screen, 2, _("channel"));
    print_state(screen, json_get_text(channel, "state"));
    (void)fprintf(screen->stream, _(" since %s\n"), time_of(channel, "since", when));
    uint64_t events = json_get_number(channel, "events");
    if (events > 0) {
        print_label(screen, 2, "");
        (void)fprintf(screen->stream,
                      words_count("%" PRIu64 " event, the last at %s\n",
                                  "%" PRIu64 " events, the last at %s\n", events),
                      events, time_of(channel, "last_event", when));
    }
    print_push(screen, channel);
    print_message(screen, "", channel);
}

/* Counts that are only worth a line when they are not zero. */
static void print_oddities(const struct screen *screen, const cJSON *mirror)
{
    static const struct {
        const char *name;
        const char *text;
        const char *command;
    } counts[] = {
        {"held",           N_("held"),                              "agent inspect problems" },
        {"held_deletions", N_("deletions that wait for your word"),
         "agent approve, agent refuse"                                                       },
        {"local_only",     N_("changed or removed only here"),      "agent inspect items"    },
        {"conflicts",      N_("versions of yours set aside"),       "agent inspect conflicts"},
        {"drift",          N_("found only by the full comparison"), "agent inspect history"  },
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint64_t count = json_get_number(mirror, counts[i].name);
        if (count == 0)
            continue;
        print_label(screen, 2, _("note"));
        (void)fprintf(screen->stream, "%s: %" PRIu64 " (%s)\n", _(counts[i].text), count,
                      counts[i].command);
    }
}

static void print_mirror_head(const struct screen *screen, const cJSON *mirror)
{
    char when[32];
    const char *name = json_get_text(mirror, "name");
    if (screen->style.is_brief) {
        output_cell(screen->stream, name, STATUS_NAME, true);
        (void)fputs("  ", screen->stream);
    } else {
        (void)fputc('\n', screen->stream);
        print_text(screen, name);
        (void)fputs("  ", screen->stream);
        print_text(screen, json_get_text(mirror, "folder"));
        (void)fprintf(screen->stream, " <- %s\n", json_get_text(mirror, "drive"));
        print_label(screen, 2, _("state"));
    }
    print_state(screen, json_get_text(mirror, "state"));
    if (json_get_number(mirror, "synced_at") > 0)
        (void)fprintf(screen->stream, _(", in step at %s\n"),
                      time_of(mirror, "synced_at", when));
    else
        (void)fputs(_(", never in step so far\n"), screen->stream);
}

static void print_drive(const struct screen *screen, const cJSON *mirror)
{
    char size[32];
    uint64_t items = json_get_number(mirror, "items");
    print_label(screen, 2, _("drive"));
    (void)fprintf(
        screen->stream,
        words_count("%" PRIu64 " item, %s; %" PRIu64 " here, %" PRIu64 " still to come\n",
                    "%" PRIu64 " items, %s; %" PRIu64 " here, %" PRIu64 " still to come\n",
                    items),
        items, output_bytes(json_get_number(mirror, "bytes"), size),
        json_get_number(mirror, "placed"), json_get_number(mirror, "waiting"));
}

static void print_mirror(const struct screen *screen, const cJSON *mirror)
{
    bool is_brief = screen->style.is_brief;
    print_mirror_head(screen, mirror);
    if (!is_brief)
        print_drive(screen, mirror);
    print_message(screen, _("trouble"), mirror);
    print_work(screen, mirror);
    if (is_brief)
        return;
    print_channel(screen, mirror);
    print_oddities(screen, mirror);
}

static void print_unconfigured(const struct screen *screen, const cJSON *status)
{
    const cJSON *mirror = NULL;
    cJSON_ArrayForEach(mirror, json_get(status, "unconfigured"))
    {
        (void)fputc('\n', screen->stream);
        print_text(screen, json_get_text(mirror, "name"));
        (void)fputs("  ", screen->stream);
        print_text(screen, json_get_text(mirror, "folder"));
        (void)fputc('\n', screen->stream);
        print_message(screen, _("note"), mirror);
    }
}

static void print_problems(const struct screen *screen, const cJSON *status)
{
    uint64_t count = json_get_number(status, "problem_count");
    const cJSON *problem = NULL;
    int shown = 0;
    if (count == 0)
        return;
    (void)fputc('\n', screen->stream);
    print_label(screen, 0, _("problems"));
    (void)fprintf(screen->stream, "%" PRIu64 "\n", count);
    cJSON_ArrayForEach(problem, json_get(status, "problems"))
    {
        if (shown++ == STATUS_SHOWN_PROBLEMS)
            break;
        (void)fprintf(screen->stream, "  %s ", json_get_text(problem, "failure"));
        print_text(screen, json_get_text(problem, "mirror"));
        (void)fputs(": ", screen->stream);
        const char *path = json_get_text(problem, "path");
        print_text(screen, path);
        (void)fputs(path[0] == '\0' ? "" : ": ", screen->stream);
        print_text(screen, json_get_text(problem, "text"));
        (void)fputc('\n', screen->stream);
    }
    if (count > STATUS_SHOWN_PROBLEMS)
        (void)fprintf(screen->stream, "  … %s\n", _("all of them: agent inspect problems"));
}

static void print_replaced(const struct screen *screen)
{
    print_label(screen, 0, _("note"));
    (void)fprintf(screen->stream, "%s\n",
                  _("its program was updated since: restart it, as with systemctl --user "
                    "restart drive-agent"));
}

/* F-07. */
static void print_crashes(const struct screen *screen, uint64_t count)
{
    if (count == 0)
        return;
    print_label(screen, 0, _("note"));
    (void)fprintf(
        screen->stream,
        words_count("it has crashed %" PRIu64 " time within the hour: please report it\n",
                    "it has crashed %" PRIu64 " times within the hour: please report it\n",
                    count),
        count);
}

void status_print(FILE *stream, const struct cJSON *status, struct status_style style)
{
    const struct screen screen = {.stream = stream, .style = style};
    char when[32];
    print_label(&screen, 0, "agent");
    if (json_get_bool(status, "running")) {
        print_state(&screen, json_get_text(status, "state"));
        (void)fprintf(stream, _(", running since %s (process %" PRIu64 ")\n"),
                      time_of(status, "started", when), json_get_number(status, "pid"));
    } else {
        (void)fputs(_("not running: agent run starts it\n"), stream);
    }
    if (json_get_bool(status, "replaced"))
        print_replaced(&screen);
    print_crashes(&screen, json_get_number(status, "crashes"));
    if (json_get_bool(status, "paused")) {
        bool ends = json_get_number(status, "paused_until") > 0;
        print_label(&screen, 0, _("paused"));
        (void)fprintf(stream, _("until %s (%s)\n"),
                      ends ? time_of(status, "paused_until", when) : "agent resume",
                      json_get_text(status, "paused_why"));
    }
    print_account(&screen, status);
    if (style.is_brief)
        (void)fputc('\n', stream);
    const cJSON *mirror = NULL;
    cJSON_ArrayForEach(mirror, json_get(status, "mirrors"))
    {
        print_mirror(&screen, mirror);
    }
    if (!style.is_brief)
        print_unconfigured(&screen, status);
    print_problems(&screen, status);
}

void status_format_arrival(const struct cJSON *event, bool names_mirror, char *out,
                           size_t out_size)
{
    char when[32];
    char sentence[1024];
    char shown[1024];
    char late[32];
    const char *mirror = names_mirror ? json_get_text(event, "mirror") : "";
    (void)arrival_text(json_get_text(event, "operation"), json_get_text(event, "editor"),
                       json_get_text(event, "path"), sentence, sizeof sentence);
    /* The day is today's, as good as always: the time is enough. */
    const char *clock = strchr(time_of(event, "at", when), ' ');
    int used =
        snprintf(out, out_size, "%s  %s%s%s", clock == NULL ? "" : clock + 1, mirror,
                 mirror[0] == '\0' ? "" : ": ", log_escape(sentence, shown, sizeof shown));
    if (cJSON_IsNumber(json_get(event, "latency_ms")) && used > 0 &&
        (size_t)used < out_size)
        (void)snprintf(out + used, out_size - (size_t)used, _(", here %s later"),
                       output_period(json_get_number(event, "latency_ms"), late));
}
