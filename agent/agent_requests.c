/* What the control socket asks of the running agent: one function for each command. */
#include <cjson/cJSON.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_parts.h"
#include "agent/clock.h"
#include "agent/forget.h"
#include "agent/log.h"
#include "agent/sync/verify.h"
#include "agent/words.h"

/* A request that has been read. */
struct request {
    struct agent *agent;
    struct control_client *client;
    const cJSON *json;
};

static bool get_flag(const struct request *request, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request->json, name));
}

static const char *get_text(const struct request *request, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request->json, name));
}

static void finish_with(struct control_client *client, const struct failure *failure)
{
    bool failed = failure->kind != FAILURE_NONE;
    control_finish(client, failure_exit_code(failure->kind), failed ? failure->text : NULL);
}

/* Keeps a client whose answer takes time. NULL: it has been told that there is no memory.
 */
static struct agent_client *keep_client(const struct request *request,
                                        enum agent_client_kind kind)
{
    struct agent_client *kept = calloc(1, sizeof *kept);
    if (kept == NULL) {
        control_finish(request->client, 1, _("no memory"));
        return NULL;
    }
    kept->client = request->client;
    kept->kind = kind;
    kept->next = request->agent->clients;
    request->agent->clients = kept;
    return kept;
}

static void free_client(struct agent_client *kept)
{
    if (kept->job != NULL)
        sync_job_abandon(kept->job);
    free(kept->forget);
    free(kept);
}

static void on_gone(void *user, struct control_client *client)
{
    struct agent *agent = user;
    for (struct agent_client **link = &agent->clients; *link != NULL;
         link = &(*link)->next) {
        struct agent_client *kept = *link;
        if (kept->client != client)
            continue;
        *link = kept->next;
        free_client(kept);
        return;
    }
}

static void answer_status(const struct request *request)
{
    char *text = agent_status_json(request->agent);
    if (text != NULL)
        control_answer(request->client, text);
    free(text);
}

static void request_status(const struct request *request)
{
    answer_status(request);
    control_finish(request->client, 0, NULL);
}

static void request_watch(const struct request *request)
{
    if (keep_client(request, AGENT_CLIENT_WATCH) == NULL)
        return;
    answer_status(request);
    agent_arrivals_replay(request->agent, request->client);
}

static void request_monitor(const struct request *request)
{
    (void)keep_client(request, AGENT_CLIENT_MONITOR);
}

static void on_sync_line(void *user, const char *json)
{
    struct agent_client *kept = user;
    control_answer(kept->client, json);
}

static void on_sync_done(void *user, int code, const char *message)
{
    struct agent_client *kept = user;
    kept->job = NULL;
    control_finish(kept->client, code, message);
}

/* The mirrors that a request names; false: told what is wrong. */
static bool get_names(const struct request *request, const char **names, size_t *out_count)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(request->json, "mirrors");
    const cJSON *entry = NULL;
    size_t count = 0;
    cJSON_ArrayForEach(entry, list)
    {
        const char *name = cJSON_GetStringValue(entry);
        if (name == NULL || count == CONFIG_MAX_MIRRORS ||
            assembly_find(&request->agent->assembly, name) == NULL) {
            struct failure failure;
            (void)failure_set(&failure, FAILURE_USAGE, 0,
                              "the agent has no mirror named %.64s: see agent status",
                              name == NULL ? "" : name);
            finish_with(request->client, &failure);
            return false;
        }
        names[count++] = name;
    }
    *out_count = count;
    return true;
}

/* True: work rests, and the client has been told so. */
static bool is_at_rest(const struct request *request)
{
    const char *why = NULL;
    struct failure failure;
    if (!agent_rests(request->agent, &why))
        return false;
    (void)failure_set(
        &failure, FAILURE_RESOURCE, 0,
        "work is paused (%s): nothing was changed; take it up with agent resume", why);
    finish_with(request->client, &failure);
    return true;
}

