#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "agent/sync/plan.h"
#include "tests/support/plan_world.h"
#include "tests/support/table.h"

/* The policy, cell by cell. */

static const struct policy_case {
    const char *name;
    enum plan_remote remote;
    enum look_fact disk;
    enum plan_action want;
} policy_cases[] = {
    {"F-16 unreadable is not changed",         PLAN_REMOTE_CHANGED, LOOK_UNKNOWN,      PLAN_HOLD    },
    {"F-16 unreadable is not deleted",         PLAN_REMOTE_GONE,    LOOK_UNKNOWN,      PLAN_HOLD    },
    {"nothing new anywhere",                   PLAN_REMOTE_SAME,    LOOK_AS_LEFT,      PLAN_NOTHING },
    {"F-31 removed here",                      PLAN_REMOTE_SAME,    LOOK_MISSING,      PLAN_LEAVE   },
    {"F-25 edited here",                       PLAN_REMOTE_SAME,    LOOK_EDITED,       PLAN_LEAVE   },
    {"a new version",                          PLAN_REMOTE_CHANGED, LOOK_AS_LEFT,      PLAN_DOWNLOAD},
    {"F-31 a new version of what was removed", PLAN_REMOTE_CHANGED, LOOK_MISSING,
     PLAN_DOWNLOAD                                                                                  },
    {"F-03 placed but not recorded",           PLAN_REMOTE_CHANGED, LOOK_HOLDS_REMOTE, PLAN_RECORD  },
    {"F-26 edited on both sides",              PLAN_REMOTE_CHANGED, LOOK_EDITED,
     PLAN_KEEP_COPY_THEN_DOWNLOAD                                                                   },
    {"F-86 a folder where a file was",         PLAN_REMOTE_CHANGED, LOOK_OTHER_KIND,
     PLAN_SET_ASIDE                                                                                 },
    {"deleted on the drive",                   PLAN_REMOTE_GONE,    LOOK_AS_LEFT,      PLAN_DELETE  },
    {"deleted on both sides",                  PLAN_REMOTE_GONE,    LOOK_MISSING,      PLAN_FORGET  },
    {"I-1 edited here, deleted there",         PLAN_REMOTE_GONE,    LOOK_EDITED,       PLAN_FORGET  },
    {"a new file",                             PLAN_REMOTE_NEW,     LOOK_MISSING,      PLAN_DOWNLOAD},
    {"F-61 a new file that stands already",    PLAN_REMOTE_NEW,     LOOK_HOLDS_REMOTE,
     PLAN_RECORD                                                                                    },
    {"F-28 a person's file at that name",      PLAN_REMOTE_NEW,     LOOK_EDITED,
     PLAN_KEEP_COPY_THEN_DOWNLOAD                                                                   },
};

static void decides_one(const struct policy_case *row)
{
    assert_int_equal(plan_decide(row->remote, row->disk), row->want);
}

static void policy_is_as_written(void **state)
{
    (void)state;
    CASES(policy_cases, decides_one);
}

static void an_edited_file_is_never_deleted(void **state)
{
    (void)state;
    for (int remote = PLAN_REMOTE_SAME; remote <= PLAN_REMOTE_NEW; remote++) {
        enum plan_action action = plan_decide((enum plan_remote)remote, LOOK_EDITED);
        assert_int_not_equal(action, PLAN_DELETE);
        assert_int_not_equal(action, PLAN_DOWNLOAD);
    }
}

static const struct guard_case {
    const char *name;
    uint64_t removals;
    uint64_t known;
    uint64_t threshold;
    uint64_t allowed;
    bool want;
} guard_cases[] = {
    {"F-90 at the threshold",      1000, 100000, 1000, 0,    false},
    {"F-90 over the threshold",    1001, 100000, 1000, 0,    true },
    {"F-90 a quarter",             25,   100,    1000, 0,    false},
    {"F-90 more than a quarter",   26,   100,    1000, 0,    true },
    {"F-90 all of a small mirror", 20,   20,     1000, 0,    false},
    {"F-90 twenty-one of them",    21,   21,     1000, 0,    true },
    {"F-90 a word for this many",  1001, 1001,   1000, 1001, false},
    {"F-90 a word for fewer",      1002, 1002,   1000, 1001, true },
};

