#include "agent/cli/pass.h"

#include <cjson/cJSON.h>

#include "agent/cli/remote.h"
#include "agent/words.h"

static enum remote_next on_remote_line(void *user, const struct cJSON *object,
                                       const char *text)
{
    return sync_view_line(user, object, text) ? REMOTE_MOVED : REMOTE_GO;
}

static void on_own_line(void *user, const char *json)
{
    cJSON *object = cJSON_Parse(json);
    (void)sync_view_line(user, object, json);
    cJSON_Delete(object);
}

int pass_here(struct config **config, const struct once_options *options,
              struct sync_view *view, struct failure *failure)
{
    struct config *own = *config;
    *config = NULL;
    *failure = (struct failure){0};
    int code = once_sync(own, options, on_own_line, view, failure);
    progress_clear(view->progress);
    return code;
}

/* False: nobody listens. */
static bool ask(const struct config *config, struct cJSON *request, uint64_t timeout_ms,
                struct sync_view *view, int *out_code)
{
    const struct remote_wait wait = {.timeout_ms = timeout_ms,
                                     .is_for_work = true,
                                     .on_line = on_remote_line,
                                     .user = view};
    struct remote_answer answer;
    struct failure failure = {0};
    enum failure_kind kind = remote_ask(config, request, &wait, &answer, &failure);
    progress_clear(view->progress);
    if (kind != FAILURE_NONE) {
        *out_code = cmd_fail(&failure);
        return true;
    }
    if (answer.running && answer.message[0] != '\0' && !view->has_failed)
        cmd_note(N_("error %s"), answer.message);
    *out_code = answer.code;
    return answer.running;
}

int pass_anywhere(const struct cmd_line *line, struct config **config,
                  struct cJSON *request, const struct once_options *options,
                  struct sync_view *view)
{
    struct cJSON *again = cJSON_Duplicate(request, true);
    struct failure failure;
    int code = 0;
    if (ask(*config, request, options->timeout_ms, view, &code)) {
        cJSON_Delete(again);
        return code;
    }
    code = pass_here(config, options, view, &failure);
    if (failure.kind == FAILURE_HELD && cmd_load_config(line, config) == 0) {
        int told = 0;
        if (ask(*config, again, options->timeout_ms, view, &told))
            return told;
    } else {
        cJSON_Delete(again);
    }
    (void)cmd_fail(&failure);
    return code;
}
