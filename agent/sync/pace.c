#include "agent/sync/pace.h"

#include <assert.h>

void pace_trigger(struct pace *pace, uint64_t now_ms)
{
    uint64_t oldest = pace->triggers[pace->oldest];
    pace->triggers[pace->oldest] = now_ms;
    pace->oldest = (pace->oldest + 1) % PACE_STORM_TRIGGERS;
    pace->is_wanted = true;
    if (oldest != 0 && now_ms - oldest < PACE_STORM_WINDOW_MS) {
        pace->storm_at = now_ms;
        if (pace->distance_ms == 0)
            pace->distance_ms = PACE_STORM_WINDOW_MS;
    }
}

void pace_want(struct pace *pace)
{
    pace->is_wanted = true;
}

void pace_ask(struct pace *pace)
{
    pace->is_wanted = true;
    pace->is_asked = true;
}

uint64_t pace_due(const struct pace *pace)
{
    if (pace->is_running || !pace->is_wanted)
        return PACE_NEVER;
    return pace->distance_ms == 0 || pace->is_asked ? 0
                                                    : pace->begun_at + pace->distance_ms;
}

void pace_begin(struct pace *pace, uint64_t now_ms)
{
    assert(!pace->is_running);
    bool is_storm = pace->distance_ms != 0 &&
                    now_ms - pace->storm_at < pace->distance_ms + PACE_STORM_WINDOW_MS;
    /* The first round of a storm keeps the distance that its beginning set. */
    if (!is_storm)
        pace->distance_ms = 0;
    else if (pace->begun_at + pace->distance_ms <= now_ms && pace->begun_at != 0)
        pace->distance_ms *= 2;
    if (pace->distance_ms > PACE_MAX_DISTANCE_MS)
        pace->distance_ms = PACE_MAX_DISTANCE_MS;
    pace->is_running = true;
    pace->is_wanted = false;
    pace->is_asked = false;
    pace->begun_at = now_ms;
}

void pace_end(struct pace *pace)
{
    pace->is_running = false;
}
