/* agent/backoff.h: F-111, Notifications, Reconnect. */
#include "agent/backoff.h"
#include "tests/support/table.h"

static const struct full_case {
    const char *name;
    uint32_t attempt;
    uint64_t base_ms;
    uint64_t cap_ms;
    uint32_t random;
    uint64_t want_ms;
} full_cases[] = {
    {"the smallest wait is 1 ms",         0,          1000, 300000,     0,          1           },
    {"the first window is the base",      0,          1000, 300000,     UINT32_MAX, 999         },
    {"half of the first window",          0,          1000, 300000,     1U << 31,   500         },
    {"windows double",                    3,          1000, 300000,     1U << 31,   4000        },
    {"the cap holds",                     9,          1000, 300000,     1U << 31,   150000      },
    {"attempt 64 does not shift away",    64,         1000, 300000,     1U << 31,   150000      },
    {"any attempt is legal",              UINT32_MAX, 1000, 300000,     1U << 31,   150000      },
    {"a base above the cap is the cap",   0,          9000, 1000,       1U << 31,   500         },
    {"a window of many bits is in order", 40,         1000, 1ULL << 52, 1U << 31,   500ULL << 40},
    {"a base of nothing waits 1 ms",      5,          0,    300000,     UINT32_MAX, 1           },
};

static void gives_full_jitter(const struct full_case *row)
{
    assert_int_equal(backoff_full(row->attempt, row->base_ms, row->cap_ms, row->random),
                     row->want_ms);
}

static const struct channel_case {
    const char *name;
    uint32_t attempt;
    uint32_t random;
    uint64_t want_ms;
} channel_cases[] = {
    {"never less than half",              0,    0,          500   },
    {"never more than the whole",         0,    UINT32_MAX, 999   },
    {"doubles",                           2,    0,          2000  },
    {"60 s is the cap of early failures", 9,    0,          30000 },
    {"then 5 min",                        10,   0,          150000},
    {"and stays there",                   1000, UINT32_MAX, 299999},
};

static void gives_channel_delays(const struct channel_case *row)
{
    assert_int_equal(backoff_channel(row->attempt, row->random), row->want_ms);
}

static const struct jitter_case {
    const char *name;
    uint64_t value_ms;
    unsigned percent;
    uint32_t random;
    uint64_t want_ms;
} jitter_cases[] = {
    {"down to less ten percent", 60000, 10,  0,          54000},
    {"up to plus ten percent",   60000, 10,  UINT32_MAX, 65999},
    {"the middle is the value",  60000, 10,  1U << 31,   60000},
    {"nothing to spread",        60000, 0,   12345,      60000},
    {"zero becomes 1 ms",        0,     10,  0,          1    },
    {"a whole spread of 100 %",  1000,  100, 0,          1    },
};

static void gives_jitter(const struct jitter_case *row)
{
    assert_int_equal(backoff_jitter(row->value_ms, row->percent, row->random),
                     row->want_ms);
}

static void full(void **state)
{
    (void)state;
    CASES(full_cases, gives_full_jitter);
}

static void channel(void **state)
{
    (void)state;
    CASES(channel_cases, gives_channel_delays);
}

static void jitter(void **state)
{
    (void)state;
    CASES(jitter_cases, gives_jitter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(full),
        TABLE_TEST(channel),
        TABLE_TEST(jitter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
