#include "agent/supervisor.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

struct supervisor {
    uv_timer_t watchdog;
    char status[160];
};

#ifdef HAVE_SYSTEMD
static void notify(const char *text)
{
    /* Nobody there, or the message lost: nothing depends on it. */
    (void)sd_notify(0, text);
}

static uint64_t watchdog_period_ms(void)
{
    uint64_t period_us = 0;
    return sd_watchdog_enabled(0, &period_us) > 0 ? period_us / 2000 : 0;
}
#else
static void notify(const char *text)
{
    (void)text;
}

static uint64_t watchdog_period_ms(void)
{
    return 0;
}
#endif

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    notify("WATCHDOG=1");
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct supervisor *supervisor_new(uv_loop_t *loop)
{
    struct supervisor *supervisor = calloc(1, sizeof *supervisor);
    if (supervisor == NULL)
        return NULL;
    if (uv_timer_init(loop, &supervisor->watchdog) != 0) {
        free(supervisor);
        return NULL;
    }
    supervisor->watchdog.data = supervisor;
    uint64_t period = watchdog_period_ms();
    if (period > 0)
        (void)uv_timer_start(&supervisor->watchdog, on_watchdog, period, period);
    return supervisor;
}

void supervisor_close(struct supervisor *supervisor)
{
    if (supervisor != NULL)
        uv_close((uv_handle_t *)&supervisor->watchdog, on_closed);
}

void supervisor_ready(struct supervisor *supervisor)
{
    if (supervisor != NULL)
        notify("READY=1");
}

void supervisor_reloading(struct supervisor *supervisor)
{
    if (supervisor == NULL)
        return;
    /* Type=notify-reload wants to know when the reload began. */
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    char text[80];
    (void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
                   (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    notify(text);
}

void supervisor_stopping(struct supervisor *supervisor)
{
    if (supervisor != NULL)
        notify("STOPPING=1");
}

void supervisor_status(struct supervisor *supervisor, const char *text)
{
    if (supervisor == NULL || strcmp(supervisor->status, text) == 0)
        return;
    (void)snprintf(supervisor->status, sizeof supervisor->status, "%s", text);
    char line[200];
    (void)snprintf(line, sizeof line, "STATUS=%s", supervisor->status);
    notify(line);
}
