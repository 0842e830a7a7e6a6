#include "agent/control_address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/scope.h"

bool control_address_find(struct control_address *out, const char *path)
{
    struct control_address address = {.name.sun_family = AF_UNIX, .folder = -1};
    size_t capacity = sizeof address.name.sun_path;
    const char *slash = strrchr(path, '/');
    int length = snprintf(address.name.sun_path, capacity, "%s", path);
    if (length < 0 || slash == NULL) {
        errno = EINVAL;
        return false;
    }
    if ((size_t)length >= capacity) {
        SCOPED(scope_free) char *parent = strndup(path, (size_t)(slash - path) + 1);
        if (parent == NULL)
            return false;
        address.folder = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (address.folder < 0)
            return false;
        (void)snprintf(address.name.sun_path, capacity, "/proc/self/fd/%d/%.64s",
                       address.folder, slash + 1);
    }
    *out = address;
    return true;
}

void control_address_clear(struct control_address *address)
{
    scope_close(&address->folder);
    address->folder = -1;
}

bool control_peer_is_us(int fd)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.uid == geteuid();
}