static void request_sync(const struct request *request)
{
    static const struct sync_job_callbacks callbacks = {.on_line = on_sync_line,
                                                        .on_done = on_sync_done};
    struct agent *agent = request->agent;
    const struct sync_job_options options = {.full = get_flag(request, "full"),
                                             .dry_run = get_flag(request, "dry_run"),
                                             .allow_big_delete =
                                                 get_flag(request, "allow_big_delete")};
    const char *names[CONFIG_MAX_MIRRORS];
    size_t count = 0;
    if (!get_names(request, names, &count))
        return;
    if (is_at_rest(request))
        return;
    struct agent_client *kept = keep_client(request, AGENT_CLIENT_SYNC);
    if (kept == NULL)
        return;
    service_wake(agent->assembly.account.service);
    kept->job = sync_job_start(&agent->assembly, names, count, &options, &callbacks, kept);
    if (kept->job != NULL && get_flag(request, "no_wait"))
        control_finish(request->client, 0, NULL);
}

/* Items that `agent verify` found to differ: set aside and queued for the next round. */
static void request_repair(const struct request *request)
{
    const char *mirror = get_text(request, "mirror");
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(request->json, "items");
    const cJSON *key = NULL;
    struct failure failure = {0};
    if (mirror == NULL || assembly_find(&request->agent->assembly, mirror) == NULL) {
        control_finish(request->client, 2, _("no such mirror: see agent status"));
        return;
    }
    /* What is set aside is to be fetched at once. */
    if (is_at_rest(request))
        return;
    cJSON_ArrayForEach(key, keys)
    {
        bool usable =
            cJSON_IsNumber(key) && key->valuedouble >= 1 && key->valuedouble < 9e15;
        if (usable && failure.kind == FAILURE_NONE)
            (void)verify_repair(request->agent->assembly.store, mirror,
                                (int64_t)key->valuedouble, &failure);
    }
    finish_with(request->client, &failure);
}

static void request_pause(const struct request *request)
{
    const cJSON *period = cJSON_GetObjectItemCaseSensitive(request->json, "for_ms");
    struct state_pause pause = {.paused = true};
    if (cJSON_IsNumber(period) && period->valuedouble >= 1 && period->valuedouble < 1e15)
        pause.until_ms = clock_wall_ms() + (int64_t)period->valuedouble;
    struct failure failure = {0};
    (void)agent_set_pause(request->agent, &pause, &failure);
    finish_with(request->client, &failure);
}

static void request_resume(const struct request *request)
{
    struct state_pause none = {0};
    struct failure failure = {0};
    (void)agent_set_pause(request->agent, &none, &failure);
    finish_with(request->client, &failure);
}

/* approve and refuse: the word goes to one mirror, or to all that wait for one. False: it
 * is answered, nobody heard it. */
static bool pass_word(const struct request *request, bool (*word)(struct mirror *mirror))
{
    struct assembly *assembly = &request->agent->assembly;
    const char *name = get_text(request, "mirror");
    if (name != NULL && assembly_find(assembly, name) == NULL) {
        control_finish(request->client, 2, _("no such mirror: see agent status"));
        return false;
    }
    size_t heard = 0;
    for (size_t i = 0; i < assembly->mirror_count; i++) {
        struct mirror *mirror = assembly->mirrors[i].mirror;
        if (name == NULL || strcmp(mirror_name(mirror), name) == 0)
            heard += word(mirror) ? 1 : 0;
    }
    if (heard == 0)
        control_finish(request->client, 0, _("nothing waits for your word"));
    return heard > 0;
}

/* What is approved does not go on while work rests. */
static void finish_approval(const struct request *request)
{
    const char *why = NULL;
    char text[512];
    if (!agent_rests(request->agent, &why)) {
        control_finish(request->client, 0, NULL);
        return;
    }
    (void)snprintf(text, sizeof text,
                   _("approved, but work is paused (%s): it goes on after agent resume"),
                   why);
    control_finish(request->client, 0, text);
}

/* A mirror's folder that was moved: the configuration follows it, and is read anew (F-59).
 * False: it was not. */
static bool follow_folder(struct agent *agent, const struct mirror *mirror,
                          struct failure *failure)
{
    char folder[PATH_MAX];
    const struct config *config = agent->assembly.config;
    if (!mirror_moved_to(mirror, folder, sizeof folder))
        return false;
    if (config_move_mirror(config->path, mirror_name(mirror), folder, failure) ==
        FAILURE_NONE)
        agent_want_reload(agent);
    return true;
}

