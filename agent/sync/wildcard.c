#include "agent/sync/wildcard.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *name;
    int (*has)(int byte);
} classes[] = {
    {"alnum",  isalnum },
    {"alpha",  isalpha },
    {"blank",  isblank },
    {"cntrl",  iscntrl },
    {"digit",  isdigit },
    {"graph",  isgraph },
    {"lower",  islower },
    {"print",  isprint },
    {"punct",  ispunct },
    {"space",  isspace },
    {"upper",  isupper },
    {"xdigit", isxdigit},
};

/* Whether a class such as "alpha" has the byte. Only ASCII: the names of a drive are UTF-8
 * and do not change with the language of the desktop. False: no such class. */
static bool read_class(struct span name, unsigned char byte, bool *is_in)
{
    size_t size = (size_t)(name.end - name.at);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (strlen(classes[i].name) != size || memcmp(classes[i].name, name.at, size) != 0)
            continue;
        *is_in = *is_in || (byte < 0x80 && classes[i].has(byte) != 0);
        return true;
    }
    return false;
}

/* "[:alpha:]" at `*at`, which is left behind it. 0: it is none, and its bytes stand for
 * themselves; -1: one that nobody knows. */
static int take_class(const char **at, const char *end, unsigned char byte, bool *is_in)
{
    const char *close = memchr(*at, ']', (size_t)(end - *at));
    if (end - *at < 2 || (*at)[1] != ':' || close == NULL || close - *at < 3 ||
        close[-1] != ':')
        return 0;
    if (!read_class((struct span){*at + 2, close - 1}, byte, is_in))
        return -1;
    *at = close + 1;
    return 1;
}

/* One byte of a set, which a backslash may stand before. False: the pattern ends. */
static bool take_byte(const char **at, const char *end, unsigned char *out)
{
    if (*at < end && **at == '\\')
        (*at)++;
    if (*at >= end)
        return false;
    *out = (unsigned char)*(*at)++;
    return true;
}

/* A byte or a range of a set. False: the pattern ends. */
static bool take_range(const char **at, const char *end, unsigned char byte, bool *is_in)
{
    unsigned char low;
    if (!take_byte(at, end, &low))
        return false;
    unsigned char high = low;
    if (end - *at >= 2 && **at == '-' && (*at)[1] != ']') {
        (*at)++;
        if (!take_byte(at, end, &high))
            return false;
    }
    *is_in = *is_in || byte == low || (low <= byte && byte <= high);
    return true;
}

/* A set such as [a-z] or [!0-9], left behind `*pattern`. False as well where it is none. */
static bool is_in_set(const char **pattern, const char *end, unsigned char byte)
{
    const char *at = *pattern + 1;
    bool is_negated = at < end && (*at == '!' || *at == '^');
    bool is_in = false;
    at += is_negated;
    for (const char *first = at; at == first || at >= end || *at != ']';) {
        int is_class = at < end && *at == '[' ? take_class(&at, end, byte, &is_in) : 0;
        if (is_class < 0 || (is_class == 0 && !take_range(&at, end, byte, &is_in)))
            return false;
    }
    *pattern = at + 1;
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
        return is_in_set(pattern, end, (unsigned char)byte);
    if (**pattern == '\\')
        (*pattern)++;
    return *pattern < end && *(*pattern)++ == byte;
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

/* The same of a pattern: a slash in a set divides nothing. */
static struct span take_pattern_level(struct span *pattern)
{
    const char *at = pattern->at;
    while (at < pattern->end && *at != '/') {
        const char *behind = at + 1;
        if (*at == '\\' && behind < pattern->end)
            behind++;
        if (*at == '[') {
            behind = at;
            (void)is_in_set(&behind, pattern->end, '\0');
        }
        at = behind > at ? behind : pattern->end; /* never closed: matches nothing */
    }
    struct span level = {pattern->at, at};
    pattern->at = at < pattern->end ? at + 1 : at;
    return level;
}

static bool is_any_levels(struct span level)
{
    if (level.end - level.at < 2)
        return false;
    while (level.at < level.end && *level.at == '*')
        level.at++;
    return level.at == level.end;
}

/* Level by level; goes deeper only for each "**" of the pattern. */
bool wildcard_match(struct span pattern, struct span path)
{
    while (pattern.at < pattern.end) {
        struct span level = take_pattern_level(&pattern);
        if (is_any_levels(level)) {
            bool is_last = pattern.at == pattern.end;
            while (!is_last && path.at < path.end && !wildcard_match(pattern, path))
                (void)take_level(&path);
            return path.at < path.end;
        }
        if (path.at == path.end || !match_level(level, take_level(&path)))
            return false;
    }
    return path.at == path.end;
}
