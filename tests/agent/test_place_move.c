/* Renames: never over anything, done once however often they are run (P-5), and an edit on
 * the way is still seen as one. */
#include "tests/support/failing_disk.h"
#include "tests/support/place_world.h"
#include "tests/support/table.h"

static void write_old(struct place_world *world)
{
    (void)place_world_base(world, 1, "a", "<old>");
}

static void edit(struct place_world *world)
{
    write_old(world);
    temp_dir_write(&world->mirror, "a", "<edited>");
}

static void occupy(struct place_world *world)
{
    write_old(world);
    temp_dir_write(&world->mirror, "b", "<mine>");
}

static void occupy_by_folder(struct place_world *world)
{
    write_old(world);
    temp_dir_mkdir(&world->mirror, "b");
}

static void remove_source(struct place_world *world)
{
    char path[PATH_MAX];
    write_old(world);
    assert_int_equal(unlink(temp_dir_path(&world->mirror, "a", path)), 0);
}

static void put_folder_in_place(struct place_world *world)
{
    remove_source(world);
    temp_dir_mkdir(&world->mirror, "a");
}

static void move_before(struct place_world *world)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    write_old(world);
    assert_int_equal(rename(temp_dir_path(&world->mirror, "a", from),
                            temp_dir_path(&world->mirror, "b", to)),
                     0);
}

/* By its inode it could be the one that was moved, edited since. */
static void reuse_inode(struct place_world *world)
{
    move_before(world);
    temp_dir_write(&world->mirror, "b", "<another item>");
}

static void move_before_and_reuse(struct place_world *world)
{
    move_before(world);
    temp_dir_write(&world->mirror, "a", "<another item>");
}

static void link_before(struct place_world *world)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    write_old(world);
    assert_int_equal(link(temp_dir_path(&world->mirror, "a", from),
                          temp_dir_path(&world->mirror, "b", to)),
                     0);
}

static void link_out(struct place_world *world)
{
    remove_source(world);
    temp_dir_symlink(&world->mirror, "../outside/canary", "a");
}

static const struct move_case {
    const char *name;
    void (*before)(struct place_world *world);
    enum place_result want;
    const char *text;     /* at the target */
    bool keeps_old_print; /* so that it is looked at again */
} cases[] = {
    {"a file as we left it",                       write_old,             PLACE_DONE,     "<old>",          false},
    {"an edited file goes with its edit",          edit,                  PLACE_DONE,     "<edited>",       true },
    {"a person's file stands there",               occupy,                PLACE_OCCUPIED, "<mine>",         false},
    {"a person's folder stands there",             occupy_by_folder,      PLACE_OCCUPIED, "",               false},
    {"it is gone (F-31)",                          remove_source,         PLACE_VANISHED, "",               false},
    {"a folder stands in its place",               put_folder_in_place,   PLACE_VANISHED, "",               false},
    {"done before a kill (P-5)",                   move_before,           PLACE_DONE,     "<old>",          true },
    {"done before, and another item stands there", move_before_and_reuse, PLACE_DONE,
     "<old>",                                                                                               true },
    {"it is gone, and its inode given anew",       reuse_inode,           PLACE_VANISHED, "<another item>",
     false                                                                                                       },
    {"half done by a link (F-18)",                 link_before,           PLACE_DONE,     "<old>",          false},
    {"a person's link instead (F-52)",             link_out,              PLACE_DONE,     "canary",         true },
};

