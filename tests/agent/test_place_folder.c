/* Folders made (agent/place/place_folder.c): only where nothing but a folder stands. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(makes_a_folder_only_where_none_but_a_folder_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
