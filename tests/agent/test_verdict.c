#include "agent/sync/verdict.h"
#include "tests/support/table.h"

/* A hash in short: kind and first byte. */
#define HASH(kind, byte)                                                                   \
    {                                                                                      \
        kind, 20,                                                                          \
        {                                                                                  \
            byte                                                                           \
        }                                                                                  \
    }
#define NO_HASH                                                                            \
    {                                                                                      \
        0, 0,                                                                              \
        {                                                                                  \
            0                                                                              \
        }                                                                                  \
    }

static const struct verdict_case {
    const char *name;
    struct verdict_facts facts;
    enum verdict want;
} verdict_cases[] = {
    {"size and hash agree",
     {"a.bin", 5, HASH(1, 1), 5, HASH(1, 1), 1, 0, NO_HASH},
     VERDICT_ACCEPT        },
    {"F-99 the hash agrees, the size does not",
     {"a.bin", 9, HASH(1, 1), 5, HASH(1, 1), 1, 0, NO_HASH},
     VERDICT_ACCEPT        },
    {"F-104 no hash is listed",
     {"a.bin", 5, NO_HASH, 5, HASH(1, 1), 1, 0, NO_HASH},
     VERDICT_ACCEPT_WEAK   },
    {"F-104 neither hash nor size is listed",
     {"a.bin", STORE_UNKNOWN, NO_HASH, 5, HASH(1, 1), 1, 0, NO_HASH},
     VERDICT_ACCEPT_WEAK   },
    {"F-98 other bytes, the first time",
     {"a.docx", 5, HASH(1, 1), 5, HASH(1, 2), 1, 0, NO_HASH},
     VERDICT_AGAIN         },
    {"F-98 other bytes each time",
     {"a.docx", 5, HASH(1, 1), 5, HASH(1, 3), 2, 5, HASH(1, 2)},
     VERDICT_AGAIN         },
    {"F-98 other bytes three times",
     {"a.docx", 5, HASH(1, 1), 5, HASH(1, 4), 3, 5, HASH(1, 3)},
     VERDICT_HOLD          },
    {"F-99 the same other bytes twice, of a kind that is rewritten",
     {"a.docx", 5, HASH(1, 1), 7, HASH(1, 2), 2, 7, HASH(1, 2)},
     VERDICT_ACCEPT_DIFFERS},
    {"F-99 the same other bytes twice, of another kind",
     {"a.bin", 5, HASH(1, 1), 7, HASH(1, 2), 2, 7, HASH(1, 2)},
     VERDICT_HOLD          },
    {"F-99 no hash, the size differs",
     {"a.bin", 5, NO_HASH, 7, HASH(1, 2), 1, 0, NO_HASH},
     VERDICT_AGAIN         },
    {"F-105 listed as empty, but it is not",
     {"a.pdf", 0, NO_HASH, 7, HASH(1, 2), 2, 7, HASH(1, 2)},
     VERDICT_ACCEPT_DIFFERS},
    {"hashes of two kinds say nothing",
     {"a.bin", 5, HASH(2, 1), 5, HASH(1, 1), 1, 0, NO_HASH},
     VERDICT_AGAIN         },
};

static void judges_one(const struct verdict_case *row)
{
    assert_int_equal(verdict_judge(&row->facts), row->want);
}

static void downloads_are_judged_by_the_table(void **state)
{
    (void)state;
    CASES(verdict_cases, judges_one);
}

static const struct ending_case {
    const char *name;
    bool want;
} ending_cases[] = {
    {"report.DOCX", true },
    {"photo.heic",  true },
    {"page.aspx",   true },
    {"a.pdf",       true },
    {"a.txt",       false},
    {"pdf",         false},
    {"a.pdf.zip",   false},
    {"",            false},
};

static void knows_one_ending(const struct ending_case *row)
{
    assert_int_equal(verdict_is_rewritten(row->name), row->want);
}

static void some_kinds_are_rewritten(void **state)
{
    (void)state;
    CASES(ending_cases, knows_one_ending);
}

static void empty_files_need_no_request(void **state)
{
    (void)state;
    const struct store_hash none = NO_HASH;
    const struct store_hash of_empty = HASH(1, 0); /* QuickXorHash of nothing is zero */
    const struct store_hash other = HASH(1, 7);
    assert_true(verdict_is_empty(0, &none)); /* F-105 */
    assert_true(verdict_is_empty(0, &of_empty));
    assert_false(verdict_is_empty(0, &other));
    assert_false(verdict_is_empty(1, &none));
    assert_false(verdict_is_empty(STORE_UNKNOWN, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(downloads_are_judged_by_the_table),
        TABLE_TEST(some_kinds_are_rewritten),
        TABLE_TEST(empty_files_need_no_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
