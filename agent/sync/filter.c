#include "agent/sync/filter.h"

#include <stdlib.h>
#include <string.h>

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
    if (*pattern.text == '\\')
        pattern.text++; /* a name that begins with "!" or "#" */
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
    if (!read_list(&config->folders, &filter->folders) ||
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

/* Wildcards. A text is given by its two ends. */
struct span {
    const char *at;
    const char *end;
};

/* Reads a set such as [a-z] or [!0-9]; answers whether `byte` is in it, and leaves `*at`
 * behind it. A bracket that is never closed stands for itself. */
static bool is_in_set(const char **at, const char *end, char byte)
{
    const char *place = *at + 1;
    bool is_negated = place < end && (*place == '!' || *place == '^');
    bool is_in = false;
    place += is_negated;
    for (const char *first = place; place < end && (*place != ']' || place == first);
         place++) {
        char low = *place;
        char high = low;
        if (place + 2 < end && place[1] == '-' && place[2] != ']') {
            high = place[2];
            place += 2;
        }
        is_in = is_in || (low <= byte && byte <= high);
    }
    if (place >= end) {
        (*at)++;
        return byte == '[';
    }
    *at = place + 1;
    return is_in != is_negated && byte != '/';
}

/* One byte of the name against one piece of the pattern, not a star. */
static bool match_one(const char **pattern, const char *end, char byte)
{
    if (**pattern == '?') {
        (*pattern)++;
        return byte != '/';
    }
    if (**pattern == '[')
        return is_in_set(pattern, end, byte);
    if (**pattern == '\\' && *pattern + 1 < end)
        (*pattern)++;
    return *(*pattern)++ == byte;
}

/* Within one level: the usual search that goes back to the last star. */
static bool match_level(struct span pattern, struct span text)
{
    struct span star = {NULL, NULL}; /* what follows it, and where it was tried last */
    for (;;) {
        if (pattern.at < pattern.end && *pattern.at == '*') {
            star = (struct span){++pattern.at, text.at};
            continue;
        }
        if (pattern.at == pattern.end && text.at == text.end)
            return true;
        if (pattern.at < pattern.end && text.at < text.end &&
            match_one(&pattern.at, pattern.end, *text.at)) {
            text.at++;
            continue;
        }
        if (star.at == NULL || star.end == text.end)
            return false;
        pattern.at = star.at;
        text.at = ++star.end;
    }
}

/* Cuts the first level off: what is left begins behind its slash. */
static struct span take_level(struct span *path)
{
    struct span level = *path;
    const char *slash = memchr(path->at, '/', (size_t)(path->end - path->at));
    level.end = slash == NULL ? path->end : slash;
    path->at = slash == NULL ? path->end : slash + 1;
    return level;
}

static bool is_any_levels(struct span level)
{
    return level.end - level.at == 2 && level.at[0] == '*' && level.at[1] == '*';
}

/* Level by level; goes deeper only for each "**" of the pattern. */
static bool match(struct span pattern, struct span text)
{
    while (pattern.at < pattern.end) {
        struct span level = take_level(&pattern);
        if (is_any_levels(level)) {
            bool is_last = pattern.at == pattern.end;
            while (!is_last && text.at < text.end && !match(pattern, text))
                (void)take_level(&text);
            return text.at < text.end;
        }
        if (text.at == text.end || !match_level(level, take_level(&text)))
            return false;
    }
    return text.at == text.end;
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
    return match((struct span){pattern->text, pattern->text + pattern->size},
                 (struct span){begin, path + size});
}

enum opinion { NO_OPINION, YES, NO };

/* The last pattern that matches the path itself decides. */
static enum opinion ask(const struct list *list, const char *path, size_t size,
                        bool is_folder)
{
    for (size_t i = list->count; i-- > 0;) {
        if (matches(&list->patterns[i], path, size, is_folder))
            return list->patterns[i].takes_back ? NO : YES;
    }
    return NO_OPINION;
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
        enum opinion opinion = ask(&filter->exclude, path, size, is_level_folder);
        if (opinion == YES)
            is_wanted = false;
        if (opinion == NO || ask(&filter->include, path, size, is_level_folder) == YES)
            is_wanted = true;
    }
    return is_wanted;
}
