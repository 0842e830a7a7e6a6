/* When a request may start: what the service asked us to wait, and how many at once. Pure.
 *
 * One gate for the account's Graph (F-110: all mirrors wait together), one small table for
 * the content hosts. The slots are for both: an order to wait leaves one, which comes back
 * one by one with successes; other trouble halves them.
 */
#ifndef AGENT_NET_SERVICE_GATE_H
#define AGENT_NET_SERVICE_GATE_H

#include <stdbool.h>
#include <stdint.h>

struct service_gate {
    uint64_t opens_ms; /* nothing starts before; 0 open */
    int slots;
    int max_slots;
    int running;
    int successes; /* since the last change of `slots` */
    uint64_t shrunk_ms;
};

void service_gate_init(struct service_gate *gate, int max_slots);

bool service_gate_may_start(const struct service_gate *gate, uint64_t now_ms);
void service_gate_began(struct service_gate *gate);
void service_gate_ended(struct service_gate *gate);

/* What came of it. A wait never shortens another one; a success that was asked for before
 * the slots became fewer says nothing about the new number. */
void service_gate_succeeded(struct service_gate *gate, uint64_t asked_ms);
void service_gate_throttled(struct service_gate *gate, uint64_t now_ms, uint64_t wait_ms);
void service_gate_failed(struct service_gate *gate, uint64_t now_ms);

enum { SERVICE_HOSTS = 16 };

/* Content hosts: each with its own wait and its own count of failures in a row. */
struct service_host {
    char name[256];
    uint64_t opens_ms;
    uint64_t used_ms;
    uint64_t broke_ms; /* when a connection with it broke last, 0 never */
    uint32_t failures;
};

/* A plain value; zeroed is empty. The host used longest ago makes room. */
struct service_hosts {
    struct service_host hosts[SERVICE_HOSTS];
};

/* A transfer with the host broke; `asked_ms` is what the host asked to wait, 0 nothing.
 * Answers how long it is waited for. Transfers of one connection break together: while it
 * is waited for already, another one counts for nothing. */
uint64_t service_host_failed(struct service_host *host, uint64_t now_ms, uint64_t asked_ms,
                             uint32_t random);

struct service_host *service_hosts_find(struct service_hosts *hosts, const char *name,
                                        uint64_t now_ms);

#endif
