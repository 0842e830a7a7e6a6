#include "agent/config_values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/config_places.h"
#include "agent/words.h"
#include "protocol/graph_url.h"
#include "protocol/url.h"

static const char no_memory[] = N_("cannot be read: no memory");

static const struct {
    const char *name;
    const char *graph;
    const char *login;
} clouds[] = {
    {"global", "https://graph.microsoft.com/v1.0",             "https://login.microsoftonline.com"},
    {"us-gov", "https://graph.microsoft.us/v1.0",              "https://login.microsoftonline.us" },
    {"us-dod", "https://dod-graph.microsoft.us/v1.0",          "https://login.microsoftonline.us" },
    {"china",  "https://microsoftgraph.chinacloudapi.cn/v1.0",
     "https://login.chinacloudapi.cn"                                                             },
};

bool config_cloud_urls(const char *cloud, const char **out_graph, const char **out_login)
{
    for (size_t i = 0; i < sizeof clouds / sizeof *clouds; i++) {
        if (strcmp(clouds[i].name, cloud) != 0)
            continue;
        *out_graph = clouds[i].graph;
        *out_login = clouds[i].login;
        return true;
    }
    return false;
}

bool config_is_known_graph(const char *graph_url)
{
    for (size_t i = 0; i < sizeof clouds / sizeof *clouds; i++) {
        if (strcmp(clouds[i].graph, graph_url) == 0)
            return true;
    }
    return false;
}

/* Replaces `*field` by a copy of the first `size` bytes. */
static const char *replace_text(void *field, const char *text, size_t size)
{
    char **target = field;
    char *copy = strndup(text, size);
    if (copy == NULL)
        return _(no_memory);
    free(*target);
    *target = copy;
    return NULL;
}

const char *config_set_text(void *field, const char *value)
{
    char **target = field;
    if (value[0] != '\0')
        return replace_text(field, value, strlen(value));
    free(*target);
    *target = NULL;
    return NULL;
}

const char *config_set_folder(void *field, const char *value)
{
    char *path = config_absolute_path(value);
    if (path == NULL)
        return _("expects an absolute path, or one that begins with ~/");
    const char *fault = replace_text(field, path, strlen(path));
    free(path);
    return fault;
}

const char *config_set_file(void *field, const char *value)
{
    return value[0] == '\0' ? config_set_text(field, value)
                            : config_set_folder(field, value);
}

const char *config_set_url(void *field, const char *value)
{
    struct url url;
    size_t size = strlen(value);
    if (url_parse(value, &url) != URL_OK || url.scheme != URL_HTTPS || url.has_userinfo ||
        url.query.size > 0 || strchr(value, '#') != NULL || strchr(value, '?') != NULL)
        return _("expects an address such as https://graph.microsoft.com/v1.0");
    while (size > 0 && value[size - 1] == '/')
        size--;
    return replace_text(field, value, size);
}

const char *config_set_proxy(void *field, const char *value)
{
    static const char *const schemes[] = {"http",   "https",   "socks4",
                                          "socks5", "socks4a", "socks5h"};
    const char *end = strstr(value, "://");
    const char *place = end == NULL ? value : end + 3;
    bool is_known = end == NULL;
    for (size_t i = 0; !is_known && i < sizeof schemes / sizeof *schemes; i++)
        is_known = strlen(schemes[i]) == (size_t)(end - value) &&
                   strncasecmp(value, schemes[i], strlen(schemes[i])) == 0;
    bool has_place = place[0] != '\0' && place[0] != '/' && strpbrk(place, " \t") == NULL;
    if (value[0] == '\0' || (is_known && has_place))
        return config_set_text(field, value);
    return _("expects an address such as http://proxy.example.com:3128");
}

const char *config_set_cloud(void *field, const char *value)
{
    const char *graph = NULL;
    const char *login = NULL;
    if (!config_cloud_urls(value, &graph, &login))
        return _("expects global, us-gov, us-dod or china");
    return replace_text(field, value, strlen(value));
}

