/* Remembers the hosts with which HTTP/2 fails, so that they get HTTP/1.1 (F-130). Pure.
 *
 * Three framing or stream errors within a minute are the sign. It holds for this process.
 */
#ifndef AGENT_NET_HTTP_HOSTS_H
#define AGENT_NET_HTTP_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HTTP_HOSTS_MAX = 16, /* the one with the oldest error makes room */
    HTTP_HOSTS_ERRORS = 3,
    HTTP_HOSTS_WITHIN_MS = 60 * 1000
};

struct http_host {
    char name[256];
    uint64_t errors_ms[HTTP_HOSTS_ERRORS]; /* the latest ones, newest first; 0 none */
    bool is_http1;
};

/* A plain value; zeroed is empty. */
struct http_hosts {
    struct http_host hosts[HTTP_HOSTS_MAX];
};

void http_hosts_note_error(struct http_hosts *hosts, const char *name, uint64_t now_ms);
bool http_hosts_is_http1(const struct http_hosts *hosts, const char *name);

#endif
