/* A whole simulated machine: drive and service, folder and database, a person, and the
 * engine, which lives, is killed, loses its power and lives again.
 *
 *     sim_world_begin(&world, seed);
 *     ... sim_drive_make(&world.drive, …) …
 *     sim_world_start(&world);
 *     sim_world_settle(&world);   until all is quiet, and as it must be
 *     sim_world_end(&world);
 */
#ifndef TESTS_SIM_SIM_WORLD_H
#define TESTS_SIM_SIM_WORLD_H

#include "agent/sync/filter.h"
#include "agent/sync/mirror.h"
#include "tests/sim/sim_database.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_service.h"
#include "tests/sim/sim_user.h"

struct sim_world {
    struct sim sim;
    struct sim_loop loop;
    struct sim_disk disk;
    struct sim_drive drive;
    struct service service;
    struct sim_user user;
    struct config config;
    struct config_mirror mirror_config;
    char folder[128]; /* the mirror: in the disk in memory */
    char state[128];  /* the database: on the real disk */
    struct store *store;
    struct mirror *mirror;
    bool is_mirror_closed;
    bool is_answered; /* the last sim_world_sync() */
    struct failure answer;
    uint64_t held;            /* items that could not be done */
    uint64_t checked_changes; /* of the disk, when it was looked at last */
    unsigned lives;
    bool is_enumerating;   /* the engine said so after the last thing that happened */
    bool owes_look;        /* a listing has ended, and is still to be checked */
    uint64_t owed_from;    /* where the drive was when that listing began */
    struct filter *filter; /* what is mirrored; NULL all */
    char *patterns[3];     /* of it: folders, exclude, include */
    bool has_filters;      /* there was one: copies that it left out stay (F-162) */
    bool has_disk_faults;  /* in some part of the run */
    bool has_lying_disk;   /* it dropped flushes: anything written since may be wrong */
    uint64_t cut_inode;    /* the next one when the power was cut last */
    unsigned rebuilds;     /* of a state that was set aside as damaged */
    bool has_disturbances; /* faults, kills or a person: things may be fetched again */
};

/* Once in a process, and at its end. */
void sim_world_prepare(void);
void sim_world_leave(void);

void sim_world_begin(struct sim_world *world, uint64_t seed);
void sim_world_end(struct sim_world *world);

/* What is mirrored from the next start on, by one line of the config each; NULL none. The
 * texts are borrowed. */
void sim_world_filter(struct sim_world *world, char *folder, char *exclude, char *include);

/* The engine starts. False: it could not, which only faults may cause. */
bool sim_world_start(struct sim_world *world);
/* It ends: in good order, or, where the world has stopped, with all it does in vain. */
void sim_world_stop(struct sim_world *world);
/* The same with a power cut. */
void sim_world_cut(struct sim_world *world, sim_choose_fn *choose, void *user);

/* Lets so many things happen, with the checks that hold at all times after each. False: the
 * world has stopped, or nothing more is going to happen. */
bool sim_world_steps(struct sim_world *world, unsigned count);
/* What happens within so long. */
bool sim_world_run(struct sim_world *world, uint64_t ms);

/* What stands there; NULL nothing. The path is relative to the mirror. */
struct sim_node *sim_world_find(const struct sim_world *world, const char *path);

/* Asks for a round; world->is_answered says when it has been made. */
void sim_world_sync(struct sim_world *world, bool full);

/* Faults and people rest; the engine finishes what there is; then everything is checked
 * (sim_check.h). False: the world has stopped on the way. */
bool sim_world_settle(struct sim_world *world);

#endif