static void guards_one(const struct guard_case *row)
{
    assert_int_equal(plan_guards(row->removals, row->known, row->threshold, row->allowed),
                     row->want);
}

static void big_deletions_want_a_word(void **state)
{
    (void)state;
    CASES(guard_cases, guards_one);
}

/* Stories, by name. An item is {present, parent, name, is_folder, content}. */

#define GONE                                                                               \
    {                                                                                      \
        false, 0, 0, false, 0                                                              \
    }
#define IN(parent, name, is_folder, content)                                               \
    {                                                                                      \
        true, parent, name, is_folder, content                                             \
    }
enum { A, B, C };
#define ROOT WORLD_ROOT

static const struct story {
    const char *name;
    struct world_item base[3];
    struct world_item remote[3];
    int downloads;
} stories[] = {
    {"F-83 two files swap names",
     {IN(ROOT, A, false, 1), IN(ROOT, B, false, 2), GONE},
     {IN(ROOT, B, false, 1), IN(ROOT, A, false, 2), GONE},
     0},
    {"F-83 three folders rotate",
     {IN(ROOT, A, true, 0), IN(ROOT, B, true, 0), IN(ROOT, C, true, 0)},
     {IN(ROOT, B, true, 0), IN(ROOT, C, true, 0), IN(ROOT, A, true, 0)},
     0},
    {"F-83 a chain of names",
     {IN(ROOT, A, false, 1), IN(ROOT, B, false, 2), GONE},
     {IN(ROOT, B, false, 1), IN(ROOT, C, false, 2), GONE},
     0},
    {"F-83 parent and child change places",
     {IN(ROOT, A, true, 0), IN(0, B, true, 0), GONE},
     {IN(1, B, true, 0), IN(ROOT, A, true, 0), GONE},
     0},
    {"F-85 deleted and made again under its name",
     {IN(ROOT, A, false, 1), GONE, GONE},
     {GONE, IN(ROOT, A, false, 2), GONE},
     1},
    {"F-85 a folder made again with the same file",
     {IN(ROOT, A, true, 0), IN(0, B, false, 1), GONE},
     {GONE, IN(2, B, false, 1), IN(ROOT, A, true, 0)},
     0},
    {"F-85 deleted, and another takes its name",
     {IN(ROOT, A, false, 1), IN(ROOT, B, false, 2), GONE},
     {GONE, IN(ROOT, A, false, 2), GONE},
     0},
    {"F-86 a file becomes a folder",
     {IN(ROOT, A, false, 1), GONE, GONE},
     {IN(ROOT, A, true, 0), IN(0, B, false, 2), GONE},
     1},
    {"F-86 a folder becomes a file",
     {IN(ROOT, A, true, 0), IN(0, B, false, 2), GONE},
     {IN(ROOT, A, false, 1), GONE, GONE},
     1},
    {"F-86 a new folder where a deleted file was",
     {IN(ROOT, A, false, 1), GONE, GONE},
     {GONE, IN(ROOT, A, true, 0), IN(1, B, false, 3)},
     1},
    {"F-87 moved out of a folder that is deleted",
     {IN(ROOT, A, true, 0), IN(0, B, false, 1), GONE},
     {GONE, IN(ROOT, B, false, 1), GONE},
     0},
    {"F-87 moved out and takes the folder's name",
     {IN(ROOT, A, true, 0), IN(0, B, false, 1), GONE},
     {GONE, IN(ROOT, A, false, 1), GONE},
     0},
    {"F-87 out of a deleted folder, into its successor",
     {IN(ROOT, A, true, 0), IN(0, B, false, 1), IN(ROOT, B, true, 0)},
     {GONE, IN(2, B, false, 1), IN(ROOT, A, true, 0)},
     0},
    {"a file moves into a new folder",
     {IN(ROOT, A, false, 1), GONE, GONE},
     {IN(1, A, false, 1), IN(2, A, true, 0), IN(ROOT, B, true, 0)},
     0},
};

