#include <stdio.h>

#include "agent/cli/cmd.h"
#include "agent/cli/output.h"
#include "agent/drives.h"
#include "agent/scope.h"
#include "agent/signals.h"
#include "agent/words.h"

static void on_entry(void *user, const struct drives_entry *entry)
{
    const char *const names[] = {_("drive"), _("kind"), _("name"), _("place"), _("url")};
    const char *const values[] = {entry->word, entry->kind, entry->name, entry->place,
                                  entry->url};
    (void)output_row(user, 5, names, values, "ttttt");
}

static void on_note(void *user, const char *text)
{
    (void)user;
    cmd_note("note: %s", text);
}

int cmd_drives(const struct cmd_line *line)
{
    static const struct drives_callbacks callbacks = {.on_entry = on_entry,
                                                      .on_note = on_note};
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    signals_ignore_broken_pipes();
    struct failure failure = {0};
    struct ask *ask = ask_open(config, &failure);
    if (ask == NULL)
        return cmd_fail(&failure);
    /* The word is there to be copied: it is never cut. */
    struct output *output =
        output_open(stdout, cmd_has(line, "json") ? OUTPUT_JSON : OUTPUT_TABLE, 0);
    if (output != NULL)
        (void)drives_list(ask, line->word_count == 0 ? NULL : line->words[0], &callbacks,
                          output, &failure);
    else
        (void)failure_set(&failure, FAILURE_RESOURCE, 22, "no memory");
    (void)output_close(output);
    ask_close(ask);
    return cmd_fail(&failure);
}
