#include "agent/sync/pace.h"
#include "tests/support/table.h"

static void the_first_trigger_starts_at_once(void **state)
{
    (void)state;
    struct pace pace = {.is_running = false};
    assert_int_equal(pace_due(&pace), PACE_NEVER);
    pace_trigger(&pace, 5000);
    assert_true(pace_due(&pace) <= 5000);
    pace_begin(&pace, 5000);
    assert_int_equal(pace_due(&pace), PACE_NEVER);
}

static void triggers_during_a_round_make_one_more(void **state)
{
    (void)state;
    struct pace pace = {.is_running = false};
    pace_trigger(&pace, 5000);
    pace_begin(&pace, 5000);
    pace_trigger(&pace, 5100);
    pace_trigger(&pace, 5200);
    assert_int_equal(pace_due(&pace), PACE_NEVER);
    pace_end(&pace);
    assert_true(pace_due(&pace) <= 5200);
    pace_begin(&pace, 5200);
    pace_end(&pace);
    assert_int_equal(pace_due(&pace), PACE_NEVER);
}

static void reasons_of_our_own_are_no_storm(void **state)
{
    (void)state;
    struct pace pace = {.is_running = false};
    for (int i = 0; i < 20; i++) {
        pace_want(&pace);
        assert_true(pace_due(&pace) <= 5000);
        pace_begin(&pace, 5000);
        pace_end(&pace);
    }
    assert_int_equal(pace_due(&pace), PACE_NEVER);
}

static void a_person_does_not_wait_for_a_storm_to_end(void **state)
{
    (void)state;
    struct pace pace = {.is_running = false};
    for (int i = 0; i < 20; i++)
        pace_trigger(&pace, 5000);
    pace_begin(&pace, 5000);
    pace_end(&pace);
    pace_trigger(&pace, 5001);
    assert_true(pace_due(&pace) > 5001);
    pace_ask(&pace);
    assert_true(pace_due(&pace) <= 5001);
    pace_begin(&pace, 5001);
    assert_int_equal(pace_due(&pace), PACE_NEVER);
}

/* F-135: rounds that begin while 1,000 events a second come in for `seconds`. */
static unsigned rounds_of_storm(struct pace *pace, unsigned seconds)
{
    unsigned rounds = 0;
    for (uint64_t now = 10000; now < 10000 + seconds * 1000U; now++) {
        pace_trigger(pace, now);
        if (pace_due(pace) <= now) {
            pace_begin(pace, now);
            pace_end(pace);
            rounds++;
        }
    }
    return rounds;
}

static void a_storm_keeps_a_growing_distance(void **state)
{
    (void)state;
    struct pace pace = {.is_running = false};
    unsigned rounds = rounds_of_storm(&pace, 300);
    assert_in_range(rounds, 10, 25);
    assert_int_equal(pace.distance_ms, PACE_MAX_DISTANCE_MS);
}

static void after_a_storm_the_first_trigger_starts_at_once(void **state)
{
    (void)state;
    struct pace pace = {.is_running = false};
    (void)rounds_of_storm(&pace, 20);
    uint64_t later = 10000 + 20000 + 120000;
    pace_trigger(&pace, later);
    assert_true(pace_due(&pace) <= later);
    pace_begin(&pace, later);
    pace_end(&pace);
    pace_trigger(&pace, later + 10);
    assert_true(pace_due(&pace) <= later + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(the_first_trigger_starts_at_once),
        TABLE_TEST(triggers_during_a_round_make_one_more),
        TABLE_TEST(reasons_of_our_own_are_no_storm),
        TABLE_TEST(a_person_does_not_wait_for_a_storm_to_end),
        TABLE_TEST(a_storm_keeps_a_growing_distance),
        TABLE_TEST(after_a_storm_the_first_trigger_starts_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
