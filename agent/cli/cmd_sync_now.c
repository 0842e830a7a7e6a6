#include <cjson/cJSON.h>
#include <stdio.h>

#include "agent/cli/cmd.h"
#include "agent/cli/held.h"
#include "agent/cli/pass.h"
#include "agent/cli/remote.h"
#include "agent/scope.h"

enum { SYNC_TIMEOUT_MS = 2 * 60 * 1000 };

static struct cJSON *make_request(const struct cmd_line *line)
{
    cJSON *request = remote_request("sync-now");
    cJSON *names = cJSON_AddArrayToObject(request, "mirrors");
    for (size_t i = 0; i < line->word_count; i++)
        (void)cJSON_AddItemToArray(names, cJSON_CreateString(line->words[i]));
    (void)cJSON_AddBoolToObject(request, "full", cmd_has(line, "full"));
    (void)cJSON_AddBoolToObject(request, "dry_run", cmd_has(line, "dry-run"));
    (void)cJSON_AddBoolToObject(request, "allow_big_delete",
                                cmd_has(line, "allow-big-delete"));
    (void)cJSON_AddBoolToObject(request, "no_wait", cmd_has(line, "no-wait"));
    return request;
}

static int run(const struct cmd_line *line, struct config **config, struct sync_view *view)
{
    uint64_t timeout_ms = 0;
    /* A plan that nobody stays to read. */
    int code = cmd_exclude(line, "no-wait", "dry-run");
    if (code != 0)
        return code;
    if (!cmd_duration(line, "timeout", SYNC_TIMEOUT_MS, &timeout_ms))
        return failure_exit_code(FAILURE_USAGE);
    for (size_t i = 0; i < line->word_count; i++) {
        if (config_find_mirror(*config, line->words[i]) == NULL)
            return cmd_fail_mirror(*config, line->words[i]);
    }
    if ((*config)->mirror_count == 0)
        return cmd_fail_text(FAILURE_CONFIG,
                             "no mirror is configured in %s: add one with agent add FOLDER",
                             (*config)->path);
    const struct once_options options = {
        .names = line->words,
        .name_count = line->word_count,
        .job = {.full = cmd_has(line, "full"),
                .dry_run = cmd_has(line, "dry-run"),
                .allow_big_delete = cmd_has(line, "allow-big-delete")},
        .timeout_ms = timeout_ms
    };
    return pass_anywhere(line, config, make_request(line), &options, view);
}

int cmd_sync_now(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    struct sync_view view = {.json = cmd_has(line, "json"),
                             .dry_run = cmd_has(line, "dry-run")};
    view.progress = view.json ? NULL : progress_new(stderr);
    code = run(line, &config, &view);
    progress_free(view.progress);
    held_tell(line, &config, code);
    return code;
}
