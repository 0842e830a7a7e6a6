#include "agent/config.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config_places.h"
#include "agent/config_read.h"
#include "agent/config_values.h"
#include "agent/log.h"
#include "agent/nearest.h"
#include "agent/scope.h"
#include "agent/small_file.h"
#include "agent/words.h"

/* A key of the file: where its value goes, and what reads it. */
struct config_key {
    const char *section;
    const char *name;
    config_set_fn *set;
    size_t offset; /* in struct config, or in struct config_mirror for "mirror" */
    bool is_list;  /* each further value adds one */
};

#define IN_CONFIG(member) offsetof(struct config, member)
#define IN_MIRROR(member) offsetof(struct config_mirror, member)

/* The one table of product.md, Configuration. */
static const struct config_key keys[] = {
    {"service", "cloud",                  config_set_cloud,     IN_CONFIG(cloud),                 false},
    {"service", "graph_url",              config_set_url,       IN_CONFIG(graph_url),             false},
    {"service", "login_url",              config_set_url,       IN_CONFIG(login_url),             false},
    {"service", "extra_hosts",            config_set_hosts,     IN_CONFIG(extra_hosts),           false},
    {"service", "ca_file",                config_set_file,      IN_CONFIG(ca_file),               false},
    {"service", "proxy",                  config_set_proxy,     IN_CONFIG(proxy),                 false},
    {"account", "client_id",              config_set_text,      IN_CONFIG(client_id),             false},
    {"account", "tenant",                 config_set_tenant,    IN_CONFIG(tenant),                false},
    {"account", "access",                 config_set_access,    IN_CONFIG(read_write),            false},
    {"account", "token_store",            config_set_store,     IN_CONFIG(token_store),           false},
    {"sync",    "transfers",              config_set_transfers, IN_CONFIG(transfers),             false},
    {"sync",    "bandwidth_limit",        config_set_rates,     0,                                false},
    {"sync",    "delta_interval",         config_set_interval,  IN_CONFIG(delta_interval_ms),     false},
    {"sync",    "reconcile_interval",     config_set_interval,  IN_CONFIG(reconcile_interval_ms),
     false                                                                                             },
    {"sync",    "trash",                  config_set_bool,      IN_CONFIG(trash),                 false},
    {"sync",    "big_delete_threshold",   config_set_count,     IN_CONFIG(big_delete_threshold),
     false                                                                                             },
    {"desktop", "notifications",          config_set_bool,      IN_CONFIG(notifications),         false},
    {"desktop", "pause_on_metered",       config_set_bool,      IN_CONFIG(pause_on_metered),      false},
    {"desktop", "pause_on_battery_saver", config_set_bool,
     IN_CONFIG(pause_on_battery_saver),                                                           false},
    {"mirror",  "folder",                 config_set_folder,    IN_MIRROR(folder),                false},
    {"mirror",  "drive",                  config_set_drive,     IN_MIRROR(drive),                 false},
    {"mirror",  "folders",                config_add_path,      IN_MIRROR(folders),               true },
    {"mirror",  "exclude",                config_add_pattern,   IN_MIRROR(exclude),               true },
    {"mirror",  "include",                config_add_pattern,   IN_MIRROR(include),               true },
};

enum { KEY_COUNT = sizeof keys / sizeof *keys };

/* A walk over one file. */
struct loading {
    struct config *config;
    config_error_fn *each_error;
    void *user;
    const char *file; /* for messages */
    size_t errors;
    /* As in the table; "?" before the first one, "" in an unknown one: keys are skipped. */
    char section[CONFIG_MAX_SECTION + 1];
    bool seen[KEY_COUNT]; /* in the file, or in this mirror's section */
};

static void report(struct loading *loading, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void report(struct loading *loading, int line, const char *format, ...)
{
    char text[768];
    char shown[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, words_find(format), arguments);
    va_end(arguments);
    if (length < 0)
        text[0] = '\0';
    char whole[1024];
    (void)snprintf(whole, sizeof whole, "%s:%d: %s", loading->file, line, text);
    loading->each_error(loading->user, log_escape(whole, shown, sizeof shown));
    loading->errors++;
}

static void on_fault(void *user, int line, const char *text)
{
    report(user, line, "%s", text);
}

/* Names are shown, typed and used in section heads. */
const char *config_name_fault(const char *name)
{
    size_t size = strlen(name);
    if (size == 0)
        return _("a mirror needs a name: [mirror NAME]");
    if (size > CONFIG_MAX_NAME)
        return _("the name of a mirror has 40 bytes at most");
    if (name[0] == '-' || strpbrk(name, "[];#\"'\\/ \t\r\n") != NULL)
        return _(
            "the name of a mirror has no blanks, quotes, slashes, brackets, ; or #, and "
            "does not begin with -");
    return NULL;
}

static void begin_mirror(struct loading *loading, const char *name, int line)
{
    struct config *config = loading->config;
    const char *fault = config_name_fault(name);
    if (fault == NULL && config_find_mirror(config, name) != NULL)
        fault = _("there is a mirror of this name already");
    if (fault == NULL && config->mirror_count == CONFIG_MAX_MIRRORS)
        fault = _("too many mirrors (64 at most)");
    char *copy = fault == NULL ? strdup(name) : NULL;
    if (copy == NULL) {
        report(loading, line, "%s", fault == NULL ? _("no memory") : fault);
        return;
    }
    config->mirrors[config->mirror_count++] =
        (struct config_mirror){.name = copy, .line = line};
    (void)snprintf(loading->section, sizeof loading->section, "mirror");
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].section, "mirror") == 0)
            loading->seen[i] = false;
    }
}

