#include "agent/net/web_address.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "agent/net/loopback.h"
#include "protocol/bytes.h"
#include "protocol/percent.h"
#include "protocol/url.h"

static bool is_onedrive_host(const char *host)
{
    return url_host_matches_suffix(host, "1drv.ms") ||
           url_host_matches_suffix(host, "onedrive.live.com");
}

static bool is_sharepoint_host(const char *host)
{
    static const char *const suffixes[] = {"sharepoint.com", "sharepoint.us",
                                           "sharepoint-mil.us", "sharepoint.cn",
                                           "sharepoint-df.com"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (url_host_matches_suffix(host, suffixes[i]))
            return true;
    return false;
}

/* "/:f:/r/sites/…": a direct link; "/:f:/s/…" and others: a sharing link. The letter in the
 * middle says what is shared. NULL where the path is a sharing link. */
static const char *strip_link(const char *path)
{
    if (path[0] != '/' || path[1] != ':' || path[2] == 0 || path[3] != ':')
        return path;
    return strncmp(path + 4, "/r/", 3) == 0 ? path + 6 : NULL;
}

/* Takes off the page that shows a folder, and slashes at the end. */
static void strip_page(char *path)
{
    static const char *const pages[] = {"/_layouts/", "/SitePages/"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        char *found = strstr(path, pages[i]);
        if (found != NULL)
            *found = 0;
    }
    size_t size = strlen(path);
    if (size > 5 && strcasecmp(path + size - 5, ".aspx") == 0) {
        *strrchr(path, '/') = 0;
        size = strlen(path);
        if (size >= 6 && strcasecmp(path + size - 6, "/Forms") == 0)
            path[size - 6] = 0;
    }
    for (size = strlen(path); size > 0 && path[size - 1] == '/'; size--)
        path[size - 1] = 0;
}

/* Size of "/sites/NAME" at the begin of a path; 0: it is the host's root site. */
static size_t site_size(const char *path)
{
    static const char *const kinds[] = {"/sites/", "/teams/", "/personal/"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t size = strlen(kinds[i]);
        size_t name =
            strcspn(path + (strncasecmp(path, kinds[i], size) == 0 ? size : 0), "/");
        if (strncasecmp(path, kinds[i], size) == 0 && name > 0)
            return size + name;
    }
    return 0;
}

static bool format_site(struct web_address *out, size_t size)
{
    const char *name = memchr(out->path + 1, '/', size);
    struct bytes text;
    bytes_init(&text, sizeof out->site - 1);
    bool good = bytes_append_format(&text, "/sites/%s", out->host);
    if (good && size > 0)
        good = bytes_append_format(&text, ":%.*s/", (int)(name - out->path), out->path) &&
               url_append_segment(&text, name + 1, size - (size_t)(name + 1 - out->path)) &&
               bytes_append_byte(&text, ':');
    const char *made = good ? bytes_text(&text) : NULL;
    if (made != NULL)
        memcpy(out->site, made, strlen(made) + 1);
    bytes_clear(&text);
    return made != NULL;
}

/* What the page of a folder says of the folder. */
static void read_query(const struct url *url, char *out, size_t out_size)
{
    char query[WEB_ADDRESS_PATH * 3];
    char path[WEB_ADDRESS_PATH];
    if (url->query.size >= sizeof query)
        return;
    memcpy(query, url->query.text, url->query.size);
    query[url->query.size] = 0;
    bool found = loopback_query_value(query, "id", path, sizeof path) ||
                 loopback_query_value(query, "RootFolder", path, sizeof path);
    if (found && path[0] == '/')
        (void)snprintf(out, out_size, "%s", path);
}

bool web_address_parse(const char *text, struct web_address *out)
{
    struct url url;
    struct web_address found = {.is_share = false};
    char path[WEB_ADDRESS_PATH];
    if (url_parse(text, &url) != URL_OK || url.scheme != URL_HTTPS || url.has_userinfo ||
        !percent_decode(url.path.text, url.path.size, false, path, sizeof path))
        return false;
    const char *rest = strip_link(path);
    found.is_share =
        rest == NULL || is_onedrive_host(url.host) || !is_sharepoint_host(url.host);
    if (!found.is_share) {
        (void)snprintf(found.host, sizeof found.host, "%s", url.host);
        (void)snprintf(found.path, sizeof found.path, "%s", rest);
        read_query(&url, found.path, sizeof found.path);
        strip_page(found.path);
        size_t size = site_size(found.path);
        if (!format_site(&found, size))
            return false;
        if (found.path[size] == 0)
            found.path[0] = 0;
    }
    *out = found;
    return true;
}

bool web_address_below(const struct web_address *address, const char *drive_url, char *out,
                       size_t out_size)
{
    struct url url;
    char path[WEB_ADDRESS_PATH];
    if (url_parse(drive_url, &url) != URL_OK || !url_host_equals(url.host, address->host) ||
        !percent_decode(url.path.text, url.path.size, false, path, sizeof path))
        return false;
    size_t size = strlen(path);
    while (size > 0 && path[size - 1] == '/')
        size--;
    const char *rest = address->path + size;
    if (size == 0 || strlen(address->path) < size ||
        strncasecmp(address->path, path, size) != 0 || (rest[0] != 0 && rest[0] != '/'))
        return false;
    rest += rest[0] == '/';
    return snprintf(out, out_size, "%s", rest) < (int)out_size;
}
