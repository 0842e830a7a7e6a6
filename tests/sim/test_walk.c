/* A drive without a change feed, read folder by folder (agent/sync/listing_walk.c): each
 * read of the database fails in turn, the one of a folder's own record among them, and the
 * engine is killed before each effect. What could not be read or was not listed is not left
 * out, and not taken for gone; whoever asked is told so, or has got all (I-5, I-13).
 *
 *     SIM_STRIDE=1          at every read and effect
 */
#include <stdlib.h>

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_world.h"
#include "tests/support/table.h"

enum { SEED = 4711, SETTLE_MS = 200000, MAX_STOPS = 20000, TRIES = 3, STRIDE = 7 };

struct walk {
    const char *name;
    bool is_first; /* nothing has been mirrored before the change */
    void (*change)(void);
};

static struct sim_world world; /* too large for the stack */

static int make(const char *folder, const char *name, size_t size)
{
    int parent = sim_drive_find(&world.drive, folder);
    return sim_drive_make(&world.drive, parent, name, size == 0, size);
}

static void make_tree(void)
{
    (void)make("", "docs", 0);
    (void)make("docs", "more", 0);
    (void)make("docs/more", "a", 40);
    (void)make("", "other", 0);
    (void)make("other", "b", 50);
}

static void fill_new_folders(void)
{
    (void)make("other", "new", 0);
    (void)make("other/new", "deep", 0);
    (void)make("other/new/deep", "c", 60);
    (void)make("docs", "d", 70);
}

static void move_and_delete(void)
{
    sim_drive_delete(&world.drive, sim_drive_find(&world.drive, "docs/more"));
    (void)sim_drive_move(&world.drive, sim_drive_find(&world.drive, "other"),
                         sim_drive_find(&world.drive, "docs"), "moved");
}

static const struct walk walks[] = {
    {"the first walk",           true,  make_tree       },
    {"new folders in folders",   false, fill_new_folders},
    {"a folder goes, one moves", false, move_and_delete },
};

static void begin(const struct walk *walk)
{
    sim_world_begin(&world, SEED);
    world.drive.without_feed = 501;
    world.drive.page_size = 1;
    world.sim.is_starved = true;
    world.has_disturbances = true;
    if (!walk->is_first) {
        make_tree();
        assert_true(sim_world_start(&world) && sim_world_run(&world, SETTLE_MS));
    }
    walk->change();
}

/* False: the world has stopped on the way. */
static bool follow(void)
{
    while (world.mirror == NULL && !sim_world_start(&world)) {
        if (world.sim.has_stopped)
            return false;
    }
    for (unsigned i = 0; i == 0 || (i < TRIES && world.answer.kind != FAILURE_NONE); i++) {
        sim_world_sync(&world, false);
        while (!world.is_answered) {
            if (!sim_world_steps(&world, 1))
                return false;
        }
    }
    assert_int_equal(world.answer.kind, FAILURE_NONE);
    return true;
}

static void end(void)
{
    assert_true(sim_world_settle(&world));
    sim_world_end(&world);
}

/* True: so many reads were not made. */
static bool fails_at_read(const struct walk *walk, unsigned read)
{
    begin(walk);
    world.sim.reads.fails_at = world.sim.reads.calls + read;
    assert_true(follow());
    bool was_reached = world.sim.reads.calls >= world.sim.reads.fails_at;
    world.sim.reads.fails_at = 0; /* the test's own are no matter */
    sim_check_heard(&world);
    end();
    return !was_reached;
}

static void what_cannot_be_read_is_not_left_out(void **state)
{
    (void)state;
    unsigned reads = 0;
    unsigned step = sim_stride(STRIDE);
    for (size_t i = 0; i < COUNT_OF(walks); i++) {
        table_row_begins(walks[i].name);
        for (unsigned k = 1 + (unsigned)i; !fails_at_read(&walks[i], k); k += step) {
            assert_true(k < MAX_STOPS);
            reads++;
        }
    }
    table_row_begins(NULL);
    print_message("%u reads failed\n", reads);
}

/* True: there were not so many effects. */
static bool stops_at(const struct walk *walk, unsigned effect)
{
    begin(walk);
    world.sim.stop_at = world.sim.effects + effect;
    bool has_stopped = !follow();
    world.sim.stop_at = 0;
    if (has_stopped) {
        sim_world_stop(&world);
        assert_true(sim_world_start(&world));
        sim_check_claims(&world);
    }
    end();
    return !has_stopped;
}

static void a_walk_survives_a_kill_before_any_effect(void **state)
{
    (void)state;
    unsigned kills = 0;
    unsigned step = sim_stride(STRIDE);
    for (size_t i = 0; i < COUNT_OF(walks); i++) {
        table_row_begins(walks[i].name);
        for (unsigned k = 1 + (unsigned)i; !stops_at(&walks[i], k); k += step) {
            assert_true(k < MAX_STOPS);
            kills++;
        }
    }
    table_row_begins(NULL);
    print_message("%u kills\n", kills);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(what_cannot_be_read_is_not_left_out),
        TABLE_TEST(a_walk_survives_a_kill_before_any_effect),
    };
    sim_world_prepare();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sim_world_leave();
    return failed;
}
