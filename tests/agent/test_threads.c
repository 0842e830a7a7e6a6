/* agent/threads.h (F-22): too little room for threads is told, not died of. */
#include <sys/resource.h>

#include "agent/threads.h"
#include "tests/support/table.h"

static const struct room_case {
    const char *name;
    rlim_t stack; /* of each thread, 0 as usual */
    enum failure_kind want;
    int number;
} cases[] = {
    {"room for all",                      0,               FAILURE_NONE,     0 },
    {"no room for the stack of one",      (rlim_t)1 << 46, FAILURE_RESOURCE, 22},
    {"room again: nothing was left over", 0,               FAILURE_NONE,     0 },
};

static void check_room(const struct room_case *row)
{
    struct rlimit usual;
    struct failure failure = {.kind = FAILURE_NONE};
    assert_int_equal(getrlimit(RLIMIT_STACK, &usual), 0);
    struct rlimit room = usual;
    if (row->stack != 0)
        room.rlim_cur = row->stack;
    if (setrlimit(RLIMIT_STACK, &room) != 0)
        skip(); /* whoever started the test has a limit of his own */
    assert_int_equal(threads_rehearse(&failure), row->want);
    assert_int_equal(failure.number, row->number);
    assert_int_equal(setrlimit(RLIMIT_STACK, &usual), 0);
}

static void says_whether_threads_can_be_had(void **state)
{
    (void)state;
    CASES(cases, check_room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TABLE_TEST(says_whether_threads_can_be_had)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
