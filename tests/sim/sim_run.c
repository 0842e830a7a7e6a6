#include "tests/sim/sim_run.h"

#include <limits.h>

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_world.h"

enum { MOVES = 80, MAX_STEPS = 40, KILL_WITHIN = 60 };

/* A drive without a change feed, some of them for a while; and some of the machines short
 * of memory. */
static void choose_walk(struct sim_world *world, uint64_t number)
{
    static const int refusals[] = {400, 404, 405, 501};
    world->drive.without_feed = refusals[number % 4];
    world->drive.feed_from = number % 5 == 4 ? 40 : 0;
    world->service.lists = (struct sim_faults){.per_mille = 80, .left = UINT_MAX};
    world->sim.is_starved = number % 3 == 0;
    if (world->sim.is_starved)
        world->sim.reads = (struct sim_faults){.per_mille = 3, .left = UINT_MAX};
}

/* The machine of a seed: how its service, its disk and its person are. */
static void choose_machine(struct sim_world *world)
{
    struct sim *sim = &world->sim;
    static const size_t page_sizes[] = {1, 2, 5, 1000};
    static const unsigned weathers[] = {0, 10, 60};
    static const unsigned failures[] = {0, 0, 1, 5};
    world->drive.has_hashes = sim_below(sim, 5) > 0;
    world->drive.tells_children = sim_below(sim, 2) == 0;
    world->drive.has_names = sim_below(sim, 2) == 0;
    world->drive.page_size = page_sizes[sim_below(sim, 4)];
    world->drive.lag_us = sim_below(sim, 3) == 0 ? sim_below(sim, 20000000) : 0;
    world->service.slots = 1 + (int)sim_below(sim, 4);
    world->service.bad_per_mille = weathers[sim_below(sim, 3)];
    world->service.deaf_per_mille = weathers[sim_below(sim, 3)] * 5;
    world->sim.fail_per_mille = failures[sim_below(sim, 4)];
    world->config.trash = sim_below(sim, 2) == 0;
    if (sim_below(sim, 3) == 0)
        world->config.big_delete_threshold = sim_below(sim, 4);
    /* By the seed itself: a new kind of disk is not to change the runs of the others. */
    world->disk.lacks_exchange = sim->seed % 7 == 5;
    world->disk.reuses_inodes = sim->seed % 13 > 9;
    world->disk.has_coarse_times = sim->seed % 11 == 5;
    if (sim->seed % 5 == 1)
        sim->readers = (struct sim_faults){.per_mille = 30, .left = UINT_MAX};
    if (sim->seed % 6 == 5)
        choose_walk(world, sim->seed / 6);
    world->has_disk_faults = world->sim.fail_per_mille > 0 || sim->is_starved;
    world->has_disturbances = true;
}

/* Between two calls to the disk: mostly nothing. */
static void disturb(void *user)
{
    struct sim_world *world = user;
    if (sim_chance(&world->sim, 4))
        sim_user_act(&world->user);
}

static void change_drive(struct sim_world *world)
{
    sim_drive_change(&world->drive);
    sim_service_notify(&world->service);
}

/* A person's words, and what the desktop tells. */
static void order(struct sim_world *world)
{
    unsigned kind = sim_below(&world->sim, 8);
    if (kind < 3)
        sim_world_sync(world, kind == 0);
    else if (kind == 3)
        mirror_pause(world->mirror);
    else if (kind == 4)
        mirror_wake(world->mirror);
    else if (kind == 5)
        (void)mirror_approve(world->mirror);
    else if (kind == 6)
        world->drive.oldest = world->drive.position; /* 410 for all that is known */
    else
        (void)sim_world_run(world, sim_below(&world->sim, 4000000));
    if (world->mirror != NULL)
        mirror_resume(world->mirror);
}

/* Of what the cut may take: mostly little. */
static unsigned choose_loss(void *user, unsigned limit)
{
    struct sim *sim = user;
    return sim_below(sim, 3) == 0 ? sim_below(sim, limit) : 0;
}

static bool has_cuts(const struct sim *sim)
{
    return sim->seed >= SIM_FIRST_WIDE && sim->seed % 10 < 4;
}

static void end_life(struct sim_world *world)
{
    struct sim *sim = &world->sim;
    if (sim_below(sim, 3) > 0) {
        sim->stop_at = sim->effects + 1 + sim_below(sim, KILL_WITHIN);
        (void)sim_world_steps(world, MAX_STEPS * 5);
    }
    if (!has_cuts(sim) || sim_below(sim, 2) == 0) {
        sim_world_stop(world);
        return;
    }
    sim_user_rest(&world->user); /* his programs end as well */
    sim_disk_keep(&world->disk, world->disk.operation_count);
    sim_world_cut(world, choose_loss, sim);
}

static char *one_of(struct sim *sim, char texts[][16], unsigned count)
{
    unsigned which = sim_below(sim, count);
    return texts[which][0] == '\0' ? NULL : texts[which];
}

/* What is mirrored from now on (F-162). */
static void choose_filter(struct sim_world *world)
{
    static char folders[][16] = {"", "", "", "", "", "docs", "more/docs"};
    static char excludes[][16] = {"",      "a",     "docs",       "d.txt", "more",
                                  "/docs", "*.txt", "more/*.txt", "docs/"};
    static char includes[][16] = {"", "", "", "c.txt", "docs/more/", "e f"};
    struct sim *sim = &world->sim;
    char *folder = one_of(sim, folders, sizeof folders / sizeof *folders);
    char *exclude = one_of(sim, excludes, sizeof excludes / sizeof *excludes);
    char *include = one_of(sim, includes, sizeof includes / sizeof *includes);
    sim_world_filter(world, folder, exclude, include);
    sim_trace(sim, "mirrored: folder %s, not %s, but %s", folder == NULL ? "any" : folder,
              exclude == NULL ? "any" : exclude, include == NULL ? "none" : include);
}

static void begin_life(struct sim_world *world)
{
    const struct sim *sim = &world->sim;
    if (sim->seed >= SIM_FIRST_WIDE && sim->seed % 9 < 3)
        choose_filter(world);
    if (sim_world_start(world) && sim->seed >= SIM_FIRST_WIDE)
        sim_check_claims(world);
}

static void make_move(struct sim_world *world)
{
    unsigned kind = sim_below(&world->sim, 20);
    if (world->mirror == NULL) {
        begin_life(world);
        return;
    }
    if (kind < 8)
        (void)sim_world_steps(world, 1 + sim_below(&world->sim, MAX_STEPS));
    else if (kind < 14)
        change_drive(world);
    else if (kind < 17)
        sim_user_act(&world->user);
    else if (kind < 19)
        order(world);
    else
        end_life(world);
}

struct sim_run sim_run(uint64_t seed)
{
    static struct sim_world world; /* too large for the stack */
    sim_world_begin(&world, seed);
    choose_machine(&world);
    unsigned first = 3 + sim_below(&world.sim, 20);
    for (unsigned i = 0; i < first; i++)
        sim_drive_change(&world.drive);
    if (sim_below(&world.sim, 2) == 0) {
        world.sim.between = disturb;
        world.sim.between_user = &world;
    }
    for (unsigned i = 0; i < MOVES; i++)
        make_move(&world);
    (void)sim_world_settle(&world);
    struct sim_run result = {
        .trace = world.sim.trace,
        .events = world.sim.lines,
        .lives = world.lives,
        .acts = world.user.acts,
        .changes = world.drive.position,
    };
    sim_world_end(&world);
    return result;
}
