/* What the running agent tells of itself. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent_parts.h"
#include "agent/mirror_json.h"
#include "agent/program.h"
#include "agent/words.h"

static const char *account_state(const struct agent *agent)
{
    const struct account *account = &agent->assembly.account;
    switch (account->auth == NULL ? AUTH_NONE : auth_state(account->auth)) {
    case AUTH_READY:
        return agent->trouble.since == 0 ? N_("signed in") : N_("offline");
    case AUTH_LAPSED:
        return N_("lapsed");
    case AUTH_NONE:
        break;
    }
    return N_("signed out");
}

static cJSON *account_json(const struct agent *agent)
{
    cJSON *object = cJSON_CreateObject();
    const struct failure *failure = &agent->sign_in;
    if (failure->kind == FAILURE_NONE)
        failure = &agent->trouble.failure;
    json_add_text(object, "state", account_state(agent));
    const struct auth *auth = agent->assembly.account.auth;
    json_add_text(object, "name", auth == NULL ? "" : auth_user_name(auth));
    json_add_time(object, "trouble_since", agent->trouble.since);
    json_add_time(object, "next_try", agent->trouble.next_try);
    json_add_text(object, "message", failure->kind == FAILURE_NONE ? NULL : failure->text);
    return object;
}

static cJSON *requests_json(const struct agent *agent)
{
    const struct service *service = agent->assembly.account.service;
    struct service_counts counts = {0};
    if (service != NULL)
        counts = service_counts(service);
    cJSON *object = cJSON_CreateObject();
    json_add_number(object, "requests", counts.requests);
    json_add_number(object, "retries", counts.retries);
    json_add_number(object, "throttled", counts.throttled);
    json_add_number(object, "bytes_in", counts.bytes_in);
    return object;
}

/* One word for the whole: what wants a person first, then what is going on. */
static const char *overall_state(const struct agent *agent)
{
    bool working = false;
    bool attention = agent->sign_in.kind != FAILURE_NONE;
    for (size_t i = 0; i < agent->assembly.mirror_count; i++) {
        const struct mirror_status *status =
            mirror_status(agent->assembly.mirrors[i].mirror);
        working = working || status->state == MIRROR_LISTING ||
                  status->state == MIRROR_APPLYING || status->state == MIRROR_OPENING;
        attention = attention || status->state == MIRROR_GUARDED ||
                    status->state == MIRROR_STOPPED ||
                    status->failure.kind == FAILURE_RESOURCE;
    }
    if (attention)
        return N_("attention");
    if (agent_rests(agent, NULL))
        return N_("paused");
    if (agent->trouble.since != 0)
        return N_("offline");
    return working ? N_("working") : N_("idle");
}

char *agent_status_json(struct agent *agent)
{
    cJSON *object = cJSON_CreateObject();
    json_add_number(object, "version", MIRROR_JSON_VERSION);
    json_add_text(object, "agent", AGENT_VERSION);
    (void)cJSON_AddBoolToObject(object, "running", true);
    json_add_number(object, "pid", (uint64_t)getpid());
    (void)cJSON_AddBoolToObject(object, "replaced", program_is_replaced());
    json_add_time(object, "started", agent->started);
    json_add_number(object, "crashes", agent->crashes);
    json_add_text(object, "state", overall_state(agent));
    const char *why = NULL;
    bool rests = agent_rests(agent, &why);
    (void)cJSON_AddBoolToObject(object, "paused", rests);
    json_add_text(object, "paused_why", rests ? why : NULL);
    json_add_time(object, "paused_until", agent->pause.until_ms);
    (void)cJSON_AddItemToObject(object, "account", account_json(agent));
    cJSON *mirrors = cJSON_AddArrayToObject(object, "mirrors");
    for (size_t i = 0; i < agent->assembly.mirror_count; i++) {
        const struct assembly_mirror *slot = &agent->assembly.mirrors[i];
        (void)cJSON_AddItemToArray(
            mirrors, mirror_json_status(slot->mirror, slot->entry, agent->assembly.store));
    }
    (void)cJSON_AddItemToObject(object, "requests", requests_json(agent));
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return text;
}

static bool has_clients(const struct agent *agent, enum agent_client_kind kind)
{
    for (const struct agent_client *kept = agent->clients; kept != NULL;
         kept = kept->next) {
        if (kept->kind == kind)
            return true;
    }
    return false;
}

static void answer_all(const struct agent *agent, enum agent_client_kind kind,
                       const char *json)
{
    for (const struct agent_client *kept = agent->clients; kept != NULL;
         kept = kept->next) {
        if (kept->kind == kind)
            control_answer(kept->client, json);
    }
}

/* Sends an event to the monitors; takes the object. */
static void tell_monitors(const struct agent *agent, cJSON *object, const char *event)
{
    char *text = NULL;
    if (cJSON_AddStringToObject(object, "event", event) != NULL)
        text = cJSON_PrintUnformatted(object);
    if (text != NULL)
        answer_all(agent, AGENT_CLIENT_MONITOR, text);
    cJSON_free(text);
    cJSON_Delete(object);
}

static void tell_supervisor(const struct agent *agent)
{
    char text[160];
    uint64_t left = 0;
    for (size_t i = 0; i < agent->assembly.mirror_count; i++) {
        const struct mirror_status *status =
            mirror_status(agent->assembly.mirrors[i].mirror);
        left += status->total_items > status->done_items
                    ? status->total_items - status->done_items
                    : 0;
    }
    (void)snprintf(text, sizeof text, "%s; mirrors: %zu%s", _(overall_state(agent)),
                   agent->assembly.mirror_count, left > 0 ? _("; items on their way") : "");
    supervisor_status(agent->supervisor, text);
}

void agent_status_changed(struct agent *agent, struct mirror *mirror)
{
    agent_notices_update(agent);
    for (struct agent_client *kept = agent->clients; kept != NULL && mirror != NULL;
         kept = kept->next) {
        if (kept->job != NULL)
            sync_job_progress(kept->job, mirror);
    }
    if (has_clients(agent, AGENT_CLIENT_MONITOR)) {
        if (mirror != NULL)
            tell_monitors(agent, mirror_json_progress(mirror), "mirror");
        else
            tell_monitors(agent, account_json(agent), "account");
    }
    if (has_clients(agent, AGENT_CLIENT_WATCH)) {
        char *text = agent_status_json(agent);
        if (text != NULL)
            answer_all(agent, AGENT_CLIENT_WATCH, text);
        cJSON_free(text);
    }
    tell_supervisor(agent);
}
