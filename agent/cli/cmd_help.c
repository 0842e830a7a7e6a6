#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/cmd.h"
#include "agent/cli/completion.h"
#include "agent/cli/output.h"
#include "agent/scope.h"
#include "agent/words.h"

enum { HELP_INDENT = 30 }; /* where the texts of options begin */

/* A text in the column of its own, broken between words where a screen is narrow. */
static void print_beside(const char *text, unsigned width)
{
    unsigned used = 0;
    while (*text != '\0') {
        char word[256];
        size_t size = strcspn(text, " ");
        (void)snprintf(word, sizeof word, "%.*s", (int)size, text);
        unsigned own = output_width(word);
        if (used > 0 && HELP_INDENT + used + 1 + own > width) {
            (void)printf("\n%*s", HELP_INDENT, "");
            used = 0;
        }
        (void)printf("%s%s", used > 0 ? " " : "", word);
        used += own + (used > 0 ? 1 : 0);
        text += size + strspn(text + size, " ");
    }
    (void)putchar('\n');
}

static void print_option(const struct cmd_option *option)
{
    char left[160]; /* choices are named in full */
    char letter[8] = "    ";
    if (option->letter != 0)
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name,
                   option->argument == NULL ? "" : " ",
                   option->argument == NULL ? "" : option->argument);
    unsigned width = output_terminal_width(stdout);
    if (strlen(left) > HELP_INDENT - 4)
        (void)printf("  %s\n%*s", left, HELP_INDENT, "");
    else
        (void)printf("  %-*s", HELP_INDENT - 2, left);
    print_beside(_(option->help), width == 0 ? UINT_MAX : width);
}

static void print_options(const struct cmd_option *options, const char *title)
{
    if (options == NULL || options->name == NULL)
        return;
    (void)printf("\n%s\n", title);
    for (; options->name != NULL; options++)
        print_option(options);
}

static void print_exit_codes(const char *codes)
{
    (void)printf("\n%s\n", _("Exit codes"));
    for (; *codes != '\0'; codes++) {
        if (*codes >= '0' && *codes <= '9')
            (void)printf("  %c  %s\n", *codes, _(cmd_exit_text(*codes - '0')));
    }
}

static void print_command(const struct cmd *cmd)
{
    (void)printf("agent %s: %s\n\n%s\n  agent %s%s%s%s\n", cmd->name, _(cmd->summary),
                 _("Usage"), cmd->name, cmd->options == NULL ? "" : " [OPTIONS]",
                 cmd->arguments[0] == '\0' ? "" : " ", cmd->arguments);
    if (cmd->details != NULL)
        (void)printf("\n%s\n", _(cmd->details));
    print_options(cmd->options, _("Options"));
    print_options(cmd_global_options(), _("Options of every command"));
    print_exit_codes(cmd->exit_codes);
}

static void print_all(void)
{
    (void)printf("%s\n\n%s\n  agent [OPTIONS] COMMAND [...]\n\n%s\n",
                 _("agent keeps a folder in step with a OneDrive or SharePoint drive."),
                 _("Usage"), _("Commands"));
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++)
        (void)printf("  %-10s  %s\n", cmd->name, _(cmd->summary));
    print_options(cmd_global_options(), _("Options of every command"));
    (void)printf("\n%s\n  agent login && agent add ~/OneDrive && agent run\n",
                 _("agent help COMMAND explains one of them. A first time:"));
}

/* For the completion scripts, one a line. */
static int print_mirrors(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    for (size_t i = 0; code == 0 && i < config->mirror_count; i++)
        (void)puts(config->mirrors[i].name);
    return code;
}

int cmd_help(const struct cmd_line *line)
{
    const char *shell = cmd_value(line, "completion");
    if (cmd_has(line, "version")) {
        (void)printf("agent %s\n", AGENT_VERSION);
    } else if (shell != NULL && strcmp(shell, "mirrors") == 0) {
        return print_mirrors(line);
    } else if (shell != NULL) {
        completion_print(stdout, shell);
    } else if (line->word_count == 0) {
        print_all();
    } else {
        const struct cmd *cmd = cmd_find(line->words[0]);
        struct failure failure = {0};
        if (cmd == NULL) {
            (void)cmd_fail_command(line->words[0], &failure);
            return cmd_fail(&failure);
        }
        print_command(cmd);
    }
    return 0;
}
