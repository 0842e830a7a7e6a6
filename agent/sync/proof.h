/* What push is worth to a mirror: how late changes came that it told of, and how often to
 * look all the same. Pure.
 *
 *   proof_add_latency    for each change that a notification began
 *   proof_take_poll      after each safety poll beside a live channel
 *   proof_interval       how long to wait for the next one
 *
 * A poll that finds a change has found what push missed, or what it was about to tell: one
 * alone says nothing. From the second in a row each halves the interval, down to a minute
 * at most; each that finds nothing doubles it again (F-133).
 */
#ifndef AGENT_SYNC_PROOF_H
#define AGENT_SYNC_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROOF_SAMPLES = 256,                /* the latest are kept */
    PROOF_LEAST_INTERVAL_MS = 60 * 1000 /* or what is configured, if that is less */
};

struct proof_latency {
    uint32_t delta_ms; /* from the event to the answer that names the change */
    uint32_t disk_ms;  /* from the event to its being durable in the folder */
};

/* A plain value; zeroed is new. */
struct proof {
    struct proof_latency samples[PROOF_SAMPLES];
    size_t count; /* ever */
    unsigned misses;
};

/* Times are wall-clock milliseconds; what runs backwards is not counted. */
void proof_add_latency(struct proof *proof, int64_t notified_at, int64_t delta_at,
                       int64_t done_at);

/* Each part by itself: the time within which `percent` of the latest changes came. Zero
 * where there are none. */
struct proof_latency proof_percentile(const struct proof *proof, unsigned percent);

/* True when the interval is another now. */
bool proof_take_poll(struct proof *proof, bool found);

/* What is left of the configured interval. */
uint64_t proof_interval_ms(const struct proof *proof, uint64_t configured_ms);

#endif
