#include <cjson/cJSON.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agent/cli/cmd.h"
#include "agent/cli/remote.h"
#include "agent/desktop/bookmark.h"
#include "agent/forget.h"
#include "agent/scope.h"
#include "agent/state.h"
#include "agent/words.h"

static bool has_state(const struct config *config)
{
    char path[4200];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s/state.db", config->state_dir);
    return stat(path, &info) == 0;
}

/* No agent runs: the state is ours for a moment. */
static int forget_here(const struct config *config, const char *name)
{
    struct failure failure = {0};
    struct store *store = NULL;
    if (!has_state(config))
        return 0;
    if (state_open(config, &store, &failure) == FAILURE_NONE)
        (void)forget_mirror(store, name, &failure);
    store_close(store);
    return cmd_fail(&failure);
}

int cmd_remove(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    const char *name = line->words[0];
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    const struct config_mirror *mirror = config_find_mirror(config, name);
    if (mirror == NULL)
        return cmd_fail_mirror(config, name);
    struct failure failure = {0};
    if (config_remove_mirror(config->path, name, &failure) != FAILURE_NONE)
        return cmd_fail(&failure);
    if (bookmark_remove(mirror->folder, &failure) != FAILURE_NONE)
        cmd_note("note: the bookmark of the file manager stays: %s", failure.text);
    struct cJSON *request = remote_request("reload");
    if (request == NULL || cJSON_AddStringToObject(request, "forget", name) == NULL) {
        cJSON_Delete(request);
        return cmd_fail_text(FAILURE_RESOURCE, "no memory");
    }
    if (!remote_tell(config, request, &code))
        code = forget_here(config, name);
    /* Files of a person's in the working folder keep it there, not the mirror. */
    if (code == 0 || code == failure_exit_code(FAILURE_ITEM))
        (void)printf(_("Removed the mirror %s; its files stay.\n"), name);
    return code;
}
