/* The address of the control socket, for both of its sides. Part of control.h.
 *
 * A path that is too long for a socket address (108 bytes) is reached through the
 * descriptor of its folder.
 */
#ifndef AGENT_CONTROL_ADDRESS_H
#define AGENT_CONTROL_ADDRESS_H

#include <stdbool.h>
#include <sys/un.h>

struct control_address {
    struct sockaddr_un name;
    int folder; /* held open while the address is in use, -1 none */
};

/* False with errno. Afterwards control_address_clear(). */
bool control_address_find(struct control_address *out, const char *path);
void control_address_clear(struct control_address *address);

/* Whether the other side of a connected socket runs under our uid (F-170). */
bool control_peer_is_us(int fd);

#endif