static void on_section(void *user, const char *section, int line)
{
    struct loading *loading = user;
    static const char *const sections[] = {"service", "account", "sync", "desktop"};
    size_t count = sizeof sections / sizeof *sections;
    loading->section[0] = '\0';
    if (strncmp(section, "mirror", 6) == 0 && (section[6] == ' ' || section[6] == '\0')) {
        begin_mirror(loading, section + 6 + strspn(section + 6, " "), line);
        return;
    }
    const char *near = nearest_word(section, sections, count);
    if (near != NULL && strcmp(near, section) == 0)
        (void)snprintf(loading->section, sizeof loading->section, "%s", section);
    else if (near != NULL)
        report(loading, line, "unknown section [%s]; did you mean [%s]?", section, near);
    else
        report(
            loading, line,
            "unknown section [%s]; there are [service], [account], [sync], [desktop] and "
            "[mirror NAME]",
            section);
}

/* An unknown key: the near one of this section, or the section where it belongs. */
static void report_unknown(struct loading *loading, int line, const char *name)
{
    const char *names[KEY_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].section, loading->section) == 0)
            names[count++] = keys[i].name;
        else if (strcmp(keys[i].name, name) == 0) {
            report(loading, line, "the key %s belongs into the section [%s%s]", name,
                   keys[i].section, strcmp(keys[i].section, "mirror") == 0 ? " NAME" : "");
            return;
        }
    }
    const char *near = nearest_word(name, names, count);
    if (near != NULL)
        report(loading, line, "unknown key %s; did you mean %s?", name, near);
    else
        report(loading, line, "unknown key %s in [%s]", name, loading->section);
}

static void on_value(void *user, const char *name, const char *value, int line)
{
    struct loading *loading = user;
    struct config *config = loading->config;
    if (loading->section[0] == '\0')
        return; /* its section is reported already */
    if (loading->section[0] == '?') {
        report(loading, line, "the key %s stands before any [section]", name);
        return;
    }
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const struct config_key *key = &keys[i];
        if (strcmp(key->section, loading->section) != 0 || strcmp(key->name, name) != 0)
            continue;
        if (loading->seen[i] && !key->is_list) {
            report(loading, line, "the key %s is given twice; it takes one value", name);
            return;
        }
        loading->seen[i] = true;
        char *target = (char *)config;
        if (strcmp(key->section, "mirror") == 0) {
            struct config_mirror *mirror = &config->mirrors[config->mirror_count - 1];
            mirror->has_folder = mirror->has_folder || strcmp(key->name, "folder") == 0;
            target = (char *)mirror;
        }
        const char *fault = key->set(target + key->offset, value);
        if (fault != NULL)
            report(loading, line, "%s %s, not \"%s\"", name, fault, value);
        return;
    }
    report_unknown(loading, line, name);
}

/* What concerns several lines: folders that are missing, forbidden or shared. */
static void check_mirrors(struct loading *loading)
{
    const struct config *config = loading->config;
    for (size_t i = 0; i < config->mirror_count; i++) {
        struct config_mirror *mirror = &config->mirrors[i];
        if (mirror->folder == NULL && mirror->has_folder)
            continue; /* what is wrong with it was said at its line */
        if (mirror->folder == NULL) {
            report(loading, mirror->line, "the mirror %s needs a line: folder = PATH",
                   mirror->name);
            continue;
        }
        const char *fault = config_folder_fault(config, mirror->folder);
        if (fault != NULL)
            report(loading, mirror->line, "the folder of mirror %s, %s, %s", mirror->name,
                   mirror->folder, fault);
        for (size_t j = 0; j < i; j++) {
            const struct config_mirror *other = &config->mirrors[j];
            int overlap = other->folder == NULL
                              ? 0
                              : config_folders_overlap(mirror->folder, other->folder);
            if (overlap != 0)
                report(loading, mirror->line,
                       overlap == 1 ? N_("the mirrors %s and %s have the same folder: %s; "
                                         "give each a folder of its own")
                                    : N_("the mirrors %s and %s overlap: %s; give each a "
                                         "folder of its own"),
                       other->name, mirror->name, mirror->folder);
        }
    }
}

