/* What is not a regular file is never read (F-54), whatever stood there a moment before. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/place/place_parts.h"
#include "tests/support/place_world.h"
#include "tests/support/table.h"

static const struct object_case {
    const char *name;
    const char *path;
    int want;
} objects[] = {
    {"a file",        "file",   0     },
    {"a folder",      "folder", EISDIR},
    {"a FIFO (F-54)", "fifo",   EISDIR},
    {"a link (F-52)", "link",   ELOOP },
    {"nothing",       "none",   ENOENT},
};

static void check_object(const struct object_case *row)
{
    struct place_world world;
    char path[PATH_MAX];
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "folder");
    temp_dir_write(&world.mirror, "file", "text");
    temp_dir_symlink(&world.mirror, "file", "link");
    assert_int_equal(mkfifo(temp_dir_path(&world.mirror, "fifo", path), 0600), 0);
    struct place_hashing hashing = {.count = 1, .kinds = {1}};
    int folder = place_open_path(world.root, "");
    assert_int_equal(place_hash_file(world.root, folder, row->path, &hashing), row->want);
    assert_int_equal(place_is_in_use(world.root, folder, row->path),
                     row->want == 0 ? 0 : -1);
    (void)close(folder);
    place_world_close(&world);
}

static void reads_nothing_but_files(void **state)
{
    (void)state;
    CASES(objects, check_object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TABLE_TEST(reads_nothing_but_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
