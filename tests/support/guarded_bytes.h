/* A copy of some input that ends right before an unreadable page: one byte read too far
 * is a crash in every build, not only under a sanitizer.
 *
 * Sequence: guarded_bytes_new(), use `data`, guarded_bytes_free().
 */
#ifndef TESTS_SUPPORT_GUARDED_BYTES_H
#define TESTS_SUPPORT_GUARDED_BYTES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guarded_bytes {
    uint8_t *data; /* `size` bytes, unreadable behind */
    size_t size;
    void *pages;
    size_t pages_size;
};

/* Ends the test program when there is no memory. */
static inline struct guarded_bytes guarded_bytes_new(const void *content, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t readable = (size + page - 1) / page * page;
    void *pages = mmap(NULL, readable + page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect((uint8_t *)pages + readable, page, PROT_NONE) != 0)
        abort();
    uint8_t *data = (uint8_t *)pages + readable - size;
    if (size > 0)
        memcpy(data, content, size);
    return (struct guarded_bytes){
        .data = data, .size = size, .pages = pages, .pages_size = readable + page};
}

static inline void guarded_bytes_free(struct guarded_bytes *bytes)
{
    (void)munmap(bytes->pages, bytes->pages_size);
}

#endif
