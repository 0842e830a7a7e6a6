#include "tests/sim/sim_world.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store_mirror.h"
#include "tests/sim/sim_check.h"

enum {
    PATIENCE_MS = 36 * 3600 * 1000,
    MAX_STEPS = 400000, /* of one wait: more means that it never rests */
    MAX_TRIES = 12,
    QUIET_MS = 100000,
    LAST_READER_FAULTS = 4,
    DAY_MS = 86400 * 1000,
};

static char base[96]; /* the folder of this process */

void sim_world_prepare(void)
{
    const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(base, sizeof base, "%s/agent-sim-XXXXXX", place);
    if (mkdtemp(base) == NULL || setenv("XDG_DATA_HOME", "/home/data", 1) != 0)
        abort();
    sim_database_install();
}

static int remove_one(const char *path, const struct stat *found, int kind,
                      struct FTW *walk)
{
    (void)found;
    (void)kind;
    return walk->level > 0 || strcmp(path, base) == 0 ? remove(path) : 0;
}

static void remove_below(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void sim_world_leave(void)
{
    remove_below(base);
}

void sim_world_begin(struct sim_world *world, uint64_t seed)
{
    static char name[] = "documents";
    static char drive[] = "me";
    *world = (struct sim_world){.lives = 0};
    sim_begin(&world->sim, seed);
    sim_seams_set(&world->sim);
    sim_database_set(&world->sim);
    sim_loop_init(&world->loop, &world->sim);
    sim_disk_init(&world->disk, &world->sim);
    sim_drive_init(&world->drive, &world->sim);
    sim_service_init(&world->service, &world->loop, &world->drive);
    (void)snprintf(world->folder, sizeof world->folder, "%s/mirror", base);
    (void)snprintf(world->state, sizeof world->state, "%s/state", base);
    remove_below(world->state);
    (void)sim_disk_make_path(&world->disk, base);
    (void)sim_disk_make_path(&world->disk, "/home");
    sim_disk_sync_all(&world->disk);
    sim_user_init(&world->user, &world->disk, world->folder);
    world->mirror_config =
        (struct config_mirror){.name = name, .folder = world->folder, .drive = drive};
    world->config = (struct config){
        .state_dir = world->state,
        .transfers = 4,
        .delta_interval_ms = 900000,
        .reconcile_interval_ms = UINT64_C(7) * DAY_MS,
        .trash = true,
        .big_delete_threshold = 1000,
        .mirrors = &world->mirror_config,
        .mirror_count = 1,
    };
}

static struct config_list list_of(char **text)
{
    return (struct config_list){.texts = text, .count = *text == NULL ? 0 : 1};
}

void sim_world_filter(struct sim_world *world, char *folder, char *exclude, char *include)
{
    world->patterns[0] = folder;
    world->patterns[1] = exclude;
    world->patterns[2] = include;
    world->mirror_config.folders = list_of(&world->patterns[0]);
    world->mirror_config.exclude = list_of(&world->patterns[1]);
    world->mirror_config.include = list_of(&world->patterns[2]);
    filter_free(world->filter);
    if (!filter_new(&world->mirror_config, &world->filter))
        abort();
    world->has_filters = world->has_filters || world->filter != NULL;
}

void sim_world_end(struct sim_world *world)
{
    sim_world_stop(world);
    filter_free(world->filter);
    sim_loop_clear(&world->loop);
    sim_disk_clear(&world->disk);
}

/* A life. */

static void on_status(void *user, struct mirror *mirror)
{
    (void)user;
    (void)mirror;
}

static void on_arrival(void *user, struct mirror *mirror, const char *operation,
                       const char *path, const char *editor, int64_t latency_ms)
{
    struct sim_world *world = user;
    (void)mirror;
    (void)editor;
    (void)latency_ms;
    sim_trace(&world->sim, "arrived: %s %.100s", operation, path);
}

/* What a disk has made of a state that was promised to be durable is set aside, as
 * agent/state.c does it (F-61). */
static enum store_status rebuild_store(struct sim_world *world, char *text, size_t size)
{
    char aside[256];
    world->rebuilds++;
    enum store_status status = store_set_aside(world->state, aside, sizeof aside);
    return status == STORE_OK ? store_open(world->state, &world->store, NULL, text, size)
                              : status;
}

/* Whether a start may. */
static bool may_fail(const struct sim *sim)
{
    return sim->fail_per_mille > 0 || sim->reads.left > 0 || sim->reads.fails_at > 0;
}

static bool open_store(struct sim_world *world)
{
    char text[200] = "";
    enum store_status status =
        store_open(world->state, &world->store, NULL, text, sizeof text);
    if (status == STORE_DAMAGED && world->has_lying_disk)
        status = rebuild_store(world, text, sizeof text);
    if (status == STORE_OK && world->lives == 0)
        sim_database_slim(world->store);
    if (status == STORE_OK && world->sim.is_starved)
        sim_database_starve(world->store);
    if (status == STORE_OK)
        return true;
    sim_trace(&world->sim, "no store, status %d", (int)status);
    if (!world->sim.has_stopped && !may_fail(&world->sim))
        sim_fail(&world->sim, "the database cannot be opened: %s", text);
    return false;
}

bool sim_world_start(struct sim_world *world)
{
    static const struct mirror_callbacks callbacks = {.on_status = on_status,
                                                      .on_arrival = on_arrival};
    struct failure failure = {.kind = FAILURE_NONE};
    if (!open_store(world))
        return false;
    const struct mirror_environment environment = {
        .loop = &world->loop.uv,
        .config = &world->config,
        .service = &world->service,
        .store = world->store,
        .disk = sim_disk_table(&world->disk),
        .with_link = true,
    };
    world->lives++;
    world->is_enumerating = false;
    sim_trace(&world->sim, "life %u begins", world->lives);
    world->mirror =
        mirror_new(&environment, &world->mirror_config, &callbacks, world, &failure);
    if (world->mirror == NULL)
        sim_fail(&world->sim, "no mirror: %s", failure.text);
    if (mirror_start(world->mirror, &failure) == FAILURE_NONE)
        return true;
    if (!world->sim.has_stopped && !may_fail(&world->sim))
        sim_fail(&world->sim, "the mirror does not start: %s", failure.text);
    sim_world_stop(world);
    return false;
}

static void on_closed(void *user)
{
    struct sim_world *world = user;
    world->is_mirror_closed = true;
}

/* A process that was killed leaves no mark of a good end. */
static void spoil_mark(const struct sim_world *world)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/lock", world->state);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd >= 0)
        (void)close(fd);
}

