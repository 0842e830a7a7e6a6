/* What happened, as a sentence. */
#include "agent/arrival_text.h"
#include "tests/support/table.h"

static const struct sentence_case {
    const char *name;
    const char *operation;
    const char *editor;
    const char *path;
    const char *want;
} cases[] = {
    {"a new file",                      "download", "Ana",    "a/b.txt",      "Ana added a/b.txt"                      },
    {"a change",                        "update",   "Ana",    "b.txt",        "Ana changed b.txt"                      },
    {"by nobody known",                 "update",   "",       "b.txt",        "b.txt changed"                          },
    {"a folder",                        "mkdir",    "",       "x",            "the folder x is new"                    },
    {"a deletion has no editor",        "delete",   "Ana",    "b.txt",        "b.txt was deleted"                      },
    {"names are no templates",          "update",   "{what}", "{who} {what}",
     "{what} changed {who} {what}"                                                                                     },
    {"an operation of another version", "upload",   "Ana",    "b.txt",        "b.txt"                                  },
    {"what does not fit is cut",        "update",   "Ana",
     "0123456789012345678901234567890123456789",                              "Ana changed 012345678901234567890123456"},
};

static void is_that_sentence(const struct sentence_case *row)
{
    char out[40];
    assert_string_equal(
        arrival_text(row->operation, row->editor, row->path, out, sizeof out), row->want);
}

static void changes_are_sentences(void **state)
{
    (void)state;
    CASES(cases, is_that_sentence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TABLE_TEST(changes_are_sentences)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
