/* Which HTTP proxy leads to a host, for the channel; libcurl finds its own by the same
 * rules. Configured, or from https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, with the
 * exceptions of no_proxy and NO_PROXY: host names and their suffixes, addresses and
 * networks as 10.0.0.0/8, or "*".
 */
#ifndef AGENT_NET_PROXY_CHOICE_H
#define AGENT_NET_PROXY_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/failure.h"

/* A plain value. The password is a secret. */
struct proxy_choice {
    bool is_used;
    char host[256];
    uint16_t port;
    char user[128]; /* "": none */
    char password[128];
};

/* Reads http://[user[:password]@]host[:port]/ or host[:port]; port 1080 as curl's default.
 * False: another kind of proxy, or no such text. */
bool proxy_choice_parse(const char *text, struct proxy_choice *out);

/* Whether `host` is excepted by a no_proxy list. Pure. */
bool proxy_choice_is_excepted(const char *list, const char *host);

/* `configured` NULL: the environment's. FAILURE_CONFIG: a proxy that the channel cannot
 * use (socks, https). `is_used` false: none. */
enum failure_kind proxy_choose(const char *configured, const char *host,
                               struct proxy_choice *out, struct failure *failure);

#endif
