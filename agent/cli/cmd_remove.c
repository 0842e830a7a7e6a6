#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/cli/cmd.h"
#include "agent/cli/remote.h"
#include "agent/desktop/bookmark.h"
#include "agent/forget.h"
#include "agent/scope.h"
#include "agent/state.h"
#include "agent/words.h"
#include "store/store_mirror.h"

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
        (void)forget_mirror(config, store, name, &failure);
    store_close(store);
    return cmd_fail(&failure);
}

/* A mirror whose section was deleted by hand: the records know it still. NULL: they do not,
 * or have no folder of it. */
static char *find_stray(const struct config *config, const char *name)
{
    struct store *store = NULL;
    struct store_mirror row;
    char *folder = NULL;
    if (store_open_reader(config->state_dir, &store, NULL, 0) == STORE_OK &&
        store_get_mirror(store, name, &row) == STORE_OK && row.folder != NULL)
        folder = strdup(row.folder);
    store_close(store);
    return folder;
}

static void remove_bookmark(const char *folder)
{
    struct failure failure = {0};
    if (bookmark_remove(folder, &failure) != FAILURE_NONE)
        cmd_note("note: the bookmark of the file manager stays: %s", failure.text);
}

int cmd_remove(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    const char *name = line->words[0];
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    const struct config_mirror *mirror = config_find_mirror(config, name);
    SCOPED(scope_free)
    char *folder = mirror == NULL ? find_stray(config, name) : strdup(mirror->folder);
    if (folder == NULL)
        return cmd_fail_mirror(config, name);
    struct failure failure = {0};
    if (mirror != NULL &&
        config_remove_mirror(config->path, name, &failure) != FAILURE_NONE)
        return cmd_fail(&failure);
    if (!forget_would_hit_another(config, name, folder))
        remove_bookmark(folder);
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
