#include "agent/sync/plan.h"

/* A quarter of a small mirror is soon reached: below this many nobody is asked. */
enum { GUARD_SHARE = 4, GUARD_MINIMUM = 20 };

/* Cells not written are PLAN_NOTHING: what was forgotten does no harm. */
static const enum plan_action policy[4][6] = {
    [PLAN_REMOTE_SAME][LOOK_UNKNOWN] = PLAN_HOLD,        /* F-16 */
    [PLAN_REMOTE_SAME][LOOK_MISSING] = PLAN_LEAVE,       /* F-31 */
    [PLAN_REMOTE_SAME][LOOK_EDITED] = PLAN_LEAVE,        /* F-25 */
    [PLAN_REMOTE_SAME][LOOK_OTHER_KIND] = PLAN_LEAVE,    /* F-25 */
    [PLAN_REMOTE_SAME][LOOK_HOLDS_REMOTE] = PLAN_RECORD, /* only times changed */

    [PLAN_REMOTE_CHANGED][LOOK_UNKNOWN] = PLAN_HOLD,
    [PLAN_REMOTE_CHANGED][LOOK_AS_LEFT] = PLAN_DOWNLOAD,
    [PLAN_REMOTE_CHANGED][LOOK_MISSING] = PLAN_DOWNLOAD,
    [PLAN_REMOTE_CHANGED][LOOK_HOLDS_REMOTE] = PLAN_RECORD,            /* F-03 */
    [PLAN_REMOTE_CHANGED][LOOK_EDITED] = PLAN_KEEP_COPY_THEN_DOWNLOAD, /* F-26 */
    [PLAN_REMOTE_CHANGED][LOOK_OTHER_KIND] = PLAN_SET_ASIDE,

    [PLAN_REMOTE_GONE][LOOK_UNKNOWN] = PLAN_HOLD,
    [PLAN_REMOTE_GONE][LOOK_AS_LEFT] = PLAN_DELETE,
    [PLAN_REMOTE_GONE][LOOK_MISSING] = PLAN_FORGET,
    [PLAN_REMOTE_GONE][LOOK_EDITED] = PLAN_FORGET, /* the file stays, local-only */
    [PLAN_REMOTE_GONE][LOOK_OTHER_KIND] = PLAN_FORGET,
    [PLAN_REMOTE_GONE][LOOK_HOLDS_REMOTE] = PLAN_FORGET,

    [PLAN_REMOTE_NEW][LOOK_UNKNOWN] = PLAN_HOLD,
    [PLAN_REMOTE_NEW][LOOK_MISSING] = PLAN_DOWNLOAD,
    [PLAN_REMOTE_NEW][LOOK_AS_LEFT] = PLAN_RECORD,
    [PLAN_REMOTE_NEW][LOOK_HOLDS_REMOTE] = PLAN_RECORD,            /* F-28, F-61 */
    [PLAN_REMOTE_NEW][LOOK_EDITED] = PLAN_KEEP_COPY_THEN_DOWNLOAD, /* F-28 */
    [PLAN_REMOTE_NEW][LOOK_OTHER_KIND] = PLAN_SET_ASIDE,
};

enum plan_action plan_decide(enum plan_remote remote, enum look_fact disk)
{
    return policy[remote][disk];
}

bool plan_guards(uint64_t removals, uint64_t known, uint64_t threshold, uint64_t allowed)
{
    if (removals <= allowed)
        return false;
    return removals > threshold ||
           (removals > GUARD_MINIMUM && removals > known / GUARD_SHARE);
}
