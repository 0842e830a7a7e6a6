#include "agent/net/allow.h"

#include <stdlib.h>
#include <string.h>

static const char *const content_hosts[] = {
    "sharepoint.com",
    "sharepoint.us",
    "sharepoint-mil.us",
    "sharepoint.cn",
    "sharepoint-df.com",
    "1drv.com",
    "onedrive.com",
    "microsoftpersonalcontent.com",
    "livefilestore.com",
    "storage.live.com",
    "svc.ms",
};

static const char *const channel_hosts[] = {"svc.ms"};

/* The built-in hosts and the configured ones in one list. */
static const char **join(const char *const *hosts, size_t count,
                         const struct config_list *extra)
{
    const char **all = calloc(count + extra->count, sizeof *all);
    for (size_t i = 0; all != NULL && i < count + extra->count; i++)
        all[i] = i < count ? hosts[i] : extra->texts[i - count];
    return all;
}

static struct url_policy make_policy(const char *const *suffixes, size_t count,
                                     const struct allow *allow, bool known_cloud)
{
    return (struct url_policy){
        .suffixes = suffixes,
        .suffix_count = count,
        .own_host = known_cloud ? NULL : allow->graph.host,
        .loopback = !known_cloud && allow->graph.is_loopback,
    };
}

bool allow_init(struct allow *out, const struct config *config)
{
    size_t contents = sizeof content_hosts / sizeof content_hosts[0];
    size_t channels = sizeof channel_hosts / sizeof channel_hosts[0];
    size_t extra = config->extra_hosts.count;
    struct url graph;
    if (url_parse(config->graph_url, &graph) != URL_OK)
        return false;
    const char **content = join(content_hosts, contents, &config->extra_hosts);
    const char **channel = join(channel_hosts, channels, &config->extra_hosts);
    if (content == NULL || channel == NULL) {
        free(content);
        free(channel);
        return false;
    }
    *out =
        (struct allow){.graph = graph, .content_hosts = content, .channel_hosts = channel};
    out->content = make_policy(content, contents + extra, out, config->known_cloud);
    out->channel = make_policy(channel, channels + extra, out, config->known_cloud);
    out->channel.web_socket_allowed = true;
    out->channel.size_limit = URL_MAX_NOTIFICATION_SIZE;
    return true;
}

void allow_clear(struct allow *allow)
{
    free(allow->content_hosts);
    free(allow->channel_hosts);
    *allow = (struct allow){0};
}
