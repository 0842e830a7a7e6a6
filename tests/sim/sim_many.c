#include "tests/sim/sim_many.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/sim_world.h"

enum {
    MAX_WORKERS = 256,
    MAX_FAILED = 100,
    LONGEST_S = 300, /* of one run, with sanitizers on a busy machine */
    SAID_EVERY = 10000,
};

struct worker {
    pid_t process;
    uint64_t seed; /* in work */
    struct sim_many sum;
};

/* Shared by all processes. Each worker writes its own part only. */
struct work {
    _Atomic uint64_t next;
    uint64_t first;
    uint64_t end;
    struct worker workers[MAX_WORKERS];
};

static unsigned worker_count(void)
{
    const char *text = getenv("SIM_JOBS");
    long wanted = text != NULL ? strtol(text, NULL, 10) : sysconf(_SC_NPROCESSORS_ONLN);
    return wanted < 1 ? 1 : wanted > MAX_WORKERS ? MAX_WORKERS : (unsigned)wanted;
}

static void add(struct sim_many *sum, const struct sim_run *run)
{
    if (sum->runs == 0 || run->events < sum->fewest_events)
        sum->fewest_events = run->events;
    sum->runs++;
    sum->events += run->events;
    sum->lives += run->lives;
    sum->acts += run->acts;
    sum->changes += run->changes;
}

static void work(struct work *all, struct worker *own)
{
    sim_world_prepare();
    while ((own->seed = atomic_fetch_add(&all->next, 1)) < all->end) {
        (void)alarm(LONGEST_S);
        struct sim_run run = sim_run(own->seed);
        add(&own->sum, &run);
        if ((own->seed - all->first + 1) % SAID_EVERY == 0)
            (void)fprintf(stderr, "%" PRIu64 " seeds begun\n", own->seed - all->first + 1);
    }
    sim_world_leave();
    exit(EXIT_SUCCESS); /* with its leaks looked for, under sanitizers */
}

static void start(struct work *all, struct worker *worker)
{
    (void)fflush(NULL);
    pid_t process = fork();
    if (process == 0)
        work(all, worker);
    if (process < 0)
        abort();
    worker->process = process;
}

/* A worker has ended: with a failure another one goes on in its place. True: so it does. */
static bool go_on(struct work *all, struct worker *worker, int result, uint64_t *failed)
{
    worker->process = 0;
    if (WIFEXITED(result) && WEXITSTATUS(result) == EXIT_SUCCESS)
        return false;
    (void)fprintf(stderr, "seed %" PRIu64 " has failed%s\n", worker->seed,
                  WIFSIGNALED(result) && WTERMSIG(result) == SIGALRM ? ": it does not end"
                                                                     : "");
    if (++*failed >= MAX_FAILED)
        atomic_store(&all->next, all->end);
    start(all, worker);
    return true;
}

static void wait_for(struct work *all, unsigned count, uint64_t *failed)
{
    while (count > 0) {
        int result = 0;
        pid_t process = wait(&result);
        if (process < 0)
            abort();
        for (unsigned i = 0; i < MAX_WORKERS; i++) {
            if (all->workers[i].process == process &&
                !go_on(all, &all->workers[i], result, failed))
                count--;
        }
    }
}

static void join(struct sim_many *all, const struct sim_many *part)
{
    if (part->runs > 0 && (all->runs == 0 || part->fewest_events < all->fewest_events))
        all->fewest_events = part->fewest_events;
    all->runs += part->runs;
    all->events += part->events;
    all->lives += part->lives;
    all->acts += part->acts;
    all->changes += part->changes;
}

struct sim_many sim_many(uint64_t first, uint64_t count)
{
    struct work *all =
        mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        abort();
    all->first = first;
    all->end = first + count;
    atomic_init(&all->next, first);
    unsigned workers = worker_count();
    struct sim_many sum = {.runs = 0};
    for (unsigned i = 0; i < workers; i++)
        start(all, &all->workers[i]);
    wait_for(all, workers, &sum.failed);
    for (unsigned i = 0; i < workers; i++)
        join(&sum, &all->workers[i].sum);
    (void)munmap(all, sizeof *all);
    return sum;
}
