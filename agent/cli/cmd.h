/* The commands: one table from which reading the command line, usage, help, completion
 * and the suggestion for a mistyped word derive.
 *
 * Sequence: cmd_parse() over argv, then cmd->run(&line), whose answer is the exit code of
 * product.md. A command prints its results to standard output and every error as one line
 * to standard error with cmd_fail().
 */
#ifndef AGENT_CLI_CMD_H
#define AGENT_CLI_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/failure.h"

enum { CMD_MAX_WORDS = 128, CMD_MAX_GIVEN = 64 };

struct cmd_option {
    const char *name;     /* without its dashes */
    char letter;          /* short form, 0 none */
    const char *argument; /* what it takes, "FILE" or "a|b|c" for a choice; NULL: a flag */
    const char *help;
};

struct cmd_line;
typedef int cmd_fn(const struct cmd_line *line);

struct cmd {
    const char *name;
    const char *summary;   /* half a sentence */
    const char *arguments; /* as in the usage line, "" none */
    size_t least_words;
    size_t most_words;
    const struct cmd_option *options; /* ended by a NULL name; NULL: none */
    const char *details;              /* for `help COMMAND`, NULL none */
    const char *exit_codes;           /* those it can end with, separated by blanks */
    bool comes_first; /* the configuration file that is named may be yet to be made */
    cmd_fn *run;
};

/* The commands in the order of the help, ended by a NULL name. Static. */
const struct cmd *cmd_table(void);
/* Those that every command takes, ended by a NULL name. Static. */
const struct cmd_option *cmd_global_options(void);
/* What an exit code means, half a sentence. */
const char *cmd_exit_text(int code);
/* NULL: no such command. */
const struct cmd *cmd_find(const char *name);
/* FAILURE_USAGE for a word that is no command, with the near one. */
enum failure_kind cmd_fail_command(const char *word, struct failure *failure);

/* A command line that has been read. A plain value; texts are those of argv. */
struct cmd_line {
    const struct cmd *cmd;
    const char *words[CMD_MAX_WORDS];
    size_t word_count;
    struct {
        const struct cmd_option *option;
        const char *value; /* "" for a flag */
    } given[CMD_MAX_GIVEN];
    size_t given_count;
    int verbosity; /* number of -v */
};

/* Reads argv; options may stand before or after the command. `agent --version` and
 * `agent --help` are the command help. FAILURE_USAGE with a hint otherwise. */
enum failure_kind cmd_parse(int argc, const char *const *argv, struct cmd_line *out,
                            struct failure *failure);

bool cmd_has(const struct cmd_line *line, const char *option);
/* The value of an option (the last one wins), NULL where it is not given. */
const char *cmd_value(const struct cmd_line *line, const char *option);
/* A duration option in milliseconds, or `otherwise`. False: said on standard error. */
bool cmd_duration(const struct cmd_line *line, const char *option, uint64_t otherwise,
                  uint64_t *out_ms);

struct config_places cmd_places(const struct cmd_line *line);
/* Reads the configuration; its errors go to standard error. 0, or the exit code. */
int cmd_load_config(const struct cmd_line *line, struct config **out);
/* For a local struct config *. */
void cmd_release_config(struct config **local);

/* Prints a failure as one line and answers its exit code. */
int cmd_fail(const struct failure *failure);
/* The same for what a command finds itself. */
int cmd_fail_text(enum failure_kind kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for the name of a mirror that is not configured, with the near one. */
int cmd_fail_mirror(const struct config *config, const char *name);
/* Whether standard output may be coloured: a terminal, and nobody said no. */
bool cmd_may_color(const struct cmd_line *line);
/* FAILURE_USAGE as an exit code where both options are given, 0 otherwise. */
int cmd_exclude(const struct cmd_line *line, const char *one, const char *other);
/* For a command that goes on until it is ended: from now on SIGINT and SIGTERM end it in
 * good order, with code 0. */
void cmd_end_on_signals(void);
/* A hint that is no error, on standard error. */
void cmd_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One function for each command. */
cmd_fn cmd_login;
cmd_fn cmd_logout;
cmd_fn cmd_drives;
cmd_fn cmd_add;
cmd_fn cmd_remove;
cmd_fn cmd_run;
cmd_fn cmd_sync_now;
cmd_fn cmd_status;
cmd_fn cmd_monitor;
cmd_fn cmd_pause;
cmd_fn cmd_resume;
cmd_fn cmd_approve;
cmd_fn cmd_refuse;
cmd_fn cmd_inspect;
cmd_fn cmd_verify;
cmd_fn cmd_doctor;
cmd_fn cmd_help;

#endif
