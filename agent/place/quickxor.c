#include "agent/place/quickxor.h"

#include <assert.h>
#include <string.h>

enum { WORDS = QUICKXOR_PERIOD / 8, SHIFT = 11, WIDTH = QUICKXOR_SIZE * 8 };

/* Bits are moved only at the end: input bytes that are 160 apart land on the same bits
 * (11 * 160 is a multiple of 160), so until then they are just XORed together. */
static_assert(SHIFT * QUICKXOR_PERIOD % WIDTH == 0, "the pattern repeats every period");

void quickxor_init(struct quickxor *hash)
{
    *hash = (struct quickxor){0};
}

/* The input by bytes, from position `at` of the period. */
static void add_bytes(struct quickxor *hash, size_t at, const uint8_t *data, size_t size)
{
    uint8_t *bytes = (uint8_t *)hash->words;
    for (size_t i = 0; i < size; i++)
        bytes[at + i] ^= data[i];
}

/* Whole periods. The sums are local, so that the compiler may hold them in registers:
 * `words` could overlap the input for all it knows. */
static void add_periods(struct quickxor *hash, const uint8_t *data, size_t count)
{
    uint64_t sums[WORDS];
    memcpy(sums, hash->words, sizeof sums);
    for (size_t period = 0; period < count; period++) {
        uint64_t input[WORDS];
        memcpy(input, data + period * QUICKXOR_PERIOD, sizeof input);
        for (size_t i = 0; i < WORDS; i++)
            sums[i] ^= input[i];
    }
    memcpy(hash->words, sums, sizeof sums);
}

void quickxor_update(struct quickxor *hash, const void *data, size_t size)
{
    const uint8_t *input = data;
    size_t at = (size_t)(hash->length % QUICKXOR_PERIOD);
    hash->length += size;
    if (at > 0) {
        size_t head = QUICKXOR_PERIOD - at < size ? QUICKXOR_PERIOD - at : size;
        add_bytes(hash, at, input, head);
        input += head;
        size -= head;
    }
    size_t periods = size / QUICKXOR_PERIOD;
    add_periods(hash, input, periods);
    if (size > periods * QUICKXOR_PERIOD)
        add_bytes(hash, 0, input + periods * QUICKXOR_PERIOD,
                  size - periods * QUICKXOR_PERIOD);
}

void quickxor_final(const struct quickxor *hash, uint8_t out[QUICKXOR_SIZE])
{
    const uint8_t *bytes = (const uint8_t *)hash->words;
    memset(out, 0, QUICKXOR_SIZE);
    for (size_t i = 0; i < QUICKXOR_PERIOD; i++) {
        size_t bit = i * SHIFT % WIDTH;
        unsigned spread = (unsigned)bytes[i] << (bit % 8);
        out[bit / 8] ^= (uint8_t)(spread & 0xFF);
        out[(bit / 8 + 1) % QUICKXOR_SIZE] ^= (uint8_t)(spread >> 8);
    }
    for (size_t i = 0; i < 8; i++)
        out[QUICKXOR_SIZE - 8 + i] ^= (uint8_t)(hash->length >> (8 * i));
}
