/* The command table of product.md, and nothing else. */
#include <string.h>

#include "agent/cli/cmd.h"
#include "agent/words.h"

#define END_OF_OPTIONS                                                                     \
    {                                                                                      \
        NULL, 0, NULL, NULL                                                                \
    }

static const struct cmd_option global_options[] = {
    {"config",     0,   "FILE",              N_("configuration file (or AGENT_CONFIG)")             },
    {"state-dir",  0,   "DIR",               N_("folder of the state database (or AGENT_STATE_DIR)")},
    {"verbose",    'v', NULL,                N_("say more; twice for everything")                   },
    {"log-format", 0,   "text|json|journal", N_("form of the log on standard error")                },
    {"no-color",   0,   NULL,                N_("no colours (or NO_COLOR)")                         },
    {"help",       'h', NULL,                N_("explain the command")                              },
    {"version",    'V', NULL,                N_("print the version")                                },
    END_OF_OPTIONS,
};

static const struct cmd_option login_options[] = {
    {"browser",     0, NULL, N_("sign in with the default browser of this desktop")},
    {"device-code", 0, NULL,
     N_("print an address and a code to type there, on any device")                },
    {"all-drives",  0, NULL, N_("ask also for the drives of sites and groups")     },
    END_OF_OPTIONS,
};

static const struct cmd_option json_only[] = {
    {"json", 0, NULL, N_("JSON for programs")},
    END_OF_OPTIONS,
};

static const struct cmd_option add_options[] = {
    {"drive",       0, "WHICH",
     N_("me (default), drive:ID, drive-list:DRIVEID, group:ID, site:SITEID/list:LISTID, or "
        "the "
        "web address of a library or folder")                                        },
    {"name",        0, "NAME",  N_("name of the mirror; default: that of the folder")},
    {"no-bookmark", 0, NULL,    N_("no bookmark in the file manager")                },
    END_OF_OPTIONS,
};

static const struct cmd_option sync_options[] = {
    {"full",             0, NULL,   N_("enumerate everything anew and restore what is missing here")},
    {"dry-run",          0, NULL,   N_("only say what would be done")                               },
    {"allow-big-delete", 0, NULL,   N_("a held big deletion may go on, this time")                  },
    {"timeout",          0, "TIME", N_("give up when nothing has moved for so long (default 2m)")   },
    {"no-wait",          0, NULL,   N_("ask the running agent and return at once")                  },
    {"json",             0, NULL,   N_("JSON for programs, one line an event")                      },
    END_OF_OPTIONS,
};

static const struct cmd_option status_options[] = {
    {"json",    0, NULL, N_("JSON for programs")                       },
    {"watch",   0, NULL, N_("go on and show changes until interrupted")},
    {"metrics", 0, NULL, N_("the text form of Prometheus")             },
    END_OF_OPTIONS,
};

static const struct cmd_option pause_options[] = {
    {"for", 0, "TIME", N_("take up work again after that time, such as 2h")},
    END_OF_OPTIONS,
};

static const struct cmd_option inspect_options[] = {
    {"format",    0, "table|json|csv",                                          N_("form of the answer (default table)")                 },
    {"mirror",    0, "MIRROR",                                                  N_("only this mirror")                                   },
    {"since",     0, "TIME",                                                    N_("history: only what is younger than, for example, 2h")},
    {"limit",     0, "COUNT",                                                   N_("at most so many rows")                               },
    {"path",      0, "PATTERN",
     N_("history: only this path, this folder, or what fits, such as 'a/*.txt'")                                                         },
    {"operation", 0, "download|update|mkdir|move|delete|conflict|record|leave",
     N_("history: only what was done so")                                                                                                },
    {"follow",    0, NULL,                                                      N_("history: go on and print what comes")                },
    END_OF_OPTIONS,
};

static const struct cmd_option verify_options[] = {
    {"repair", 0, NULL, N_("set differing files aside and fetch the drive's version")},
    {"json",   0, NULL, N_("JSON for programs")                                      },
    END_OF_OPTIONS,
};

static const struct cmd_option help_options[] = {
    {"completion", 0, "bash|zsh|fish|mirrors",
     N_("print the completion script of a shell, or the words it asks for")},
    END_OF_OPTIONS,
};

