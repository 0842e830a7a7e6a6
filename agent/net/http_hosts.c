#include "agent/net/http_hosts.h"

#include <stdio.h>
#include <string.h>

static struct http_host *find(struct http_hosts *hosts, const char *name)
{
    struct http_host *oldest = &hosts->hosts[0];
    for (size_t i = 0; i < HTTP_HOSTS_MAX; i++) {
        struct http_host *host = &hosts->hosts[i];
        if (strcmp(host->name, name) == 0)
            return host;
        if (host->errors_ms[0] < oldest->errors_ms[0])
            oldest = host;
    }
    *oldest = (struct http_host){0};
    (void)snprintf(oldest->name, sizeof oldest->name, "%s", name);
    return oldest;
}

void http_hosts_note_error(struct http_hosts *hosts, const char *name, uint64_t now_ms)
{
    struct http_host *host = find(hosts, name);
    memmove(&host->errors_ms[1], &host->errors_ms[0],
            sizeof host->errors_ms - sizeof host->errors_ms[0]);
    host->errors_ms[0] = now_ms;
    uint64_t oldest_ms = host->errors_ms[HTTP_HOSTS_ERRORS - 1];
    if (oldest_ms > 0 && now_ms - oldest_ms <= HTTP_HOSTS_WITHIN_MS)
        host->is_http1 = true;
}

bool http_hosts_is_http1(const struct http_hosts *hosts, const char *name)
{
    for (size_t i = 0; i < HTTP_HOSTS_MAX; i++)
        if (hosts->hosts[i].is_http1 && strcmp(hosts->hosts[i].name, name) == 0)
            return true;
    return false;
}