void sim_world_stop(struct sim_world *world)
{
    bool was_killed = world->sim.has_stopped;
    world->is_mirror_closed = world->mirror == NULL;
    if (world->mirror != NULL)
        mirror_close(world->mirror, on_closed, world);
    for (unsigned i = 0; !world->is_mirror_closed; i++) {
        if (i == MAX_STEPS || !sim_loop_step(&world->loop))
            sim_fail(&world->sim, "the mirror does not end");
    }
    world->mirror = NULL;
    while (sim_loop_step(&world->loop)) /* what still ends by itself */
        ;
    store_close(world->store);
    world->store = NULL;
    if (was_killed)
        spoil_mark(world);
    sim_disk_close_all(&world->disk);
    world->sim.has_stopped = false;
    world->sim.stop_at = 0;
}

void sim_world_cut(struct sim_world *world, sim_choose_fn *choose, void *user)
{
    world->sim.has_stopped = true;
    sim_world_stop(world);
    sim_trace(&world->sim, "the power is cut");
    world->cut_inode = world->disk.next_inode;
    sim_disk_cut(&world->disk, choose, user);
    sim_database_cut(choose, user);
}

/* Time. */

/* All has been listed anew: that leaves out nothing. */
static void check_listed(struct sim_world *world)
{
    bool was_enumerating = world->is_enumerating;
    world->is_enumerating = mirror_status(world->mirror)->enumerating;
    if (was_enumerating && !world->is_enumerating) {
        world->owes_look = true;
        world->owed_from = world->drive.listed_from;
    }
    if (world->owes_look)
        world->owes_look = !sim_check_listed(world, world->owed_from);
}

bool sim_world_steps(struct sim_world *world, unsigned count)
{
    while (count-- > 0) {
        if (!sim_loop_step(&world->loop))
            return false;
        if (world->sim.has_stopped)
            return false;
        sim_check_always(world);
        if (world->mirror != NULL)
            check_listed(world);
    }
    return true;
}

bool sim_world_run(struct sim_world *world, uint64_t ms)
{
    uint64_t end = world->sim.now_us + ms * 1000;
    for (unsigned i = 0; sim_loop_due(&world->loop) <= end; i++) {
        if (i == MAX_STEPS)
            sim_fail(&world->sim, "the engine never rests");
        if (!sim_world_steps(world, 1))
            return false;
    }
    world->sim.now_us = end;
    return true;
}

struct sim_node *sim_world_find(const struct sim_world *world, const char *path)
{
    char full[SIM_PATH_SIZE * 2];
    (void)snprintf(full, sizeof full, "%s/%s", world->folder, path);
    return sim_disk_find(&world->disk, full);
}

