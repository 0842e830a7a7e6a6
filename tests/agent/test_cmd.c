#include <stdlib.h>
#include <string.h>

#include "agent/cli/cmd.h"
#include "agent/cli/completion.h"
#include "agent/nearest.h"
#include "tests/support/table.h"

/* The names of the product's command table: scripts lean on them. */
static const char *const contract[] = {"login",  "logout",   "drives", "add",     "remove",
                                       "run",    "sync-now", "status", "monitor", "pause",
                                       "resume", "approve",  "refuse", "inspect", "verify",
                                       "doctor", "help"};

static void the_table_has_the_commands_of_the_product(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++)
        count++;
    assert_int_equal(count, COUNT_OF(contract));
    for (size_t i = 0; i < COUNT_OF(contract); i++)
        assert_non_null(cmd_find(contract[i]));
}

static void every_command_explains_itself(void **state)
{
    (void)state;
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++) {
        assert_non_null(cmd->run);
        assert_true(strlen(cmd->summary) > 0 && strlen(cmd->summary) < 60);
        assert_non_null(strchr(cmd->exit_codes, '0'));
        assert_true(cmd->least_words <= cmd->most_words);
        assert_int_equal(cmd->most_words > 0, cmd->arguments[0] != '\0');
        for (const struct cmd_option *option = cmd->options;
             option != NULL && option->name != NULL; option++) {
            assert_true(strlen(option->help) > 0);
            for (const struct cmd_option *global = cmd_global_options();
                 global->name != NULL; global++)
                assert_string_not_equal(option->name, global->name);
        }
    }
}

static const struct option_case {
    const char *name;
    const char *command;
    const char *option;
} options[] = {
    {"login --browser",             "login",    "browser"         },
    {"login --device-code",         "login",    "device-code"     },
    {"login --all-drives",          "login",    "all-drives"      },
    {"drives --json",               "drives",   "json"            },
    {"add --drive",                 "add",      "drive"           },
    {"add --name",                  "add",      "name"            },
    {"sync-now --full",             "sync-now", "full"            },
    {"sync-now --dry-run",          "sync-now", "dry-run"         },
    {"sync-now --allow-big-delete", "sync-now", "allow-big-delete"},
    {"sync-now --timeout",          "sync-now", "timeout"         },
    {"sync-now --no-wait",          "sync-now", "no-wait"         },
    {"sync-now --json",             "sync-now", "json"            },
    {"status --json",               "status",   "json"            },
    {"status --watch",              "status",   "watch"           },
    {"status --metrics",            "status",   "metrics"         },
    {"pause --for",                 "pause",    "for"             },
    {"inspect --format",            "inspect",  "format"          },
    {"verify --repair",             "verify",   "repair"          },
};

static void exists(const struct option_case *row)
{
    for (const struct cmd_option *option = cmd_find(row->command)->options;
         option->name != NULL; option++) {
        if (strcmp(option->name, row->option) == 0)
            return;
    }
    fail();
}

static void the_table_has_the_options_of_the_product(void **state)
{
    (void)state;
    CASES(options, exists);
}

static const struct line_case {
    const char *name;
    const char *words[8];
    const char *command;
    const char *first_word; /* NULL none */
    const char *option;     /* one that is given, NULL none */
    const char *value;
} lines[] = {
    {"a command alone",                  {"run"},                              "run",    NULL,  NULL,      NULL    },
    {"an option behind",                 {"status", "--json"},                 "status", NULL,  "json",    ""      },
    {"an option before",                 {"--json", "status"},                 "status", NULL,  "json",    ""      },
    {"a value in the next word",
     {"add", "x", "--name", "docs"},
     "add",                                                                              "x",
     "name",                                                                                               "docs"  },
    {"a value behind =",                 {"add", "--name=docs", "x"},          "add",    "x",   "name",    "docs"  },
    {"a value before the command",
     {"--timeout", "2m", "sync-now"},
     "sync-now",                                                                         NULL,
     "timeout",                                                                                            "2m"    },
    {"a global value before it",
     {"--config", "status", "run"},
     "run",                                                                              NULL,
     "config",                                                                                             "status"},
    {"the last one wins",                {"add", "x", "--name=a", "--name=b"}, "add",    "x",   "name",    "b"     },
    {"a command behind --",              {"--", "add", "--x"},                 "add",    "--x", NULL,      NULL    },
    {"a word that looks like an option", {"add", "--", "--x"},                 "add",    "--x", NULL,      NULL    },
    {"a dash alone is a word",           {"add", "-"},                         "add",    "-",   NULL,      NULL    },
    {"--help of a command",              {"add", "--help"},                    "help",   "add", NULL,      NULL    },
    {"--help alone",                     {"--help"},                           "help",   NULL,  "help",    ""      },
    {"--version",                        {"--version"},                        "help",   NULL,  "version", ""      },
    {"-V",                               {"-V"},                               "help",   NULL,  "version", ""      },
};

