/* One simulated machine: the whole engine under one seed (failure-model 6.2).
 *
 * Everything that could make two runs differ comes from here: chance, the clock, and the
 * order in which things happen. The trace is a hash of all that happened; the same seed
 * gives the same one. With `is_loud` each line of it is printed.
 *
 * Effects are the calls that change the disk or the database. They are counted, and from
 * the one numbered `stop_at` on none takes place any more, as after a kill; what the
 * process still does is in vain.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Calls of one kind that fail in addition, by the second generator. */
struct sim_faults {
    unsigned per_mille;
    unsigned left;     /* so many may still come */
    unsigned calls;    /* so far */
    unsigned fails_at; /* this one does; 0 none */
};

struct sim {
    uint64_t seed;
    const char *subject; /* for messages; NULL: the seed says it */
    uint64_t chance;     /* state of the generator */
    /* Of a second one, for what was added later: the first goes on as it did. */
    uint64_t other_chance;
    uint64_t trace;
    uint64_t lines; /* of the trace */
    bool is_loud;
    bool shows_looks;
    uint64_t now_us; /* since the machine was started */

    unsigned effects;
    unsigned stop_at; /* 0 never */
    bool has_stopped;
    unsigned stopped_at;       /* the last time */
    unsigned fail_per_mille;   /* any call to disk or database, with a likely error */
    struct sim_faults readers; /* opening and reading by readers of the database */
    struct sim_faults reads;   /* of the engine's own connection, where it is starved */
    bool is_starved;           /* that one keeps no pages in memory: each look is a read */
    bool drops_flushes; /* a sync says that it is done, and nothing has become durable */
    bool counts_pages;  /* every write of the database is an effect, not only commits */

    /* Somebody else acts, between any two calls to the disk. */
    void (*between)(void *user);
    void *between_user;
    bool is_between; /* just now: what he does calls nobody */
    bool is_looking; /* the test itself: its calls cost nothing and always succeed */
};

/* From which seed on: none has anything in common with its neighbours; the power is cut as
 * well, and what is mirrored changes. */
enum { SIM_FIRST_FREE = 10000000, SIM_FIRST_WIDE = 20000000 };

/* Every how many places a test tries one: SIM_STRIDE of the environment, 1 with TEST_LONG,
 * else `otherwise`. */
unsigned sim_stride(unsigned otherwise);

/* `seed` decides everything. SIM_TRACE in the environment makes it loud, SIM_LOOKS
 * adds the calls that change nothing. */
void sim_begin(struct sim *sim, uint64_t seed);

uint64_t sim_number(struct sim *sim);
/* 0 … limit-1. */
unsigned sim_below(struct sim *sim, unsigned limit);
bool sim_chance(struct sim *sim, unsigned per_mille);

void sim_trace(struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Milliseconds since 1970, as this machine has them. */
int64_t sim_wall_ms(const struct sim *sim);

/* To be asked before each call that disk or database is about to make: true if it is not to
 * happen, with errno set. `changes`: it is an effect. */
bool sim_refuses(struct sim *sim, const char *call, const char *name, bool changes);

/* The same for a call that `faults` is about. */
bool sim_fails_too(struct sim *sim, struct sim_faults *faults, const char *call);

/* The machine whose clock and chance the process has (agent/clock.h, agent/random.h). */
void sim_seams_set(struct sim *sim);

/* Ends the process with a message and how to repeat it: an invariant is broken. */
void sim_fail(const struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#endif