static void check_move_on(const struct move_case *row, const struct disk *disk)
{
    struct place_world world;
    place_world_open(&world, disk);
    row->before(&world);
    struct place_step step = place_world_move(1, "", "a", "", "b");
    place_world_expect(&step, &world.bases[0].base);
    step.expect_kind = STORE_KIND_FILE;
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, row->want);
    place_world_assert_text(&world, "b", row->text);
    if (row->want == PLACE_DONE && row->keeps_old_print)
        assert_memory_equal(&step.print, &world.bases[0].base.print, sizeof step.print);
    if (row->want == PLACE_DONE && !row->keeps_old_print && row->before != link_before) {
        struct store_print print = place_world_print(&world, "b");
        assert_memory_equal(&step.print, &print, sizeof print);
    }
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void check_move(const struct move_case *row)
{
    struct failing_disk disk;
    failing_disk_init(&disk, disk_system());
    disk.refused_flags = RENAME_EXCHANGE | RENAME_NOREPLACE;
    check_move_on(row, disk_system());
    check_move_on(row, &disk.table);
}

static void moves_never_over_anything(void **state)
{
    (void)state;
    CASES(cases, check_move);
}

static void moves_a_folder_with_all_in_it(void **state)
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "docs");
    temp_dir_write(&world.mirror, "docs/own", "<mine>");
    const struct store_base *base = place_world_base(&world, 2, "docs/a", "<old>");
    struct place_step steps[] = {
        place_world_move(1, "", "docs", "", "papers"),
        place_world_file(2, "papers", "a", "<new>"),
        place_world_move(1, "", "papers", "papers", "inside itself"),
    };
    steps[0].expect_present = true;
    steps[0].expect_kind = STORE_KIND_FOLDER;
    steps[0].expect_print = place_world_print(&world, "docs");
    place_world_expect(&steps[1], base);
    place_world_run(&world, steps, COUNT_OF(steps));
    assert_int_equal(steps[0].result, PLACE_DONE);
    assert_int_equal(steps[1].result, PLACE_DONE);
    assert_int_equal(steps[2].result, PLACE_FAILED);
    place_world_assert_text(&world, "papers/own", "<mine>");
    place_world_assert_text(&world, "papers/a", "<new>");
    assert_false(temp_dir_has(&world.mirror, "docs"));
    /* Run again, as after a kill. */
    place_world_run(&world, steps, 1);
    assert_int_equal(steps[0].result, PLACE_DONE);
    place_world_close(&world);
}

static void put_nothing(struct place_world *world)
{
    (void)world;
}

static void put_link(struct place_world *world)
{
    temp_dir_symlink(&world->mirror, "../outside", "docs");
}

static void put_file(struct place_world *world)
{
    temp_dir_write(&world->mirror, "docs", "<mine>");
}

/* What stands where a mirrored folder stood. */
static const struct folder_case {
    const char *name;
    void (*put)(struct place_world *world);
    enum place_result want;
    int number;
} folder_cases[] = {
    {"nothing (F-31)",                    put_nothing, PLACE_VANISHED, 0 },
    {"a link (F-50)",                     put_link,    PLACE_FAILED,   50},
    {"a person's file, a folder no more", put_file,    PLACE_VANISHED, 0 },
};

static void check_folder_source(const struct folder_case *row)
{
    static const enum place_op ops[] = {PLACE_MOVE, PLACE_STAGE};
    for (size_t i = 0; i < COUNT_OF(ops); i++) {
        struct place_world world;
        place_world_open(&world, disk_system());
        row->put(&world);
        struct place_step step = place_world_move(1, "", "docs", "", "papers");
        step.op = ops[i];
        step.expect_kind = STORE_KIND_FOLDER;
        place_world_run(&world, &step, 1);
        assert_int_equal(step.result, row->want);
        assert_int_equal(step.failure.number, row->number);
        assert_int_equal(temp_dir_has(&world.mirror, "docs"), row->put != put_nothing);
        assert_false(temp_dir_has(&world.mirror, "papers"));
        assert_int_equal(place_world_leftovers(&world), 0);
        place_world_close(&world);
    }
}

static void leaves_what_is_no_folder_where_it_stands(void **state)
{
    (void)state;
    CASES(folder_cases, check_folder_source);
}

/* A person has moved the one that was recorded to where it belongs now. Whose the other is
 * the records tell. */
