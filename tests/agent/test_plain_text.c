/* Hostile texts on their way to the desktop (F-47, F-152). */
#include "agent/desktop/plain_text.h"
#include "tests/support/table.h"

static const struct text_case {
    const char *name;
    const char *text;
    enum plain_text_for purpose;
    const char *want;
} cases[] = {
    {"plain text stays",                        "Bericht für Ana.txt",                        PLAIN_TEXT_FOR_MARKUP,
     "Bericht für Ana.txt"                                                                                                                            },
    {"markup is escaped for those who read it", "<b>&</b>",                                    PLAIN_TEXT_FOR_MARKUP,
     "&lt;b&gt;&amp;&lt;/b&gt;"                                                                                                                        },
    {"and left alone for those who do not",     "<b>&</b>",                                    PLAIN_TEXT_AS_IT_IS,   "<b>&</b>"                       },
    {"a menu's access keys are doubled",        "my_file",                                     PLAIN_TEXT_FOR_MENU,   "my__file"                       },
    {"control characters become blanks",        "a\nb\033[31mc\x7f",                           PLAIN_TEXT_AS_IT_IS,
     "a b [31mc "                                                                                                                                      },
    {"C1 controls too",
     "a\xc2\x9b"
     "b",                                                                                      PLAIN_TEXT_AS_IT_IS,   "a b"                            },
    {"nothing turns the writing round",
     "a\xe2\x80\xae"
     "txt.exe",                                                                                PLAIN_TEXT_AS_IT_IS,   "atxt.exe"                       },
    {"right-to-left names stay",                "\xd7\xa9\xd7\x9c",                            PLAIN_TEXT_AS_IT_IS,
     "\xd7\xa9\xd7\x9c"                                                                                                                                },
    {"a broken sequence is a question mark",    "a\xe2\x82",                                   PLAIN_TEXT_AS_IT_IS,   "a??"                            },
    {"so is an overlong one",                   "\xc0\xaf",                                    PLAIN_TEXT_AS_IT_IS,   "??"                             },
    {"so is a surrogate",                       "\xed\xa0\x80",                                PLAIN_TEXT_AS_IT_IS,   "???"                            },
    {"so is what D-Bus does not carry",         "\xef\xbf\xbe",                                PLAIN_TEXT_AS_IT_IS,   "?"                              },
    {"it is cut between characters",            "0123456789012345678901234567890\xe2\x82\xac",
     PLAIN_TEXT_AS_IT_IS,                                                                                             "0123456789012345678901234567890"},
    {"nor within an escape",                    "01234567890123456789012345678<",              PLAIN_TEXT_FOR_MARKUP,
     "01234567890123456789012345678"                                                                                                                   },
};

static void is_fit_for_a_desktop(const struct text_case *row)
{
    char out[32];
    assert_string_equal(plain_text(row->text, row->purpose, out, sizeof out), row->want);
}

static void texts_are_fit_for_a_desktop(void **state)
{
    (void)state;
    CASES(cases, is_fit_for_a_desktop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TABLE_TEST(texts_are_fit_for_a_desktop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
