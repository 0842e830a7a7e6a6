#include <cjson/cJSON.h>
#include <stdio.h>

#include "agent/cli/cmd.h"
#include "agent/cli/output.h"
#include "agent/cli/remote.h"
#include "agent/clock.h"
#include "agent/scope.h"
#include "agent/state.h"
#include "agent/words.h"

/* No agent runs: the pause is written down for its next start. */
static int pause_here(const struct config *config, const struct state_pause *pause)
{
    struct failure failure = {0};
    struct store *store = NULL;
    if (state_open(config, &store, &failure) == FAILURE_NONE) {
        enum store_status status = state_put_pause(store, pause);
        if (status != STORE_OK)
            (void)state_failure(store, status, _("cannot record the pause"), &failure);
    }
    store_close(store);
    return cmd_fail(&failure);
}

static int set_pause(const struct cmd_line *line, const char *command, uint64_t for_ms)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    struct state_pause pause = {.paused = line->cmd->run == cmd_pause};
    struct cJSON *request = remote_request(command);
    if (request == NULL)
        return cmd_fail_text(FAILURE_RESOURCE, "no memory");
    if (for_ms > 0) {
        (void)cJSON_AddNumberToObject(request, "for_ms", (double)for_ms);
        pause.until_ms = clock_wall_ms() + (int64_t)for_ms;
    }
    if (!remote_tell(config, request, &code))
        code = pause_here(config, &pause);
    char until[32];
    if (code == 0 && pause.until_ms > 0)
        (void)printf(_("Paused until %s.\n"), output_time(pause.until_ms, until));
    else if (code == 0)
        (void)printf(pause.paused ? _("Paused until agent resume.\n") : _("Resumed.\n"));
    return code;
}

int cmd_pause(const struct cmd_line *line)
{
    uint64_t for_ms = 0;
    if (!cmd_duration(line, "for", 0, &for_ms))
        return failure_exit_code(FAILURE_USAGE);
    return set_pause(line, "pause", for_ms);
}

int cmd_resume(const struct cmd_line *line)
{
    return set_pause(line, "resume", 0);
}