static void takes_no_move_for_done_where_another_folder_stands(void **state)
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "docs");
    temp_dir_mkdir(&world.mirror, "papers");
    struct place_step step = place_world_move(1, "", "docs", "", "papers");
    step.expect_kind = STORE_KIND_FOLDER;
    step.expect_present = true;
    step.expect_print = place_world_print(&world, "papers");
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_VANISHED);
    assert_true(step.has_other);
    assert_true(step.print.inode == place_world_print(&world, "docs").inode);
    assert_true(step.stands_there);
    assert_true(temp_dir_has(&world.mirror, "docs"));
    place_world_close(&world);
}

static void says_which_end_is_missing(void **state)
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_write(&world.mirror, "a", "<old>");
    struct place_step steps[] = {
        place_world_move(1, "", "a", "none", "a"),
        place_world_move(2, "", "b", "none", "b"),
        place_world_move(3, "none", "c", "none", "c"),
        place_world_move(4, "", "d", "", "d"),
    };
    place_world_run(&world, steps, COUNT_OF(steps));
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        assert_int_equal(steps[i].result, PLACE_VANISHED);
        assert_int_equal(steps[i].lacks_folder, i == 0);
    }
    place_world_assert_text(&world, "a", "<old>");
    place_world_close(&world);
}

/* A move of the folder docs, where another one stands; the record has the inode of what is
 * at `recorded`. */
static struct place_step move_other(struct place_world *world, const char *recorded)
{
    temp_dir_mkdir(&world->mirror, "docs");
    struct place_step step = place_world_move(1, "", "docs", "", "papers");
    step.expect_kind = STORE_KIND_FOLDER;
    step.expect_present = true;
    step.expect_print = place_world_print(world, recorded);
    place_world_run(world, &step, 1);
    assert_int_equal(step.result, PLACE_VANISHED);
    assert_true(step.has_other);
    return step;
}

/* Moved and not recorded, nobody would know it again. */
static void leaves_another_folder_until_it_is_recorded(void **state)
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "removed");
    struct place_step step = move_other(&world, "removed");
    assert_false(temp_dir_has(&world.mirror, "papers"));
    step.expect_print = step.print;
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_DONE);
    assert_true(temp_dir_has(&world.mirror, "papers"));
    place_world_close(&world);
}

/* The inode of a folder that is gone was given to what stands at the target now. */
static void never_takes_a_file_for_the_folder_whose_inode_it_has(void **state)
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_write(&world.mirror, "papers", "<mine>");
    assert_false(move_other(&world, "papers").stands_there);
    place_world_close(&world);
}

static void put_file_for_folder(void *user)
{
    struct place_world *world = user;
    char path[PATH_MAX];
    if (rmdir(temp_dir_path(&world->mirror, "papers", path)) == 0)
        temp_dir_write(&world->mirror, "papers", "<mine>");
}

/* A person puts his file where a folder has just been brought out to. */
static void never_takes_in_what_is_put_in_its_place(void **state)
{
    (void)state;
    bool was_reached = true;
    unsigned files = 0;
    for (unsigned k = 1; was_reached && k < 200; k++) {
        struct place_world world;
        struct failing_disk disk;
        failing_disk_init(&disk, disk_system());
        place_world_open(&world, &disk.table);
        temp_dir_mkdir(&world.mirror, ".drive-agent/1.stage");
        struct place_step step = place_world_move(1, "", "", "", "papers");
        step.op = PLACE_UNSTAGE;
        step.expect_kind = STORE_KIND_FOLDER;
        step.expect_present = true;
        step.expect_print = place_world_print(&world, ".drive-agent/1.stage");
        failing_disk_arm(&disk);
        disk.act = put_file_for_folder;
        disk.act_user = &world;
        disk.act_at = k;
        place_world_run(&world, &step, 1);
        was_reached = disk.calls >= k;
        if (temp_dir_count_marker(&world.mirror, "<mine>") > 0) {
            files++;
            place_world_assert_text(&world, "papers", "<mine>");
        }
        place_world_close(&world);
    }
    assert_false(was_reached);
    assert_true(files > 0);
}