static void tells_one(const struct story *row)
{
    struct world world = {.count = 3};
    for (int i = 0; i < 3; i++) {
        world.base[i] = row->base[i];
        world.remote[i] = row->remote[i];
    }
    assert_true(world_stand(&world));
    world_run(&world);
    world_check(&world);
    assert_string_equal(world.fault == NULL ? "" : world.fault, "");
    assert_int_equal(world.downloads, row->downloads);
}

static void stories_end_well(void **state)
{
    (void)state;
    CASES(stories, tells_one);
}

static void a_circle_of_folders_is_held_as_a_whole(void **state)
{
    (void)state;
    /* F-84: a moves into b while b moves into a. */
    struct plan_node nodes[] = {
        {.key = 1,            .stands = {9, "a"}, .wanted = {2, "a"}, .under = 2},
        {.key = 2,                   .stands = {9, "b"},                              .wanted = {1, "b"},            .under = 1},
        {.key = 3,         .stands = {9, "c"},                           .wanted = {1, "c"},                           .under = 1},
        {.key = 4, .stands = {9, "d"},.wanted = {9, "e"}},
    };
    struct plan plan;
    assert_true(plan_order(nodes, 4, false, &plan));
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.steps[0].node, 3);
    assert_int_equal(nodes[0].waits, 84);
    assert_int_equal(nodes[1].waits, 84);
    assert_int_equal(nodes[2].waits, 84);
    plan_clear(&plan);
}

static void held_removals_hold_what_needs_their_place(void **state)
{
    (void)state;
    /* F-90: the rest is applied. */
    struct plan_node nodes[] = {
        {.key = 1, .fate = PLAN_GOES,  .stands = {9, "a"}},
        {.key = 2, .stands = {9, "b"}, .wanted = {9, "a"}, .occupant = 1},
        {.key = 3,        .stands = {9, "c"},                   .wanted = {9, "d"}           },
    };
    struct plan plan;
    assert_true(plan_order(nodes, 3, true, &plan));
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.steps[0].node, 2);
    assert_int_equal(nodes[0].waits, 90);
    assert_int_equal(nodes[1].waits, 90);
    plan_clear(&plan);
}

static void of_two_at_one_place_the_first_gets_it(void **state)
{
    (void)state;
    struct plan_node nodes[] = {
        {.key = 1, .stands = {9, "a"}, .wanted = {9, "c"}},
        {.key = 2, .stands = {9, "b"}, .wanted = {9, "c"}},
    };
    struct plan plan;
    assert_true(plan_order(nodes, 2, false, &plan)); /* F-43 */
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.steps[0].node, 0);
    assert_int_equal(nodes[1].waits, 43);
    plan_clear(&plan);
}

/* Exhaustive: all trees of up to three nodes on both sides, all that a person can have
 * done to each file or folder in between. */

enum { PERSON_KEPT_OFF, PERSON_CHANGED, PERSON_REMOVED, PERSON_WAYS };

static const struct world_item *every_item(size_t *out_count)
{
    static const struct world_item items[] = {
        GONE,
        IN(ROOT, A, false, 1),
        IN(ROOT, A, true, 0),
        IN(ROOT, B, false, 1),
        IN(ROOT, B, true, 0),
        IN(0, A, false, 1),
        IN(0, A, true, 0),
        IN(0, B, false, 1),
        IN(0, B, true, 0),
        IN(1, A, false, 1),
        IN(1, A, true, 0),
        IN(1, B, false, 1),
        IN(1, B, true, 0),
        IN(2, A, false, 1),
        IN(2, A, true, 0),
        IN(2, B, false, 1),
        IN(2, B, true, 0),
    };
    *out_count = COUNT_OF(items);
    return items;
}

/* Whether the items are a tree with one object a place. */
static bool is_tree(const struct world_item *items, int count)
{
    struct world world = {.count = count};
    for (int i = 0; i < count; i++) {
        if (items[i].present && items[i].parent >= count)
            return false;
        world.base[i] = items[i];
    }
    return world_stand(&world);
}

enum { TREES_MAX = 2048 };
struct tree {
    struct world_item items[3];
};

