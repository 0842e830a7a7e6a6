#include <stdio.h>

#include "agent/cli/cmd.h"
#include "agent/cli/remote.h"
#include "agent/scope.h"

static enum remote_next on_line(void *user, const struct cJSON *object, const char *text)
{
    (void)user;
    (void)object;
    (void)printf("%s\n", text);
    /* A reader that has gone away ends it. */
    return fflush(stdout) == 0 ? REMOTE_GO : REMOTE_STOP;
}

int cmd_monitor(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    cmd_end_on_signals();
    static const struct remote_wait wait = {.on_line = on_line};
    struct remote_answer answer;
    struct failure failure = {0};
    struct cJSON *request = remote_request("monitor");
    if (request == NULL)
        return cmd_fail_text(FAILURE_RESOURCE, "no memory");
    if (remote_ask(config, request, &wait, &answer, &failure) != FAILURE_NONE)
        return cmd_fail(&failure);
    if (!answer.running)
        return cmd_fail_text(FAILURE_RESOURCE,
                             "no agent is running: nothing to watch: agent run starts one");
    return remote_end(&answer);
}
