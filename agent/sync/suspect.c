#include "agent/sync/suspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/sync/record.h"
#include "agent/words.h"
#include "store/store_item.h"
#include "store/store_mirror.h"

enum { SETTING_SIZE = 64 };

/* A mirror has its own, since two may work at the same time. */
static void format_name(const struct sync_context *context, char out[SETTING_SIZE])
{
    (void)snprintf(out, SETTING_SIZE, "in_hand_%" PRId64, context->mirror);
}

void suspect_begin(const struct sync_context *context, int64_t key)
{
    char name[SETTING_SIZE];
    char value[SETTING_SIZE];
    if (!context->is_careful)
        return;
    format_name(context, name);
    (void)snprintf(value, sizeof value, "%" PRId64, key);
    (void)store_put_setting(context->store, name, value);
}

void suspect_end(const struct sync_context *context)
{
    char name[SETTING_SIZE];
    if (!context->is_careful)
        return;
    format_name(context, name);
    (void)store_put_setting(context->store, name, NULL);
}

void suspect_hold(const struct sync_context *context)
{
    char name[SETTING_SIZE];
    char value[SETTING_SIZE];
    struct store_remote remote;
    struct failure failure;
    if (!context->is_careful)
        return;
    format_name(context, name);
    if (store_get_setting(context->store, name, value, sizeof value) != STORE_OK)
        return;
    int64_t key = strtoll(value, NULL, 10); /* 0 is nobody's */
    (void)store_put_setting(context->store, name, NULL);
    if (store_get_remote(context->store, key, &remote) != STORE_OK || remote.gone)
        return;
    (void)failure_set(&failure, FAILURE_ITEM, 7,
                      _("it made the agent fail; agent sync-now --full tries it again"));
    record_problem(context, key, &failure, true);
}