/* clang-format would put the members into columns as wide as the longest text. */
/* clang-format off */
static const struct cmd commands[] = {
    {
        .name = "login",
        .summary = N_("sign in to the account"),
        .arguments = "",
        .options = login_options,
        .details = N_(
            "Without an option it opens the browser where there is a display, and prints a code\n"
            "elsewhere. A running agent takes the new sign-in up at once."),
        .exit_codes = "0 1 2 3 4 5",
        .comes_first = true,
        .run = cmd_login,
    },
    {
        .name = "logout",
        .summary = N_("forget the sign-in on this computer"),
        .arguments = "",
        .details = N_(
            "The folders stay as they are."),
        .exit_codes = "0 1 2 3",
        .run = cmd_logout,
    },
    {
        .name = "drives",
        .summary = N_("list what this account can mirror"),
        .arguments = "[NAME]",
        .most_words = 1,
        .options = json_only,
        .details = N_(
            "Each line has the word to put behind `agent add FOLDER --drive`. With NAME only\n"
            "what has it in its name or place."),
        .exit_codes = "0 1 2 3 4 5",
        .comes_first = true,
        .run = cmd_drives,
    },
    {
        .name = "add",
        .summary = N_("register a folder as the mirror of a drive"),
        .arguments = "[FOLDER]",
        .most_words = 1,
        .options = add_options,
        .details = N_(
            "Says what will come, writes the configuration file and tells a running agent.\n"
            "Without FOLDER it asks, on a terminal: which drive, and where. Files that the folder\n"
            "holds already are kept; those equal to the drive's are not fetched again."),
        .exit_codes = "0 1 2 3 4 5 8",
        .comes_first = true,
        .run = cmd_add,
    },
    {
        .name = "remove",
        .summary = N_("unregister a mirror and leave its files"),
        .arguments = "MIRROR",
        .least_words = 1,
        .most_words = 1,
        .details = N_(
            "Takes the section out of the configuration file, the records out of the state and\n"
            "the working folder .drive-agent away, unless files of yours lie in it."),
        .exit_codes = "0 1 2 3 6 7",
        .run = cmd_remove,
    },
    {
        .name = "run",
        .summary = N_("the agent itself, in the foreground"),
        .arguments = "",
        .details = N_(
            "SIGTERM and SIGINT end it in good order, SIGHUP reads the configuration anew,\n"
            "SIGUSR1 brings all mirrors up to date."),
        .exit_codes = "0 1 2 3 4 7 8",
        .run = cmd_run,
    },
    {
        .name = "sync-now",
        .summary = N_("bring the mirrors up to date and return"),
        .arguments = "[MIRROR...]",
        .most_words = CMD_MAX_WORDS,
        .options = sync_options,
        .details = N_(
            "Asks the running agent; where none runs, makes one complete pass itself."),
        .exit_codes = "0 1 2 3 4 5 6 7 8",
        .run = cmd_sync_now,
    },
    {
        .name = "status",
        .summary = N_("account, mirrors, channel, progress, problems"),
        .arguments = "",
        .options = status_options,
        .exit_codes = "0 1 2 3",
        .run = cmd_status,
    },
    {
        .name = "monitor",
        .summary = N_("print what happens as JSON lines"),
        .arguments = "",
        .details = N_(
            "Needs a running agent; ends with it, or when interrupted."),
        .exit_codes = "0 1 2 3",
        .run = cmd_monitor,
    },
    {
        .name = "pause",
        .summary = N_("stop all work, also after a restart"),
        .arguments = "",
        .options = pause_options,
        .exit_codes = "0 1 2 3 7",
        .run = cmd_pause,
    },
    {
        .name = "resume",
        .summary = N_("take up all work again"),
        .arguments = "",
        .exit_codes = "0 1 2 3 7",
        .run = cmd_resume,
    },
    {
        .name = "approve",
        .summary = N_("let a held big deletion or a moved folder go on"),
        .arguments = "[MIRROR]",
        .most_words = 1,
        .details = N_(
            "Without a name: whatever waits for a person's word. Where no agent runs, makes one\n"
            "complete pass that acts on it."),
        .exit_codes = "0 1 2 3 4 5 6 7 8",
        .run = cmd_approve,
    },
    {
        .name = "refuse",
        .summary = N_("keep the local files of a held deletion"),
        .arguments = "[MIRROR]",
        .most_words = 1,
        .details = N_(
            "They stay and are noted as local-only."),
        .exit_codes = "0 1 2 3 4 5 6 7 8",
        .run = cmd_refuse,
    },
    {
        .name = "inspect",
        .summary = N_("read the state database, never write it"),
        .arguments = "[items|item PATH|pending|problems|history|conflicts|sql QUERY|schema|check]",
        .most_words = 2,
        .options = inspect_options,
        .details = N_(
            "Works while the agent runs and when it does not. Without a word: the mirrors.\n"
            "`items`: all that the drive holds; `item PATH`: the story of one; `pending`: what is to\n"
            "do, and why; `problems`: what is held; `history`: what was done, and how fast;\n"
            "`conflicts`: versions of yours that were set aside; `sql QUERY`: any question;\n"
            "`schema`: the tables and views; `check`: whether the database is whole."),
        .exit_codes = "0 1 2 3",
        .run = cmd_inspect,
    },
    {
        .name = "verify",
        .summary = N_("hold every file on disk against the recorded hash"),
        .arguments = "[MIRROR]",
        .most_words = 1,
        .options = verify_options,
        .details = N_(
            "Changes nothing without --repair."),
        .exit_codes = "0 1 2 3 4 5 6 7 8",
        .run = cmd_verify,
    },
    {
        .name = "doctor",
        .summary = N_("check everything the agent needs, with a mend for each"),
        .arguments = "",
        .options = json_only,
        .exit_codes = "0 1 2 3 4 5",
        .comes_first = true,
        .run = cmd_doctor,
    },
    {
        .name = "help",
        .summary = N_("explain the commands"),
        .arguments = "[COMMAND]",
        .most_words = 1,
        .options = help_options,
        .exit_codes = "0 1 2 3",
        .run = cmd_help,
    },
    {.name = NULL},
};
/* clang-format on */

const struct cmd *cmd_table(void)
{
    return commands;
}

const struct cmd_option *cmd_global_options(void)
{
    return global_options;
}

const char *cmd_exit_text(int code)
{
    static const char *const texts[] = {
        N_("all done, or stopped in good order"),
        N_("failed"),
        N_("wrong usage"),
        N_("configuration error"),
        N_("not signed in, or the sign-in was revoked"),
        N_("service or network not reachable, or TLS not verified"),
        N_("finished, but some items are held"),
        N_("another agent holds this state or this folder"),
        N_("a safety guard wants a person's word"),
    };
    bool known = code >= 0 && (size_t)code < sizeof texts / sizeof *texts;
    return texts[known ? code : 1];
}

const struct cmd *cmd_find(const char *name)
{
    for (const struct cmd *cmd = commands; cmd->name != NULL; cmd++) {
        if (strcmp(cmd->name, name) == 0)
            return cmd;
    }
    return NULL;
}
