/* Lets one allocation of the program fail, to see that memory running out is an answer
 * and not a crash: with n = 0, 1, 2 … until the tested calls need no more than n.
 *
 * Sequence: fail_alloc_at(n), the tested calls, then fail_alloc_stop(), which answers
 * whether an allocation was made to fail. Include it in one file of a test only: it
 * defines malloc and its kin, over those of the C library or of the sanitizer.
 */
#ifndef TESTS_SUPPORT_FAIL_ALLOC_H
#define TESTS_SUPPORT_FAIL_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Under the address sanitizer the first three exist, else only the others do. */
void *sanitizer_malloc(size_t size) __asm__("__interceptor_malloc") __attribute__((weak));
void *sanitizer_calloc(size_t count, size_t size) __asm__("__interceptor_calloc")
    __attribute__((weak));
void *sanitizer_realloc(void *memory, size_t size) __asm__("__interceptor_realloc")
    __attribute__((weak));
void *library_malloc(size_t size) __asm__("__libc_malloc");
void *library_calloc(size_t count, size_t size) __asm__("__libc_calloc");
void *library_realloc(void *memory, size_t size) __asm__("__libc_realloc");

static size_t fail_alloc_left = SIZE_MAX;
static bool fail_alloc_has_failed;

static inline void fail_alloc_at(size_t index)
{
    fail_alloc_has_failed = false;
    fail_alloc_left = index;
}

static inline bool fail_alloc_stop(void)
{
    fail_alloc_left = SIZE_MAX;
    return fail_alloc_has_failed;
}

static inline bool fail_alloc_now(void)
{
    if (fail_alloc_left == SIZE_MAX)
        return false;
    if (fail_alloc_left > 0) {
        fail_alloc_left--;
        return false;
    }
    fail_alloc_left = SIZE_MAX;
    fail_alloc_has_failed = true;
    return true;
}

void *malloc(size_t size)
{
    if (fail_alloc_now())
        return NULL;
    return sanitizer_malloc != NULL ? sanitizer_malloc(size) : library_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    if (fail_alloc_now())
        return NULL;
    return sanitizer_calloc != NULL ? sanitizer_calloc(count, size)
                                    : library_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    if (fail_alloc_now())
        return NULL;
    return sanitizer_realloc != NULL ? sanitizer_realloc(memory, size)
                                     : library_realloc(memory, size);
}

#endif
