#include "agent/priority.h"

#include <dirent.h>
#include <linux/ioprio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void lower(id_t thread, int nice)
{
    (void)setpriority(PRIO_PROCESS, thread, nice);
    (void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, thread,
                  IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, PRIORITY_IO_LEVEL));
}

static void on_work(uv_work_t *work)
{
    (void)work;
}

/* The first work has made all threads of the pool; on Linux each has priorities of its own.
 * Threads that come later are made by the loop's thread and are not bulk work. */
static void on_done(uv_work_t *work, int status)
{
    (void)status;
    free(work);
    DIR *threads = opendir("/proc/self/task");
    if (threads == NULL)
        return;
    int nice = getpriority(PRIO_PROCESS, 0) + PRIORITY_NICE;
    const struct dirent *entry = NULL;
    while ((entry = readdir(threads)) != NULL) {
        unsigned long thread = strtoul(entry->d_name, NULL, 10);
        if (thread != 0 && thread != (unsigned long)getpid())
            lower((id_t)thread, nice);
    }
    (void)closedir(threads);
}

void priority_lower_pool(uv_loop_t *loop)
{
    uv_work_t *work = malloc(sizeof *work);
    if (work != NULL && uv_queue_work(loop, work, on_work, on_done) != 0)
        free(work);
}
