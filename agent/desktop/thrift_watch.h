/* Whether the machine asks us to be thrifty: a metered network (NetworkManager) or the
 * power-saver profile (power-profiles-daemon). `pause_on_metered`,
 * `pause_on_battery_saver`.
 */
#ifndef AGENT_DESKTOP_THRIFT_WATCH_H
#define AGENT_DESKTOP_THRIFT_WATCH_H

#include <stdbool.h>

#include "agent/desktop/bus.h"

struct thrift_watch;

/* `reason` is for people, static; NULL: no need to be thrifty (any more). Called on changes
 * only. */
typedef void thrift_watch_fn(void *user, const char *reason);

/* NULL where there is no bus, nothing to watch or no memory. `bus` outlives it. */
struct thrift_watch *thrift_watch_new(struct bus *system_bus, bool on_metered,
                                      bool on_battery_saver, thrift_watch_fn *fn,
                                      void *user);
void thrift_watch_free(struct thrift_watch *watch);

#endif
