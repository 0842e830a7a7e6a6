/* What arrived last: told to watchers and monitors as it comes, and to a new watcher at
 * once, so that its screen does not begin empty. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_parts.h"
#include "agent/clock.h"
#include "agent/mirror_json.h"

static void clear(struct agent_arrival *arrival)
{
    free(arrival->mirror);
    free(arrival->path);
    free(arrival->editor);
    *arrival = (struct agent_arrival){.at = 0};
}

/* The JSON line of an arrival; NULL: no memory. cJSON_free() releases it. */
static char *format(const struct agent_arrival *arrival)
{
    cJSON *object = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(object, "event", "arrival");
    json_add_time(object, "at", arrival->at);
    json_add_text(object, "mirror", arrival->mirror);
    json_add_text(object, "operation", arrival->operation);
    json_add_text(object, "path", arrival->path);
    json_add_text(object, "editor", arrival->editor);
    if (arrival->latency_ms >= 0)
        json_add_number(object, "latency_ms", (uint64_t)arrival->latency_ms);
    else
        (void)cJSON_AddNullToObject(object, "latency_ms");
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return text;
}

static void tell(const struct agent *agent, const struct agent_arrival *arrival)
{
    char *text = NULL;
    for (const struct agent_client *kept = agent->clients; kept != NULL;
         kept = kept->next) {
        if (!agent_client_listens(kept))
            continue;
        text = text == NULL ? format(arrival) : text;
        if (text != NULL)
            control_answer(kept->client, text);
    }
    cJSON_free(text);
}

void agent_arrivals_add(struct agent *agent, const struct mirror *mirror,
                        const char *operation, const char *path, const char *editor,
                        int64_t latency_ms)
{
    for (const struct agent_client *kept = agent->clients; kept != NULL;
         kept = kept->next) {
        if (kept->job != NULL)
            sync_job_arrival(kept->job, mirror);
    }
    struct agent_arrival *arrival = &agent->arrivals[agent->arrival_count % AGENT_ARRIVALS];
    clear(arrival);
    *arrival = (struct agent_arrival){.at = clock_wall_ms(),
                                      .mirror = strdup(mirror_name(mirror)),
                                      .operation = operation,
                                      .path = strdup(path),
                                      .editor = editor == NULL ? NULL : strdup(editor),
                                      .latency_ms = latency_ms};
    agent->arrival_count++;
    tell(agent, arrival);
}

void agent_arrivals_replay(const struct agent *agent, struct control_client *client)
{
    uint64_t count = agent->arrival_count;
    for (uint64_t i = count > AGENT_ARRIVALS ? count - AGENT_ARRIVALS : 0; i < count; i++) {
        char *text = format(&agent->arrivals[i % AGENT_ARRIVALS]);
        if (text != NULL)
            control_answer(client, text);
        cJSON_free(text);
    }
}

void agent_arrivals_clear(struct agent *agent)
{
    for (size_t i = 0; i < AGENT_ARRIVALS; i++)
        clear(&agent->arrivals[i]);
}
