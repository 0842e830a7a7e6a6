#include "agent/throttle.h"

#include <stdlib.h>
#include <time.h>

#include "agent/clock.h"

enum { THROTTLE_DAY = 24 * 60 /* minutes */ };

struct throttle {
    uv_timer_t timer;
    const struct config *config;
    struct http *http;
};

/* Minutes from `minute` until a rule begins or ends; 0: one limit holds all day. */
static unsigned minutes_to_change(const struct config *config, unsigned minute)
{
    unsigned nearest = 0;
    for (size_t i = 0; i < config->rate_count; i++) {
        const unsigned edges[] = {config->rates[i].from_minute, config->rates[i].to_minute};
        if (edges[0] == edges[1])
            continue;
        for (size_t edge = 0; edge < 2; edge++) {
            unsigned distance = (edges[edge] + THROTTLE_DAY - minute) % THROTTLE_DAY;
            distance = distance == 0 ? THROTTLE_DAY : distance;
            if (nearest == 0 || distance < nearest)
                nearest = distance;
        }
    }
    return nearest;
}

static void on_edge(uv_timer_t *timer)
{
    struct throttle *throttle = timer->data;
    throttle_apply(throttle, throttle->config, throttle->http);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct throttle *throttle_new(uv_loop_t *loop)
{
    struct throttle *throttle = calloc(1, sizeof *throttle);
    if (throttle == NULL)
        return NULL;
    if (uv_timer_init(loop, &throttle->timer) != 0) {
        free(throttle);
        return NULL;
    }
    throttle->timer.data = throttle;
    return throttle;
}

void throttle_close(struct throttle *throttle)
{
    if (throttle != NULL)
        uv_close((uv_handle_t *)&throttle->timer, on_closed);
}

void throttle_apply(struct throttle *throttle, const struct config *config,
                    struct http *http)
{
    if (throttle == NULL)
        return;
    throttle->config = config;
    throttle->http = http;
    (void)uv_timer_stop(&throttle->timer);
    if (http == NULL)
        return;
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm local = {0};
    (void)localtime_r(&now, &local);
    unsigned minute = (unsigned)(local.tm_hour * 60 + local.tm_min);
    http_set_rate(http, config_rate_at(config, minute));
    unsigned wait = minutes_to_change(config, minute);
    if (wait > 0)
        (void)uv_timer_start(&throttle->timer, on_edge,
                             ((uint64_t)wait * 60 - (uint64_t)local.tm_sec) * 1000, 0);
}
