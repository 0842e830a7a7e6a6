/* What the engine calls without saying for whom: clock, chance and log. These definitions
 * take the place of agent/clock.c, agent/random.c and agent/log.c in the linked test, and
 * of what the C library does to give memory back. */
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/random.h"
#include "tests/sim/sim.h"

/* The calls carry no context, so the process has one machine at a time. */
static struct sim *machine;

void sim_seams_set(struct sim *sim)
{
    machine = sim;
}

uint64_t clock_now_ms(void)
{
    return machine->now_us / 1000;
}

int64_t clock_wall_ms(void)
{
    return sim_wall_ms(machine);
}

uint32_t random_number(void)
{
    return (uint32_t)sim_number(machine);
}

void random_fill(void *out, size_t size)
{
    uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)sim_number(machine);
}

/* The engine rests a hundred times a second here. */
int malloc_trim(size_t pad)
{
    (void)pad;
    return 0;
}

bool log_shows(enum log_level level)
{
    (void)level;
    return machine->is_loud;
}

void log_line(enum log_level level, int number, const char *mirror, const char *format, ...)
{
    /* The text may hold the path of the test's folder, which is another in each process. */
    sim_trace(machine, "log level %d F-%d %s", (int)level, number,
              mirror == NULL ? "" : mirror);
    if (!machine->is_loud)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}

void log_failure(const char *mirror, const struct failure *failure)
{
    log_line(LOG_LEVEL_WARNING, failure->number, mirror, "%s: %s",
             failure_kind_text(failure->kind), failure->text);
}
