#include "agent/cli/add_ask.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "agent/cli/cmd.h"
#include "agent/cli/output.h"
#include "agent/words.h"

enum { ASK_MAX_CHOICES = 500, ASK_LINE = 4096 };

struct choice {
    char *word;
    char *name;
};

struct choices {
    struct choice *list; /* owned, with its texts */
    size_t count;
    struct output *table;
};

static void clear_choices(struct choices *choices)
{
    for (size_t i = 0; i < choices->count; i++) {
        free(choices->list[i].word);
        free(choices->list[i].name);
    }
    free(choices->list);
}

/* A drive that does not fit any more can still be named by its address. */
static void on_entry(void *user, const struct drives_entry *entry)
{
    const char *const names[] = {_("nr"), _("kind"), _("name"), _("place")};
    struct choices *choices = user;
    char number[16];
    const char *const values[] = {number, entry->kind, entry->name, entry->place};
    if (choices->count == ASK_MAX_CHOICES)
        return;
    struct choice choice = {strdup(entry->word), strdup(entry->name)};
    if (choice.word == NULL || choice.name == NULL) {
        free(choice.word);
        free(choice.name);
        return;
    }
    choices->list[choices->count++] = choice;
    (void)snprintf(number, sizeof number, "%zu", choices->count);
    (void)output_row(choices->table, 4, names, values, "ittt");
}

static void on_note(void *user, const char *text)
{
    (void)user;
    cmd_note("note: %s", text);
}

/* Asks one question. False: the person has gone. */
static bool ask_line(const char *question, const char *otherwise, char out[ASK_LINE])
{
    (void)printf("%s [%s]: ", question, otherwise);
    (void)fflush(stdout);
    if (fgets(out, ASK_LINE, stdin) == NULL) {
        (void)printf("\n");
        return false;
    }
    out[strcspn(out, "\n")] = '\0';
    if (out[0] == '\0')
        (void)snprintf(out, ASK_LINE, "%s", otherwise);
    return true;
}

bool add_ask_yes(const char *question)
{
    char line[ASK_LINE];
    return ask_line(question, _("yes"), line) &&
           (strcasecmp(line, _("yes")) == 0 || strcasecmp(line, "y") == 0);
}

static enum failure_kind gave_up(struct failure *failure)
{
    return failure_set(failure, FAILURE_RESOURCE, 0, "nothing was added");
}

/* A number of the list, one of the five forms, or a web address. */
static const struct choice *find_choice(const struct choices *choices, const char *line)
{
    char *end = NULL;
    unsigned long number = strtoul(line, &end, 10);
    bool is_number = *end == '\0' && number >= 1 && number <= choices->count;
    return is_number ? &choices->list[number - 1] : NULL;
}

static bool is_word(const char *line)
{
    return drives_is_address(line) || config_drive_fault(line) == NULL;
}

/* Takes an answer that makes sense. False: say so and ask again. */
static bool take_choice(const struct choices *choices, const char *line,
                        struct add_answers *out, const char **out_name)
{
    const struct choice *choice = find_choice(choices, line);
    const char *word = choice == NULL ? line : choice->word;
    if (choice != NULL)
        *out_name = choice->name;
    if ((choice == NULL && !is_word(line)) || strlen(word) >= sizeof out->drive)
        return false;
    memcpy(out->drive, word, strlen(word) + 1);
    return true;
}

static enum failure_kind choose(const struct choices *choices, struct add_answers *out,
                                const char **out_name, struct failure *failure)
{
    char line[ASK_LINE];
    while (ask_line(_("Which one? A number, or a web address"), "1", line)) {
        if (take_choice(choices, line, out, out_name))
            return FAILURE_NONE;
        (void)printf(_("That is neither a number from 1 to %zu nor a web address.\n"),
                     choices->count);
    }
    return gave_up(failure);
}

static enum failure_kind list(const struct config *config, struct choices *choices,
                              struct failure *failure)
{
    static const struct drives_callbacks callbacks = {.on_entry = on_entry,
                                                      .on_note = on_note};
    struct ask *ask = ask_open(config, failure);
    if (ask == NULL)
        return failure->kind;
    enum failure_kind kind = FAILURE_NONE;
    choices->list = calloc(ASK_MAX_CHOICES, sizeof *choices->list);
    choices->table = output_open(stdout, OUTPUT_TABLE, output_terminal_width(stdout));
    if (choices->list != NULL && choices->table != NULL)
        kind = drives_list(ask, NULL, &callbacks, choices, failure);
    else
        kind = failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    if (choices->table != NULL)
        (void)output_close(choices->table);
    ask_close(ask);
    return kind;
}

static bool is_taken(const struct config *config, const char *folder)
{
    for (size_t i = 0; i < config->mirror_count; i++)
        if (config->mirrors[i].folder != NULL &&
            strcmp(config->mirrors[i].folder, folder) == 0)
            return true;
    return false;
}

/* "~" and what lies below it mean the home of a person. */
static bool expand(const char *text, char *out, size_t out_size)
{
    const char *home = getenv("HOME");
    bool at_home = text[0] == '~' && (text[1] == '/' || text[1] == '\0') && home != NULL;
    int length =
        snprintf(out, out_size, "%s%s", at_home ? home : "", at_home ? text + 1 : text);
    return length < (int)out_size;
}

/* "~/NAME" of the drive, where that can be a folder's name; numbered when another mirror
 * has it. */
static void suggest_folder(const struct config *config, const char *name, char *out,
                           size_t out_size)
{
    char whole[PATH_MAX];
    bool is_plain = name != NULL && name[0] != '\0' && name[0] != '.' &&
                    strpbrk(name, "/\\;#[]\"") == NULL && strlen(name) < 64;
    const char *base = is_plain ? name : "OneDrive";
    (void)snprintf(out, out_size, "~/%s", base);
    for (unsigned n = 2; expand(out, whole, sizeof whole) && is_taken(config, whole); n++)
        (void)snprintf(out, out_size, "~/%s %u", base, n);
}

static enum failure_kind ask_folder(const struct config *config, const char *name,
                                    struct add_answers *out, struct failure *failure)
{
    char line[ASK_LINE];
    char suggestion[96];
    suggest_folder(config, name, suggestion, sizeof suggestion);
    if (!ask_line(_("Into which folder?"), suggestion, line))
        return gave_up(failure);
    return expand(line, out->folder, sizeof out->folder)
               ? FAILURE_NONE
               : failure_set(failure, FAILURE_CONFIG, 159, "the folder's name is too long");
}

static enum failure_kind ask_drive(const struct config *config, struct add_answers *out,
                                   struct failure *failure)
{
    struct choices choices = {.count = 0};
    const char *name = NULL;
    enum failure_kind kind = list(config, &choices, failure);
    if (kind == FAILURE_NONE)
        kind = choose(&choices, out, &name, failure);
    if (kind == FAILURE_NONE)
        kind =
            ask_folder(config, strcmp(out->drive, "me") == 0 ? NULL : name, out, failure);
    clear_choices(&choices);
    return kind;
}

enum failure_kind add_ask(const struct config *config, const char *drive,
                          struct add_answers *out, struct failure *failure)
{
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)
        return failure_set(failure, FAILURE_USAGE, 0,
                           "add needs FOLDER where there is no terminal to ask on: agent "
                           "add FOLDER");
    if (drive == NULL)
        return ask_drive(config, out, failure);
    (void)snprintf(out->drive, sizeof out->drive, "%s", drive);
    return ask_folder(config, NULL, out, failure);
}
