#include "agent/sync/filter.h"

#include <stdlib.h>
#include <string.h>

#include "agent/sync/wildcard.h"
#include "protocol/bytes.h"

enum { TEXT_MAX = 1024 * 1024 };

struct pattern {
    const char *text; /* without "!", and without the slashes at both ends */
    size_t size;
    bool takes_back;   /* begins with "!" */
    bool folders_only; /* ends with a slash */
    bool is_anchored;  /* has a slash before its end */
};

struct list {
    struct pattern *patterns;
    size_t count;
};

struct filter {
    struct list folders;
    struct list exclude;
    struct list include;
    struct bytes text;
};

static struct pattern parse(const char *text)
{
    struct pattern pattern = {.text = text};
    pattern.takes_back = *pattern.text == '!';
    pattern.text += pattern.takes_back;
    pattern.is_anchored = *pattern.text == '/';
    pattern.text += pattern.is_anchored;
    pattern.size = strlen(pattern.text);
    if (pattern.size > 0 && pattern.text[pattern.size - 1] == '/') {
        pattern.folders_only = true;
        pattern.size--;
    }
    if (memchr(pattern.text, '/', pattern.size) != NULL)
        pattern.is_anchored = true;
    return pattern;
}

static bool read_list(const struct config_list *config, struct list *out)
{
    out->patterns = calloc(config->count == 0 ? 1 : config->count, sizeof *out->patterns);
    if (out->patterns == NULL)
        return false;
    for (size_t i = 0; i < config->count; i++) {
        const char *text = config->texts[i];
        if (*text != '\0' && *text != '#')
            out->patterns[out->count++] = parse(text);
    }
    return true;
}

/* Paths and no patterns: a folder may be called "#1" or "!new". */
static bool read_folders(const struct config_list *config, struct list *out)
{
    out->patterns = calloc(config->count == 0 ? 1 : config->count, sizeof *out->patterns);
    if (out->patterns == NULL)
        return false;
    for (; out->count < config->count; out->count++) {
        const char *text = config->texts[out->count];
        out->patterns[out->count] = (struct pattern){.text = text, .size = strlen(text)};
    }
    return true;
}

static bool write_text(struct bytes *text, const char *title,
                       const struct config_list *config)
{
    for (size_t i = 0; i < config->count; i++) {
        if (!bytes_append_format(text, "%s=%s\n", title, config->texts[i]))
            return false;
    }
    return true;
}

bool filter_new(const struct config_mirror *config, struct filter **out)
{
    *out = NULL;
    if (config->folders.count + config->exclude.count + config->include.count == 0)
        return true;
    struct filter *filter = calloc(1, sizeof *filter);
    if (filter == NULL)
        return false;
    bytes_init(&filter->text, TEXT_MAX);
    if (!read_folders(&config->folders, &filter->folders) ||
        !read_list(&config->exclude, &filter->exclude) ||
        !read_list(&config->include, &filter->include) ||
        !write_text(&filter->text, "folders", &config->folders) ||
        !write_text(&filter->text, "exclude", &config->exclude) ||
        !write_text(&filter->text, "include", &config->include) ||
        bytes_text(&filter->text) == NULL) {
        filter_free(filter);
        return false;
    }
    *out = filter;
    return true;
}

void filter_free(struct filter *filter)
{
    if (filter == NULL)
        return;
    free(filter->folders.patterns);
    free(filter->exclude.patterns);
    free(filter->include.patterns);
    bytes_clear(&filter->text);
    free(filter);
}

const char *filter_text(const struct filter *filter)
{
    return filter == NULL ? "" : (const char *)bytes_front(&filter->text);
}

static bool matches(const struct pattern *pattern, const char *path, size_t size,
                    bool is_folder)
{
    if (pattern->folders_only && !is_folder)
        return false;
    const char *begin = path;
    if (!pattern->is_anchored) {
        for (size_t i = size; i-- > 0;) {
            if (path[i] == '/') {
                begin = path + i + 1;
                break;
            }
        }
    }
    return wildcard_match((struct span){pattern->text, pattern->text + pattern->size},
                          (struct span){begin, path + size});
}

/* The last pattern that matches the path itself decides. */
static bool ask(const struct list *list, const char *path, size_t size, bool is_folder)
{
    for (size_t i = list->count; i-- > 0;) {
        if (matches(&list->patterns[i], path, size, is_folder))
            return !list->patterns[i].takes_back;
    }
    return false;
}

/* Whether the path lies in one of the chosen folders, or on the way to one. */
static bool is_chosen(const struct filter *filter, const char *path)
{
    size_t size = strlen(path);
    for (size_t i = 0; i < filter->folders.count; i++) {
        const struct pattern *folder = &filter->folders.patterns[i];
        size_t shorter = size < folder->size ? size : folder->size;
        bool is_same = memcmp(path, folder->text, shorter) == 0;
        bool is_in =
            size == folder->size ||
            (size > folder->size ? path[folder->size] == '/' : folder->text[size] == '/');
        if (is_same && is_in)
            return true;
    }
    return filter->folders.count == 0;
}

bool filter_wants(const struct filter *filter, const char *path, bool is_folder)
{
    if (filter == NULL)
        return true;
    if (!is_chosen(filter, path))
        return false;
    /* Level by level from the top: what is above decides unless something below says
     * otherwise by name. */
    bool is_wanted = true;
    for (const char *end = path; end != NULL && *path != '\0';) {
        end = strchr(end == path ? end : end + 1, '/');
        size_t size = end == NULL ? strlen(path) : (size_t)(end - path);
        bool is_level_folder = end != NULL || is_folder;
        if (ask(&filter->exclude, path, size, is_level_folder))
            is_wanted = false;
        if (ask(&filter->include, path, size, is_level_folder))
            is_wanted = true;
    }
    return is_wanted;
}
