/* `agent inspect item PATH`: the story of one item. For people it is told; programs get its
 * rows of v_items. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/inspect.h"
#include "agent/config_places.h"
#include "agent/log.h"
#include "agent/scope.h"
#include "agent/words.h"

enum { STORY_LABEL = 11, STORY_TEXT = 4096 };

/* Prints "  label      text", nothing where there is no text. */
static void tell(const char *label, const char *text)
{
    char shown[STORY_TEXT];
    if (text == NULL || text[0] == '\0')
        return;
    (void)fputs("  ", stdout);
    output_cell(stdout, label, STORY_LABEL, true);
    (void)printf(" %s\n", log_escape(text, shown, sizeof shown));
}

/* The columns of a question have fixed places; NULL is "". Words of the database are shown
 * as they are: they are what v_items and v_history say. */
static const char *text_of(const char *value)
{
    return value == NULL ? "" : value;
}

static bool on_record(void *user, int count, const char *const *names,
                      const char *const *values, const char *types)
{
    (void)names, (void)types, (void)count;
    uint64_t *found = user;
    char kind[96];
    char size[32];
    char shown[STORY_TEXT];
    (*found)++;
    (void)printf("%s: %s\n", text_of(values[0]),
                 log_escape(text_of(values[1]), shown, sizeof shown));
    bool is_file = strcmp(text_of(values[2]), "file") == 0;
    (void)snprintf(kind, sizeof kind, "%s%s%s", text_of(values[2]), is_file ? ", " : "",
                   is_file ? output_bytes(strtoull(text_of(values[3]), NULL, 10), size)
                           : "");
    tell(_("kind"), kind);
    tell(_("state"), text_of(values[4]));
    tell(_("problem"), values[5]);
    tell(_("on drive"), values[6]);
    tell(_("here"), values[7]);
    tell(_("hash"), values[8]);
    tell(_("id"), values[9]);
    return true;
}

static bool on_pending(void *user, int count, const char *const *names,
                       const char *const *values, const char *types)
{
    (void)user, (void)names, (void)types, (void)count;
    char text[STORY_TEXT];
    bool waits = text_of(values[3])[0] != '\0';
    (void)snprintf(text, sizeof text, "%s: %s%s%s", text_of(values[0]), text_of(values[1]),
                   waits ? _("; next try ") : "", text_of(values[3]));
    tell(_("to do"), text);
    return true;
}

static bool on_conflict(void *user, int count, const char *const *names,
                        const char *const *values, const char *types)
{
    (void)user, (void)names, (void)types, (void)count;
    char text[STORY_TEXT];
    (void)snprintf(text, sizeof text, _("%s: your version is now %s"), text_of(values[0]),
                   text_of(values[1]));
    tell(_("conflict"), text);
    return true;
}

static bool on_event(void *user, int count, const char *const *names,
                     const char *const *values, const char *types)
{
    (void)names, (void)types, (void)count;
    uint64_t *found = user;
    char text[STORY_TEXT];
    char size[32];
    bool has_size = values[3] != NULL && strcmp(values[3], "0") != 0;
    bool was_told = text_of(values[4])[0] != '\0';
    (void)snprintf(text, sizeof text, "%s  %s%s%s (%s%s%s)", text_of(values[0]),
                   text_of(values[1]), has_size ? ", " : "",
                   has_size ? output_bytes(strtoull(values[3], NULL, 10), size) : "",
                   text_of(values[2]), was_told ? _(", late by ") : "", text_of(values[4]));
    tell((*found)++ == 0 ? _("history") : "", text);
    return true;
}

