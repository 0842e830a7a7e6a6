/* What placement has to do, as a table: what stands there before, the steps, and what must
 * stand there once all has been done. For tests that disturb it (test_place_faults.c).
 *
 * A complete version is a text of the form "<...>"; a person's holds "USER n" and is as
 * long as a base, so that sizes tell nothing.
 */
#ifndef TESTS_SUPPORT_PLACE_SCENARIOS_H
#define TESTS_SUPPORT_PLACE_SCENARIOS_H

#include "tests/support/place_world.h"

enum { SCENARIO_MAX_STEPS = PLACE_WORLD_BASES };

struct scenario {
    const char *name;
    void (*before)(struct place_world *world);
    size_t (*plan)(struct place_world *world, struct place_step *steps);
    void (*after)(const struct place_world *world); /* once all has been done */
    size_t markers;                                 /* a person's, made by `before` */
    const char *touched;                            /* where a person may edit meanwhile */
};

static void nothing_before(struct place_world *world)
{
    (void)world;
}

static size_t plan_new(struct place_world *world, struct place_step *steps)
{
    (void)world;
    steps[0] = place_world_step(PLACE_FOLDER, 2, "", "docs");
    steps[1] = place_world_file(1, "docs", "a", "<new a>");
    return 2;
}

static void after_new(const struct place_world *world)
{
    place_world_assert_text(world, "docs/a", "<new a>");
}

static void before_replace(struct place_world *world)
{
    (void)place_world_base(world, 1, "a", "<elder.>");
}

static size_t plan_replace(struct place_world *world, struct place_step *steps)
{
    steps[0] = place_world_file(1, "", "a", "<new a>");
    place_world_expect(&steps[0], &world->bases[0].base);
    return 1;
}

static void after_replace(const struct place_world *world)
{
    place_world_assert_text(world, "a", "<new a>");
}

static void before_edited(struct place_world *world)
{
    before_replace(world);
    temp_dir_write(&world->mirror, "a", "<USER 1>");
}

static void before_racy(struct place_world *world)
{
    /* The same size and times as the base: only the hash can tell (F-37). */
    (void)place_world_base(world, 1, "a", "<oldest>");
    temp_dir_write(&world->mirror, "a", "<USER 1>");
    place_world_set_time(world, "a", PLACE_WORLD_MTIME);
    world->bases[0].base.print = place_world_print(world, "a");
    world->bases[0].base.flags = STORE_BASE_RACY;
}

static void before_occupied(struct place_world *world)
{
    temp_dir_write(&world->mirror, "a", "<USER 1>");
}

static size_t plan_occupied(struct place_world *world, struct place_step *steps)
{
    (void)world;
    steps[0] = place_world_file(1, "", "a", "<new a>");
    return 1;
}

static void before_linked(struct place_world *world)
{
    char target[PATH_MAX];
    before_replace(world);
    assert_int_equal(unlink(temp_dir_path(&world->mirror, "a", target)), 0);
    temp_dir_symlink(&world->mirror, "../outside/canary", "a");
}

static size_t plan_move(struct place_world *world, struct place_step *steps)
{
    steps[0] = place_world_step(PLACE_FOLDER, 2, "", "docs");
    steps[1] = place_world_move(1, "", "a", "docs", "b");
    place_world_expect(&steps[1], &world->bases[0].base);
    return 2;
}

static void after_move_edited(const struct place_world *world)
{
    place_world_assert_text(world, "docs/b", "<USER 1>");
}

static void after_move(const struct place_world *world)
{
    place_world_assert_text(world, "docs/b", "<elder.>");
    assert_false(temp_dir_has(&world->mirror, "a"));
}

static void before_swap(struct place_world *world)
{
    (void)place_world_base(world, 1, "a", "<elder.>");
    (void)place_world_base(world, 2, "b", "<older.>");
    world->wanted_stage = 1;
}

/* Each rename is recorded before the next: otherwise nobody could tell after a kill which
 * of the two objects stands where. */
static size_t plan_swap(struct place_world *world, struct place_step *steps)
{
    steps[0] = place_world_move(1, "", "a", "", "b");
    steps[0].op = world->recorded == 0 ? PLACE_STAGE : PLACE_UNSTAGE;
    place_world_expect(&steps[0], &world->bases[0].base);
    if (world->recorded != 1)
        return world->recorded < 3;
    steps[0] = place_world_move(2, "", "b", "", "a");
    place_world_expect(&steps[0], &world->bases[1].base);
    return 1;
}

static void after_swap(const struct place_world *world)
{
    place_world_assert_text(world, "a", "<older.>");
    place_world_assert_text(world, "b", "<elder.>");
}

static size_t plan_remove(struct place_world *world, struct place_step *steps)
{
    steps[0] = place_world_step(PLACE_REMOVE_FILE, 1, "", "a");
    place_world_expect(&steps[0], &world->bases[0].base);
    place_set_trash(world->root, world->base_count > 1);
    return 1;
}

static void before_trash(struct place_world *world)
{
    before_swap(world);
}

static void after_remove(const struct place_world *world)
{
    assert_false(temp_dir_has(&world->mirror, "a"));
}

/* So many that the trash notes them together. */
static void before_many(struct place_world *world)
{
    for (int i = 0; i < PLACE_WORLD_BASES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "a%d", i);
        (void)place_world_base(world, i + 1, name, "<elder.>");
    }
}

static size_t plan_remove_many(struct place_world *world, struct place_step *steps)
{
    for (int i = 0; i < PLACE_WORLD_BASES; i++) {
        steps[i] = place_world_step(PLACE_REMOVE_FILE, i + 1, "", world->bases[i].name);
        place_world_expect(&steps[i], &world->bases[i].base);
    }
    place_set_trash(world->root, true);
    return PLACE_WORLD_BASES;
}

