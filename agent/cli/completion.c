#include "agent/cli/completion.h"

#include <string.h>

#include "agent/cli/cmd.h"

/* What a value or a word of the command line can be. */
enum word_kind {
    WORD_FREE,   /* a person's own: nothing to offer */
    WORD_CHOICE, /* one of the words in the table */
    WORD_FILE,
    WORD_FOLDER,
    WORD_MIRROR, /* one that the configuration names now */
    WORD_COMMAND,
};

/* How the shells ask for the mirrors of the moment. */
#define ASK_MIRRORS "agent help --completion mirrors 2>/dev/null"

static enum word_kind kind_of_value(const char *argument)
{
    if (strchr(argument, '|') != NULL)
        return WORD_CHOICE;
    if (strcmp(argument, "FILE") == 0)
        return WORD_FILE;
    if (strcmp(argument, "DIR") == 0)
        return WORD_FOLDER;
    return strcmp(argument, "MIRROR") == 0 ? WORD_MIRROR : WORD_FREE;
}

/* The words behind a command: "[FOLDER]", "[MIRROR...]", "[a|b PATH|c]". */
static enum word_kind kind_of_words(const char *arguments)
{
    if (strchr(arguments, '|') != NULL)
        return WORD_CHOICE;
    const char *word = arguments[0] == '[' ? arguments + 1 : arguments;
    if (strncmp(word, "MIRROR", 6) == 0)
        return WORD_MIRROR;
    if (strncmp(word, "COMMAND", 7) == 0)
        return WORD_COMMAND;
    return strncmp(word, "FOLDER", 6) == 0 ? WORD_FOLDER : WORD_FREE;
}

/* The fixed words of "a|b|c" or "[a|b PATH|c]", each with a blank in front. */
static void print_choices(FILE *stream, const char *arguments)
{
    for (const char *at = arguments; *at != '\0';) {
        size_t size = strcspn(at, "|[] ");
        /* Words in capitals stand for something else. */
        if (size > 0 && at[0] >= 'a' && at[0] <= 'z')
            (void)fprintf(stream, " %.*s", (int)size, at);
        at += size + (at[size] == '\0' ? 0 : 1);
    }
}

static void print_commands(FILE *stream)
{
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++)
        (void)fprintf(stream, " %s", cmd->name);
}

/* A text between single quotes; ours has none, but a mistake must not break the shell. */
static void print_quoted(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++)
        (void)fputc(*text == '\'' || *text == '[' || *text == ']' ? ' ' : *text, stream);
}

static void print_bash_names(FILE *stream, const struct cmd_option *options)
{
    for (; options != NULL && options->name != NULL; options++)
        (void)fprintf(stream, " --%s", options->name);
}

/* What completes one kind of word, as a command of the shell. */
static void print_bash_action(FILE *stream, enum word_kind kind, const char *argument)
{
    switch (kind) {
    case WORD_FREE:
        break;
    case WORD_CHOICE:
        (void)fputs("words=\"", stream);
        print_choices(stream, argument);
        (void)fputs("\"", stream);
        break;
    case WORD_FILE:
        (void)fputs("files=-f", stream);
        break;
    case WORD_FOLDER:
        (void)fputs("files=-d", stream);
        break;
    case WORD_MIRROR:
        (void)fputs("words=$(" ASK_MIRRORS ")", stream);
        break;
    case WORD_COMMAND:
        (void)fputs("words=\"", stream);
        print_commands(stream);
        (void)fputs("\"", stream);
        break;
    }
}

/* The case of "COMMAND --option" for each option that takes a value. */
static void print_bash_values(FILE *stream, const struct cmd_option *options,
                              const char *command)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (options->argument == NULL)
            continue;
        (void)fprintf(stream, "    %s' --%s') ", command, options->name);
        print_bash_action(stream, kind_of_value(options->argument), options->argument);
        (void)fputs(" ;;\n", stream);
    }
}

/* Which words are values, so that they are not taken for the command. */
static void print_bash_takers(FILE *stream)
{
    const char *gap = "";
    const struct cmd_option *lists[2] = {cmd_global_options(), NULL};
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++) {
        lists[1] = cmd->options;
        /* The first command brings the options of all along. */
        for (size_t i = cmd == cmd_table() ? 0 : 1; i < 2; i++) {
            const struct cmd_option *option = lists[i];
            for (; option != NULL && option->name != NULL; option++) {
                if (option->argument == NULL)
                    continue;
                (void)fprintf(stream, "%s--%s", gap, option->name);
                gap = "|";
            }
        }
    }
}

static void print_bash_commands(FILE *stream)
{
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++) {
        (void)fprintf(stream, "    %s' '*) options=\"", cmd->name);
        print_bash_names(stream, cmd->options);
        (void)fputs("\"; ", stream);
        print_bash_action(stream, kind_of_words(cmd->arguments), cmd->arguments);
        (void)fputs(" ;;\n", stream);
    }
}

