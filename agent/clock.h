/* The clocks. Durations and deadlines: clock_now_ms(), which counts suspend and never
 * jumps (F-153). Display, mtimes and conflict names: clock_wall_ms(). */
#ifndef AGENT_CLOCK_H
#define AGENT_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_BOOTTIME. */
uint64_t clock_now_ms(void);

/* Milliseconds of CLOCK_MONOTONIC, which stands still in suspend: only for telling that the
 * machine slept. */
uint64_t clock_awake_ms(void);

/* Milliseconds since 1970 of CLOCK_REALTIME. */
int64_t clock_wall_ms(void);

#endif