/* Fills what the file left open. False: no memory. */
static bool complete(struct config *config)
{
    const char *graph = NULL;
    const char *login = NULL;
    if (config_set_cloud(&config->cloud, config->cloud == NULL ? "global" : config->cloud))
        return false;
    if (!config_cloud_urls(config->cloud, &graph, &login))
        return false;
    if (config->graph_url == NULL && config_set_url(&config->graph_url, graph) != NULL)
        return false;
    if (config->login_url == NULL && config_set_url(&config->login_url, login) != NULL)
        return false;
    config->known_cloud = config_is_known_graph(config->graph_url);
    if (config->tenant == NULL && config_set_tenant(&config->tenant, "common") != NULL)
        return false;
    if (config->client_id == NULL &&
        config_set_text(&config->client_id, AGENT_CLIENT_ID) != NULL)
        return false;
    for (size_t i = 0; i < config->mirror_count; i++) {
        struct config_mirror *mirror = &config->mirrors[i];
        if (mirror->drive == NULL && config_set_drive(&mirror->drive, "me") != NULL)
            return false;
    }
    return true;
}

static struct config *config_new(void)
{
    struct config *config = calloc(1, sizeof *config);
    if (config == NULL)
        return NULL;
    config->transfers = 8;
    config->delta_interval_ms = UINT64_C(15) * 60 * 1000;
    config->reconcile_interval_ms = UINT64_C(7) * 24 * 3600 * 1000;
    config->trash = true;
    config->big_delete_threshold = 1000;
    config->notifications = true;
    config->pause_on_metered = true;
    config->pause_on_battery_saver = true;
    config->mirrors = calloc(CONFIG_MAX_MIRRORS, sizeof *config->mirrors);
    if (config->mirrors == NULL) {
        free(config);
        return NULL;
    }
    return config;
}

static void release(struct config **local)
{
    config_free(*local);
}

enum failure_kind config_load(const struct config_places *places,
                              config_error_fn *each_error, void *user, struct config **out,
                              struct failure *failure)
{
    static const struct config_events events = {
        .section = on_section, .value = on_value, .fault = on_fault};
    SCOPED(release) struct config *config = config_new();
    if (config == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    enum failure_kind kind = config_find_places(places, config, failure);
    if (kind != FAILURE_NONE)
        return kind;
    SCOPED(scope_free) char *text = NULL;
    size_t size = 0;
    kind = small_file_read(config->path, &text, &size, failure);
    if (kind != FAILURE_NONE) {
        if (failure != NULL) {
            failure->kind = FAILURE_CONFIG;
            failure->number = 159;
        }
        return FAILURE_CONFIG;
    }
    config->is_missing = text == NULL && config_is_named(places);
    if (config->is_missing && !places->may_be_missing)
        return failure_set(failure, FAILURE_CONFIG, 159,
                           "there is no configuration file %s: correct --config or "
                           "AGENT_CONFIG, or make the file with agent add FOLDER",
                           config->path);
    struct loading loading = {.config = config,
                              .each_error = each_error,
                              .user = user,
                              .file = config->path,
                              .section = "?"};
    config_read(text == NULL ? "" : text, size, &events, &loading);
    check_mirrors(&loading);
    if (loading.errors > 0)
        return failure_set(
            failure, FAILURE_CONFIG, 159,
            words_count("the configuration has an error; nothing was changed",
                        "the configuration has %zu errors; nothing was "
                        "changed",
                        loading.errors),
            loading.errors);
    if (!complete(config))
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    *out = config;
    config = NULL;
    return FAILURE_NONE;
}

static void clear_mirror(struct config_mirror *mirror)
{
    free(mirror->name);
    free(mirror->folder);
    free(mirror->drive);
    config_list_clear(&mirror->folders);
    config_list_clear(&mirror->exclude);
    config_list_clear(&mirror->include);
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->mirror_count; i++)
        clear_mirror(&config->mirrors[i]);
    free(config->mirrors);
    config_list_clear(&config->extra_hosts);
    free(config->path);
    free(config->state_dir);
    free(config->socket_path);
    free(config->state_socket_path);
    free(config->cloud);
    free(config->graph_url);
    free(config->login_url);
    free(config->ca_file);
    free(config->proxy);
    free(config->client_id);
    free(config->tenant);
    free(config);
}

const struct config_mirror *config_find_mirror(const struct config *config,
                                               const char *name)
{
    for (size_t i = 0; i < config->mirror_count; i++) {
        if (strcmp(config->mirrors[i].name, name) == 0)
            return &config->mirrors[i];
    }
    return NULL;
}
