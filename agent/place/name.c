#include "agent/place/name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { EXTENSION_MAX = 32, SUFFIX_MAX = 128, HOST_MAX = 64 };

/* Bytes of the UTF-8 sequence at `text` (RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF), 0 if it is none. */
static size_t sequence_length(const unsigned char *text)
{
    static const struct {
        unsigned char first, last; /* of the lead byte */
        unsigned char low, high;   /* of the byte behind it */
        size_t length;
    } forms[] = {
        {0x01, 0x7F, 0x00, 0x00, 1},
        {0xC2, 0xDF, 0x80, 0xBF, 2},
        {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3},
        {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4},
        {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last)
            continue;
        if (forms[i].length > 1 && (text[1] < forms[i].low || text[1] > forms[i].high))
            return 0;
        for (size_t at = 2; at < forms[i].length; at++)
            if ((text[at] & 0xC0) != 0x80)
                return 0;
        return forms[i].length;
    }
    return 0;
}

static bool is_utf8(const char *name)
{
    const unsigned char *at = (const unsigned char *)name;
    while (*at != '\0') {
        size_t length = sequence_length(at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

int name_flaw(const char *name, bool in_root)
{
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        strchr(name, '/') != NULL)
        return 38;
    if (in_root && strcasecmp(name, NAME_WORKING_FOLDER) == 0)
        return 39;
    if (!is_utf8(name))
        return 40;
    if (strlen(name) > NAME_MAX_BYTES)
        return 41;
    return 0;
}

/* Where the extension begins, or the end: ".profile" has none, and what is too long to be
 * one belongs to the name. */
static size_t stem_length(const char *name)
{
    size_t length = strlen(name);
    const char *dot = strrchr(name, '.');
    if (dot == NULL || dot == name || strlen(dot) > EXTENSION_MAX)
        return length;
    return (size_t)(dot - name);
}

/* The host as part of a file name: nothing that a path or a terminal would read. */
static void clean_host(char out[HOST_MAX + 1], const char *host)
{
    size_t length = 0;
    for (; host[length] != '\0' && length < HOST_MAX; length++) {
        char byte = host[length];
        bool is_plain = byte > ' ' && byte < 0x7F && byte != '/';
        out[length] = '_';
        if (is_plain)
            out[length] = byte;
    }
    out[length] = '\0';
}

static void format_suffix(char out[SUFFIX_MAX], int64_t wall_ms, const char *host,
                          unsigned number)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local = {0};
    if (localtime_r(&seconds, &local) == NULL)
        local = (struct tm){.tm_year = 70, .tm_mday = 1};
    char date[32];
    if (strftime(date, sizeof date, "%Y-%m-%d %H%M%S", &local) == 0)
        date[0] = '\0';
    char clean[HOST_MAX + 1];
    clean_host(clean, host);
    if (number < 2)
        (void)snprintf(out, SUFFIX_MAX, " (conflict %s %s)", date, clean);
    else
        (void)snprintf(out, SUFFIX_MAX, " (conflict %s %s %u)", date, clean, number);
}

void name_conflict(char out[NAME_MAX_BYTES + 1], const char *name, int64_t wall_ms,
                   const char *host, unsigned number)
{
    char suffix[SUFFIX_MAX];
    format_suffix(suffix, wall_ms, host, number);
    size_t stem = stem_length(name);
    const char *extension = name + stem;
    size_t room = NAME_MAX_BYTES - strlen(suffix) - strlen(extension);
    if (stem > room) {
        stem = room;
        while (stem > 0 && ((unsigned char)name[stem] & 0xC0) == 0x80)
            stem--;
    }
    (void)snprintf(out, NAME_MAX_BYTES + 1, "%.*s%s%s", (int)stem, name, suffix, extension);
}

static const char *const endings[] = {
    [NAME_WORK_FOREIGN] = "",      [NAME_WORK_PARTIAL] = ".part",
    [NAME_WORK_STAGE] = ".stage",  [NAME_WORK_DISPLACED] = ".out",
    [NAME_WORK_REMOVED] = ".gone",
};

static bool carries_inode(enum name_work kind)
{
    return kind == NAME_WORK_DISPLACED || kind == NAME_WORK_REMOVED;
}

void name_work_format(char out[NAME_MAX_BYTES + 1], enum name_work kind, int64_t key)
{
    (void)snprintf(out, NAME_MAX_BYTES + 1, "%" PRId64 "%s", key, endings[kind]);
}

void name_work_format_inode(char out[NAME_MAX_BYTES + 1], enum name_work kind, int64_t key,
                            uint64_t inode)
{
    (void)snprintf(out, NAME_MAX_BYTES + 1, "%" PRId64 ".%" PRIu64 "%s", key, inode,
                   endings[kind]);
}

/* Reads a decimal number without sign or leading zeros and moves `*at` behind it. */
static bool read_number(const char **at, uint64_t limit, uint64_t *out)
{
    const char *digits = *at;
    uint64_t value = 0;
    if (*digits < '0' || *digits > '9' ||
        (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9'))
        return false;
    for (; *digits >= '0' && *digits <= '9'; digits++) {
        unsigned digit = (unsigned)(*digits - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *at = digits;
    *out = value;
    return true;
}

enum name_work name_work_parse(const char *name, int64_t *out_key, uint64_t *out_inode)
{
    const char *rest = name;
    uint64_t key = 0;
    uint64_t inode = 0;
    if (!read_number(&rest, INT64_MAX, &key) || *rest != '.')
        return NAME_WORK_FOREIGN;
    const char *after_dot = rest + 1;
    bool has_inode = read_number(&after_dot, UINT64_MAX, &inode);
    if (has_inode)
        rest = after_dot;
    for (int i = NAME_WORK_PARTIAL; i <= NAME_WORK_REMOVED; i++) {
        enum name_work kind = (enum name_work)i;
        if (strcmp(rest, endings[kind]) != 0 || has_inode != carries_inode(kind))
            continue;
        *out_key = (int64_t)key;
        if (out_inode != NULL)
            *out_inode = inode;
        return kind;
    }
    return NAME_WORK_FOREIGN;
}
