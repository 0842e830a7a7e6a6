#include "agent/desktop/clock_watch.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "agent/clock.h"

struct clock_watch {
    uv_poll_t poll;
    int fd;
    uint64_t boot_ms;
    uint64_t monotonic_ms;
    clock_watch_fn *fn;
    void *user;
};

uint64_t clock_watch_gap(uint64_t boot_before, uint64_t monotonic_before, uint64_t boot_now,
                         uint64_t monotonic_now)
{
    uint64_t boot_step = boot_now - boot_before;
    uint64_t monotonic_step = monotonic_now - monotonic_before;
    uint64_t gap = boot_step > monotonic_step ? boot_step - monotonic_step : 0;
    return gap < CLOCK_WATCH_GAP_MS ? 0 : gap;
}

/* Arms the timer a year ahead: it is not meant to expire, only to be cancelled. */
static int arm(int fd)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    struct itimerspec when = {.it_value = {.tv_sec = now.tv_sec + (time_t)366 * 86400}};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct clock_watch *watch = poll->data;
    uint64_t expirations = 0;
    /* ECANCELED is the news; anything else is the yearly expiry. Either way: arm again. */
    (void)!read(watch->fd, &expirations, sizeof expirations);
    (void)arm(watch->fd);
    uint64_t boot = clock_now_ms();
    uint64_t monotonic = clock_awake_ms();
    uint64_t slept = clock_watch_gap(watch->boot_ms, watch->monotonic_ms, boot, monotonic);
    watch->boot_ms = boot;
    watch->monotonic_ms = monotonic;
    watch->fn(watch->user, slept);
}

static void on_closed(uv_handle_t *handle)
{
    struct clock_watch *watch = handle->data;
    (void)close(watch->fd);
    free(watch);
}

struct clock_watch *clock_watch_new(uv_loop_t *loop, clock_watch_fn *fn, void *user)
{
    struct clock_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->fn = fn;
    watch->user = user;
    watch->boot_ms = clock_now_ms();
    watch->monotonic_ms = clock_awake_ms();
    watch->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (watch->fd < 0 || arm(watch->fd) != 0 ||
        uv_poll_init(loop, &watch->poll, watch->fd) != 0) {
        if (watch->fd >= 0)
            (void)close(watch->fd);
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    if (uv_poll_start(&watch->poll, UV_READABLE, on_readable) != 0) {
        clock_watch_close(watch);
        return NULL;
    }
    return watch;
}

void clock_watch_close(struct clock_watch *watch)
{
    if (watch != NULL)
        uv_close((uv_handle_t *)&watch->poll, on_closed);
}
