/* The side of the short commands: blocking, one request. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/control.h"
#include "agent/control_address.h"
#include "agent/scope.h"

static bool send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

static int connect_to(const char *path)
{
    struct control_address address;
    if (!control_address_find(&address, path))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&address.name, sizeof address.name) != 0) {
        scope_close(&fd);
        fd = -1;
    }
    control_address_clear(&address);
    return fd;
}

bool control_probe(const char *path)
{
    SCOPED(scope_close) int fd = connect_to(path);
    return fd >= 0;
}

enum failure_kind control_connect(const char *path, const char *request, int *out_fd,
                                  struct failure *failure)
{
    int fd = connect_to(path);
    if (fd < 0 && (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)) {
        *out_fd = -1;
        return FAILURE_NONE;
    }
    if (fd < 0)
        return failure_set(failure, FAILURE_RESOURCE, 170,
                           "cannot reach the agent at %s: %s", path, strerror(errno));
    if (!control_peer_is_us(fd)) {
        (void)close(fd);
        return failure_set(failure, FAILURE_RESOURCE, 170,
                           "another user listens at %s: nothing was asked", path);
    }
    if (!send_all(fd, request, strlen(request)) || !send_all(fd, "\n", 1)) {
        (void)close(fd);
        return failure_set(failure, FAILURE_RESOURCE, 170,
                           "the agent at %s went away: try again", path);
    }
    *out_fd = fd;
    return FAILURE_NONE;
}

/* Waits until something can be read; false when the time is over. */
static bool wait_readable(int fd, uint64_t deadline)
{
    for (;;) {
        int left = -1;
        if (deadline > 0) {
            uint64_t now = clock_now_ms();
            left = now >= deadline ? 0 : (int)(deadline - now);
        }
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int count = poll(&ready, 1, left);
        if (count > 0)
            return true;
        if (count == 0 || errno != EINTR)
            return false;
    }
}

/* Lines are peeked at first, so that nothing behind the line is taken. */
bool control_read(int fd, char *out, size_t out_size, unsigned timeout_ms)
{
    uint64_t deadline = timeout_ms == 0 ? 0 : clock_now_ms() + timeout_ms;
    size_t used = 0;
    while (used + 1 < out_size && wait_readable(fd, deadline)) {
        ssize_t seen = recv(fd, out + used, out_size - 1 - used, MSG_PEEK);
        if (seen < 0 && errno == EINTR)
            continue;
        if (seen <= 0)
            return false;
        const char *end = memchr(out + used, '\n', (size_t)seen);
        size_t take = end == NULL ? (size_t)seen : (size_t)(end - out) - used + 1;
        if (recv(fd, out + used, take, 0) != (ssize_t)take)
            return false;
        used += take;
        if (end != NULL) {
            out[used - 1] = '\0';
            return true;
        }
    }
    return false;
}