static void stages_and_brings_back(void **state)
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "docs");
    temp_dir_write(&world.mirror, "docs/own", "<mine>");
    struct place_step step = place_world_move(1, "", "docs", "", "back");
    step.expect_present = true;
    step.expect_kind = STORE_KIND_FOLDER;
    step.expect_print = place_world_print(&world, "docs");
    step.op = PLACE_STAGE;
    for (int i = 0; i < 2; i++) { /* P-5 */
        place_world_run(&world, &step, 1);
        assert_int_equal(step.result, PLACE_DONE);
        assert_false(temp_dir_has(&world.mirror, "docs"));
        place_world_assert_text(&world, ".drive-agent/1.stage/own", "<mine>");
    }
    step.op = PLACE_UNSTAGE;
    for (int i = 0; i < 2; i++) {
        place_world_run(&world, &step, 1);
        assert_int_equal(step.result, PLACE_DONE);
        place_world_assert_text(&world, "back/own", "<mine>");
    }
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

/* What stood at the item's place was a person's new version; the one that the records know
 * he has moved just where the item belongs now. The one comes out when the other has been
 * set aside (F-28), and does not stay in the working folder. */
static void brings_back_what_was_staged_and_nothing_else(void **state)
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_write(&world.mirror, "b", "<old>");
    temp_dir_write(&world.mirror, "a", "<new>");
    struct place_step step = place_world_move(1, "", "a", "", "b");
    struct place_step aside = place_world_step(PLACE_ASIDE, 1, "", "b");
    step.expect_present = true;
    step.expect_print = place_world_print(&world, "b");
    step.op = PLACE_STAGE;
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_DONE);
    step.op = PLACE_UNSTAGE;
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_OCCUPIED);
    place_world_run(&world, &aside, 1);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_DONE);
    place_world_assert_text(&world, "b", "<new>");
    place_world_assert_text(&world, aside.copy_name, "<old>");
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void sets_anything_aside(void **state) /* F-86 */
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "docs");
    temp_dir_write(&world.mirror, "docs/own", "<mine>");
    struct place_step steps[] = {
        place_world_step(PLACE_ASIDE, 1, "", "docs"),
        place_world_file(1, "", "docs", "<new>"),
        place_world_step(PLACE_ASIDE, 2, "", "none"),
    };
    char path[PATH_MAX];
    place_world_run(&world, steps, COUNT_OF(steps));
    assert_int_equal(steps[0].result, PLACE_KEPT_COPY);
    assert_int_equal(steps[1].result, PLACE_DONE);
    assert_int_equal(steps[2].result, PLACE_VANISHED);
    (void)snprintf(path, sizeof path, "%s/own", steps[0].copy_name);
    place_world_assert_text(&world, path, "<mine>");
    place_world_assert_text(&world, "docs", "<new>");
    place_world_close(&world);
}

/* Two items found a person's file in the way of their folder: the second try finds the
 * folder that the first one has made, which is nobody's conflict. */
static void leaves_what_is_of_the_wanted_kind(void **state) /* F-86 */
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_write(&world.mirror, "docs", "<mine>");
    struct place_step steps[] = {
        place_world_step(PLACE_ASIDE, 0, "", "docs"),
        place_world_step(PLACE_FOLDER, 1, "", "docs"),
        place_world_step(PLACE_ASIDE, 0, "", "docs"),
        place_world_file(2, "docs", "a", "<new>"),
        place_world_step(PLACE_ASIDE, 2, "docs", "a"),
    };
    steps[0].expect_kind = STORE_KIND_FOLDER;
    steps[2].expect_kind = STORE_KIND_FOLDER;
    steps[4].expect_kind = STORE_KIND_FILE;
    place_world_run(&world, steps, COUNT_OF(steps));
    assert_int_equal(steps[0].result, PLACE_KEPT_COPY);
    assert_int_equal(steps[1].result, PLACE_DONE);
    assert_int_equal(steps[2].result, PLACE_LEFT);
    assert_int_equal(steps[4].result, PLACE_LEFT);
    place_world_assert_text(&world, steps[0].copy_name, "<mine>");
    place_world_assert_text(&world, "docs/a", "<new>");
    place_world_close(&world);
}

