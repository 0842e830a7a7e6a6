/* QuickXorHash, the content hash of OneDrive: 160 bits, not cryptographic.
 *
 * Streaming: quickxor_init(), quickxor_update() any number of times, quickxor_final().
 * Any split of the input gives the same result. Pure.
 */
#ifndef AGENT_PLACE_QUICKXOR_H
#define AGENT_PLACE_QUICKXOR_H

#include <stddef.h>
#include <stdint.h>

enum { QUICKXOR_SIZE = 20, QUICKXOR_PERIOD = 160 };

struct quickxor {
    uint64_t words[QUICKXOR_PERIOD / 8]; /* input XORed by position modulo 160 */
    uint64_t length;                     /* bytes so far */
};

void quickxor_init(struct quickxor *hash);
void quickxor_update(struct quickxor *hash, const void *data, size_t size);
void quickxor_final(const struct quickxor *hash, uint8_t out[QUICKXOR_SIZE]);

#endif
