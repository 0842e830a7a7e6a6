/* Names: what cannot stand here (F-38 ... F-42, F-46 ... F-48), conflict names, and the
 * names of the working folder. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/place/name.h"
#include "tests/support/table.h"

static const struct flaw_case {
    const char *name;
    const char *text;
    bool in_root;
    int flaw;
} flaws[] = {
    {"plain",                                      "report.docx",      true,  0 },
    {"empty (F-38)",                               "",                 true,  38},
    {"dot (F-38)",                                 ".",                true,  38},
    {"two dots (F-38)",                            "..",               false, 38},
    {"three dots are a name",                      "...",              true,  0 },
    {"a slash (F-38)",                             "a/b",              true,  38},
    {"a leading slash (F-38)",                     "/etc",             true,  38},
    {"a way out (F-38)",                           "../x",             true,  38},
    {"a backslash is legal here",                  "a\\b",             true,  0 },
    {"the working folder (F-39)",                  ".drive-agent",     true,  39},
    {"in other letters (F-39)",                    ".DRIVE-Agent",     true,  39},
    {"deeper it is a name like any",               ".drive-agent",     false, 0 },
    {"longer than it",                             ".drive-agent2",    true,  0 },
    {"umlaut",                                     "\xC3\xA4",         true,  0 },
    {"two ways to write it stay two names (F-45)", "a\xCC\x88",        true,  0 },
    {"emoji",                                      "\xF0\x9F\x98\x80", true,  0 },
    {"Latin-1 (F-40)",                             "\xE4",             true,  40},
    {"cut off (F-40)",                             "a\xC3",            true,  40},
    {"overlong slash (F-40)",                      "\xC0\xAF",         true,  40},
    {"overlong of three (F-40)",                   "\xE0\x80\xAF",     true,  40},
    {"surrogate (F-40)",                           "\xED\xA0\x80",     true,  40},
    {"beyond Unicode (F-40)",                      "\xF4\x90\x80\x80", true,  40},
    {"control characters are legal here (F-47)",   "a\x1B[31m\nb",     true,  0 },
    {"forbidden on Windows, legal here (F-46)",    "CON",              true,  0 },
    {"trailing dot and space (F-46)",              "a. ",              true,  0 },
    {"like an option (F-48)",                      "--help",           true,  0 },
};

static void check_flaw(const struct flaw_case *row)
{
    assert_int_equal(name_flaw(row->text, row->in_root), row->flaw);
}

static void finds_what_cannot_stand_here(void **state)
{
    (void)state;
    CASES(flaws, check_flaw);
}

/* F-41: bytes count, not characters. */
static void holds_names_over_255_bytes(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'a', sizeof name);
    for (size_t length = 254; length <= 256; length++) {
        name[length] = '\0';
        assert_int_equal(name_flaw(name, true), length > 255 ? 41 : 0);
        name[length] = 'a';
    }
    for (size_t i = 0; i < 128; i++)
        memcpy(name + 2 * i, "\xC3\xA4", 2);
    name[256] = '\0';
    assert_int_equal(name_flaw(name, true), 41);
    name[254] = '\0';
    assert_int_equal(name_flaw(name, true), 0);
}

static const struct conflict_case {
    const char *name;
    const char *text;
    const char *host;
    unsigned number;
    const char *want;
} conflicts[] = {
    {"with extension",             "a.txt",                                    "desk",  1, "a (conflict 2020-09-13 122640 desk).txt"  },
    {"a second one",               "a.txt",                                    "desk",  2, "a (conflict 2020-09-13 122640 desk 2).txt"},
    {"only the last extension",    "a.tar.gz",                                 "desk",  1,
     "a.tar (conflict 2020-09-13 122640 desk).gz"                                                                                     },
    {"none",                       "README",                                   "desk",  1, "README (conflict 2020-09-13 122640 desk)" },
    {"a hidden file has none",     ".profile",                                 "desk",  1,
     ".profile (conflict 2020-09-13 122640 desk)"                                                                                     },
    {"a sentence is no extension", "a. b c d e f g h i j k l m n o p q r s t", "desk",  1,
     "a. b c d e f g h i j k l m n o p q r s t (conflict 2020-09-13 122640 desk)"                                                     },
    {"a host that is no name",     "a",                                        "x/y\n", 1, "a (conflict 2020-09-13 122640 x_y_)"      },
    {"no host",                    "a",                                        "",      1, "a (conflict 2020-09-13 122640 )"          },
};

