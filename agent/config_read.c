#include "agent/config_read.h"

#include <ini.h>
#include <stdbool.h>
#include <string.h>

#include "agent/words.h"

struct reading {
    const char *at;
    const char *end;
    int line;
    bool expects_value; /* the line handed out last must lead to a value */
    bool has_key;       /* an indented line would go on with the key above */
    bool skips;         /* in a section whose head is faulty */
    const struct config_events *events;
    void *user;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(const char **line, size_t *size)
{
    while (*size > 0 && is_blank(**line)) {
        (*line)++;
        (*size)--;
    }
}

enum config_line config_line_kind(const char *line, size_t size)
{
    skip_blanks(&line, &size);
    if (size == 0)
        return CONFIG_LINE_EMPTY;
    if (*line == ';' || *line == '#')
        return CONFIG_LINE_COMMENT;
    return *line == '[' ? CONFIG_LINE_SECTION : CONFIG_LINE_VALUE;
}

const char *config_section_name(const char *line, size_t size, char *out)
{
    skip_blanks(&line, &size);
    const char *end = memchr(line, ']', size);
    if (end == NULL)
        return _("a section begins with [ but has no ]");
    const char *name = line + 1;
    size_t length = (size_t)(end - name);
    if (length > CONFIG_MAX_SECTION)
        return _("the name of this section is too long (48 bytes at most)");
    if (memchr(name, ';', length) != NULL || memchr(name, '[', length) != NULL)
        return _("the name of a section may not contain ; or [");
    size_t rest = size - length - 2;
    const char *tail = end + 1;
    skip_blanks(&tail, &rest);
    if (rest > 0 && *tail != ';' && *tail != '#')
        return _("nothing may follow the ] of a section");
    memcpy(out, name, length);
    out[length] = '\0';
    return NULL;
}

static const char *fault_of_line(const char *line, size_t size)
{
    if (size > CONFIG_MAX_LINE)
        return _("this line is too long (196 bytes at most)");
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)line[i];
        if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7F)
            return _("this line has a control character in it");
    }
    return NULL;
}

/* A section line is told to the owner here, since inih is silent about empty ones. */
static const char *take_section(struct reading *reading, const char *line, size_t size)
{
    char name[CONFIG_MAX_SECTION + 1];
    const char *fault = config_section_name(line, size, name);
    reading->has_key = false;
    reading->skips = fault != NULL;
    if (fault == NULL)
        reading->events->section(reading->user, name, reading->line);
    return fault;
}

/* Looks at a line before inih gets it; answers a fault or NULL. */
static const char *inspect(struct reading *reading, const char *line, size_t size)
{
    const char *fault = fault_of_line(line, size);
    if (fault != NULL)
        return fault;
    bool indented = size > 0 && is_blank(*line);
    switch (config_line_kind(line, size)) {
    case CONFIG_LINE_EMPTY:
    case CONFIG_LINE_COMMENT:
        return NULL;
    case CONFIG_LINE_SECTION:
        if (!indented || !reading->has_key)
            return take_section(reading, line, size);
        break;
    case CONFIG_LINE_VALUE:
        break;
    }
    reading->expects_value = true;
    return NULL;
}

static void close_line(struct reading *reading)
{
    if (reading->expects_value)
        reading->events->fault(reading->user, reading->line,
                               _("neither KEY = VALUE, nor [SECTION], nor a comment"));
    reading->expects_value = false;
}

/* inih's reader: one whole line at a time; a faulty one is handed out empty. */
static char *next_line(char *out, int capacity, void *stream)
{
    struct reading *reading = stream;
    close_line(reading);
    if (reading->at == reading->end)
        return NULL;
    size_t left = (size_t)(reading->end - reading->at);
    const char *newline = memchr(reading->at, '\n', left);
    const char *line = reading->at;
    size_t size = newline == NULL ? left : (size_t)(newline - line);
    reading->at = newline == NULL ? reading->end : newline + 1;
    reading->line++;
    const char *fault = inspect(reading, line, size);
    if (fault == NULL && size + 2 > (size_t)capacity)
        fault = _("this line is too long");
    if (fault != NULL) {
        reading->events->fault(reading->user, reading->line, fault);
        reading->expects_value = false;
        size = 0;
    }
    memcpy(out, line, size);
    out[size] = '\n';
    out[size + 1] = '\0';
    return out;
}

static int on_value(void *user, const char *section, const char *key, const char *value)
{
    (void)section;
    struct reading *reading = user;
    reading->expects_value = false;
    reading->has_key = true;
    if (!reading->skips)
        reading->events->value(reading->user, key, value, reading->line);
    return 1;
}

void config_read(const char *text, size_t size, const struct config_events *events,
                 void *user)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t skip = size >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    struct reading reading = {
        .at = text + skip, .end = text + size, .events = events, .user = user};
    /* Its answer is the first line that it did not understand: known already. */
    (void)ini_parse_stream(next_line, &reading, on_value, &reading);
    close_line(&reading);
}