const char *config_set_tenant(void *field, const char *value)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-_";
    if (value[0] == '\0' || strspn(value, allowed) != strlen(value))
        return _("expects common, organizations, consumers or a tenant id");
    return replace_text(field, value, strlen(value));
}

const char *config_set_access(void *field, const char *value)
{
    bool *target = field;
    if (strcmp(value, "read") != 0 && strcmp(value, "read-write") != 0)
        return _("expects read or read-write");
    *target = strcmp(value, "read-write") == 0;
    return NULL;
}

const char *config_set_store(void *field, const char *value)
{
    static const struct {
        const char *name;
        enum config_token_store store;
    } stores[] = {
        {"auto",    CONFIG_TOKEN_AUTO   },
        {"keyring", CONFIG_TOKEN_KEYRING},
        {"file",    CONFIG_TOKEN_FILE   }
    };
    enum config_token_store *target = field;
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        if (strcmp(stores[i].name, value) == 0) {
            *target = stores[i].store;
            return NULL;
        }
    }
    return _("expects auto, keyring or file");
}

const char *config_set_bool(void *field, const char *value)
{
    static const char *const words[][2] = {
        {"no",    "yes" },
        {"off",   "on"  },
        {"false", "true"},
        {"0",     "1"   }
    };
    bool *target = field;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        for (size_t truth = 0; truth < 2; truth++) {
            if (strcmp(words[i][truth], value) == 0) {
                *target = truth == 1;
                return NULL;
            }
        }
    }
    return _("expects yes or no");
}

const char *config_drive_fault(const char *word)
{
    struct graph_drive drive;
    if (graph_drive_parse(word, &drive))
        return NULL;
    return _(
        "expects me, drive:ID, drive-list:DRIVEID, group:ID or site:SITEID/list:LISTID");
}

const char *config_set_drive(void *field, const char *value)
{
    const char *fault = config_drive_fault(value);
    return fault == NULL ? replace_text(field, value, strlen(value)) : fault;
}

static const char *list_add(struct config_list *list, const char *text, size_t size)
{
    char **texts = realloc(list->texts, (list->count + 2) * sizeof *texts);
    if (texts == NULL)
        return _(no_memory);
    list->texts = texts;
    char *copy = strndup(text, size);
    list->texts[list->count] = copy;
    if (copy == NULL)
        return _(no_memory);
    list->count++;
    list->texts[list->count] = NULL;
    return NULL;
}

void config_list_clear(struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->texts[i]);
    free(list->texts);
    *list = (struct config_list){0};
}

const char *config_add_pattern(void *field, const char *value)
{
    return value[0] == '\0' ? NULL : list_add(field, value, strlen(value));
}

static bool is_upward(const char *path)
{
    for (const char *at = path; *at != '\0';) {
        size_t size = strcspn(at, "/");
        if (size == 0 || (size == 1 && at[0] == '.') ||
            (size == 2 && at[0] == '.' && at[1] == '.'))
            return true;
        at += size + (at[size] == '/' ? 1 : 0);
    }
    return false;
}

const char *config_add_path(void *field, const char *value)
{
    if (value[0] == '\0')
        return NULL;
    while (*value == '/')
        value++;
    size_t size = strlen(value);
    while (size > 0 && value[size - 1] == '/')
        size--;
    if (size == 0 || is_upward(value))
        return _("expects the path of a folder in the drive, such as Projects/2026");
    return list_add(field, value, size);
}

const char *config_set_hosts(void *field, const char *value)
{
    static const char separators[] = " \t,";
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-";
    for (value += strspn(value, separators); *value != '\0';
         value += strspn(value, separators)) {
        size_t size = strcspn(value, separators);
        if (strspn(value, allowed) < size || value[0] == '.')
            return _(
                "expects host names such as sharepoint.example.com, separated by blanks");
        const char *fault = list_add(field, value, size);
        if (fault != NULL)
            return fault;
        value += size;
    }
    return NULL;
}