/* A file system that folds case: the name "A" finds "a" (F-43, F-44). */
static const char *fold(const char *name, char out[NAME_MAX_BYTES + 1])
{
    size_t i = 0;
    for (; name[i] != '\0' && i < NAME_MAX_BYTES; i++)
        out[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    out[i] = '\0';
    return out;
}

static int folding_stat_at(void *user, int folder, const char *name, struct stat *out)
{
    char folded[NAME_MAX_BYTES + 1];
    (void)user;
    const struct disk *real = disk_system();
    if (real->stat_at(real->user, folder, name, out) == 0)
        return 0;
    return real->stat_at(real->user, folder, fold(name, folded), out);
}

/* A name that folds to one that is taken is taken, also by itself. */
static int folding_rename(void *user, int from, const char *from_name, int to,
                          const char *to_name, unsigned flags)
{
    (void)user;
    const struct disk *real = disk_system();
    struct stat found;
    if (flags == RENAME_NOREPLACE && folding_stat_at(NULL, to, to_name, &found) == 0) {
        errno = EEXIST;
        return -1;
    }
    return real->rename(real->user, from, from_name, to, to_name, flags);
}

static void renames_in_case_only_where_case_is_folded(void **state) /* F-44 */
{
    (void)state;
    struct place_world world;
    struct disk disk = *disk_system();
    disk.stat_at = folding_stat_at;
    disk.rename = folding_rename;
    place_world_open(&world, &disk);
    const struct store_base *base = place_world_base(&world, 1, "readme", "<old>");
    struct place_step step = place_world_move(1, "", "readme", "", "README");
    place_world_expect(&step, base);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_DONE);
    place_world_assert_text(&world, "README", "<old>");
    assert_false(temp_dir_has(&world.mirror, "readme"));
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void never_writes_one_of_two_names_over_the_other(void **state) /* F-43 */
{
    (void)state;
    struct place_world world;
    struct disk disk = *disk_system();
    disk.stat_at = folding_stat_at;
    disk.rename = folding_rename;
    place_world_open(&world, &disk);
    const struct store_base *base = place_world_base(&world, 1, "readme", "<first>");
    struct place_step steps[] = {
        place_world_file(2, "", "README", "<second>"),
        place_world_step(PLACE_REMOVE_FILE, 2, "", "README"),
        place_world_step(PLACE_ASIDE, 2, "", "README"),
    };
    place_world_expect(&steps[1], base);
    place_world_run(&world, steps, COUNT_OF(steps));
    assert_int_equal(steps[0].result, PLACE_OCCUPIED);
    assert_int_equal(steps[0].failure.number, 43);
    assert_int_equal(steps[1].result, PLACE_LEFT);
    assert_int_equal(steps[2].result, PLACE_LEFT);
    place_world_assert_text(&world, "readme", "<first>");
    place_world_close(&world);
}

static int folding_mkdir(void *user, int folder, const char *name, mode_t mode)
{
    struct stat found;
    (void)user;
    const struct disk *real = disk_system();
    if (folding_stat_at(NULL, folder, name, &found) != 0)
        return real->make_folder(real->user, folder, name, mode);
    errno = EEXIST;
    return -1;
}

/* Neither is a folder taken for another item's, nor set aside for it; least of all the
 * working folder, for a name that only looks like it. */
static void never_takes_one_of_two_folders_for_the_other(void **state) /* F-43, F-39 */
{
    (void)state;
    struct place_world world;
    struct disk disk = *disk_system();
    disk.stat_at = folding_stat_at;
    disk.rename = folding_rename;
    disk.make_folder = folding_mkdir;
    place_world_open(&world, &disk);
    temp_dir_mkdir(&world.mirror, "docs");
    struct place_step steps[] = {
        place_world_step(PLACE_FOLDER, 2, "", "Docs"),
        place_world_step(PLACE_FOLDER, 3, "", ".Drive-Agent"),
    };
    place_world_run(&world, steps, COUNT_OF(steps));
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        assert_int_equal(steps[i].result, PLACE_OCCUPIED);
        assert_int_equal(steps[i].failure.number, 43);
    }
    assert_true(temp_dir_has(&world.mirror, "docs"));
    place_world_close(&world);
}

