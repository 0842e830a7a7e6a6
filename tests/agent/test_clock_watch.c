#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "agent/desktop/clock_watch.h"
#include "tests/support/table.h"

static const struct gap_case {
    const char *name;
    uint64_t boot_step;
    uint64_t monotonic_step;
    uint64_t want;
} gaps[] = {
    {"no time",                      0,              0,        0      },
    {"awake for a day",              86400000,       86400000, 0      },
    {"slept for an hour",            3600000 + 5000, 5000,     3600000},
    {"a nap below the limit",        19999 + 5,      5,        0      },
    {"a nap at the limit",           20000,          0,        20000  },
    {"clocks read in another order", 4,              5,        0      },
};

static void judges_one_gap(const struct gap_case *row)
{
    assert_int_equal(
        clock_watch_gap(1000, 700, 1000 + row->boot_step, 700 + row->monotonic_step),
        row->want);
}

static void sleep_is_the_gap_between_two_clocks(void **state) /* F-154 */
{
    (void)state;
    CASES(gaps, judges_one_gap);
}

/* In place of the library's, which the linker finds after these: a machine that has been
 * asleep, and a timer that the kernel cancels at once. */
static int64_t slept_s;
static bool is_cancelled;

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int result = (int)syscall(SYS_clock_gettime, clock, out);
    if (clock == CLOCK_BOOTTIME)
        out->tv_sec += slept_s;
    return result;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *value,
                    struct itimerspec *old)
{
    const struct itimerspec at_once = {.it_value = {.tv_nsec = 1}};
    return (int)syscall(SYS_timerfd_settime, fd, is_cancelled ? 0 : flags,
                        is_cancelled ? &at_once : value, old);
}

struct wake {
    uv_loop_t loop;
    uint64_t slept_ms;
    unsigned calls;
};

static void on_wake(void *user, uint64_t slept_ms)
{
    struct wake *wake = user;
    wake->slept_ms = slept_ms;
    wake->calls++;
    uv_stop(&wake->loop);
}

static void a_wake_is_told_with_the_time_asleep(void **state) /* F-154 */
{
    (void)state;
    struct wake wake = {.calls = 0};
    assert_int_equal(uv_loop_init(&wake.loop), 0);
    is_cancelled = true;
    struct clock_watch *watch = clock_watch_new(&wake.loop, on_wake, &wake);
    slept_s = 3600;
    (void)uv_run(&wake.loop, UV_RUN_DEFAULT);
    assert_int_equal(wake.calls, 1);
    assert_true(wake.slept_ms >= 3599 * 1000 && wake.slept_ms <= 3601 * 1000);
    (void)uv_run(&wake.loop, UV_RUN_DEFAULT);
    assert_int_equal(wake.calls, 2);
    assert_int_equal(wake.slept_ms, 0); /* only the clock was set */
    clock_watch_close(watch);
    assert_int_equal(uv_run(&wake.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&wake.loop), 0);
    is_cancelled = false;
}

static void never(void *user, uint64_t slept_ms)
{
    (void)slept_ms;
    *(int *)user += 1;
}

static void it_opens_and_leaves_nothing_behind(void **state)
{
    (void)state;
    uv_loop_t loop;
    int calls = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct clock_watch *watch = clock_watch_new(&loop, never, &calls);
    assert_non_null(watch);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    clock_watch_close(watch);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(sleep_is_the_gap_between_two_clocks),
        TABLE_TEST(a_wake_is_told_with_the_time_asleep),
        TABLE_TEST(it_opens_and_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
