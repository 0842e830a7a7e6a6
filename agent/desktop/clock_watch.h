/* Notices without a periodic timer that the machine slept or that its clock was set.
 *
 * A timer descriptor of CLOCK_REALTIME, armed far ahead, becomes readable when the clock
 * is set and on resume (TFD_TIMER_CANCEL_ON_SET). Whether it was sleep is told by the
 * boot-time clock having run ahead of the monotonic one, which stands still in suspend
 * (F-153, F-154; Notifications, Dead links, sleep, resume).
 */
#ifndef AGENT_DESKTOP_CLOCK_WATCH_H
#define AGENT_DESKTOP_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct clock_watch;

/* `slept_ms` is how long the machine was suspended since the last call; 0 when only the
 * clock was set. Gaps below CLOCK_WATCH_GAP_MS count as none. */
typedef void clock_watch_fn(void *user, uint64_t slept_ms);

enum { CLOCK_WATCH_GAP_MS = 20000 };

/* NULL where the system cannot do it: then the other signs must serve. */
struct clock_watch *clock_watch_new(uv_loop_t *loop, clock_watch_fn *fn, void *user);
void clock_watch_close(struct clock_watch *watch);

/* Pure: how long was slept between two readings of both clocks, 0 below the gap. */
uint64_t clock_watch_gap(uint64_t boot_before, uint64_t monotonic_before, uint64_t boot_now,
                         uint64_t monotonic_now);

#endif
