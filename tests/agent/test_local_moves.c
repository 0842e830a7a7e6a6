/* Which object has moved where, from the two ends of a move (F-32). */
#include <stdio.h>

#include "agent/sync/local_moves.h"
#include "tests/support/table.h"

/* Up to three ends of moves: 'l' leaves, 'c' comes. */
struct end {
    char what;
    int64_t key; /* of what leaves; of what comes: its folder */
    uint32_t cookie;
    const char *name;
};

static const struct move_case {
    const char *name;
    struct end ends[4];
    int64_t folder; /* where object 1 is in the end, 0 nowhere */
    const char *place;
} cases[] = {
    {"a rename",                      {{'l', 1, 5, ""}, {'c', 10, 5, "b"}},    10, "b"},
    {"it only left",                  {{'l', 1, 5, ""}},                       0,  "" },
    {"something else came",           {{'l', 1, 5, ""}, {'c', 10, 6, "b"}},    0,  "" },
    {"nothing of ours left",          {{'l', 0, 5, ""}, {'c', 10, 5, "b"}},    0,  "" },
    {"it came twice: once is enough",
     {{'l', 1, 5, ""}, {'c', 10, 5, "b"}, {'c', 11, 5, "x"}},
     10,                                                                           "b"},
    {"it goes on",
     {{'l', 1, 5, ""}, {'c', 10, 5, "b"}, {'l', 1, 6, ""}, {'c', 11, 6, "c"}},
     11,                                                                           "c"},
};

static void check_move(const struct move_case *row)
{
    struct local_moves moves = {.list = NULL};
    for (size_t i = 0; i < COUNT_OF(row->ends) && row->ends[i].what != '\0'; i++) {
        const struct end *end = &row->ends[i];
        if (end->what == 'l')
            local_moves_leave(&moves, end->key, end->cookie);
        else
            local_moves_arrive(&moves, end->cookie, end->key, end->name);
    }
    const struct local_move *move = local_moves_find(&moves, 1);
    assert_int_equal(move != NULL, row->folder != 0);
    if (move != NULL) {
        assert_int_equal(move->folder, row->folder);
        assert_string_equal(move->name, row->place);
        assert_int_equal(local_moves_owner(&moves, row->folder, row->place), 1);
        assert_int_equal(local_moves_owner(&moves, row->folder, "other"), 0);
    }
    local_moves_clear(&moves);
}

static void pairs_the_ends_of_a_move(void **state)
{
    (void)state;
    CASES(cases, check_move);
}

static void arrive(struct local_moves *moves, int64_t key)
{
    char name[32];
    (void)snprintf(name, sizeof name, "n%lld", (long long)key);
    local_moves_leave(moves, key, (uint32_t)key);
    local_moves_arrive(moves, (uint32_t)key, 10, name);
}

static void remembers_a_bounded_number(void **state)
{
    (void)state;
    struct local_moves moves = {.list = NULL};
    for (int64_t key = 1; key <= LOCAL_MOVES_MAX + 1; key++)
        arrive(&moves, key);
    assert_non_null(local_moves_find(&moves, LOCAL_MOVES_MAX));
    assert_null(local_moves_find(&moves, LOCAL_MOVES_MAX + 1));
    local_moves_drop(&moves, 1);
    assert_null(local_moves_find(&moves, 1));
    arrive(&moves, LOCAL_MOVES_MAX + 2);
    assert_non_null(local_moves_find(&moves, LOCAL_MOVES_MAX + 2));
    local_moves_clear(&moves);
}

static void is_looked_for_a_few_times(void **state)
{
    (void)state;
    struct local_moves moves = {.list = NULL};
    unsigned tries = 1;
    arrive(&moves, 1);
    while (local_moves_retry(&moves, 1))
        tries++;
    assert_int_equal(tries, LOCAL_MOVES_TRIES);
    assert_false(local_moves_retry(&moves, 2));
    local_moves_clear(&moves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(pairs_the_ends_of_a_move),
        TABLE_TEST(remembers_a_bounded_number),
        TABLE_TEST(is_looked_for_a_few_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
