#include "agent/state_failure.h"

#include "agent/words.h"

enum failure_kind state_failure(struct store *store, enum store_status status,
                                const char *what, struct failure *out)
{
    static const struct {
        enum failure_kind kind;
        int number;
        const char *mend;
    } kinds[] = {
        [STORE_OK] = {FAILURE_NONE,     0,   ""                                         },
        [STORE_NONE] = {FAILURE_INTERNAL, 0,   ""                                         },
        [STORE_BUSY] = {FAILURE_RESOURCE, 67,  N_(": another program holds it; try again")},
        [STORE_HELD] = {FAILURE_HELD,     160, ""                                         },
        [STORE_FULL] = {FAILURE_RESOURCE, 12,  N_(": make room on its disk")              },
        [STORE_IO] = {FAILURE_RESOURCE, 68,  N_(": check its disk")                     },
        [STORE_DAMAGED] = {FAILURE_RESOURCE, 61,  N_(": start the agent to rebuild it")      },
        [STORE_NEWER] = {FAILURE_RESOURCE, 65,  N_(": install that version or a newer one")},
        [STORE_READONLY] = {FAILURE_RESOURCE, 14,  N_(": make its folder writable")           },
        [STORE_MEMORY] = {FAILURE_RESOURCE, 22,  ""                                         },
        [STORE_CONFLICT] = {FAILURE_INTERNAL, 71,  ""                                         },
        [STORE_MISUSE] = {FAILURE_INTERNAL, 0,   ""                                         },
    };
    const char *text =
        store == NULL ? _(store_status_text(status)) : store_error_text(store);
    return failure_set(out, kinds[status].kind, kinds[status].number, "%s: %s%s", what,
                       text, _(kinds[status].mend));
}

enum failure_kind state_trouble(struct store *store, struct failure *out)
{
    enum store_status status = store_failed(store);
    struct failure named;
    enum failure_kind kind =
        state_failure(store, status, _("cannot read or write the state"), &named);
    if (status == STORE_DAMAGED)
        kind = FAILURE_INTERNAL;
    else if (kind != FAILURE_RESOURCE) /* nothing that the store itself has refused */
        kind = FAILURE_RESOURCE;
    return failure_set(out, kind, named.number, "%s", named.text);
}
