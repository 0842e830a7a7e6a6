#include "agent/sync/proof.h"

#include <stdlib.h>

enum { MAX_MISSES = 8 };

static bool is_latency(int64_t latency_ms)
{
    return latency_ms >= 0 && latency_ms <= UINT32_MAX;
}

void proof_add_latency(struct proof *proof, int64_t notified_at, int64_t delta_at,
                       int64_t done_at)
{
    int64_t delta_ms = delta_at - notified_at;
    int64_t disk_ms = done_at - notified_at;
    if (notified_at == 0 || !is_latency(delta_ms) || !is_latency(disk_ms))
        return;
    proof->samples[proof->count++ % PROOF_SAMPLES] = (struct proof_latency){
        .delta_ms = (uint32_t)delta_ms,
        .disk_ms = (uint32_t)disk_ms,
    };
}

static int compare(const void *one, const void *other)
{
    const uint32_t *a = one;
    const uint32_t *b = other;
    return (*a > *b) - (*a < *b);
}

/* The nearest rank: a value that did occur. */
static uint32_t rank(uint32_t *values, size_t count, unsigned percent)
{
    qsort(values, count, sizeof *values, compare);
    size_t place = (count * percent + 99) / 100;
    return values[place == 0 ? 0 : place - 1];
}

struct proof_latency proof_percentile(const struct proof *proof, unsigned percent)
{
    uint32_t delta_ms[PROOF_SAMPLES];
    uint32_t disk_ms[PROOF_SAMPLES];
    size_t count = proof->count < PROOF_SAMPLES ? proof->count : PROOF_SAMPLES;
    if (count == 0)
        return (struct proof_latency){0};
    for (size_t i = 0; i < count; i++) {
        delta_ms[i] = proof->samples[i].delta_ms;
        disk_ms[i] = proof->samples[i].disk_ms;
    }
    return (struct proof_latency){
        .delta_ms = rank(delta_ms, count, percent),
        .disk_ms = rank(disk_ms, count, percent),
    };
}

/* How often the interval is halved. */
static unsigned halvings(const struct proof *proof)
{
    return proof->misses > 1 ? proof->misses - 1 : 0;
}

bool proof_take_poll(struct proof *proof, bool found)
{
    unsigned before = halvings(proof);
    if (found && proof->misses < MAX_MISSES)
        proof->misses++;
    else if (!found && proof->misses > 0)
        proof->misses--;
    return halvings(proof) != before;
}

uint64_t proof_interval_ms(const struct proof *proof, uint64_t configured_ms)
{
    uint64_t least_ms =
        configured_ms < PROOF_LEAST_INTERVAL_MS ? configured_ms : PROOF_LEAST_INTERVAL_MS;
    uint64_t interval_ms = configured_ms >> halvings(proof);
    return interval_ms < least_ms ? least_ms : interval_ms;
}
