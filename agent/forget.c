#include "agent/forget.h"

#include <stdlib.h>
#include <string.h>

#include "agent/place/place.h"
#include "agent/scope.h"
#include "agent/state.h"
#include "agent/words.h"
#include "store/store_mirror.h"

bool forget_would_hit_another(const struct config *config, const char *name,
                              const char *folder)
{
    for (size_t i = 0; i < config->mirror_count; i++) {
        const struct config_mirror *other = &config->mirrors[i];
        if (strcmp(other->name, name) != 0 &&
            config_folders_overlap(other->folder, folder) == 1)
            return true;
    }
    return false;
}

enum failure_kind forget_mirror(const struct config *config, struct store *store,
                                const char *name, struct failure *failure)
{
    struct store_mirror row;
    enum store_status status = store_get_mirror(store, name, &row);
    if (status == STORE_NONE)
        return FAILURE_NONE;
    if (status != STORE_OK)
        return state_failure(store, status, _("cannot read the state"), failure);
    SCOPED(scope_free) char *folder = row.folder == NULL ? NULL : strdup(row.folder);
    status = store_drop_mirror(store, row.key);
    if (status != STORE_OK)
        return state_failure(store, status, _("cannot forget the mirror"), failure);
    /* Records first: a folder whose marker is gone would look like a lost one (F-57). */
    if (folder == NULL || forget_would_hit_another(config, name, folder))
        return FAILURE_NONE;
    return place_dismantle(disk_system(), folder, failure);
}
