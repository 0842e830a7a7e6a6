#include "agent/signals.h"

#include <signal.h>
#include <stdlib.h>

static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

enum { SIGNALS_COUNT = sizeof numbers / sizeof *numbers };

struct signals {
    uv_signal_t handles[SIGNALS_COUNT];
    size_t open;
    signals_fn *fn;
    void *user;
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct signals *signals = handle->data;
    signals->fn(signals->user, number);
}

static void on_closed(uv_handle_t *handle)
{
    struct signals *signals = handle->data;
    if (--signals->open == 0)
        free(signals);
}

struct signals *signals_new(uv_loop_t *loop, signals_fn *fn, void *user)
{
    struct signals *signals = calloc(1, sizeof *signals);
    if (signals == NULL)
        return NULL;
    signals->fn = fn;
    signals->user = user;
    for (size_t i = 0; i < SIGNALS_COUNT; i++) {
        if (uv_signal_init(loop, &signals->handles[i]) != 0)
            break;
        signals->handles[i].data = signals;
        signals->open++;
        if (uv_signal_start(&signals->handles[i], on_signal, numbers[i]) != 0)
            break;
    }
    if (signals->open == 0) {
        free(signals);
        return NULL;
    }
    if (!uv_is_active((uv_handle_t *)&signals->handles[SIGNALS_COUNT - 1])) {
        signals_close(signals);
        return NULL;
    }
    return signals;
}

void signals_close(struct signals *signals)
{
    if (signals == NULL)
        return;
    size_t open = signals->open;
    for (size_t i = 0; i < open; i++)
        uv_close((uv_handle_t *)&signals->handles[i], on_closed);
}

void signals_ignore_broken_pipes(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
}
