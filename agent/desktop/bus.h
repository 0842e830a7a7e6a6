/* A D-Bus connection on the libuv loop: sd-bus has no loop of its own, so its descriptor,
 * its events and its next timeout are asked for after every step.
 *
 * Built only where libsystemd is there (HAVE_SYSTEMD); without it bus_open() answers NULL
 * and everything that needs a bus is quietly absent. Never blocks the loop.
 */
#ifndef AGENT_DESKTOP_BUS_H
#define AGENT_DESKTOP_BUS_H

#include <stdbool.h>
#include <uv.h>

struct bus;
struct sd_bus;

enum bus_kind { BUS_SYSTEM, BUS_SESSION };

/* NULL: no such bus here, or no memory. */
struct bus *bus_open(uv_loop_t *loop, enum bus_kind kind);
void bus_close(struct bus *bus);

/* For sd_bus_ calls; borrowed. After queueing a message call bus_changed(). */
struct sd_bus *bus_connection(struct bus *bus);
void bus_changed(struct bus *bus);

#endif