/* The chapters; each question is asked with the path and, maybe, a mirror. */
static const struct chapter {
    const char *sql;
    store_row_fn *each;
    bool counts; /* its rows say that the item is known */
} chapters[] = {
    {"select mirror, path, kind, size, state, problem, " INSPECT_TIME(
         "remote_mtime") ", " INSPECT_TIME("local_mtime") ", hash, item_id from v_items "
                                                          "where path = ?1 and (?2 = '' or "
                                                          "mirror = ?2)",               on_record,   true },
    {"select operation, why, mirror, " INSPECT_TIME(
         "next_try") " from v_pending "
                     "where path = ?1 and (?2 = '' or mirror = ?2)",                    on_pending,  false},
    {"select " INSPECT_TIME("\"when\"") ", copy from v_conflicts "
                                        "where path = ?1 and (?2 = '' or mirror = ?2)", on_conflict, false},
    {"select " INSPECT_TIME(
         "\"when\"") ", operation, \"trigger\", bytes, " INSPECT_LATE " "
                     "from v_history where path = ?1 and (?2 = '' or mirror = ?2) "
                     "order by \"when\" desc limit 20",                                 on_event,    true },
};

static int tell_story(const struct inspect *inspect, const char *const *parameters,
                      uint64_t *found)
{
    for (size_t i = 0; i < sizeof chapters / sizeof *chapters; i++) {
        uint64_t rows = 0;
        int code =
            inspect_ask(inspect, chapters[i].sql, parameters, 2, chapters[i].each, &rows);
        if (code != 0)
            return code;
        *found += chapters[i].counts ? rows : 0;
    }
    return 0;
}

static bool on_row(void *user, int count, const char *const *names,
                   const char *const *values, const char *types)
{
    struct inspect *inspect = user;
    return output_row(inspect->output, count, names, values, types);
}

/* The mirror in whose folder an absolute path lies, and the rest of the path. */
static const struct config_mirror *find_mirror(const struct config *config,
                                               const char *path, const char **out_rest)
{
    for (size_t i = 0; i < config->mirror_count; i++) {
        const struct config_mirror *mirror = &config->mirrors[i];
        size_t size = strlen(mirror->folder);
        if (strncmp(path, mirror->folder, size) != 0 || path[size] != '/')
            continue;
        *out_rest = path + size + 1;
        return mirror;
    }
    return NULL;
}

/* What is known of it: as the views name it, or as a shell or a file manager writes it. */
struct wanted {
    char *path;         /* owned */
    const char *rest;   /* of it, within the mirror */
    const char *mirror; /* "" any */
};

static bool read_wanted(const struct inspect *inspect, struct wanted *out)
{
    const char *path = inspect->line->words[1];
    bool is_absolute = path[0] == '/' || path[0] == '~';
    out->mirror = inspect_option(inspect, "mirror");
    out->path = is_absolute ? config_absolute_path(path) : NULL;
    const struct config_mirror *mirror =
        out->path == NULL ? NULL : find_mirror(inspect->config, out->path, &out->rest);
    if (mirror != NULL &&
        (out->mirror[0] == '\0' || strcmp(out->mirror, mirror->name) == 0)) {
        out->mirror = mirror->name;
        return true;
    }
    free(out->path);
    path += strncmp(path, "./", 2) == 0 ? 2 : 0;
    out->path = strdup(path);
    if (out->path == NULL)
        return false;
    for (size_t size = strlen(path); size > 1 && out->path[size - 1] == '/'; size--)
        out->path[size - 1] = '\0';
    out->rest = out->path;
    return true;
}

int inspect_item(struct inspect *inspect)
{
    struct wanted wanted = {.path = NULL};
    if (!read_wanted(inspect, &wanted))
        return cmd_fail_text(FAILURE_RESOURCE, "no memory");
    SCOPED(scope_free) char *owned = wanted.path;
    const char *const parameters[] = {wanted.rest, wanted.mirror};
    enum output_format format = OUTPUT_TABLE;
    (void)output_parse_format(cmd_value(inspect->line, "format"), &format);
    uint64_t found = 0;
    int code = 0;
    if (format == OUTPUT_TABLE) {
        code = tell_story(inspect, parameters, &found);
    } else {
        code = inspect_ask(
            inspect, "select * from v_items where path = ?1 and (?2 = '' or mirror = ?2)",
            parameters, 2, on_row, inspect);
        found = output_count(inspect->output);
    }
    if (code == 0 && found == 0)
        return cmd_fail_text(
            FAILURE_RESOURCE,
            "nothing is known of %s: paths are relative to the mirror's folder",
            inspect->line->words[1]);
    return code;
}
