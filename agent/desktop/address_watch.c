#include "agent/desktop/address_watch.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct address_watch {
    uv_poll_t poll;
    int fd;
    uint64_t idle; /* interfaces that do not carry; see address_watch_parse() */
    address_watch_fn *fn;
    void *user;
};

static void read_address(const struct nlmsghdr *header, const unsigned char *body,
                         struct address_news *news)
{
    struct ifaddrmsg address;
    if (header->nlmsg_len < NLMSG_LENGTH(sizeof address))
        return;
    memcpy(&address, body, sizeof address);
    bool counts = address.ifa_scope != RT_SCOPE_LINK && address.ifa_scope != RT_SCOPE_HOST;
    news->appeared |= counts && header->nlmsg_type == RTM_NEWADDR;
    news->vanished |= counts && header->nlmsg_type == RTM_DELADDR;
}

static void read_interface(const struct nlmsghdr *header, const unsigned char *body,
                           struct address_news *news, uint64_t *idle)
{
    struct ifinfomsg interface;
    if (header->nlmsg_len < NLMSG_LENGTH(sizeof interface))
        return;
    memcpy(&interface, body, sizeof interface);
    uint64_t bit = UINT64_C(1) << ((unsigned)interface.ifi_index % 64);
    bool carries = (interface.ifi_flags & IFF_LOWER_UP) != 0;
    news->appeared |= carries && (*idle & bit) != 0;
    *idle = carries ? *idle & ~bit : *idle | bit;
}

struct address_news address_watch_parse(const void *datagram, size_t size, uint64_t *idle)
{
    struct address_news news = {.appeared = false};
    const unsigned char *bytes = datagram;
    struct nlmsghdr header;
    while (size >= sizeof header) {
        memcpy(&header, bytes, sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > size)
            break;
        if (header.nlmsg_type == RTM_NEWADDR || header.nlmsg_type == RTM_DELADDR)
            read_address(&header, bytes + NLMSG_HDRLEN, &news);
        else if (header.nlmsg_type == RTM_NEWLINK)
            read_interface(&header, bytes + NLMSG_HDRLEN, &news, idle);
        size_t step = NLMSG_ALIGN(header.nlmsg_len);
        if (step > size)
            break;
        bytes += step;
        size -= step;
    }
    return news;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct address_watch *watch = poll->data;
    struct address_news all = {.appeared = false};
    for (;;) {
        unsigned char datagram[8192];
        ssize_t size = recv(watch->fd, datagram, sizeof datagram, MSG_DONTWAIT);
        if (size < 0 && errno == EINTR)
            continue;
        /* An overrun means that messages were lost: then anything may have changed. */
        if (size < 0 && errno == ENOBUFS) {
            all.appeared = true;
            continue;
        }
        if (size <= 0)
            break;
        struct address_news news =
            address_watch_parse(datagram, (size_t)size, &watch->idle);
        all.appeared |= news.appeared;
        all.vanished |= news.vanished;
    }
    if (all.appeared || all.vanished)
        watch->fn(watch->user, all.appeared);
}

static void on_closed(uv_handle_t *handle)
{
    struct address_watch *watch = handle->data;
    (void)close(watch->fd);
    free(watch);
}

static int open_socket(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    struct sockaddr_nl wanted = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK,
    };
    struct sockaddr_storage name = {0};
    memcpy(&name, &wanted, sizeof wanted);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof wanted) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

struct address_watch *address_watch_new(uv_loop_t *loop, address_watch_fn *fn, void *user)
{
    struct address_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->fn = fn;
    watch->user = user;
    watch->fd = open_socket();
    if (watch->fd < 0 || uv_poll_init(loop, &watch->poll, watch->fd) != 0) {
        if (watch->fd >= 0)
            (void)close(watch->fd);
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    if (uv_poll_start(&watch->poll, UV_READABLE, on_readable) != 0) {
        address_watch_close(watch);
        return NULL;
    }
    return watch;
}

void address_watch_close(struct address_watch *watch)
{
    if (watch != NULL)
        uv_close((uv_handle_t *)&watch->poll, on_closed);
}
