#include "agent/sync/proof.h"
#include "tests/support/table.h"

static void polls_that_keep_finding_come_more_often(void **state) /* F-133 */
{
    (void)state;
    static const uint64_t quarter_ms = 15 * 60 * 1000;
    struct proof proof = {0};
    assert_false(proof_take_poll(&proof, true)); /* may have crossed the notification */
    assert_true(proof_interval_ms(&proof, quarter_ms) == quarter_ms);
    assert_true(proof_take_poll(&proof, true));
    assert_true(proof_interval_ms(&proof, quarter_ms) == quarter_ms / 2);
    assert_true(proof_take_poll(&proof, true));
    assert_true(proof_interval_ms(&proof, quarter_ms) == quarter_ms / 4);
    assert_true(proof_take_poll(&proof, false));
    assert_true(proof_interval_ms(&proof, quarter_ms) == quarter_ms / 2);
    assert_true(proof_take_poll(&proof, false));
    assert_false(proof_take_poll(&proof, false));
    assert_false(proof_take_poll(&proof, false));
    assert_true(proof_interval_ms(&proof, quarter_ms) == quarter_ms);
}

static void the_interval_has_a_floor(void **state)
{
    (void)state;
    struct proof proof = {0};
    for (int i = 0; i < 100; i++)
        (void)proof_take_poll(&proof, true);
    assert_true(proof_interval_ms(&proof, 15 * 60 * 1000) == PROOF_LEAST_INTERVAL_MS);
    assert_true(proof_interval_ms(&proof, 5000) == 5000);
    for (int i = 0; i < 10; i++)
        (void)proof_take_poll(&proof, false);
    assert_true(proof_interval_ms(&proof, 5000 * 1000) == 5000 * 1000);
}

static const struct percentile_case {
    const char *name;
    int count; /* changes of 1 ms, 2 ms, 3 ms ... */
    unsigned percent;
    uint32_t want;
} percentiles[] = {
    {"none",                          0,   50,  0  },
    {"one",                           1,   50,  1  },
    {"half of ten",                   10,  50,  5  },
    {"nearly all of ten",             10,  95,  10 },
    {"nearly all of a hundred",       100, 95,  95 },
    {"all",                           100, 100, 100},
    {"only the latest are looked at", 512, 50,  384},
};

static void finds_one_percentile(const struct percentile_case *row)
{
    struct proof proof = {0};
    for (int i = row->count; i > 0 && row->count < PROOF_SAMPLES; i--)
        proof_add_latency(&proof, 1000, 1000 + i, 1000 + 2 * i);
    for (int i = 1; i <= row->count && row->count >= PROOF_SAMPLES; i++)
        proof_add_latency(&proof, 1000, 1000 + i, 1000 + 2 * i);
    struct proof_latency found = proof_percentile(&proof, row->percent);
    assert_int_equal(found.delta_ms, row->want);
    assert_int_equal(found.disk_ms, 2 * row->want);
}

static void latencies_are_told_as_percentiles(void **state)
{
    (void)state;
    CASES(percentiles, finds_one_percentile);
}

static void changes_without_an_event_and_clocks_set_back_do_not_count(void **state)
{
    (void)state;
    struct proof proof = {0};
    proof_add_latency(&proof, 0, 5, 6);
    proof_add_latency(&proof, 10, 9, 12);
    proof_add_latency(&proof, 10, 11, 9);
    proof_add_latency(&proof, 1, 2, INT64_C(1) << 40);
    assert_int_equal(proof.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(polls_that_keep_finding_come_more_often),
        TABLE_TEST(the_interval_has_a_floor),
        TABLE_TEST(latencies_are_told_as_percentiles),
        TABLE_TEST(changes_without_an_event_and_clocks_set_back_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