static size_t every_tree(struct tree *trees, int count)
{
    size_t kinds;
    const struct world_item *items = every_item(&kinds);
    size_t found = 0;
    size_t total = kinds * (count > 1 ? kinds : 1) * (count > 2 ? kinds : 1);
    for (size_t code = 0; code < total; code++) {
        struct tree tree = {.items = {items[code % kinds]}};
        if (count > 1)
            tree.items[1] = items[code / kinds % kinds];
        if (count > 2)
            tree.items[2] = items[code / kinds / kinds];
        if (is_tree(tree.items, count)) {
            assert_true(found < TREES_MAX);
            trees[found++] = tree;
        }
    }
    return found;
}

/* A person at the disk, before the drive's change comes. */
static void disturb(struct world *world, int item, int way)
{
    int object = world_object_of(world, item);
    const struct world_item *base = &world->base[item];
    bool is_same = world->remote[item].present && !base->is_folder &&
                   world->remote[item].content == base->content;
    if (way == PERSON_KEPT_OFF || !base->present || object == -3)
        return;
    if (base->is_folder && way == PERSON_CHANGED) {
        int name = item % 2 == 0 ? A : C;
        if (world_find(world, object, name) != -3)
            return; /* the name is taken: nothing happens */
        int extra = world_put(world, object, name, false, 500 + item);
        world->disk[extra].is_persons = true;
        world->persons_contents++;
    } else if (!base->is_folder && way == PERSON_CHANGED) {
        world->disk[object].content = 600 + item;
        world->disk[object].is_persons = true;
        world->persons_contents++;
        world->never_looked_up[item] = is_same;
    } else if (!base->is_folder && way == PERSON_REMOVED) {
        world->disk[object].used = false;
        world->never_looked_up[item] = is_same;
    }
}

static void print_items(const char *title, const struct world_item *items, int count)
{
    for (int i = 0; i < count; i++) {
        if (items[i].present)
            print_message("  %s %d: %s in %d named %d content %d\n", title, i,
                          items[i].is_folder ? "folder" : "file", items[i].parent,
                          items[i].name, items[i].content);
    }
}

static void print_disk(const char *title, const struct world *world)
{
    for (int i = 0; i < WORLD_OBJECTS; i++) {
        const struct world_object *object = &world->disk[i];
        if (object->used)
            print_message("  %s %d: %s in %d named %d content %d%s\n", title, i,
                          object->is_folder ? "folder" : "file", object->parent,
                          object->name, object->content,
                          object->is_persons ? ", a person's" : "");
    }
}

static void check_world(struct world *world, const char *where, uint64_t number)
{
    struct world before = *world;
    world_run(world);
    world_check(world);
    if (world->fault != NULL) {
        print_items("base", before.base, before.count);
        print_items("remote", before.remote, before.count);
        print_disk("disk before", &before);
        print_disk("disk after", world);
        fail_msg("%s %" PRIu64 ": %s", where, number, world->fault);
    }
    assert_true(world->downloads <= world->count);
}

static uint64_t try_pair(const struct tree *base, const struct tree *remote, int count,
                         uint64_t number)
{
    enum { CHANGES = 2 };
    int ways = 1;
    for (int i = 0; i < count; i++)
        ways *= PERSON_WAYS;
    for (int changed = 0; changed < CHANGES; changed++) {
        for (int way = 0; way < ways; way++) {
            struct world world = {.count = count};
            for (int i = 0; i < count; i++) {
                world.base[i] = base->items[i];
                world.remote[i] = remote->items[i];
                /* Contents differ by item; the drive may have a new version of each. */
                world.base[i].content *= 10 * (i + 1);
                world.remote[i].content *= 10 * (i + 1) + changed;
            }
            (void)world_stand(&world);
            disturb(&world, 0, way % PERSON_WAYS);
            if (count > 1)
                disturb(&world, 1, way / PERSON_WAYS % PERSON_WAYS);
            if (count > 2)
                disturb(&world, 2, way / PERSON_WAYS / PERSON_WAYS);
            check_world(&world, "case", number++);
        }
    }
    return number;
}