static void after_remove_many(const struct place_world *world)
{
    for (int i = 0; i < PLACE_WORLD_BASES; i++)
        assert_false(temp_dir_has(&world->mirror, world->bases[i].name));
}

static void after_remove_edited(const struct place_world *world)
{
    place_world_assert_text(world, "a", "<USER 1>");
}

static void before_folder(struct place_world *world)
{
    temp_dir_mkdir(&world->mirror, "docs");
    (void)place_world_base(world, 1, "docs/a", "<elder.>");
}

static void before_full_folder(struct place_world *world)
{
    before_folder(world);
    temp_dir_write(&world->mirror, "docs/own", "<USER 1>");
}

static size_t plan_remove_folder(struct place_world *world, struct place_step *steps)
{
    steps[0] = place_world_step(PLACE_REMOVE_FILE, 1, "docs", "a");
    place_world_expect(&steps[0], &world->bases[0].base);
    steps[1] = place_world_step(PLACE_REMOVE_FOLDER, 2, "", "docs");
    return 2;
}

static void after_full_folder(const struct place_world *world)
{
    place_world_assert_text(world, "docs/own", "<USER 1>");
    assert_false(temp_dir_has(&world->mirror, "docs/a"));
}

static void after_remove_folder(const struct place_world *world)
{
    assert_false(temp_dir_has(&world->mirror, "docs"));
}

static size_t plan_file_becomes_folder(struct place_world *world, struct place_step *steps)
{
    steps[0] = place_world_step(PLACE_REMOVE_FILE, 1, "", "a");
    place_world_expect(&steps[0], &world->bases[0].base);
    steps[1] = place_world_step(PLACE_FOLDER, 2, "", "a");
    steps[2] = place_world_file(3, "a", "b", "<new b>");
    return 3;
}

static void after_file_becomes_folder(const struct place_world *world)
{
    place_world_assert_text(world, "a/b", "<new b>");
}

static size_t plan_folder_becomes_file(struct place_world *world, struct place_step *steps)
{
    size_t count = plan_remove_folder(world, steps);
    if (temp_dir_has(&world->mirror, "docs/own")) {
        steps[count] = place_world_step(PLACE_ASIDE, 2, "", "docs");
        count++;
    }
    steps[count] = place_world_file(3, "", "docs", "<new docs>");
    return count + 1;
}

static void after_folder_becomes_file(const struct place_world *world)
{
    place_world_assert_text(world, "docs", "<new docs>");
}

static size_t plan_times(struct place_world *world, struct place_step *steps)
{
    steps[0] = place_world_step(PLACE_TIMES, 1, "", "a");
    steps[0].mtime_ms = PLACE_WORLD_MTIME + 1000;
    place_world_expect(&steps[0], &world->bases[0].base);
    return 1;
}

static void after_times(const struct place_world *world)
{
    place_world_assert_text(world, "a", "<elder.>");
    assert_true(place_world_print(world, "a").mtime_ns ==
                (PLACE_WORLD_MTIME + 1000) * 1000000);
}

static const struct scenario scenarios[] = {
    {"a new file in a new folder",                          nothing_before,     plan_new,                 after_new,                 0, "docs/a"  },
    {"a new version",                                       before_replace,     plan_replace,             after_replace,             0, "a"       },
    {"a new version of an edited file",                     before_edited,      plan_replace,             after_replace,             1, "a"       },
    {"a new version of a file with racy times (F-37)",      before_racy,        plan_replace,
     after_replace,                                                                                                                  1, "a"       },
    {"a new file where a person made one (F-28)",           before_occupied,    plan_occupied,
     after_replace,                                                                                                                  1, "a"       },
    {"a new version where a link stands (F-52)",            before_linked,      plan_replace,             after_replace,
     0,                                                                                                                                 "a"       },
    {"a move",                                              before_replace,     plan_move,                after_move,                0, "a"       },
    {"a move of an edited file",                            before_edited,      plan_move,                after_move_edited,         1, "a"       },
    {"a swap through the staging area",                     before_swap,        plan_swap,                after_swap,                0, "a"       },
    {"a removal",                                           before_replace,     plan_remove,              after_remove,              0, "a"       },
    {"a removal into the trash",                            before_trash,       plan_remove,              after_remove,              0, "a"       },
    {"many removals into the trash",                        before_many,        plan_remove_many,         after_remove_many,         0,
     "a0"                                                                                                                                         },
    {"a removal of an edited file",                         before_edited,      plan_remove,              after_remove_edited,       1,
     "a"                                                                                                                                          },
    {"a removal of a folder",                               before_folder,      plan_remove_folder,       after_remove_folder,       0,
     "docs/a"                                                                                                                                     },
    {"a removal of a folder with a person's file (F-88)",   before_full_folder,
     plan_remove_folder,                                                                                  after_full_folder,         1, "docs/own"},
    {"a file becomes a folder (F-86)",                      before_replace,     plan_file_becomes_folder,
     after_file_becomes_folder,                                                                                                      0, "a"       },
    {"a folder becomes a file (F-86)",                      before_folder,      plan_folder_becomes_file,
     after_folder_becomes_file,                                                                                                      0, "docs/a"  },
    {"a folder with a person's file becomes a file (F-86)", before_full_folder,
     plan_folder_becomes_file,                                                                            after_folder_becomes_file, 1, "docs/own"},
    {"a new time",                                          before_replace,     plan_times,               after_times,               0, "a"       },
};

#endif
