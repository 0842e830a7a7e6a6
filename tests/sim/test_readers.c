/* What looks through every record does so by a connection of its own, in the pool. It fails
 * here at each of its calls in turn, opening included, and so does the engine's own, by
 * which that is written down: whoever asked for a full comparison is told so and asks
 * again, or has got all of it. Nothing is taken for gone, or for removed, because it could
 * not be read (I-5, I-13, F-32, F-82).
 *
 *     SIM_STRIDE=1          at every read of the engine's own
 */
#include <stdlib.h>

#include "store/store_item.h"
#include "store/store_mirror.h"
#include "tests/sim/sim_check.h"
#include "tests/support/table.h"

enum { SEED = 4711, SETTLE_MS = 200000, POLL_MS = 1200000, MAX_CALLS = 2000, TRIES = 2 };
enum { STRIDE = 5 };

static struct sim_world world; /* too large for the stack */

static int make(const char *folder, const char *name, size_t size)
{
    int parent = sim_drive_find(&world.drive, folder);
    return sim_drive_make(&world.drive, parent, name, size == 0, size);
}

static void make_tree(void)
{
    (void)make("", "a", 40);
    (void)make("", "docs", 0);
    (void)make("docs", "b", 50);
    (void)make("docs", "more", 0);
    (void)make("docs/more", "c", 60);
    (void)make("", "other", 0);
}

static void remove_folder(void)
{
    sim_user_remove(&world.user, "docs");
}

static void move_file(void)
{
    sim_user_rename(&world.user, "docs/more/c", "other/c");
}

static void move_folder(void)
{
    sim_user_rename(&world.user, "docs/more", "other/more");
}

static void move_file_and_its_folder(void)
{
    sim_user_rename(&world.user, "a", "other/a");
    sim_user_rename(&world.user, "other", "docs/more/other");
}

static void lose_tombstone(void)
{
    int item = sim_drive_find(&world.drive, "docs/b");
    sim_drive_delete(&world.drive, item);
    world.drive.items[item].is_silent = true;
}

static uint64_t inode_of(const char *path)
{
    const struct sim_node *node = sim_world_find(&world, path);
    return node == NULL ? 0 : node->inode;
}

struct inodes {
    uint64_t a;
    uint64_t c;
    uint64_t more;
    uint64_t other;
};

static struct inodes look(void)
{
    return (struct inodes){.a = inode_of("a"),
                           .c = inode_of("docs/more/c"),
                           .more = inode_of("docs/more"),
                           .other = inode_of("other")};
}

static void sync_fully(void)
{
    sim_world_sync(&world, true);
    while (!world.is_answered)
        assert_true(sim_world_steps(&world, 1));
}

/* A failure is shown, which the next one does not replace. */
static void fail_to_list(void)
{
    world.service.bad_per_mille = 1000;
    sim_world_sync(&world, false);
    while (!world.is_answered)
        assert_true(sim_world_steps(&world, 1));
    assert_int_not_equal(world.answer.kind, FAILURE_NONE);
    world.service.bad_per_mille = 0;
}

struct change {
    const char *name;
    void (*change)(void);
    bool keeps_all;
};

static const struct change changes[] = {
    {"a folder removed here (F-31)",         remove_folder,            false},
    {"a file moved here (F-32)",             move_file,                true },
    {"a folder moved here (F-32)",           move_folder,              true },
    {"a file moved, then the folder",        move_file_and_its_folder, true },
    {"a deletion that is never told (F-82)", lose_tombstone,           true },
};

/* `is_own`: by the engine's own connection. True: so many calls were not made. */
static bool fails_at(unsigned call, const struct change *change, bool is_own)
{
    struct sim_faults *faults = is_own ? &world.sim.reads : &world.sim.readers;
    sim_world_begin(&world, SEED);
    world.sim.is_starved = is_own;
    make_tree();
    assert_true(sim_world_start(&world) && sim_world_run(&world, SETTLE_MS));
    struct inodes before = look();
    assert_true(before.a != 0 && before.c != 0 && before.other != 0);
    change->change();
    if (is_own && call % 2 == 0)
        fail_to_list();
    faults->fails_at = faults->calls + call;
    /* What the hands have answered, the check that ends by it answers once more. */
    unsigned tries = is_own ? TRIES + 1 : TRIES;
    for (unsigned i = 0; i == 0 || (i < tries && world.answer.kind != FAILURE_NONE); i++)
        sync_fully();
    assert_int_equal(world.answer.kind, FAILURE_NONE);
    bool was_reached = faults->calls >= faults->fails_at;
    faults->fails_at = 0; /* the test's own are no matter */
    struct inodes after = look();
    if (change->keeps_all) /* brought back, not fetched again */
        assert_memory_equal(&after, &before, sizeof after);
    sim_check_end(&world);
    sim_world_end(&world);
    return !was_reached;
}

static unsigned fail_in_turn(unsigned stride, bool is_own)
{
    unsigned calls = 0;
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        unsigned first = 1 + (unsigned)i % stride;
        table_row_begins(changes[i].name);
        for (unsigned k = first; !fails_at(k, &changes[i], is_own); k += stride) {
            assert_true(k < MAX_CALLS);
            calls++;
        }
    }
    table_row_begins(NULL);
    return calls;
}

static void what_cannot_be_read_is_not_taken_for_gone(void **state)
{
    (void)state;
    print_message("%u calls of readers failed\n", fail_in_turn(1, false));
}

static void what_cannot_be_written_down_is_not_done(void **state)
{
    (void)state;
    print_message("%u reads failed\n", fail_in_turn(sim_stride(STRIDE), true));
}

static bool is_noted_as_removed(int item)
{
    struct store_mirror mirror;
    struct store_remote remote;
    struct store_base base;
    char id[16];
    (void)snprintf(id, sizeof id, "ITEM%d", item);
    return store_get_mirror(world.store, "documents", &mirror) == STORE_OK &&
           store_find_remote(world.store, mirror.key, id, &remote) == STORE_OK &&
           store_get_base(world.store, remote.key, &base) == STORE_OK &&
           (base.flags & STORE_BASE_REMOVED) != 0;
}

/* What was removed while nobody looked is found by the check of the next start, and where
 * that cannot read, by another one soon. True: so many calls were not made. */
static bool start_fails_at(unsigned call)
{
    sim_world_begin(&world, SEED);
    make_tree();
    assert_true(sim_world_start(&world) && sim_world_run(&world, SETTLE_MS));
    sim_world_stop(&world);
    sim_user_remove(&world.user, "docs/b");
    world.sim.readers.fails_at = world.sim.readers.calls + call;
    assert_true(sim_world_start(&world) && sim_world_run(&world, SETTLE_MS));
    bool was_reached = world.sim.readers.calls >= world.sim.readers.fails_at;
    assert_true(sim_world_run(&world, POLL_MS));
    assert_true(is_noted_as_removed(sim_drive_find(&world.drive, "docs/b")));
    sim_world_end(&world);
    return !was_reached;
}

static void a_check_that_could_not_read_is_made_again(void **state)
{
    (void)state;
    for (unsigned k = 1; !start_fails_at(k); k++)
        assert_true(k < MAX_CALLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(what_cannot_be_read_is_not_taken_for_gone),
        TABLE_TEST(what_cannot_be_written_down_is_not_done),
        TABLE_TEST(a_check_that_could_not_read_is_made_again),
    };
    sim_world_prepare();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sim_world_leave();
    return failed;
}