static void every_small_world_converges(void **state)
{
    (void)state;
    struct tree *trees = calloc(TREES_MAX, sizeof *trees);
    assert_non_null(trees);
    uint64_t number = 0;
    /* Three nodes have 10^7 worlds: a fixed share of them in the short form. */
    bool is_long = getenv("TEST_LONG") != NULL;
    for (int count = 1; count <= 3; count++) {
        size_t found = every_tree(trees, count);
        size_t stride = count < 3 || is_long ? 1 : 17;
        for (size_t pair = 0; pair < found * found; pair += stride)
            number = try_pair(&trees[pair / found], &trees[pair % found], count, number);
    }
    free(trees);
    assert_true(number > 100000);
}

/* Random worlds of up to six nodes. */

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*seed >> 33);
}

static void grow_randomly(struct world_item *items, int count, uint64_t *seed)
{
    for (int i = 0; i < count; i++) {
        bool is_there = next_random(seed) % 5 != 0;
        int parent = (int)(next_random(seed) % (unsigned)(count + 1)) - 1;
        items[i] = (struct world_item){.present = is_there && parent != i,
                                       .parent = parent,
                                       .name = (int)(next_random(seed) % 3),
                                       .is_folder = next_random(seed) % 5 < 3,
                                       .content = 1 + i};
        if (items[i].is_folder)
            items[i].content = 0;
    }
}

static bool grow_tree(struct world_item *items, int count, uint64_t *seed)
{
    for (int tries = 0; tries < 40; tries++) {
        struct world world = {.count = count};
        grow_randomly(items, count, seed);
        for (int i = 0; i < count; i++)
            world.base[i] = items[i];
        if (world_stand(&world))
            return true;
    }
    return false;
}

static bool try_seed(uint64_t first)
{
    uint64_t seed = first;
    struct world world = {.count = 4 + (int)(next_random(&seed) % 3)};
    if (!grow_tree(world.base, world.count, &seed) ||
        !grow_tree(world.remote, world.count, &seed))
        return false;
    for (int i = 0; i < world.count; i++) {
        if (!world.remote[i].is_folder && next_random(&seed) % 3 == 0)
            world.remote[i].content += 50;
    }
    (void)world_stand(&world);
    for (int i = 0; i < world.count; i++)
        disturb(&world, i, (int)(next_random(&seed) % 5) % PERSON_WAYS);
    check_world(&world, "seed", first);
    return true;
}

static void random_worlds_converge(void **state)
{
    (void)state;
    uint64_t seeds = getenv("TEST_LONG") != NULL ? 5000000 : 60000;
    uint64_t tried = 0;
    clock_t begin = clock();
    for (uint64_t seed = 1; seed <= seeds; seed++)
        tried += try_seed(seed);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    print_message("%" PRIu64 " worlds, %.0f a minute\n", tried,
                  (double)tried / (seconds + 1e-9) * 60);
    assert_true(tried > seeds / 4);
}

static void same_facts_give_the_same_plan(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 2000; i++) {
        struct world world = {.count = WORLD_ITEMS};
        if (!grow_tree(world.base, world.count, &seed) ||
            !grow_tree(world.remote, world.count, &seed))
            continue;
        struct plan_node nodes[WORLD_ITEMS];
        size_t count = world_gather(&world, nodes);
        struct plan one;
        struct plan other;
        assert_true(plan_order(nodes, count, false, &one)); /* I-16 */
        assert_true(plan_order(nodes, count, false, &other));
        assert_int_equal(one.count, other.count);
        assert_int_equal(one.first_late, other.first_late);
        for (size_t step = 0; step < one.count; step++) {
            assert_int_equal(one.steps[step].op, other.steps[step].op);
            assert_int_equal(one.steps[step].node, other.steps[step].node);
        }
        plan_clear(&one);
        plan_clear(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(policy_is_as_written),
        TABLE_TEST(an_edited_file_is_never_deleted),
        TABLE_TEST(big_deletions_want_a_word),
        TABLE_TEST(stories_end_well),
        TABLE_TEST(a_circle_of_folders_is_held_as_a_whole),
        TABLE_TEST(held_removals_hold_what_needs_their_place),
        TABLE_TEST(of_two_at_one_place_the_first_gets_it),
        TABLE_TEST(every_small_world_converges),
        TABLE_TEST(random_worlds_converge),
        TABLE_TEST(same_facts_give_the_same_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
