#include "agent/clock.h"

#include <time.h>

static uint64_t read_ms(clockid_t clock)
{
    struct timespec time = {0};
    (void)clock_gettime(clock, &time); /* fails only for a clock that does not exist */
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

uint64_t clock_now_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

uint64_t clock_awake_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
    return (int64_t)read_ms(CLOCK_REALTIME);
}
