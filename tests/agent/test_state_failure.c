/* agent/state_failure.h: what each failure of the database means for people. */
#include <string.h>

#include "agent/state_failure.h"
#include "store/store_core.h"
#include "tests/support/table.h"

static const struct meaning_case {
    const char *name;
    enum store_status status;
    enum failure_kind want;
    int number;
    enum failure_kind at_work; /* in the middle of a mirror's work */
    const char *mend;
} cases[] = {
    {"held by a program (F-67)", STORE_BUSY,     FAILURE_RESOURCE, 67,  FAILURE_RESOURCE,
     "try again"                                                                                     },
    {"held by an agent (F-160)", STORE_HELD,     FAILURE_HELD,     160, FAILURE_RESOURCE, ""         },
    {"no room (F-12)",           STORE_FULL,     FAILURE_RESOURCE, 12,  FAILURE_RESOURCE, "make room"},
    {"disk trouble (F-68)",      STORE_IO,       FAILURE_RESOURCE, 68,  FAILURE_RESOURCE, "check"    },
    {"damaged (F-61)",           STORE_DAMAGED,  FAILURE_RESOURCE, 61,  FAILURE_INTERNAL,
     "start the agent to rebuild it"                                                                 },
    {"newer (F-65)",             STORE_NEWER,    FAILURE_RESOURCE, 65,  FAILURE_RESOURCE,
     "install that version"                                                                          },
    {"not ours to write (F-14)", STORE_READONLY, FAILURE_RESOURCE, 14,  FAILURE_RESOURCE,
     "make its folder writable"                                                                      },
    {"no memory (F-22)",         STORE_MEMORY,   FAILURE_RESOURCE, 22,  FAILURE_RESOURCE, ""         },
    {"a contradiction (F-71)",   STORE_CONFLICT, FAILURE_INTERNAL, 71,  FAILURE_RESOURCE, ""         },
};

static void check_meaning(const struct meaning_case *row)
{
    struct failure failure;
    struct store store = {.database = NULL};
    assert_int_equal(state_failure(NULL, row->status, "cannot read", &failure), row->want);
    assert_int_equal(failure.number, row->number);
    assert_non_null(strstr(failure.text, row->mend));
    (void)store_refuse(&store, row->status, "in the words of the database");
    assert_int_equal(state_trouble(&store, &failure), row->at_work);
    assert_int_equal(failure.number, row->number);
    assert_non_null(strstr(failure.text, "in the words of the database"));
    assert_non_null(strstr(failure.text, row->mend));
}

static void each_failure_has_its_class_and_its_mend(void **state)
{
    (void)state;
    CASES(cases, check_meaning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TABLE_TEST(each_failure_has_its_class_and_its_mend)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
