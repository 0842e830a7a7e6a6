#include "agent/forget.h"

#include <stdlib.h>
#include <string.h>

#include "agent/place/place.h"
#include "agent/scope.h"
#include "agent/state.h"
#include "agent/words.h"
#include "store/store_mirror.h"

enum failure_kind forget_mirror(struct store *store, const char *name,
                                struct failure *failure)
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
    return folder == NULL ? FAILURE_NONE : place_dismantle(disk_system(), folder, failure);
}
