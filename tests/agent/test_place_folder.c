/* Folders made (agent/place/place_folder.c): only where nothing but a folder stands. */
#include <errno.h>
#include <sys/stat.h>

#include "tests/support/place_world.h"
#include "tests/support/table.h"

/* What stands where a folder is to be made. */
static const struct taken_case {
    const char *name;
    const char *path;
    enum place_result want;
    int number;
} taken[] = {
    {"a folder",             "folder", PLACE_ADOPTED,  0 },
    {"a file (F-86)",        "file",   PLACE_OCCUPIED, 0 },
    {"a link to one (F-50)", "link",   PLACE_FAILED,   50},
    {"a FIFO (F-54)",        "fifo",   PLACE_FAILED,   54},
};

static void check_taken(const struct taken_case *row)
{
    struct place_world world;
    char path[PATH_MAX];
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "folder");
    temp_dir_write(&world.mirror, "file", "<mine>");
    temp_dir_symlink(&world.mirror, "../outside", "link");
    assert_int_equal(mkfifo(temp_dir_path(&world.mirror, "fifo", path), 0600), 0);
    struct place_step step = place_world_step(PLACE_FOLDER, 1, "", row->path);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, row->want);
    assert_int_equal(step.failure.number, row->number);
    place_world_close(&world);
}

static void makes_a_folder_only_where_none_but_a_folder_stands(void **state)
{
    (void)state;
    CASES(taken, check_taken);
}

static int look_error; /* at the folder; 0: it does not fail */

static int look_badly(void *user, int folder, const char *name, struct stat *out)
{
    if (look_error == 0 || strcmp(name, "a") != 0)
        return disk_system()->stat_at(user, folder, name, out);
    errno = look_error;
    return -1;
}

/* It stands, and nobody knows which it is: the recovery comes before anything else is done
 * with the item (F-06). Where another program has removed it nothing is left to be set
 * right. */
static const struct unseen_case {
    const char *name;
    int error;
    enum failure_kind want;
} unseen[] = {
    {"not to be seen", EACCES, FAILURE_RESOURCE},
    {"removed",        ENOENT, FAILURE_NONE    },
};

static void check_unseen(const struct unseen_case *row)
{
    struct place_world world;
    struct disk disk = *disk_system();
    struct failure failure = {.kind = FAILURE_NONE};
    disk.stat_at = look_badly;
    look_error = 0;
    place_world_open(&world, &disk);
    struct place_step step = place_world_step(PLACE_FOLDER, 1, "", "a");
    look_error = row->error;
    assert_int_equal(place_run(world.root, &step, 1, &failure), row->want);
    assert_int_equal(step.result, PLACE_FAILED);
    look_error = 0;
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_ADOPTED);
    place_world_close(&world);
}

static void a_folder_that_was_made_and_not_seen_stops_the_batch(void **state)
{
    (void)state;
    CASES(unseen, check_unseen);
}

/* By that the plan makes the way first (F-31). */
static void says_that_the_folder_it_goes_to_is_missing(void **state)
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    struct place_step step = place_world_step(PLACE_FOLDER, 1, "removed", "a");
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_VANISHED);
    assert_true(step.lacks_folder);
    place_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(makes_a_folder_only_where_none_but_a_folder_stands),
        TABLE_TEST(a_folder_that_was_made_and_not_seen_stops_the_batch),
        TABLE_TEST(says_that_the_folder_it_goes_to_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
