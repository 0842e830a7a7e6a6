#include <cjson/cJSON.h>
#include <stdio.h>

#include "agent/cli/cmd.h"
#include "agent/cli/held.h"
#include "agent/cli/pass.h"
#include "agent/cli/remote.h"
#include "agent/scope.h"
#include "agent/words.h"

enum { APPROVE_TIMEOUT_MS = 2 * 60 * 1000 };

/* Says the word to the running agent. False: nobody runs. */
static bool say(const struct cmd_line *line, const struct config *config,
                enum once_word word, int *out_code)
{
    struct remote_answer answer;
    struct cJSON *request = remote_request(line->cmd->name);
    if (line->word_count > 0)
        (void)cJSON_AddStringToObject(request, "mirror", line->words[0]);
    if (!remote_tell_word(config, request, &answer))
        return false;
    *out_code = answer.code;
    if (answer.code == 0 && answer.message[0] == '\0')
        (void)puts(word == ONCE_APPROVE ? _("Approved: the agent goes on.")
                                        : _("Refused: the files stay here."));
    return true;
}

/* Without an agent the word is said at the beginning of one pass, which acts on it. */
static int pass_word(const struct cmd_line *line, enum once_word word)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    if (line->word_count > 0 && config_find_mirror(config, line->words[0]) == NULL)
        return cmd_fail_mirror(config, line->words[0]);
    if (say(line, config, word, &code))
        return code;
    const struct once_options options = {.names = line->words,
                                         .name_count = line->word_count,
                                         .job = {.allow_big_delete = word == ONCE_APPROVE},
                                         .word = word,
                                         .timeout_ms = APPROVE_TIMEOUT_MS};
    struct sync_view view = {.progress = progress_new(stderr)};
    struct failure failure;
    code = pass_here(&config, &options, &view, &failure);
    progress_free(view.progress);
    /* An agent that started meanwhile takes the word after all (F-160). */
    int told = 0;
    if (failure.kind == FAILURE_HELD && cmd_load_config(line, &config) == 0 &&
        say(line, config, word, &told))
        return told;
    (void)cmd_fail(&failure);
    held_tell(line, &config, code);
    return code;
}

int cmd_approve(const struct cmd_line *line)
{
    return pass_word(line, ONCE_APPROVE);
}

int cmd_refuse(const struct cmd_line *line)
{
    return pass_word(line, ONCE_REFUSE);
}
