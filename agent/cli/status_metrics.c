/* `agent status --metrics`: the text form of Prometheus. Names follow its habits: base
 * units, "_total" behind what only grows. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

#include "agent/cli/json_get.h"
#include "agent/cli/status_screen.h"

static void print_head(FILE *stream, const char *name, const char *type, const char *help)
{
    (void)fprintf(stream, "# HELP drive_agent_%s %s\n# TYPE drive_agent_%s %s\n", name,
                  help, name, type);
}

/* The name of a metric and its mirror; only three characters are escaped in a label. */
static void print_labelled(FILE *stream, const char *name, const cJSON *mirror,
                           const char *more)
{
    (void)fprintf(stream, "drive_agent_%s{mirror=\"", name);
    for (const char *at = json_get_text(mirror, "name"); *at != '\0'; at++) {
        if (*at == '\\' || *at == '"')
            (void)fputc('\\', stream);
        (void)fputs(*at == '\n' ? "\\n" : "", stream);
        if (*at != '\n')
            (void)fputc(*at, stream);
    }
    (void)fprintf(stream, "\"%s} ", more);
}

/* Times are counted in milliseconds everywhere but here. */
static void print_seconds(FILE *stream, uint64_t ms)
{
    (void)fprintf(stream, "%" PRIu64 ".%03" PRIu64 "\n", ms / 1000, ms % 1000);
}

static const struct metric {
    const char *name;
    const char *type;
    const char *member; /* of the object that the table is for */
    const char *help;
    bool is_time;
} mirror_metrics[] =
    {
        {"mirror_items",                    "gauge",   "items",          "items on the drive",             false},
        {"mirror_bytes",                    "gauge",   "bytes",          "bytes on the drive, as listed",  false},
        {"mirror_placed_items",             "gauge",   "placed",         "items that stand in the folder", false},
        {"mirror_waiting_items",            "gauge",   "waiting",        "items still to do",              false},
        {"mirror_waiting_bytes",            "gauge",   "waiting_bytes",  "bytes still to come",            false},
        {"mirror_held_items",               "gauge",   "held",           "items with a problem",           false},
        {"mirror_held_deletions",           "gauge",   "held_deletions",
         "deletions that wait for a person's word",                                                        false},
        {"mirror_local_only_items",         "gauge",   "local_only",
         "items changed or removed only here",                                                             false},
        {"mirror_conflicts_total",          "counter", "conflicts",
         "versions set aside since the start",                                                             false},
        {"mirror_synced_timestamp_seconds", "gauge",   "synced_at",
         "when folder and drive last agreed",                                                              true },
},
  channel_metrics[] =
      {
          {"channel_events_total", "counter", "events", "notifications since the start",
           false},
          {"channel_reconnects_total", "counter", "reconnects",
           "connections lost since the start", false},
          {"channel_changes_pushed_total", "counter", "found_by_event",
           "changes that a notification told of", false},
          {"channel_changes_polled_total", "counter", "found_by_poll",
           "changes that only the poll found", false},
},
  request_metrics[] = {
      {"requests_total", "counter", "requests", "requests since the start", false},
      {"request_retries_total", "counter", "retries", "requests that were repeated", false},
      {"requests_throttled_total", "counter", "throttled",
       "requests that the service put off", false},
      {"received_bytes_total", "counter", "bytes_in", "bytes received since the start",
       false},
};

/* One metric over all mirrors; `part` is the member of a mirror that holds it, NULL: the
 * mirror itself. */
static void print_metric(FILE *stream, const cJSON *status, const struct metric *metric,
                         const char *part)
{
    const cJSON *mirror = NULL;
    print_head(stream, metric->name, metric->type, metric->help);
    cJSON_ArrayForEach(mirror, json_get(status, "mirrors"))
    {
        const cJSON *object = part == NULL ? mirror : json_get(mirror, part);
        if (!cJSON_IsNumber(json_get(object, metric->member)))
            continue;
        uint64_t value = json_get_number(object, metric->member);
        print_labelled(stream, metric->name, mirror, "");
        if (metric->is_time)
            print_seconds(stream, value);
        else
            (void)fprintf(stream, "%" PRIu64 "\n", value);
    }
}

static void print_channels(FILE *stream, const cJSON *status)
{
    const cJSON *mirror = NULL;
    print_head(stream, "channel_live", "gauge", "1 while notifications arrive");
    cJSON_ArrayForEach(mirror, json_get(status, "mirrors"))
    {
        const char *state = json_get_text(json_get(mirror, "channel"), "state");
        bool live = strcmp(state, "live") == 0 || strcmp(state, "renewing") == 0;
        print_labelled(stream, "channel_live", mirror, "");
        (void)fprintf(stream, "%d\n", live ? 1 : 0);
    }
}

/* From a notification to the folder. */
static void print_latency(FILE *stream, const cJSON *status)
{
    const cJSON *mirror = NULL;
    print_head(stream, "change_latency_seconds", "summary",
               "from a notification to the folder, of the latest changes");
    cJSON_ArrayForEach(mirror, json_get(status, "mirrors"))
    {
        const cJSON *latency = json_get(json_get(mirror, "channel"), "event_to_disk_ms");
        if (json_get_number(latency, "p95") == 0)
            continue; /* nothing was measured yet */
        print_labelled(stream, "change_latency_seconds", mirror, ",quantile=\"0.5\"");
        print_seconds(stream, json_get_number(latency, "p50"));
        print_labelled(stream, "change_latency_seconds", mirror, ",quantile=\"0.95\"");
        print_seconds(stream, json_get_number(latency, "p95"));
    }
}

static void print_flag(FILE *stream, const char *name, const char *help, bool value)
{
    print_head(stream, name, "gauge", help);
    (void)fprintf(stream, "drive_agent_%s %d\n", name, value ? 1 : 0);
}

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

void status_print_metrics(FILE *stream, const struct cJSON *status)
{
    const cJSON *requests = json_get(status, "requests");
    print_flag(stream, "up", "1 while the agent runs", json_get_bool(status, "running"));
    print_flag(stream, "paused", "1 while work is paused", json_get_bool(status, "paused"));
    print_flag(stream, "attention", "1 while a person is wanted",
               strcmp(json_get_text(status, "state"), "attention") == 0);
    for (size_t i = 0; i < COUNT_OF(mirror_metrics); i++)
        print_metric(stream, status, &mirror_metrics[i], NULL);
    print_channels(stream, status);
    for (size_t i = 0; i < COUNT_OF(channel_metrics); i++)
        print_metric(stream, status, &channel_metrics[i], "channel");
    print_latency(stream, status);
    for (size_t i = 0; i < COUNT_OF(request_metrics) && cJSON_IsObject(requests); i++) {
        const struct metric *metric = &request_metrics[i];
        print_head(stream, metric->name, metric->type, metric->help);
        (void)fprintf(stream, "drive_agent_%s %" PRIu64 "\n", metric->name,
                      json_get_number(requests, metric->member));
    }
}
