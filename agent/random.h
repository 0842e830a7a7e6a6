/* Random bytes of the kernel: for keys, tokens and jitter. Never fails: it waits for the
 * kernel's pool, which is ready long before a desktop is. */
#ifndef AGENT_RANDOM_H
#define AGENT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_fill(void *out, size_t size);

/* Uniform in 0 … 2^32-1: what agent/backoff.h wants. */
uint32_t random_number(void);

#endif
