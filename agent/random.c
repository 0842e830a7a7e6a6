#include "agent/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void random_fill(void *out, size_t size)
{
    uint8_t *bytes = out;
    while (size > 0) {
        ssize_t got = getrandom(bytes, size, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* no such system call: nothing here may go on with guessable keys */
        if (got > 0) {
            bytes += got;
            size -= (size_t)got;
        }
    }
}

uint32_t random_number(void)
{
    uint32_t number = 0;
    random_fill(&number, sizeof number);
    return number;
}
