/* agent/clock.h: F-153. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/clock.h"
#include "tests/support/table.h"

static clockid_t asked; /* the clock that was read last */

/* In place of the library's: the linker takes this one first. */
int clock_gettime(clockid_t clock, struct timespec *out)
{
    asked = clock;
    return (int)syscall(SYS_clock_gettime, clock, out);
}

static void now_counts_suspend_and_never_goes_back(void **state)
{
    (void)state;
    struct timespec monotonic;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &monotonic), 0);
    uint64_t before = clock_now_ms();
    uint64_t after = clock_now_ms();
    assert_true(before <= after);
    /* The boot-time clock is the monotonic one plus the time asleep, and nobody sets it. */
    assert_true(before >= (uint64_t)monotonic.tv_sec * 1000);
    assert_int_equal(asked, CLOCK_BOOTTIME);
}

static void wall_is_the_time_of_day(void **state)
{
    (void)state;
    int64_t before_s = (int64_t)time(NULL);
    int64_t wall_ms = clock_wall_ms();
    assert_int_equal(asked, CLOCK_REALTIME);
    assert_true(wall_ms / 1000 >= before_s - 1);
    assert_true(wall_ms / 1000 <= (int64_t)time(NULL) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(now_counts_suspend_and_never_goes_back),
        cmocka_unit_test(wall_is_the_time_of_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
