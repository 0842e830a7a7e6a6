#include "tests/sim/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/sim_file.h"

/* 2026-01-01. */
#define FIRST_WALL_MS INT64_C(1767225600000)

enum { LINE_SIZE = 512, CALL_US = 30 };

/* SplitMix64. */
static uint64_t next_number(uint64_t *state)
{
    uint64_t number = *state += UINT64_C(0x9E3779B97F4A7C15);
    number = (number ^ (number >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94D049BB133111EB);
    return number ^ (number >> 31);
}

/* Where the numbers of a seed begin. Below SIM_FIRST_FREE that is one number behind the
 * seed before, so neighbours have much in common; those are left as they are for the ones
 * that are kept. */
static uint64_t begin_of(uint64_t seed)
{
    uint64_t state = seed;
    return seed < SIM_FIRST_FREE ? seed * UINT64_C(0x9E3779B97F4A7C15) + 1
                                 : next_number(&state);
}

unsigned sim_stride(unsigned otherwise)
{
    const char *text = getenv("SIM_STRIDE");
    unsigned wanted = text == NULL ? 0 : (unsigned)strtoul(text, NULL, 10);
    if (wanted > 0)
        return wanted;
    return getenv("TEST_LONG") == NULL ? otherwise : 1;
}

void sim_begin(struct sim *sim, uint64_t seed)
{
    *sim = (struct sim){
        .seed = seed,
        .chance = begin_of(seed),
        .other_chance = seed * UINT64_C(0xD1B54A32D192ED03) + 1,
        .trace = UINT64_C(14695981039346656037),
        .is_loud = getenv("SIM_TRACE") != NULL,
        .shows_looks = getenv("SIM_LOOKS") != NULL,
        .now_us = UINT64_C(3600000000),
    };
}

uint64_t sim_number(struct sim *sim)
{
    return next_number(&sim->chance);
}

unsigned sim_below(struct sim *sim, unsigned limit)
{
    return (unsigned)(sim_number(sim) % limit);
}

bool sim_chance(struct sim *sim, unsigned per_mille)
{
    return per_mille > 0 && sim_below(sim, 1000) < per_mille;
}

void sim_trace(struct sim *sim, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (const char *at = line; *at != '\0'; at++)
        sim->trace = (sim->trace ^ (uint8_t)*at) * UINT64_C(1099511628211);
    sim->lines++;
    if (sim->is_loud)
        (void)fprintf(stderr, "%10" PRIu64 ".%03u %s\n", sim->now_us / 1000,
                      (unsigned)(sim->now_us % 1000), line);
}

int64_t sim_wall_ms(const struct sim *sim)
{
    return FIRST_WALL_MS + (int64_t)(sim->now_us / 1000);
}

static int some_error(struct sim *sim, bool changes)
{
    static const int on_change[] = {ENOSPC, EDQUOT, EIO, EROFS, ENOMEM, EACCES};
    static const int on_look[] = {EIO, EMFILE, ENOMEM, EACCES, ESTALE};
    return changes ? on_change[sim_below(sim, sizeof on_change / sizeof *on_change)]
                   : on_look[sim_below(sim, sizeof on_look / sizeof *on_look)];
}

bool sim_refuses(struct sim *sim, const char *call, const char *name, bool changes)
{
    if (sim->is_looking)
        return false;
    if (sim->has_stopped) {
        errno = EIO;
        return true;
    }
    sim->now_us += CALL_US;
    if (sim->between != NULL && !sim->is_between) {
        sim->is_between = true;
        sim->between(sim->between_user);
        sim->is_between = false;
    }
    if (changes) {
        sim->effects++;
        sim->has_stopped = sim->effects == sim->stop_at;
        if (sim->has_stopped) {
            sim->stopped_at = sim->effects;
            sim_trace(sim, "STOP before effect %u: %s %s", sim->effects, call, name);
            errno = EIO;
            return true;
        }
        sim_trace(sim, "effect %u: %s %s", sim->effects, call, name);
    } else if (sim->is_loud && sim->shows_looks) {
        (void)fprintf(stderr, "                looks: %s %s\n", call, name);
    }
    if (!sim_chance(sim, sim->fail_per_mille))
        return false;
    errno = some_error(sim, changes);
    sim_trace(sim, "fails: %s %s, error %d", call, name, errno);
    return true;
}

static bool is_chosen(struct sim *sim, struct sim_faults *faults)
{
    if (++faults->calls == faults->fails_at)
        return true;
    if (faults->left == 0 || faults->per_mille == 0 ||
        next_number(&sim->other_chance) % 1000 >= faults->per_mille)
        return false;
    faults->left--;
    return true;
}

bool sim_fails_too(struct sim *sim, struct sim_faults *faults, const char *call)
{
    if (sim->is_looking || !is_chosen(sim, faults))
        return false;
    sim_trace(sim, "fails: %s", call);
    return true;
}

void sim_fail(const struct sim *sim, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (sim->subject != NULL)
        (void)fprintf(stderr, "%s, last stopped before effect %u: ", sim->subject,
                      sim->stopped_at);
    else
        (void)fprintf(stderr, "seed %" PRIu64 ": ", sim->seed);
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr,
                  "\n  after %u effects; SIM_TRACE=1 SIM_SEED=%" PRIu64
                  " with the same test shows how\n",
                  sim->effects, sim->seed);
    va_end(arguments);
    sim_file_save_all();
    abort();
}
