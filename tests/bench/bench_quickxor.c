/* Speed of QuickXorHash against a floor: copying the same bytes in memory. Prints one line
 * of JSON. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/place/quickxor.h"

enum { BLOCK_SIZE = 256 * 1024, ROUNDS = 16 * 1024, REPEATS = 3 };

static double now_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The best of some runs, in 10^9 bytes a second: others use this machine too. */
static double best_rate(void (*run)(uint8_t *block, uint8_t *copy), uint8_t *block,
                        uint8_t *copy)
{
    double best = 0;
    for (int i = 0; i < REPEATS; i++) {
        double begin = now_seconds();
        run(block, copy);
        double rate = (double)BLOCK_SIZE * ROUNDS / (now_seconds() - begin) / 1e9;
        best = rate > best ? rate : best;
    }
    return best;
}

static void run_hash(uint8_t *block, uint8_t *copy)
{
    struct quickxor hash;
    quickxor_init(&hash);
    for (int i = 0; i < ROUNDS; i++)
        quickxor_update(&hash, block, BLOCK_SIZE);
    quickxor_final(&hash, copy);
}

static void run_copy(uint8_t *block, uint8_t *copy)
{
    for (int i = 0; i < ROUNDS; i++) {
        memcpy(copy, block, BLOCK_SIZE);
        /* The compiler may not see that only the last copy counts. */
        __asm__ volatile("" : : "r"(copy) : "memory");
    }
}

int main(void)
{
    uint8_t *block = malloc(BLOCK_SIZE + 1);
    uint8_t *copy = malloc(BLOCK_SIZE + 1);
    if (block == NULL || copy == NULL)
        return 1;
    for (size_t i = 0; i < BLOCK_SIZE + 1; i++)
        block[i] = (uint8_t)(i * 7);
    double floor = best_rate(run_copy, block, copy);
    double aligned = best_rate(run_hash, block, copy);
    double unaligned = best_rate(run_hash, block + 1, copy);
    printf("{\"bench\":\"quickxor\",\"gb_per_s\":%.2f,\"unaligned_gb_per_s\":%.2f,"
           "\"memcpy_gb_per_s\":%.2f,\"ratio\":%.3f}\n",
           aligned, unaligned, floor, aligned / floor);
    free(block);
    free(copy);
    return 0;
}
