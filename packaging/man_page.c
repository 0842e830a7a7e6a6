/* Fills the tables of agent(1): copies the page from standard input to standard output
 * and puts the command table in place of its comment lines `.\" OPTIONS`, `.\" COMMANDS`
 * and `.\" EXIT CODES`. Runs while building; packaging/man/agent.1.in is the page.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/cmd.h"

enum { LAST_EXIT_CODE = 8 };

static void print_character(char c)
{
    switch (c) {
    case '\\':
        (void)fputs("\\e", stdout);
        break;
    case '-':
        (void)fputs("\\-", stdout);
        break;
    case '~':
        (void)fputs("\\(ti", stdout);
        break;
    case '\'':
        (void)fputs("\\(aq", stdout);
        break;
    case '"':
        (void)fputs("\\(dq", stdout);
        break;
    default:
        (void)putchar(c);
    }
}

/* Running text; what stands between backticks is bold, as what is typed. Each sentence
 * begins a line, and the \& in front keeps a leading dot from being a macro. */
static void print_text(const char *text)
{
    bool is_typed = false;
    bool begins_line = true;
    char before = '\0';
    for (; *text != '\0'; before = *text++) {
        if (begins_line)
            (void)fputs("\\&", stdout);
        begins_line = *text == '\n' || (*text == ' ' && before == '.');
        if (begins_line) {
            (void)putchar('\n');
        } else if (*text == '`') {
            is_typed = !is_typed;
            (void)fputs(is_typed ? "\\fB" : "\\fP", stdout);
        } else {
            print_character(*text);
        }
    }
}

/* "item PATH|pending": words in small letters are typed as they are, those in capitals
 * stand for something. */
static void print_arguments(const char *text)
{
    while (*text != '\0') {
        size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
        if (size == 0) {
            print_character(*text++);
            continue;
        }
        (void)fputs(isupper((unsigned char)*text) ? "\\fI" : "\\fB", stdout);
        for (size_t i = 0; i < size; i++)
            print_character(text[i]);
        (void)fputs("\\fP", stdout);
        text += size;
    }
}

static void print_option_name(const struct cmd_option *option)
{
    if (option->letter != 0)
        (void)printf(" Fl %c ,", option->letter);
    (void)fputs(" Fl \\-", stdout);
    for (const char *at = option->name; *at != '\0'; at++)
        print_character(*at);
    if (option->argument != NULL) {
        (void)fputs(" No ", stdout);
        print_arguments(option->argument);
    }
}

static void print_options(const struct cmd_option *options)
{
    (void)puts(".Bl -tag -width Ds -compact");
    for (; options->name != NULL; options++) {
        (void)fputs(".It", stdout);
        print_option_name(options);
        (void)putchar('\n');
        print_text(options->help);
        (void)puts(".");
    }
    (void)puts(".El");
}

static void print_usage(const struct cmd *cmd)
{
    (void)fputs(".It Cm ", stdout);
    for (const char *at = cmd->name; *at != '\0'; at++)
        print_character(*at);
    if (cmd->arguments[0] != '\0') {
        (void)fputs(" No ", stdout);
        print_arguments(cmd->arguments);
    }
    for (const struct cmd_option *option = cmd->options;
         option != NULL && option->name != NULL; option++) {
        (void)fputs(" Oo", stdout);
        print_option_name(option);
        (void)fputs(" Oc", stdout);
    }
    (void)putchar('\n');
}

static void print_exit_codes(const char *codes)
{
    (void)fputs("Exit codes: ", stdout);
    for (; *codes != '\0'; codes++) {
        if (*codes == ' ')
            (void)putchar(',');
        (void)putchar(*codes);
    }
    (void)puts(".");
}

static void print_command(const struct cmd *cmd)
{
    print_usage(cmd);
    (void)putchar(toupper((unsigned char)cmd->summary[0]));
    print_text(cmd->summary + 1);
    (void)puts(".");
    if (cmd->details != NULL) {
        print_text(cmd->details);
        (void)putchar('\n');
    }
    if (cmd->options != NULL) {
        (void)puts(".Pp");
        print_options(cmd->options);
    }
    (void)puts(".Pp");
    print_exit_codes(cmd->exit_codes);
}

static void print_all_commands(void)
{
    (void)puts(".Bl -tag -width Ds");
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++)
        print_command(cmd);
    (void)puts(".El");
}

static void print_all_exit_codes(void)
{
    (void)puts(".Bl -tag -width Ds -compact");
    for (int code = 0; code <= LAST_EXIT_CODE; code++) {
        (void)printf(".It %d\n", code);
        print_text(cmd_exit_text(code));
        (void)puts(".");
    }
    (void)puts(".El");
}

static void print_line(const char *line)
{
    if (strcmp(line, ".\\\" OPTIONS\n") == 0)
        print_options(cmd_global_options());
    else if (strcmp(line, ".\\\" COMMANDS\n") == 0)
        print_all_commands();
    else if (strcmp(line, ".\\\" EXIT CODES\n") == 0)
        print_all_exit_codes();
    else
        (void)fputs(line, stdout);
}

int main(void)
{
    char line[512];
    while (fgets(line, sizeof line, stdin) != NULL)
        print_line(line);
    bool failed = ferror(stdin) != 0;
    return fflush(stdout) != 0 || failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
