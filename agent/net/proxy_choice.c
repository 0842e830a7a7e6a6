#include "agent/net/proxy_choice.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocol/percent.h"
#include "protocol/url.h"

enum { DEFAULT_PORT = 1080 };

static bool read_user(const char *text, size_t size, struct proxy_choice *out)
{
    const char *colon = memchr(text, ':', size);
    size_t name_size = colon == NULL ? size : (size_t)(colon - text);
    return percent_decode(text, name_size, false, out->user, sizeof out->user) &&
           (colon == NULL || percent_decode(colon + 1, size - name_size - 1, false,
                                            out->password, sizeof out->password));
}

static bool read_place(const char *text, struct proxy_choice *out)
{
    char whole[300] = "http://";
    struct url url;
    size_t size = strcspn(text, "/");
    if (size == 0 || size > sizeof whole - 8)
        return false;
    memcpy(whole + 7, text, size);
    if (url_parse(whole, &url) != URL_OK)
        return false;
    memcpy(out->host, url.host, strlen(url.host) + 1);
    bool has_port = url.port != 80 || (size > 3 && strncmp(text + size - 3, ":80", 3) == 0);
    out->port = has_port ? url.port : DEFAULT_PORT;
    return true;
}

bool proxy_choice_parse(const char *text, struct proxy_choice *out)
{
    struct proxy_choice choice = {.is_used = true};
    const char *scheme = strstr(text, "://");
    if (scheme != NULL && strncasecmp(text, "http://", 7) != 0)
        return false;
    const char *rest = scheme == NULL ? text : scheme + 3;
    size_t size = strcspn(rest, "/");
    const char *at = NULL;
    for (size_t i = 0; i < size; i++)
        if (rest[i] == '@')
            at = rest + i; /* the last one: a password may hold others */
    if (at != NULL && !read_user(rest, (size_t)(at - rest), &choice))
        return false;
    if (!read_place(at == NULL ? rest : at + 1, &choice))
        return false;
    *out = choice;
    return true;
}

/* The address family, AF_UNSPEC for a name; the address itself in `out`. */
static int read_address(const char *text, uint8_t out[16])
{
    if (inet_pton(AF_INET, text, out) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, text, out) == 1 ? AF_INET6 : AF_UNSPEC;
}

/* A network, as 10.0.0.0/8, and an address in it. Cuts `entry` at its slash. */
static bool is_in_network(const char *host, char *entry)
{
    uint8_t address[16] = {0};
    uint8_t network[16] = {0};
    char *slash = strchr(entry, '/');
    if (slash == NULL)
        return false;
    *slash = 0;
    char *end;
    unsigned long bits = strtoul(slash + 1, &end, 10);
    int family = read_address(host, address);
    if (family == AF_UNSPEC || read_address(entry, network) != family || end == slash + 1 ||
        *end != 0 || bits > (family == AF_INET ? 32 : 128))
        return false;
    unsigned rest = 8 - bits % 8;
    return memcmp(address, network, bits / 8) == 0 &&
           (rest == 8 || address[bits / 8] >> rest == network[bits / 8] >> rest);
}

bool proxy_choice_is_excepted(const char *list, const char *host)
{
    while (list != NULL && *list != 0) {
        char entry[256];
        size_t start = strspn(list, " ,.");
        size_t size = strcspn(list + start, " ,");
        if (size > 0 && size < sizeof entry) {
            memcpy(entry, list + start, size);
            entry[size] = 0;
            if (strcmp(entry, "*") == 0 || url_host_matches_suffix(host, entry) ||
                is_in_network(host, entry))
                return true;
        }
        list += start + size;
    }
    return false;
}

static const char *from_environment(const char *const *names)
{
    for (; *names != NULL; names++) {
        const char *value = getenv(*names);
        if (value != NULL && value[0] != 0)
            return value;
    }
    return NULL;
}

enum failure_kind proxy_choose(const char *configured, const char *host,
                               struct proxy_choice *out, struct failure *failure)
{
    static const char *const proxies[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                          "ALL_PROXY", NULL};
    static const char *const exceptions[] = {"no_proxy", "NO_PROXY", NULL};
    *out = (struct proxy_choice){0};
    const char *text = configured != NULL ? configured : from_environment(proxies);
    if (text == NULL || text[0] == 0 ||
        proxy_choice_is_excepted(from_environment(exceptions), host))
        return FAILURE_NONE;
    if (proxy_choice_parse(text, out))
        return FAILURE_NONE;
    return failure_set(failure, FAILURE_CONFIG, 128,
                       "notifications can only pass an http:// proxy: polling instead");
}
