#include <stdio.h>
#include <string.h>

#include "agent/cli/inspect.h"
#include "agent/nearest.h"
#include "agent/scope.h"
#include "agent/state.h"
#include "agent/words.h"

enum { INSPECT_MAX_SQL = 512 };

static bool on_row(void *user, int count, const char *const *names,
                   const char *const *values, const char *types)
{
    struct inspect *inspect = user;
    return output_row(inspect->output, count, names, values, types);
}

static int fail_store(const struct inspect *inspect, enum store_status status)
{
    struct failure failure;
    (void)state_failure(inspect->store, status, _("cannot read the state"), &failure);
    return cmd_fail(&failure);
}

int inspect_ask(const struct inspect *inspect, const char *sql,
                const char *const *parameters, int count, store_row_fn *each, void *user)
{
    enum store_status status =
        store_query(inspect->store, sql, parameters, count, each, user);
    return status == STORE_OK || status == STORE_NONE ? 0 : fail_store(inspect, status);
}

const char *inspect_option(const struct inspect *inspect, const char *option)
{
    const char *value = cmd_value(inspect->line, option);
    return value == NULL ? "" : value;
}

/* Rows of a view, maybe of one mirror only; `columns` are those for people. */
static int show_view(struct inspect *inspect, const char *view, const char *columns)
{
    const char *limit = inspect_option(inspect, "limit");
    const char *const parameters[] = {inspect_option(inspect, "mirror"),
                                      limit[0] == '\0' ? "-1" : limit};
    char sql[INSPECT_MAX_SQL];
    (void)snprintf(sql, sizeof sql,
                   "select %s from %s where (?1 = '' or mirror = ?1) "
                   "limit cast(?2 as integer)",
                   inspect->is_for_person ? columns : "*", view);
    return inspect_ask(inspect, sql, parameters, 2, on_row, inspect);
}

static int show_items(struct inspect *inspect)
{
    return show_view(inspect, "v_items", "mirror, path, kind, size, state, problem");
}

static int show_pending(struct inspect *inspect)
{
    return show_view(
        inspect, "v_pending",
        "mirror, path, operation, size, why, " INSPECT_TIME("next_try") " as next_try");
}

static int show_problems(struct inspect *inspect)
{
    return show_view(
        inspect, "v_problems",
        "mirror, path, failure, text, " INSPECT_TIME("next_try") " as next_try");
}

static int show_conflicts(struct inspect *inspect)
{
    return show_view(inspect, "v_conflicts",
                     INSPECT_TIME("\"when\"") " as \"when\", mirror, path, copy");
}

static int show_mirrors(struct inspect *inspect)
{
    return show_view(inspect, "v_mirrors",
                     "mirror, folder, drive, state, items, waiting, held, " INSPECT_TIME(
                         "synced_at") " as synced_at");
}

static int run_sql(struct inspect *inspect)
{
    enum store_status status =
        store_query(inspect->store, inspect->line->words[1], NULL, 0, on_row, inspect);
    /* A person's own words: what is wrong with them is no fault of the state. */
    if (status == STORE_READONLY || status == STORE_MISUSE)
        return cmd_fail_text(FAILURE_USAGE, "this is no question to the state: %s",
                             store_error_text(inspect->store));
    return status == STORE_OK || status == STORE_NONE ? 0 : fail_store(inspect, status);
}

static int show_schema(struct inspect *inspect)
{
    (void)inspect;
    const char *part = NULL;
    for (size_t i = 0; (part = store_schema_text(i)) != NULL; i++)
        (void)fputs(part, stdout);
    return 0;
}

static void on_finding(void *user, const char *finding)
{
    static const char *const names[] = {"finding"};
    (void)output_row(user, 1, names, &finding, "t");
}

static int check(struct inspect *inspect)
{
    uint64_t count = 0;
    enum store_status status =
        store_check(inspect->store, on_finding, inspect->output, &count);
    if (status != STORE_OK)
        return fail_store(inspect, status);
    enum output_format format = OUTPUT_TABLE;
    (void)output_parse_format(cmd_value(inspect->line, "format"), &format);
    if (count == 0 && format == OUTPUT_TABLE)
        (void)puts(_("the state database is whole")); /* the others show it by no rows */
    return count == 0 ? 0 : 1;
}

