/* A URL that parses has a sane host and parts within its text; what the policy lets pass
 * is on the list, whatever the spelling (F-147). */
#include <stdlib.h>
#include <string.h>

#include "protocol/channel_url.h"
#include "protocol/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_channel(const char *text, const struct url_policy *policy)
{
    struct channel_url url;
    if (channel_url_init(text, policy, &url) != URL_OK)
        return;
    check(url.name_space[0] == '/' && strchr(url.name_space, ',') == NULL);
    for (const char *at = url.target; *at != 0; at++)
        check(*at > ' ' && *at < 0x7F);
    channel_url_clear(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const suffixes[] = {"svc.ms"};
    static const struct url_policy policy = {
        .suffixes = suffixes, .suffix_count = 1, .web_socket_allowed = true};
    char *text = calloc(1, size + 1);
    struct url url;
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    if (url_parse(text, &url) == URL_OK) {
        check(strlen(url.host) > 0 && url.port > 0);
        check(url.path.text >= text && url.query.text + url.query.size <= text + url.size);
        if (url_check(&url, &policy) == URL_OK)
            check(url_host_matches_suffix(url.host, "svc.ms") && url.port == 443 &&
                  url_is_secure(&url) && !url.has_userinfo && !url.is_address);
        check_channel(text, &policy);
    }
    free(text);
    return 0;
}