static void print_bash(FILE *stream)
{
    (void)fputs(
        "# bash completion of agent; made by `agent help --completion bash`\n"
        "_agent() {\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} command= before= words= files= "
        "options= i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case ${COMP_WORDS[i]} in\n"
        "        ",
        stream);
    print_bash_takers(stream);
    (void)fputs(") before=${COMP_WORDS[i]}; [[ ${COMP_WORDS[i+1]} == = ]] && ((i++))\n"
                "            ((++i < COMP_CWORD)) && before= ;;\n"
                "        -*) ;;\n"
                "        *) : \"${command:=${COMP_WORDS[i]}}\" ;;\n"
                "        esac\n"
                "    done\n"
                "    [[ $current == = ]] && current=\n"
                "    case \"$command $before\" in\n",
                stream);
    print_bash_values(stream, cmd_global_options(), "*");
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++)
        print_bash_values(stream, cmd->options, cmd->name);
    (void)fputs("    ' ') words=\"", stream);
    print_commands(stream);
    (void)fputs("\" ;;\n", stream);
    print_bash_commands(stream);
    (void)fputs("    esac\n    [[ -z $before ]] && words+=\" $options", stream);
    print_bash_names(stream, cmd_global_options());
    (void)fputs("\"\n"
                "    COMPREPLY=($(compgen $files -W \"$words\" -- \"$current\"))\n"
                "    [[ -z $files ]] || compopt -o filenames 2>/dev/null\n"
                "}\n"
                "complete -F _agent agent\n",
                stream);
}

/* ":what:action" of zsh's _arguments. */
static void print_zsh_action(FILE *stream, enum word_kind kind, const char *argument)
{
    switch (kind) {
    case WORD_FREE:
        (void)fputs(":value: ", stream);
        break;
    case WORD_CHOICE:
        (void)fputs(":word:(", stream);
        print_choices(stream, argument);
        (void)fputs(")", stream);
        break;
    case WORD_FILE:
        (void)fputs(":file:_files", stream);
        break;
    case WORD_FOLDER:
        (void)fputs(":folder:_files -/", stream);
        break;
    case WORD_MIRROR:
        (void)fputs(":mirror:($(" ASK_MIRRORS "))", stream);
        break;
    case WORD_COMMAND:
        (void)fputs(":command:(", stream);
        print_commands(stream);
        (void)fputs(")", stream);
        break;
    }
}

static void print_zsh_options(FILE *stream, const struct cmd_option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        (void)fprintf(stream, " '--%s[", options->name);
        print_quoted(stream, options->help);
        (void)fputs("]", stream);
        if (options->argument != NULL)
            print_zsh_action(stream, kind_of_value(options->argument), options->argument);
        (void)fputs("'", stream);
    }
}

static void print_zsh(FILE *stream)
{
    (void)fputs("#compdef agent\n# made by `agent help --completion zsh`\n"
                "local -a commands\ncommands=(\n",
                stream);
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++) {
        (void)fprintf(stream, "    '%s:", cmd->name);
        print_quoted(stream, cmd->summary);
        (void)fputs("'\n", stream);
    }
    (void)fputs(")\n"
                "if (( CURRENT == 2 )); then\n    _describe command commands\n"
                "    return\nfi\nlocal command=${words[2]}\nshift words\n(( CURRENT-- ))\n"
                "case $command in\n",
                stream);
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++) {
        (void)fprintf(stream, "%s) _arguments", cmd->name);
        print_zsh_options(stream, cmd->options);
        print_zsh_options(stream, cmd_global_options());
        if (cmd->most_words > 0) {
            (void)fputs(cmd->most_words > 2 ? " '*" : " '1", stream);
            print_zsh_action(stream, kind_of_words(cmd->arguments), cmd->arguments);
            (void)fputs("'", stream);
        }
        (void)fputs(" ;;\n", stream);
    }
    (void)fputs("esac\n", stream);
}

static void print_fish_action(FILE *stream, enum word_kind kind, const char *argument)
{
    switch (kind) {
    case WORD_FREE:
        (void)fputs(" -x", stream);
        break;
    case WORD_CHOICE:
        (void)fputs(" -x -a '", stream);
        print_choices(stream, argument);
        (void)fputs("'", stream);
        break;
    case WORD_FILE:
        (void)fputs(" -r -F", stream);
        break;
    case WORD_FOLDER:
        (void)fputs(" -x -a '(__fish_complete_directories)'", stream);
        break;
    case WORD_MIRROR:
        (void)fputs(" -x -a '(" ASK_MIRRORS ")'", stream);
        break;
    case WORD_COMMAND:
        (void)fputs(" -x -a '", stream);
        print_commands(stream);
        (void)fputs("'", stream);
        break;
    }
}

static void print_fish_options(FILE *stream, const struct cmd_option *options,
                               const char *command)
{
    for (; options != NULL && options->name != NULL; options++) {
        (void)fputs("complete -c agent", stream);
        if (command != NULL)
            (void)fprintf(stream, " -n '__fish_seen_subcommand_from %s'", command);
        (void)fprintf(stream, " -l %s", options->name);
        if (options->argument != NULL)
            print_fish_action(stream, kind_of_value(options->argument), options->argument);
        (void)fputs(" -d '", stream);
        print_quoted(stream, options->help);
        (void)fputs("'\n", stream);
    }
}

static void print_fish(FILE *stream)
{
    (void)fputs("# fish completion of agent; made by `agent help --completion fish`\n"
                "complete -c agent -f\n",
                stream);
    print_fish_options(stream, cmd_global_options(), NULL);
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++) {
        (void)fprintf(stream, "complete -c agent -n __fish_use_subcommand -a %s -d '",
                      cmd->name);
        print_quoted(stream, cmd->summary);
        (void)fputs("'\n", stream);
        print_fish_options(stream, cmd->options, cmd->name);
        enum word_kind kind = kind_of_words(cmd->arguments);
        if (cmd->most_words == 0 || kind == WORD_FREE)
            continue;
        (void)fprintf(stream, "complete -c agent -n '__fish_seen_subcommand_from %s'",
                      cmd->name);
        print_fish_action(stream, kind, cmd->arguments);
        (void)fputs("\n", stream);
    }
}

void completion_print(FILE *stream, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        print_bash(stream);
    else if (strcmp(shell, "zsh") == 0)
        print_zsh(stream);
    else
        print_fish(stream);
}
