/* Delays between tries. Pure: the random number comes in. */
#ifndef AGENT_BACKOFF_H
#define AGENT_BACKOFF_H

#include <stdint.h>

/* Full jitter for HTTP: random(0, min(cap, base * 2^attempt)), attempt from 0 (F-111).
 * `random` is uniform in 0 … 2^32-1. At least 1 ms. */
uint64_t backoff_full(uint32_t attempt, uint64_t base_ms, uint64_t cap_ms, uint32_t random);

/* For the channel: random(0.5, 1) * min(cap, 1 s * 2^attempt), cap 60 s for the first ten
 * failures, 5 min after (Notifications, Reconnect). */
uint64_t backoff_channel(uint32_t attempt, uint32_t random);

/* `value_ms` plus or minus up to `percent` of it. */
uint64_t backoff_jitter(uint64_t value_ms, unsigned percent, uint32_t random);

#endif
