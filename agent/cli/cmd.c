#include "agent/cli/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/log.h"
#include "agent/nearest.h"
#include "agent/words.h"

enum { CMD_MAX_NAMES = 64 };

/* A walk over argv. */
struct reading {
    const char *const *at;
    const char *const *end;
    struct cmd_line *line;
    bool only_words; /* behind "--" */
};

static const struct cmd_option *find_option(const struct cmd_option *options,
                                            const char *name, size_t size)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (strlen(options->name) == size && strncmp(options->name, name, size) == 0)
            return options;
    }
    return NULL;
}

static const struct cmd_option *find_letter(const struct cmd_option *options, char letter)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (options->letter == letter)
            return options;
    }
    return NULL;
}

static const struct cmd_option *options_of(const struct cmd_line *line)
{
    return line->cmd == NULL ? NULL : line->cmd->options;
}

/* Whether `value` is one of "a|b|c". */
static bool is_choice(const char *choices, const char *value)
{
    size_t size = strlen(value);
    for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
        at += *at == '|' ? 1 : 0;
        if (strncmp(at, value, size) == 0 && (at[size] == '|' || at[size] == '\0'))
            return size > 0;
    }
    return false;
}

static enum failure_kind give(struct reading *reading, const struct cmd_option *option,
                              const char *value, struct failure *failure)
{
    struct cmd_line *line = reading->line;
    if (line->given_count == CMD_MAX_GIVEN)
        return failure_set(failure, FAILURE_USAGE, 0, "too many options");
    if (option->argument == NULL && value != NULL)
        return failure_set(failure, FAILURE_USAGE, 0, "the option --%s takes no value",
                           option->name);
    if (option->argument != NULL && value == NULL && reading->at < reading->end)
        value = *reading->at++;
    /* An empty one is a script's variable that was not set: the default is not meant. */
    if (option->argument != NULL && (value == NULL || value[0] == '\0'))
        return failure_set(failure, FAILURE_USAGE, 0, "the option --%s needs a value: %s",
                           option->name, option->argument);
    bool chooses = option->argument != NULL && strchr(option->argument, '|') != NULL;
    if (chooses && !is_choice(option->argument, value))
        return failure_set(failure, FAILURE_USAGE, 0,
                           "the option --%s takes %s, not \"%s\"", option->name,
                           option->argument, value);
    if (option->letter == 'v')
        line->verbosity++;
    line->given[line->given_count].option = option;
    line->given[line->given_count].value = value == NULL ? "" : value;
    line->given_count++;
    return FAILURE_NONE;
}

static enum failure_kind fail_option(const struct cmd_line *line, const char *name,
                                     size_t size, struct failure *failure)
{
    const char *names[CMD_MAX_NAMES];
    size_t count = 0;
    const struct cmd_option *lists[] = {options_of(line), cmd_global_options()};
    for (size_t i = 0; i < 2; i++) {
        for (const struct cmd_option *option = lists[i];
             option != NULL && option->name != NULL && count < CMD_MAX_NAMES; option++)
            names[count++] = option->name;
    }
    char word[64];
    (void)snprintf(word, sizeof word, "%.*s", (int)(size < 63 ? size : 63), name);
    const char *near = nearest_word(word, names, count);
    const char *command = line->cmd == NULL ? "" : line->cmd->name;
    const char *gap = line->cmd == NULL ? "" : " ";
    if (near != NULL)
        return failure_set(failure, FAILURE_USAGE, 0,
                           "unknown option --%s: did you mean --%s?", word, near);
    return failure_set(failure, FAILURE_USAGE, 0, "unknown option --%s: see agent help%s%s",
                       word, gap, command);
}

static enum failure_kind read_long(struct reading *reading, const char *text,
                                   struct failure *failure)
{
    const char *equals = strchr(text, '=');
    size_t size = equals == NULL ? strlen(text) : (size_t)(equals - text);
    const struct cmd_option *option = find_option(options_of(reading->line), text, size);
    if (option == NULL)
        option = find_option(cmd_global_options(), text, size);
    if (option == NULL)
        return fail_option(reading->line, text, size, failure);
    return give(reading, option, equals == NULL ? NULL : equals + 1, failure);
}

static enum failure_kind read_letters(struct reading *reading, const char *letters,
                                      struct failure *failure)
{
    for (; *letters != '\0'; letters++) {
        const struct cmd_option *option = find_letter(options_of(reading->line), *letters);
        if (option == NULL)
            option = find_letter(cmd_global_options(), *letters);
        if (option == NULL)
            return failure_set(failure, FAILURE_USAGE, 0,
                               "unknown option -%c: see agent help", *letters);
        enum failure_kind kind = give(reading, option, NULL, failure);
        if (kind != FAILURE_NONE)
            return kind;
    }
    return FAILURE_NONE;
}

