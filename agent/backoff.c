#include "agent/backoff.h"

enum {
    CHANNEL_BASE_MS = 1000,
    CHANNEL_CAP_MS = 60 * 1000,
    CHANNEL_LATE_CAP_MS = 5 * 60 * 1000,
    CHANNEL_EARLY_FAILURES = 10
};

/* base * 2^attempt, never beyond the cap. */
static uint64_t window_ms(uint32_t attempt, uint64_t base_ms, uint64_t cap_ms)
{
    if (attempt >= 64 || base_ms > cap_ms >> attempt)
        return cap_ms;
    return base_ms << attempt;
}

/* value * random / 2^32, without overflow. */
static uint64_t portion(uint64_t value, uint32_t random)
{
    return (value >> 32) * random + (((value & UINT32_MAX) * random) >> 32);
}

static uint64_t at_least_1(uint64_t value_ms)
{
    return value_ms > 0 ? value_ms : 1;
}

uint64_t backoff_full(uint32_t attempt, uint64_t base_ms, uint64_t cap_ms, uint32_t random)
{
    return at_least_1(portion(window_ms(attempt, base_ms, cap_ms), random));
}

uint64_t backoff_channel(uint32_t attempt, uint32_t random)
{
    uint64_t cap_ms =
        attempt < CHANNEL_EARLY_FAILURES ? CHANNEL_CAP_MS : CHANNEL_LATE_CAP_MS;
    uint64_t half = window_ms(attempt, CHANNEL_BASE_MS, cap_ms) / 2;
    return half + portion(half, random);
}

uint64_t backoff_jitter(uint64_t value_ms, unsigned percent, uint32_t random)
{
    uint64_t spread = value_ms / 100 * percent + value_ms % 100 * percent / 100;
    return at_least_1(value_ms - spread + portion(2 * spread, random));
}
