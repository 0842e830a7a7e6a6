#include "agent/net/dial.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { KEEP_IDLE_S = 60, KEEP_INTERVAL_S = 15, KEEP_COUNT = 4, USER_TIMEOUT_MS = 30000 };

/* One address being tried. The socket is the first member, so that the winner can be
 * given away and freed by its own address. */
struct dial_attempt {
    uv_tcp_t tcp;
    uv_connect_t connect;
    struct dial *dial; /* NULL: nobody waits for it any more */
    struct dial_attempt *next;
};

struct dial {
    uv_getaddrinfo_t resolve;
    uv_timer_t head_start; /* then the next address is tried beside the last */
    struct sockaddr_storage addresses[DIAL_MAX_ADDRESSES];
    size_t count;
    size_t tried;
    struct dial_attempt *attempts; /* under way */
    char host[256];
    dial_done_fn *done; /* NULL once called or cancelled */
    void *user;
    bool is_resolving;
    bool is_timer_open;
    int last_error;
};

static void free_if_over(struct dial *dial)
{
    if (!dial->is_resolving && !dial->is_timer_open)
        free(dial);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct dial *dial = handle->data;
    dial->is_timer_open = false;
    free_if_over(dial);
}

static void on_released(uv_handle_t *handle)
{
    free(handle); /* the whole attempt: the socket is its first member */
}

void dial_release(uv_tcp_t *tcp)
{
    uv_close((uv_handle_t *)tcp, on_released);
}

static void take_out(struct dial *dial, const struct dial_attempt *attempt)
{
    struct dial_attempt **place = &dial->attempts;
    while (*place != attempt)
        place = &(*place)->next;
    *place = attempt->next;
}

/* Lets go of everything but the winner, which is out of the list already. */
static void end(struct dial *dial)
{
    while (dial->attempts != NULL) {
        struct dial_attempt *attempt = dial->attempts;
        dial->attempts = attempt->next;
        attempt->dial = NULL;
        dial_release(&attempt->tcp);
    }
    dial->done = NULL;
    uv_close((uv_handle_t *)&dial->head_start, on_timer_closed);
}

static void give_up(struct dial *dial)
{
    struct failure failure;
    dial_done_fn *done = dial->done;
    (void)failure_set(&failure, FAILURE_TRANSIENT, 125, "cannot reach %s: %s", dial->host,
                      uv_strerror(dial->last_error));
    end(dial);
    done(dial->user, NULL, &failure);
}

/* F-129: a peer that is gone without a word is noticed by the kernel too. */
static void set_manners(uv_tcp_t *tcp)
{
    uv_os_fd_t fd;
    int interval_s = KEEP_INTERVAL_S;
    int count = KEEP_COUNT;
    int timeout_ms = USER_TIMEOUT_MS;
    (void)uv_tcp_nodelay(tcp, 1);
    (void)uv_tcp_keepalive(tcp, 1, KEEP_IDLE_S);
    if (uv_fileno((uv_handle_t *)tcp, &fd) != 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

static void try_next(struct dial *dial);

static void on_connected(uv_connect_t *connect, int status)
{
    struct dial_attempt *attempt = connect->data;
    struct dial *dial = attempt->dial;
    if (dial == NULL)
        return; /* being closed */
    take_out(dial, attempt);
    if (status != 0) {
        dial->last_error = status;
        dial_release(&attempt->tcp);
        try_next(dial);
        return;
    }
    dial_done_fn *done = dial->done;
    void *user = dial->user;
    set_manners(&attempt->tcp);
    end(dial);
    done(user, &attempt->tcp, NULL);
}

static void on_head_start_over(uv_timer_t *timer)
{
    try_next(timer->data);
}

static bool start_attempt(struct dial *dial, const struct sockaddr_storage *address)
{
    struct dial_attempt *attempt = calloc(1, sizeof *attempt);
    dial->last_error = UV_ENOMEM;
    if (attempt == NULL)
        return false;
    dial->last_error = uv_tcp_init(dial->head_start.loop, &attempt->tcp);
    if (dial->last_error != 0) {
        free(attempt);
        return false;
    }
    attempt->connect.data = attempt;
    dial->last_error = uv_tcp_connect(&attempt->connect, &attempt->tcp,
                                      (const struct sockaddr *)address, on_connected);
    if (dial->last_error != 0) {
        dial_release(&attempt->tcp);
        return false;
    }
    attempt->dial = dial;
    attempt->next = dial->attempts;
    dial->attempts = attempt;
    return true;
}

/* Goes to the next address that can be tried at all; gives up after the last. */
static void try_next(struct dial *dial)
{
    while (dial->tried < dial->count)
        if (start_attempt(dial, &dial->addresses[dial->tried++])) {
            (void)uv_timer_start(&dial->head_start, on_head_start_over, DIAL_HEAD_START_MS,
                                 0);
            return;
        }
    if (dial->attempts == NULL)
        give_up(dial);
}

/* The resolver's order is kept within a family; the families take turns, since one of
 * them may be dead as a whole. */
static void sort_addresses(struct dial *dial, const struct addrinfo *list)
{
    const struct addrinfo *first = list;
    const struct addrinfo *other = list;
    int family = list == NULL ? AF_UNSPEC : list->ai_family;
    while (dial->count < DIAL_MAX_ADDRESSES && (first != NULL || other != NULL)) {
        while (first != NULL && first->ai_family != family)
            first = first->ai_next;
        while (other != NULL && other->ai_family == family)
            other = other->ai_next;
        if (first != NULL) {
            memcpy(&dial->addresses[dial->count++], first->ai_addr, first->ai_addrlen);
            first = first->ai_next;
        }
        if (other != NULL && dial->count < DIAL_MAX_ADDRESSES) {
            memcpy(&dial->addresses[dial->count++], other->ai_addr, other->ai_addrlen);
            other = other->ai_next;
        }
    }
}

static void on_resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *list)
{
    struct dial *dial = resolve->data;
    dial->is_resolving = false;
    dial->last_error = status == 0 ? UV_EAI_NONAME : status;
    if (dial->done == NULL) {
        free_if_over(dial);
    } else {
        if (status == 0)
            sort_addresses(dial, list);
        try_next(dial);
    }
    uv_freeaddrinfo(list);
}

struct dial *dial_start(uv_loop_t *loop, const char *host, uint16_t port,
                        dial_done_fn *done, void *user, struct failure *failure)
{
    char service[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct dial *dial = calloc(1, sizeof *dial);
    if (dial == NULL) {
        (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
        return NULL;
    }
    (void)snprintf(dial->host, sizeof dial->host, "%s", host);
    (void)snprintf(service, sizeof service, "%u", (unsigned)port);
    (void)uv_timer_init(loop, &dial->head_start); /* cannot fail */
    dial->is_timer_open = true;
    dial->head_start.data = dial;
    dial->resolve.data = dial;
    dial->done = done;
    dial->user = user;
    int status =
        uv_getaddrinfo(loop, &dial->resolve, on_resolved, dial->host, service, &hints);
    dial->is_resolving = status == 0;
    if (dial->is_resolving)
        return dial;
    (void)failure_set(failure, FAILURE_TRANSIENT, 125, "cannot look up %s: %s", host,
                      uv_strerror(status));
    end(dial);
    return NULL;
}

void dial_cancel(struct dial *dial)
{
    if (dial->is_resolving)
        (void)uv_cancel((uv_req_t *)&dial->resolve); /* or it ends by itself */
    end(dial);
}