enum failure_kind cmd_fail_command(const char *word, struct failure *failure)
{
    const char *names[CMD_MAX_NAMES];
    size_t count = 0;
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++)
        names[count++] = cmd->name;
    const char *near = nearest_word(word, names, count);
    char shown[64];
    (void)log_escape(word, shown, sizeof shown);
    if (near != NULL)
        return failure_set(failure, FAILURE_USAGE, 0,
                           "unknown command %s: did you mean %s?", shown, near);
    return failure_set(failure, FAILURE_USAGE, 0, "unknown command %s: see agent help",
                       shown);
}

static enum failure_kind read_word(struct reading *reading, const char *word,
                                   struct failure *failure)
{
    struct cmd_line *line = reading->line;
    if (line->word_count == CMD_MAX_WORDS)
        return failure_set(failure, FAILURE_USAGE, 0, "too many words");
    line->words[line->word_count++] = word;
    return FAILURE_NONE;
}

static enum failure_kind read_one(struct reading *reading, struct failure *failure)
{
    const char *text = *reading->at++;
    if (reading->only_words || text[0] != '-' || text[1] == '\0')
        return read_word(reading, text, failure);
    if (text[1] != '-')
        return read_letters(reading, text + 1, failure);
    if (text[2] != '\0')
        return read_long(reading, text + 2, failure);
    reading->only_words = true;
    return FAILURE_NONE;
}

/* The option of that name, of whatever command. */
static const struct cmd_option *find_anywhere(const char *name, size_t size)
{
    const struct cmd_option *option = find_option(cmd_global_options(), name, size);
    for (const struct cmd *cmd = cmd_table(); option == NULL && cmd->name != NULL; cmd++)
        option = find_option(cmd->options, name, size);
    return option;
}

static enum failure_kind take_command(struct reading *reading, const char *word,
                                      struct failure *failure)
{
    reading->line->cmd = cmd_find(word);
    return reading->line->cmd != NULL ? FAILURE_NONE : cmd_fail_command(word, failure);
}

/* The command is the first word, found before the rest is read, so that its options may
 * stand before it too. What no command knows is said at once: its value, if it has one,
 * would pass for the command. */
static enum failure_kind find_first_word(struct reading *reading, struct failure *failure)
{
    for (const char *const *at = reading->at; at < reading->end; at++) {
        if (strcmp(*at, "--") == 0)
            return at + 1 < reading->end ? take_command(reading, at[1], failure)
                                         : FAILURE_NONE;
        if ((*at)[0] != '-')
            return take_command(reading, *at, failure);
        if ((*at)[1] != '-')
            continue;
        const char *name = *at + 2;
        size_t size = strcspn(name, "=");
        const struct cmd_option *option = find_anywhere(name, size);
        if (option == NULL) {
            reading->line->cmd = at + 1 < reading->end ? cmd_find(at[1]) : NULL;
            return fail_option(reading->line, name, size, failure);
        }
        if (option->argument != NULL && name[size] == '\0' && at + 1 < reading->end)
            at++;
    }
    return FAILURE_NONE;
}

static enum failure_kind check_words(const struct cmd_line *line, struct failure *failure)
{
    const struct cmd *cmd = line->cmd;
    if (line->word_count >= cmd->least_words && line->word_count <= cmd->most_words)
        return FAILURE_NONE;
    bool few = line->word_count < cmd->least_words;
    return failure_set(failure, FAILURE_USAGE, 0,
                       few ? N_("something is missing: usage: agent %s%s%s")
                           : N_("too many words: usage: agent %s%s%s"),
                       cmd->name, cmd->arguments[0] == '\0' ? "" : " ", cmd->arguments);
}

enum failure_kind cmd_parse(int argc, const char *const *argv, struct cmd_line *out,
                            struct failure *failure)
{
    *out = (struct cmd_line){0};
    struct reading reading = {
        .at = argv + (argc > 0 ? 1 : 0), .end = argv + argc, .line = out};
    enum failure_kind kind = find_first_word(&reading, failure);
    while (kind == FAILURE_NONE && reading.at < reading.end)
        kind = read_one(&reading, failure);
    if (kind != FAILURE_NONE)
        return kind;
    if (out->cmd == NULL && !cmd_has(out, "help") && !cmd_has(out, "version"))
        return failure_set(failure, FAILURE_USAGE, 0,
                           "a command is missing: see agent help");
    if (out->cmd == NULL || cmd_has(out, "help") || cmd_has(out, "version")) {
        /* `agent add --help` is `agent help add`. */
        out->words[0] = out->cmd == NULL ? NULL : out->cmd->name;
        out->word_count = out->cmd == NULL ? 0 : 1;
        out->cmd = cmd_find("help");
        return FAILURE_NONE;
    }
    /* The command's own name is the first word. */
    out->word_count--;
    memmove(out->words, out->words + 1, out->word_count * sizeof *out->words);
    return check_words(out, failure);
}

const char *cmd_value(const struct cmd_line *line, const char *option)
{
    for (size_t i = line->given_count; i > 0; i--) {
        if (strcmp(line->given[i - 1].option->name, option) == 0)
            return line->given[i - 1].value;
    }
    return NULL;
}

bool cmd_has(const struct cmd_line *line, const char *option)
{
    return cmd_value(line, option) != NULL;
}
