/* Notices that this computer's addresses have changed: Wi-Fi, VPN, a cable (F-131).
 *
 * A netlink socket for added and removed addresses, and for interfaces that carry again
 * what they did not carry before; no timer. Link-local addresses do not count: they come
 * and go without meaning that the service can be reached another way.
 */
#ifndef AGENT_DESKTOP_ADDRESS_WATCH_H
#define AGENT_DESKTOP_ADDRESS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct address_watch;

/* `appeared`: an address is new or an interface carries again, so there may be a network.
 * Called once for all messages that were waiting. */
typedef void address_watch_fn(void *user, bool appeared);

/* NULL where the system cannot do it. */
struct address_watch *address_watch_new(uv_loop_t *loop, address_watch_fn *fn, void *user);
void address_watch_close(struct address_watch *watch);

/* Pure: what a datagram of the kernel says. */
struct address_news {
    bool appeared;
    bool vanished;
};
/* `idle` remembers between datagrams which interfaces do not carry, one bit each: the
 * kernel tells of all sorts of changes, and only from there to carrying is news. */
struct address_news address_watch_parse(const void *datagram, size_t size, uint64_t *idle);

#endif
