#include "agent/net/service_gate.h"

#include <stdio.h>
#include <string.h>

#include "agent/backoff.h"

enum { HOST_BASE_MS = 1000, HOST_CAP_MS = 5 * 60 * 1000 };

void service_gate_init(struct service_gate *gate, int max_slots)
{
    int slots = max_slots < 1 ? 1 : max_slots;
    *gate = (struct service_gate){.slots = slots, .max_slots = slots};
}

bool service_gate_may_start(const struct service_gate *gate, uint64_t now_ms)
{
    return now_ms >= gate->opens_ms && gate->running < gate->slots;
}

void service_gate_began(struct service_gate *gate)
{
    gate->running++;
}

void service_gate_ended(struct service_gate *gate)
{
    gate->running--;
}

/* One more after as many successes as there are slots: a doubling takes a few rounds. */
void service_gate_succeeded(struct service_gate *gate, uint64_t asked_ms)
{
    if (gate->slots >= gate->max_slots || asked_ms < gate->shrunk_ms ||
        ++gate->successes < gate->slots)
        return;
    gate->slots++;
    gate->successes = 0;
}

void service_gate_throttled(struct service_gate *gate, uint64_t now_ms, uint64_t wait_ms)
{
    if (now_ms + wait_ms > gate->opens_ms)
        gate->opens_ms = now_ms + wait_ms;
    gate->slots = 1;
    gate->successes = 0;
    gate->shrunk_ms = now_ms;
}

void service_gate_failed(struct service_gate *gate, uint64_t now_ms)
{
    gate->slots = gate->slots > 1 ? gate->slots / 2 : 1;
    gate->successes = 0;
    gate->shrunk_ms = now_ms;
}

uint64_t service_host_failed(struct service_host *host, uint64_t now_ms, uint64_t asked_ms,
                             uint32_t random)
{
    uint64_t wait_ms = asked_ms;
    if (now_ms >= host->opens_ms) {
        uint64_t own_ms = backoff_full(host->failures++, HOST_BASE_MS, HOST_CAP_MS, random);
        wait_ms = asked_ms > own_ms ? asked_ms : own_ms;
    }
    if (now_ms + wait_ms > host->opens_ms)
        host->opens_ms = now_ms + wait_ms;
    return host->opens_ms - now_ms;
}

struct service_host *service_hosts_find(struct service_hosts *hosts, const char *name,
                                        uint64_t now_ms)
{
    struct service_host *oldest = &hosts->hosts[0];
    for (size_t i = 0; i < SERVICE_HOSTS; i++) {
        struct service_host *host = &hosts->hosts[i];
        if (strcmp(host->name, name) == 0) {
            host->used_ms = now_ms;
            return host;
        }
        if (host->used_ms < oldest->used_ms)
            oldest = host;
    }
    *oldest = (struct service_host){.used_ms = now_ms};
    (void)snprintf(oldest->name, sizeof oldest->name, "%s", name);
    return oldest;
}