/* A person, who replaces the folder by a file after it was looked at, and again after that
 * was moved. */
static struct {
    const struct temp_dir *mirror;
    unsigned acts;
    unsigned done;
} person;

static int look_and_let_act(void *user, int folder, const char *name, struct stat *out)
{
    char path[PATH_MAX];
    int result = disk_system()->stat_at(user, folder, name, out);
    if (person.done == person.acts || result != 0)
        return result;
    if (person.done++ == 0)
        assert_int_equal(rmdir(temp_dir_path(person.mirror, "docs", path)), 0);
    temp_dir_write(person.mirror, "docs", person.done == 1 ? "<mine>" : "<more>");
    return 0;
}

static const struct replaced_case {
    const char *name;
    enum place_op op;
    unsigned acts;
    const char *docs;
} replaced_cases[] = {
    {"a file was to be moved away for it",   PLACE_STAGE, 1, "<mine>"},
    {"and there is another one by then",     PLACE_STAGE, 2, "<more>"},
    {"a file was moved to where it belongs", PLACE_MOVE,  1, "<mine>"},
};

static void check_replaced(const struct replaced_case *row)
{
    struct place_world world;
    struct disk disk = *disk_system();
    disk.stat_at = look_and_let_act;
    place_world_open(&world, &disk);
    temp_dir_mkdir(&world.mirror, "docs");
    struct place_step step = place_world_move(1, "", "docs", "", "papers");
    step.op = row->op;
    step.expect_present = true;
    step.expect_kind = STORE_KIND_FOLDER;
    step.expect_print = place_world_print(&world, "docs");
    person.mirror = &world.mirror;
    person.acts = row->acts;
    person.done = 0;
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_VANISHED);
    place_world_assert_text(&world, "docs", row->docs);
    assert_int_equal(temp_dir_count_marker(&world.mirror, "<mine>"), 1);
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void gives_back_what_a_person_put_there_between_look_and_move(void **state)
{
    (void)state;
    CASES(replaced_cases, check_replaced);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(moves_never_over_anything),
        TABLE_TEST(moves_a_folder_with_all_in_it),
        TABLE_TEST(leaves_what_is_no_folder_where_it_stands),
        TABLE_TEST(says_which_end_is_missing),
        TABLE_TEST(leaves_another_folder_until_it_is_recorded),
        TABLE_TEST(takes_no_move_for_done_where_another_folder_stands),
        TABLE_TEST(gives_back_what_a_person_put_there_between_look_and_move),
        TABLE_TEST(stages_and_brings_back),
        TABLE_TEST(brings_back_what_was_staged_and_nothing_else),
        TABLE_TEST(sets_anything_aside),
        TABLE_TEST(leaves_what_is_of_the_wanted_kind),
        TABLE_TEST(renames_in_case_only_where_case_is_folded),
        TABLE_TEST(never_writes_one_of_two_names_over_the_other),
        TABLE_TEST(never_takes_one_of_two_folders_for_the_other),
        TABLE_TEST(never_takes_a_file_for_the_folder_whose_inode_it_has),
        TABLE_TEST(never_takes_in_what_is_put_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
