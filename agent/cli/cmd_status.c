#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/cli/cmd.h"
#include "agent/cli/remote.h"
#include "agent/cli/status_data.h"
#include "agent/cli/status_screen.h"
#include "agent/cli/status_watch.h"
#include "agent/scope.h"

enum { STATUS_TIMEOUT_MS = 10000 };

/* What is shown, and how. */
struct view {
    const struct cmd_line *line;
    const struct config *config;
    cJSON *status;
};

static void show(const struct view *view)
{
    status_add_records(view->status, view->config);
    if (cmd_has(view->line, "json")) {
        SCOPED(scope_free) char *text = cJSON_PrintUnformatted(view->status);
        (void)printf("%s\n", text == NULL ? "{}" : text);
    } else if (cmd_has(view->line, "metrics")) {
        status_print_metrics(stdout, view->status);
    } else {
        status_print(stdout, view->status,
                     (struct status_style){.color = cmd_may_color(view->line)});
    }
}

static enum remote_next on_status(void *user, const struct cJSON *object, const char *text)
{
    (void)text;
    struct view *view = user;
    cJSON_Delete(view->status);
    view->status = cJSON_Duplicate(object, true);
    return REMOTE_MOVED;
}

static int show_once(struct view *view)
{
    const struct remote_wait wait = {
        .timeout_ms = STATUS_TIMEOUT_MS, .on_line = on_status, .user = view};
    struct remote_answer answer;
    struct failure failure = {0};
    if (remote_ask(view->config, remote_request("status"), &wait, &answer, &failure) !=
        FAILURE_NONE)
        return cmd_fail(&failure);
    if (!answer.running)
        view->status = status_offline(view->config);
    if (view->status == NULL)
        return cmd_fail_text(FAILURE_RESOURCE, "no memory");
    show(view);
    return fflush(stdout) == 0 ? 0 : 1;
}

int cmd_status(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    code = cmd_exclude(line, "json", "metrics");
    if (code == 0)
        code = cmd_exclude(line, "watch", "metrics");
    if (code != 0)
        return code;
    if (cmd_has(line, "watch"))
        return status_watch(line, config);
    struct view view = {.line = line, .config = config};
    code = show_once(&view);
    cJSON_Delete(view.status);
    return code;
}