static void check_conflict(const struct conflict_case *row)
{
    char out[NAME_MAX_BYTES + 1];
    name_conflict(out, row->text, INT64_C(1600000000) * 1000, row->host, row->number);
    assert_string_equal(out, row->want);
}

static void names_conflict_copies(void **state)
{
    (void)state;
    CASES(conflicts, check_conflict);
}

static void cuts_conflict_names_between_characters(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 4; lead++) {
        char name[NAME_MAX_BYTES + 1] = "abc";
        char out[NAME_MAX_BYTES + 1];
        size_t length = lead;
        for (; length + 3 + 4 <= NAME_MAX_BYTES; length += 3)
            memcpy(name + length, "\xE2\x82\xAC", 3);
        memcpy(name + length, ".txt", 5);
        name_conflict(out, name, 0, "desk", 9999);
        assert_true(strlen(out) <= NAME_MAX_BYTES);
        assert_true(strlen(out) > NAME_MAX_BYTES - 3);
        assert_int_equal(name_flaw(out, true), 0);
        assert_string_equal(out + strlen(out) - 4, ".txt");
    }
}

static const struct work_case {
    const char *name;
    const char *text;
    enum name_work kind;
    int64_t key;
    uint64_t inode;
} works[] = {
    {"a download",         "17.part",                     NAME_WORK_PARTIAL,   17,        0         },
    {"staged",             "9223372036854775807.stage",   NAME_WORK_STAGE,     INT64_MAX, 0         },
    {"displaced",          "17.18446744073709551615.out", NAME_WORK_DISPLACED, 17,        UINT64_MAX},
    {"on its way out",     "1.0.gone",                    NAME_WORK_REMOVED,   1,         0         },
    {"the marker",         "identity",                    NAME_WORK_FOREIGN,   0,         0         },
    {"the lock",           "lock",                        NAME_WORK_FOREIGN,   0,         0         },
    {"empty",              "",                            NAME_WORK_FOREIGN,   0,         0         },
    {"no key",             ".part",                       NAME_WORK_FOREIGN,   0,         0         },
    {"a sign",             "-1.part",                     NAME_WORK_FOREIGN,   0,         0         },
    {"a leading zero",     "01.part",                     NAME_WORK_FOREIGN,   0,         0         },
    {"too large a key",    "9223372036854775808.part",    NAME_WORK_FOREIGN,   0,         0         },
    {"too large an inode", "1.18446744073709551616.out",  NAME_WORK_FOREIGN,   0,         0         },
    {"an inode too many",  "1.2.part",                    NAME_WORK_FOREIGN,   0,         0         },
    {"an inode missing",   "1.out",                       NAME_WORK_FOREIGN,   0,         0         },
    {"something behind",   "1.part~",                     NAME_WORK_FOREIGN,   0,         0         },
    {"another ending",     "1.txt",                       NAME_WORK_FOREIGN,   0,         0         },
};

static void check_work(const struct work_case *row)
{
    int64_t key = 0;
    uint64_t inode = 0;
    char text[NAME_MAX_BYTES + 1];
    assert_int_equal(name_work_parse(row->text, &key, &inode), row->kind);
    assert_int_equal(key, row->key);
    assert_int_equal(inode, row->inode);
    if (row->kind == NAME_WORK_FOREIGN)
        return;
    if (row->kind == NAME_WORK_PARTIAL || row->kind == NAME_WORK_STAGE)
        name_work_format(text, row->kind, row->key);
    else
        name_work_format_inode(text, row->kind, row->key, row->inode);
    assert_string_equal(text, row->text);
}

static void knows_its_own_working_names(void **state)
{
    (void)state;
    CASES(works, check_work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(finds_what_cannot_stand_here),
        TABLE_TEST(holds_names_over_255_bytes),
        TABLE_TEST(names_conflict_copies),
        TABLE_TEST(cuts_conflict_names_between_characters),
        TABLE_TEST(knows_its_own_working_names),
    };
    /* Conflict names show local time. */
    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
