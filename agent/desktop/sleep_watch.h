/* logind's PrepareForSleep: the machine is about to suspend, or has just woken (F-154).
 *
 * Says the same as clock_watch.h, but earlier and on both edges. `bus` is the system bus
 * and outlives it.
 */
#ifndef AGENT_DESKTOP_SLEEP_WATCH_H
#define AGENT_DESKTOP_SLEEP_WATCH_H

#include <stdbool.h>

#include "agent/desktop/bus.h"

struct sleep_watch;

typedef void sleep_watch_fn(void *user, bool going_to_sleep);

/* NULL where there is no bus or no memory. */
struct sleep_watch *sleep_watch_new(struct bus *bus, sleep_watch_fn *fn, void *user);
void sleep_watch_free(struct sleep_watch *watch);

#endif
