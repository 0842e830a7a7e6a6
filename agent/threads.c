#include "agent/threads.h"

#include <stddef.h>
#include <uv.h>

enum { THREADS_MAX = 8 }; /* four of the pool, three of the keyring, one for names */

static void wait_at_gate(void *gate)
{
    uv_sem_wait(gate);
}

enum failure_kind threads_rehearse(struct failure *failure)
{
    uv_thread_t threads[THREADS_MAX];
    uv_sem_t gate;
    size_t count = 0;
    int error = uv_sem_init(&gate, 0);
    if (error == 0) {
        while (error == 0 && count < THREADS_MAX) {
            error = uv_thread_create(&threads[count], wait_at_gate, &gate);
            count += error == 0;
        }
        for (size_t i = 0; i < count; i++)
            uv_sem_post(&gate);
        for (size_t i = 0; i < count; i++)
            (void)uv_thread_join(&threads[i]);
        uv_sem_destroy(&gate);
    }
    if (error == 0)
        return FAILURE_NONE;
    return failure_set(
        failure, FAILURE_RESOURCE, 22,
        "cannot start a thread (%s): nothing was touched; close some "
        "programs, or raise the limits of memory and threads (ulimit -v, -u)",
        uv_strerror(error));
}