static const struct part {
    const char *name;
    size_t words; /* its own among them */
    bool has_columns;
    bool is_view; /* rows of mirrors, of which some can be chosen */
    int (*show)(struct inspect *inspect);
} parts[] = {
    {"",          0, true,  true,  show_mirrors   },
    {"items",     1, true,  true,  show_items     },
    {"item",      2, true,  true,  inspect_item   },
    {"pending",   1, true,  true,  show_pending   },
    {"problems",  1, true,  true,  show_problems  },
    {"history",   1, true,  true,  inspect_history},
    {"conflicts", 1, true,  true,  show_conflicts },
    {"sql",       2, true,  false, run_sql        },
    {"schema",    1, false, false, show_schema    },
    {"check",     1, true,  false, check          },
};

static const struct part *find_part(const struct cmd_line *line)
{
    const char *name = line->word_count == 0 ? "" : line->words[0];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(parts[i].name, name) == 0 && parts[i].words == line->word_count)
            return &parts[i];
    }
    return NULL;
}

static int fail_part(const struct cmd_line *line)
{
    const char *names[sizeof parts / sizeof *parts];
    size_t count = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        names[count++] = parts[i].name;
    const char *word = line->word_count == 0 ? "" : line->words[0];
    const char *near = nearest_word(word, names, count);
    if (near != NULL && near[0] != '\0' && strcmp(near, word) != 0)
        return cmd_fail_text(FAILURE_USAGE, "unknown view %s: did you mean %s?", word,
                             near);
    return cmd_fail_text(FAILURE_USAGE, "usage: agent inspect %s", line->cmd->arguments);
}

/* Rows that no filter was applied to would pass for filtered ones. */
static int check_filters(const struct part *part, const struct cmd_line *line)
{
    static const char *const filters[] = {"since", "path", "operation", "follow"};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        if (cmd_has(line, filters[i]) && part->show != inspect_history)
            return cmd_fail_text(FAILURE_USAGE,
                                 "--%s is for the history alone: agent inspect history",
                                 filters[i]);
    }
    const char *idle = !part->is_view && cmd_has(line, "mirror")       ? "mirror"
                       : !part->is_view && cmd_has(line, "limit")      ? "limit"
                       : !part->has_columns && cmd_has(line, "format") ? "format"
                                                                       : NULL;
    if (idle != NULL)
        return cmd_fail_text(FAILURE_USAGE, "--%s does nothing for agent inspect %s", idle,
                             part->name);
    return 0;
}

static int open_and_show(const struct part *part, struct inspect *inspect,
                         const char *state_dir, enum output_format format)
{
    char text[256] = "";
    enum store_status status =
        store_open_reader(state_dir, &inspect->store, text, sizeof text);
    if (status == STORE_NONE)
        return cmd_fail_text(
            FAILURE_RESOURCE,
            "there is no state database in %s yet: agent sync-now or agent "
            "run makes it",
            state_dir);
    if (status != STORE_OK)
        return cmd_fail_text(FAILURE_RESOURCE,
                             "cannot open the state database in %s: %s %s", state_dir,
                             _(store_status_text(status)), text);
    if (part->has_columns)
        inspect->output = output_open(stdout, format, output_terminal_width(stdout));
    int code = part->has_columns && inspect->output == NULL ? 1 : part->show(inspect);
    if (inspect->output != NULL && !output_close(inspect->output) && code == 0)
        code = cmd_fail_text(FAILURE_RESOURCE, "no memory");
    store_close(inspect->store);
    return code;
}

int cmd_inspect(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    enum output_format format = OUTPUT_TABLE;
    (void)output_parse_format(cmd_value(line, "format"), &format);
    const struct part *part = find_part(line);
    if (part == NULL)
        return fail_part(line);
    code = check_filters(part, line);
    if (code != 0)
        return code;
    const char *mirror = cmd_value(line, "mirror");
    if (mirror != NULL && config_find_mirror(config, mirror) == NULL)
        return cmd_fail_mirror(config, mirror);
    const char *limit = cmd_value(line, "limit");
    if (limit != NULL && (*limit == '\0' || limit[strspn(limit, "0123456789")] != '\0'))
        return cmd_fail_text(FAILURE_USAGE, "--limit expects a number of rows, not \"%s\"",
                             limit);
    struct inspect inspect = {.line = line,
                              .config = config,
                              .is_for_person = format == OUTPUT_TABLE &&
                                               output_terminal_width(stdout) > 0};
    return open_and_show(part, &inspect, config->state_dir, format);
}
