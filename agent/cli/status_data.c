#include "agent/cli/status_data.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/json_get.h"
#include "agent/mirror_json.h"
#include "agent/state.h"
#include "agent/sync/mirror.h"
#include "agent/words.h"
#include "store/store_item.h"
#include "store/store_mirror.h"
#include "store/store_query.h"

enum { STATUS_MAX_PROBLEMS = 50 };

static void add_counts(cJSON *object, struct store *store, int64_t key)
{
    struct store_counts counts = {0};
    if (store != NULL && key > 0) {
        (void)store_count(store, key, &counts);
        /* Also those that are tried again later, as the running agent counts them. */
        (void)store_count_failed(store, key, &counts.held);
    }
    json_add_number(object, "items", counts.items);
    json_add_number(object, "files", counts.files);
    json_add_number(object, "bytes", counts.bytes);
    json_add_number(object, "placed", counts.placed);
    json_add_number(object, "waiting", counts.waiting);
    json_add_number(object, "waiting_bytes", counts.waiting_bytes);
    json_add_number(object, "held", counts.held);
    json_add_number(object, "local_only", counts.local_only);
}

/* A guard stands without an agent as well; whatever else was going on has stopped. */
static const char *state_offline(const struct store_mirror *row)
{
    const char *guard = mirror_state_text(MIRROR_GUARDED);
    bool stands =
        row->held_deletions > 0 || (row->state != NULL && strcmp(row->state, guard) == 0);
    return stands ? guard : mirror_state_text(MIRROR_STOPPED);
}

static cJSON *mirror_offline(const struct config_mirror *entry, struct store *store)
{
    cJSON *object = cJSON_CreateObject();
    struct store_mirror row = {0};
    bool known = store != NULL && store_get_mirror(store, entry->name, &row) == STORE_OK;
    json_add_text(object, "name", entry->name);
    json_add_text(object, "state", state_offline(&row));
    json_add_text(object, "folder", entry->folder);
    json_add_text(object, "drive", entry->drive);
    json_add_time(object, "synced_at", known ? row.synced_at : 0);
    json_add_number(object, "held_deletions", known ? (uint64_t)row.held_deletions : 0);
    add_counts(object, store, known ? row.key : 0);
    (void)cJSON_AddNullToObject(object, "channel");
    return object;
}

struct cJSON *status_offline(const struct config *config)
{
    struct store *store = NULL;
    if (store_open_reader(config->state_dir, &store, NULL, 0) != STORE_OK)
        store = NULL;
    struct state_pause pause = {0};
    if (store != NULL)
        pause = state_get_pause(store);
    cJSON *object = cJSON_CreateObject();
    json_add_number(object, "version", MIRROR_JSON_VERSION);
    json_add_text(object, "agent", AGENT_VERSION);
    (void)cJSON_AddBoolToObject(object, "running", false);
    json_add_text(object, "state", pause.paused ? "paused" : N_("stopped"));
    (void)cJSON_AddBoolToObject(object, "paused", pause.paused);
    json_add_text(object, "paused_why", pause.paused ? _("as you asked") : NULL);
    json_add_time(object, "paused_until", pause.until_ms);
    (void)cJSON_AddNullToObject(object, "account");
    cJSON *mirrors = cJSON_AddArrayToObject(object, "mirrors");
    for (size_t i = 0; i < config->mirror_count; i++)
        (void)cJSON_AddItemToArray(mirrors, mirror_offline(&config->mirrors[i], store));
    store_close(store);
    return object;
}

/* Column by name: the views may grow. */
static const char *column(const char *name, int count, const char *const *names,
                          const char *const *values)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return values[i];
    }
    return NULL;
}

static bool on_problem(void *user, int count, const char *const *names,
                       const char *const *values, const char *types)
{
    (void)types;
    cJSON *object = cJSON_CreateObject();
    static const char *const wanted[] = {"mirror", "path", "failure", "text", "next_try"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        json_add_text(object, wanted[i], column(wanted[i], count, names, values));
    (void)cJSON_AddItemToArray(user, object);
    return cJSON_GetArraySize(user) < STATUS_MAX_PROBLEMS;
}

static bool on_count(void *user, int count, const char *const *names,
                     const char *const *values, const char *types)
{
    (void)names;
    (void)types;
    uint64_t *total = user;
    *total = count > 0 && values[0] != NULL ? strtoull(values[0], NULL, 10) : 0;
    return false;
}

/* Mirrors of the records, held against those that are shown and those that are configured.
 */
struct strays {
    const struct config *config;
    const cJSON *mirrors;
    cJSON *found;
};

static bool is_shown(const cJSON *mirrors, const char *name)
{
    const cJSON *mirror = NULL;
    cJSON_ArrayForEach(mirror, mirrors)
    {
        if (strcmp(json_get_text(mirror, "name"), name) == 0)
            return true;
    }
    return false;
}

static bool on_mirror(void *user, int count, const char *const *names,
                      const char *const *values, const char *types)
{
    (void)types;
    const struct strays *strays = user;
    const char *name = column("mirror", count, names, values);
    if (name == NULL || config_find_mirror(strays->config, name) != NULL ||
        is_shown(strays->mirrors, name))
        return true;
    char text[256];
    (void)snprintf(text, sizeof text, _("no longer configured: agent remove %s forgets it"),
                   name);
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "name", name);
    json_add_text(object, "folder", column("folder", count, names, values));
    json_add_text(object, "message", text);
    (void)cJSON_AddItemToArray(strays->found, object);
    return true;
}

void status_add_records(struct cJSON *status, const struct config *config)
{
    struct store *store = NULL;
    uint64_t total = 0;
    struct strays strays = {.config = config,
                            .mirrors = json_get(status, "mirrors"),
                            .found = cJSON_AddArrayToObject(status, "unconfigured")};
    cJSON *problems = cJSON_AddArrayToObject(status, "problems");
    if (store_open_reader(config->state_dir, &store, NULL, 0) == STORE_OK) {
        (void)store_query(store, "select mirror, folder from v_mirrors", NULL, 0, on_mirror,
                          &strays);
        (void)store_query(store, "select count(*) from v_problems", NULL, 0, on_count,
                          &total);
        (void)store_query(store, "select * from v_problems", NULL, 0, on_problem, problems);
        store_close(store);
    }
    json_add_number(status, "problem_count", total);
}