static enum failure_kind parse(const char *const *words, struct cmd_line *line,
                               struct failure *failure)
{
    const char *argv[10] = {"agent"};
    int argc = 1;
    for (; argc < 9 && words[argc - 1] != NULL; argc++)
        argv[argc] = words[argc - 1];
    return cmd_parse(argc, argv, line, failure);
}

static void is_read(const struct line_case *row)
{
    struct cmd_line line;
    struct failure failure = {0};
    if (parse(row->words, &line, &failure) != FAILURE_NONE)
        fail_msg("%s", failure.text);
    assert_string_equal(line.cmd->name, row->command);
    assert_int_equal(line.word_count, row->first_word == NULL ? 0 : 1);
    if (row->first_word != NULL)
        assert_string_equal(line.words[0], row->first_word);
    if (row->option != NULL)
        assert_string_equal(cmd_value(&line, row->option), row->value);
}

static void command_lines_are_read(void **state)
{
    (void)state;
    CASES(lines, is_read);
}

static void verbosity_counts(void **state)
{
    (void)state;
    struct cmd_line line;
    struct failure failure = {0};
    const char *const words[] = {"-vv", "run", "--verbose", NULL};
    assert_int_equal(parse(words, &line, &failure), FAILURE_NONE);
    assert_int_equal(line.verbosity, 3);
}

static const struct bad_case {
    const char *name;
    const char *words[6];
    const char *wants;
} bad[] = {
    {"no command",                                           {NULL},                         "agent help"                },
    {"a mistyped command",                                   {"snyc-now"},                   "did you mean sync-now?"    },
    {"no near command",                                      {"frobnicate"},                 "see agent help"            },
    {"a mistyped option",                                    {"status", "--jsn"},            "did you mean --json?"      },
    {"a mistyped option with its value, before the command",
     {"--statedir", "x", "status"},
     "did you mean --state-dir?"                                                                                         },
    {"a mistyped option of the command behind it",
     {"--jsn", "status"},
     "did you mean --json?"                                                                                              },
    {"a mistyped command behind --",                         {"--", "staus"},                "did you mean status?"      },
    {"an option of another command",                         {"run", "--json"},              "--json"                    },
    {"an unknown letter",                                    {"run", "-x"},                  "-x"                        },
    {"a value that is missing",                              {"sync-now", "--timeout"},      "--timeout needs"           },
    {"a value that is empty",                                {"--state-dir", "", "status"},  "--state-dir needs"         },
    {"the same behind =",                                    {"status", "--config="},        "--config needs"            },
    {"a value too many",                                     {"status", "--json=yes"},       "takes no value"            },
    {"no such choice",                                       {"inspect", "--format", "xml"}, "table|json|csv"            },
    {"part of a choice",                                     {"inspect", "--format", "js"},  "table|json|csv"            },
    {"a word that is missing",                               {"remove"},                     "usage: agent remove MIRROR"},
    {"a word too many",                                      {"run", "now"},                 "too many words"            },
};

static void is_refused(const struct bad_case *row)
{
    struct cmd_line line;
    struct failure failure = {0};
    assert_int_equal(parse(row->words, &line, &failure), FAILURE_USAGE);
    if (strstr(failure.text, row->wants) == NULL)
        fail_msg("got: %s", failure.text);
}

static void wrong_lines_get_a_hint(void **state)
{
    (void)state;
    CASES(bad, is_refused);
}

static const struct distance_case {
    const char *name;
    const char *one;
    const char *other;
    size_t distance;
} distances[] = {
    {"equal",        "status",  "status", 0},
    {"inserted",     "staus",   "status", 1},
    {"swapped",      "sttaus",  "status", 1},
    {"replaced",     "stetus",  "status", 1},
    {"from nothing", "",        "add",    3},
    {"two apart",    "stauts!", "status", 2},
};

static void is_so_far(const struct distance_case *row)
{
    assert_int_equal(nearest_distance(row->one, row->other), row->distance);
    assert_int_equal(nearest_distance(row->other, row->one), row->distance);
}

static void words_have_a_distance(void **state)
{
    (void)state;
    CASES(distances, is_so_far);
}

static const struct shell_case {
    const char *name; /* of the shell */
} shells[] = {{"bash"}, {"zsh"}, {"fish"}};

static void completes_everything(const struct shell_case *row)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    completion_print(stream, row->name);
    assert_int_equal(fclose(stream), 0);
    for (const struct cmd *cmd = cmd_table(); cmd->name != NULL; cmd++) {
        assert_non_null(strstr(text, cmd->name));
        for (const struct cmd_option *option = cmd->options;
             option != NULL && option->name != NULL; option++)
            assert_non_null(strstr(text, option->name));
    }
    free(text);
}

static void completion_knows_all_of_the_table(void **state)
{
    (void)state;
    CASES(shells, completes_everything);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(the_table_has_the_commands_of_the_product),
        TABLE_TEST(every_command_explains_itself),
        TABLE_TEST(the_table_has_the_options_of_the_product),
        TABLE_TEST(command_lines_are_read),
        TABLE_TEST(verbosity_counts),
        TABLE_TEST(wrong_lines_get_a_hint),
        TABLE_TEST(words_have_a_distance),
        TABLE_TEST(completion_knows_all_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