static void request_approve(const struct request *request)
{
    struct failure failure = {.kind = FAILURE_NONE};
    struct assembly *assembly = &request->agent->assembly;
    const char *name = get_text(request, "mirror");
    size_t followed = 0;
    for (size_t i = 0; i < assembly->mirror_count; i++) {
        const struct mirror *mirror = assembly->mirrors[i].mirror;
        if (name == NULL || strcmp(mirror_name(mirror), name) == 0)
            followed += follow_folder(request->agent, mirror, &failure);
    }
    if (failure.kind != FAILURE_NONE)
        finish_with(request->client, &failure);
    else if (followed > 0 || pass_word(request, mirror_approve))
        finish_approval(request);
}

static void request_refuse(const struct request *request)
{
    if (pass_word(request, mirror_refuse))
        control_finish(request->client, 0, NULL);
}

static void request_reload(const struct request *request)
{
    struct agent_client *kept = keep_client(request, AGENT_CLIENT_RELOAD);
    if (kept == NULL)
        return;
    const char *name = get_text(request, "forget");
    kept->forget = name == NULL ? NULL : strdup(name);
    agent_want_reload(request->agent);
}

static void request_login(const struct request *request)
{
    auth_reload(request->agent->assembly.account.auth);
    control_finish(request->client, 0, NULL);
}

static void request_stop(const struct request *request)
{
    control_finish(request->client, 0, NULL);
    agent_want_stop(request->agent);
}

static void on_request(void *user, struct control_client *client, const char *json)
{
    static const struct {
        const char *name;
        void (*run)(const struct request *request);
    } commands[] = {
        {"status",   request_status },
        {"watch",    request_watch  },
        {"monitor",  request_monitor},
        {"sync-now", request_sync   },
        {"pause",    request_pause  },
        {"resume",   request_resume },
        {"approve",  request_approve},
        {"refuse",   request_refuse },
        {"reload",   request_reload },
        {"login",    request_login  },
        {"repair",   request_repair },
        {"stop",     request_stop   },
    };
    cJSON *parsed = cJSON_Parse(json);
    struct request request = {.agent = user, .client = client, .json = parsed};
    const char *command = get_text(&request, "command");
    size_t count = sizeof commands / sizeof *commands;
    size_t i = 0;
    while (i < count && (command == NULL || strcmp(command, commands[i].name) != 0))
        i++;
    if (i == count)
        control_finish(client, 2,
                       _("the running agent does not know this request; is it of "
                         "another version?"));
    else if (request.agent->stop_wanted)
        control_finish(client, 1, _("the agent is stopping"));
    else
        commands[i].run(&request);
    cJSON_Delete(parsed);
}

const struct control_callbacks *agent_requests(void)
{
    static const struct control_callbacks callbacks = {.on_request = on_request,
                                                       .on_gone = on_gone};
    return &callbacks;
}

/* A mirror is only forgotten when it is out of the configuration in force. */
static void forget(struct agent *agent, const char *name, struct failure *failure)
{
    if (failure->kind == FAILURE_NONE && assembly_find(&agent->assembly, name) == NULL)
        (void)forget_mirror(agent->assembly.config, agent->assembly.store, name, failure);
}

void agent_requests_reloaded(struct agent *agent, const struct failure *failure)
{
    for (struct agent_client *kept = agent->clients; kept != NULL; kept = kept->next) {
        if (kept->kind != AGENT_CLIENT_RELOAD)
            continue;
        struct failure outcome = *failure;
        if (kept->forget != NULL)
            forget(agent, kept->forget, &outcome);
        finish_with(kept->client, &outcome);
    }
}

bool agent_client_listens(const struct agent_client *client)
{
    return client->kind == AGENT_CLIENT_MONITOR || client->kind == AGENT_CLIENT_WATCH;
}

/* Without a last line, an end in good order would look like a crash. */
static void say_goodbye(const struct agent *agent, struct control_client *client)
{
    if (agent->end.kind == FAILURE_NONE)
        control_finish(client, 0, _("the agent has stopped"));
    else
        finish_with(client, &agent->end);
}

void agent_requests_clear(struct agent *agent)
{
    while (agent->clients != NULL) {
        struct agent_client *kept = agent->clients;
        agent->clients = kept->next;
        if (agent_client_listens(kept))
            say_goodbye(agent, kept->client);
        free_client(kept);
    }
}
