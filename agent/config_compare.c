/* What a changed file means for parts that run already. */
#include <string.h>

#include "agent/config.h"

static bool same_text(const char *one, const char *other)
{
    if (one == NULL || other == NULL)
        return one == other;
    return strcmp(one, other) == 0;
}

static bool same_list(const struct config_list *one, const struct config_list *other)
{
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        if (strcmp(one->texts[i], other->texts[i]) != 0)
            return false;
    }
    return true;
}

bool config_same_mirror(const struct config_mirror *one, const struct config_mirror *other)
{
    return same_text(one->name, other->name) && same_text(one->folder, other->folder) &&
           same_text(one->drive, other->drive) &&
           same_list(&one->folders, &other->folders) &&
           same_list(&one->exclude, &other->exclude) &&
           same_list(&one->include, &other->include);
}

static bool same_service(const struct config *one, const struct config *other)
{
    return same_text(one->graph_url, other->graph_url) &&
           same_text(one->login_url, other->login_url) &&
           same_list(&one->extra_hosts, &other->extra_hosts) &&
           same_text(one->ca_file, other->ca_file) && same_text(one->proxy, other->proxy);
}

static bool same_account(const struct config *one, const struct config *other)
{
    return same_text(one->client_id, other->client_id) &&
           same_text(one->tenant, other->tenant) && one->read_write == other->read_write &&
           one->token_store == other->token_store;
}

bool config_same_for_all(const struct config *one, const struct config *other)
{
    return same_service(one, other) && same_account(one, other) &&
           one->transfers == other->transfers &&
           one->delta_interval_ms == other->delta_interval_ms &&
           one->reconcile_interval_ms == other->reconcile_interval_ms &&
           one->trash == other->trash &&
           one->big_delete_threshold == other->big_delete_threshold;
}
