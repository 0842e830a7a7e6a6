/* The lines of the configuration file: sections, values, faults, each with its line.
 *
 * Stands on inih (ini_parse_stream) with a reader of ours, because inih neither tells the
 * line nor refuses one that is longer than its buffer. Knows nothing of our keys. Part of
 * config.h: used by config.c and config_edit.c only.
 */
#ifndef AGENT_CONFIG_READ_H
#define AGENT_CONFIG_READ_H

#include <stddef.h>

enum {
    CONFIG_MAX_LINE = 196,   /* bytes, what inih's buffer holds */
    CONFIG_MAX_SECTION = 48, /* bytes between the brackets, what inih keeps */
};

/* Texts are borrowed for the call; lines count from 1. */
struct config_events {
    void (*section)(void *user, const char *section, int line);
    /* An indented line comes as one more value of the key above it. */
    void (*value)(void *user, const char *key, const char *value, int line);
    void (*fault)(void *user, int line, const char *text);
};

/* Walks over the whole text, whatever is wrong in it. Values of a section whose head is
 * faulty are passed over. */
void config_read(const char *text, size_t size, const struct config_events *events,
                 void *user);

/* What a line of the file is, for editing it. */
enum config_line {
    CONFIG_LINE_EMPTY,
    CONFIG_LINE_COMMENT,
    CONFIG_LINE_SECTION,
    CONFIG_LINE_VALUE,
};
/* `size` without the line's end. */
enum config_line config_line_kind(const char *line, size_t size);

/* The name between the brackets of a section line, into `out` (CONFIG_MAX_SECTION + 1).
 * NULL, or what is wrong with it. */
const char *config_section_name(const char *line, size_t size, char *out);

#endif