/* Asking. */

static void on_synced(void *user, const struct failure *failure, uint64_t held)
{
    struct sim_world *world = user;
    world->is_answered = true;
    world->answer = *failure;
    sim_trace(&world->sim, "answered: kind %d F-%d, %llu held", (int)failure->kind,
              failure->number, (unsigned long long)held);
}

void sim_world_sync(struct sim_world *world, bool full)
{
    const struct mirror_request request = {
        .full = full,
        .allow_big_delete = true,
        .trigger = "sync-now",
        .done = on_synced,
        .user = world,
    };
    world->is_answered = false;
    mirror_sync(world->mirror, &request);
}

/* True: it has been done, whatever came of it. */
static bool sync_and_wait(struct sim_world *world, bool full)
{
    uint64_t end = world->sim.now_us + (uint64_t)PATIENCE_MS * 1000;
    sim_world_sync(world, full);
    for (unsigned i = 0; !world->is_answered; i++) {
        if (i == MAX_STEPS || world->sim.now_us > end)
            sim_fail(&world->sim, "a round does not end");
        if (!sim_world_steps(world, 1))
            return false;
    }
    return true;
}

static void calm(struct sim_world *world)
{
    world->sim.fail_per_mille = 0;
    if (world->sim.readers.left > LAST_READER_FAULTS)
        world->sim.readers.left = LAST_READER_FAULTS; /* what is answered holds in spite */
    world->sim.reads.left = 0;
    world->sim.between = NULL;
    world->service.lists.left = 0;
    world->service.bad_per_mille = 0;
    world->service.deaf_per_mille = 0;
    sim_user_rest(&world->user);
}

/* Until a round goes through. */
static bool sync_until_done(struct sim_world *world, bool full)
{
    for (unsigned i = 0; i < MAX_TRIES; i++) {
        mirror_signed_in(world->mirror);
        mirror_resume(world->mirror);
        (void)mirror_approve(world->mirror);
        if (!sync_and_wait(world, full))
            return false;
        if (world->answer.kind == FAILURE_NONE)
            return true;
    }
    sim_fail(&world->sim, "no round goes through: F-%d %s", world->answer.number,
             world->answer.text);
}

/* Once a day a round writes down that it has been made. */
static bool is_mark_due(const struct sim_world *world)
{
    struct store_mirror mirror;
    return store_get_mirror(world->store, "documents", &mirror) == STORE_OK &&
           sim_wall_ms(&world->sim) - mirror.synced_at > (int64_t)DAY_MS;
}

/* A second look, with nothing new: no write, no download (I-6). */
static bool check_idle(struct sim_world *world)
{
    if (is_mark_due(world) && !sync_until_done(world, false))
        return false;
    unsigned effects = world->sim.effects;
    uint64_t changes = world->disk.changes;
    uint64_t fetches = world->service.fetches;
    if (!sync_until_done(world, false))
        return false;
    /* What is held or waits is tried again when a person asks. */
    bool is_idle = world->service.fetches == fetches &&
                   (world->sim.effects == effects ||
                    /* A walk notes what it has seen. */
                    (!sim_drive_has_feed(&world->drive) && world->disk.changes == changes));
    if (!is_idle && mirror_status(world->mirror)->held == 0 && !sim_check_is_waiting(world))
        sim_fail(&world->sim, "a round without news has %u effects and %llu fetches (I-6)",
                 world->sim.effects - effects,
                 (unsigned long long)(world->service.fetches - fetches));
    return true;
}

bool sim_world_settle(struct sim_world *world)
{
    calm(world);
    /* After failures of the disk starting again is enough. */
    if (world->has_disk_faults)
        sim_world_stop(world);
    if (world->mirror == NULL && !sim_world_start(world))
        return false;
    if (!sim_world_run(world, QUIET_MS)) /* the feed shows all by then */
        return false;
    if (!sync_until_done(world, false))
        return false;
    sim_check_heard(world);
    /* What was left alone because a person removed it comes back with the full one. */
    if (!sync_until_done(world, true) || !sync_until_done(world, false) ||
        !sim_world_run(world, QUIET_MS))
        return false;
    sim_check_end(world);
    if (!check_idle(world))
        return false;
    /* What is of no use any more goes with the next start at the latest (F-109). */
    if (sim_check_is_littered(world)) {
        sim_world_stop(world);
        if (!sim_world_start(world) || !sim_world_run(world, QUIET_MS))
            return false;
        sim_check_swept(world);
    }
    return true;
}
