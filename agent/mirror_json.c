#include "agent/mirror_json.h"

#include <cjson/cJSON.h>

#include "store/store_item.h"
#include "store/store_mirror.h"

void json_add_number(struct cJSON *object, const char *name, uint64_t value)
{
    (void)cJSON_AddNumberToObject(object, name, (double)value);
}

void json_add_time(struct cJSON *object, const char *name, int64_t wall_ms)
{
    if (wall_ms > 0)
        (void)cJSON_AddNumberToObject(object, name, (double)wall_ms);
    else
        (void)cJSON_AddNullToObject(object, name);
}

void json_add_text(struct cJSON *object, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0')
        (void)cJSON_AddStringToObject(object, name, text);
    else
        (void)cJSON_AddNullToObject(object, name);
}

static void add_progress(cJSON *object, const struct mirror_status *status)
{
    json_add_text(object, "state", mirror_state_text(status->state));
    json_add_text(object, "message",
                  status->failure.kind == FAILURE_NONE ? NULL : status->failure.text);
    json_add_number(object, "failure", (uint64_t)status->failure.number);
    json_add_time(object, "next_try", status->next_try);
    json_add_time(object, "synced_at", status->synced_at);
    (void)cJSON_AddBoolToObject(object, "enumerating", status->enumerating);
    json_add_number(object, "listed", status->listed);
    json_add_number(object, "done_items", status->done_items);
    json_add_number(object, "total_items", status->total_items);
    json_add_number(object, "done_bytes", status->done_bytes);
    json_add_number(object, "total_bytes", status->total_bytes);
    json_add_number(object, "bytes_per_second", status->bytes_per_second);
    json_add_number(object, "held", status->held);
    json_add_number(object, "local_only", status->local_only);
    json_add_number(object, "conflicts", status->conflicts);
    json_add_number(object, "held_deletions", status->held_deletions);
    json_add_number(object, "drift", status->drift);
    json_add_text(object, "current", status->current);
}

struct cJSON *mirror_json_progress(const struct mirror *mirror)
{
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "mirror", mirror_name(mirror));
    add_progress(object, mirror_status(mirror));
    return object;
}

static void add_causes(cJSON *object, const struct link_status *status)
{
    cJSON *causes = cJSON_AddObjectToObject(object, "reconnects_by");
    for (int i = 0; i < LINK_CAUSES; i++)
        json_add_number(causes, link_cause_text((enum link_cause)i),
                        status->reconnects_by[i]);
}

static void add_latency(cJSON *object, const char *name, const uint64_t times_ms[2])
{
    cJSON *latency = cJSON_AddObjectToObject(object, name);
    json_add_number(latency, "p50", times_ms[0]);
    json_add_number(latency, "p95", times_ms[1]);
}

static void add_push(cJSON *object, const struct mirror *mirror)
{
    struct mirror_push push;
    mirror_push(mirror, &push);
    json_add_number(object, "found_by_event", push.found_by_event);
    json_add_number(object, "found_by_poll", push.found_by_poll);
    json_add_number(object, "poll_interval_ms", push.poll_interval_ms);
    (void)cJSON_AddBoolToObject(object, "poll_tightened", push.is_tightened);
    add_latency(object, "event_to_delta_ms", push.delta_ms);
    add_latency(object, "event_to_disk_ms", push.disk_ms);
}

static cJSON *channel_json(const struct link_status *status)
{
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "state", link_state_text(status->state));
    json_add_time(object, "since", status->since);
    json_add_text(object, "host", status->host);
    json_add_number(object, "engine_io", (uint64_t)status->generation);
    json_add_number(object, "ping_interval_ms", status->ping_interval_ms);
    json_add_number(object, "ping_timeout_ms", status->ping_timeout_ms);
    json_add_time(object, "last_ping", status->last_ping);
    json_add_time(object, "last_event", status->last_event);
    json_add_time(object, "expires", status->expires);
    json_add_time(object, "next_try", status->next_try);
    json_add_number(object, "events", status->events);
    json_add_number(object, "renewals", status->renewals);
    json_add_number(object, "reconnects", status->reconnects);
    add_causes(object, status);
    json_add_text(object, "message",
                  status->last_failure.kind == FAILURE_NONE ? NULL
                                                            : status->last_failure.text);
    return object;
}

static void add_counts(cJSON *object, const char *name, struct store *store)
{
    struct store_mirror row;
    struct store_counts counts = {0};
    if (store_get_mirror(store, name, &row) == STORE_OK)
        (void)store_count(store, row.key, &counts);
    json_add_number(object, "items", counts.items);
    json_add_number(object, "files", counts.files);
    json_add_number(object, "bytes", counts.bytes);
    json_add_number(object, "placed", counts.placed);
    json_add_number(object, "waiting", counts.waiting);
    json_add_number(object, "waiting_bytes", counts.waiting_bytes);
}

struct cJSON *mirror_json_status(const struct mirror *mirror,
                                 const struct config_mirror *entry, struct store *store)
{
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "name", entry->name);
    json_add_text(object, "folder", entry->folder);
    json_add_text(object, "drive", entry->drive);
    add_progress(object, mirror_status(mirror));
    add_counts(object, entry->name, store);
    const struct link_status *link = mirror_link_status(mirror);
    if (link == NULL) {
        (void)cJSON_AddNullToObject(object, "channel");
        return object;
    }
    cJSON *channel = channel_json(link);
    add_push(channel, mirror);
    (void)cJSON_AddItemToObject(object, "channel", channel);
    return object;
}
