/* One property of one object on a bus: its value now, and whenever it changes.
 *
 * The service may be absent, start later or go away: then there is simply no news. `bus`
 * outlives the watch.
 */
#ifndef AGENT_DESKTOP_PROPERTY_WATCH_H
#define AGENT_DESKTOP_PROPERTY_WATCH_H

#include <stdint.h>

#include "agent/desktop/bus.h"

/* Where it is. Texts are static. */
struct property {
    const char *service;
    const char *path;
    const char *interface;
    const char *name;
};

/* A number (u, i, b) or a text (s); the other one is 0 or "". Borrowed for the call. */
typedef void property_watch_fn(void *user, int64_t number, const char *text);

struct property_watch;

/* NULL where there is no bus or no memory. */
struct property_watch *property_watch_new(struct bus *bus, const struct property *property,
                                          property_watch_fn *fn, void *user);
void property_watch_free(struct property_watch *watch);

#endif
