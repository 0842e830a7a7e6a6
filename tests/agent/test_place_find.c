/* Finding what a person moved, by what it is and not by its name (F-32). */
#include "agent/place/place.h"
#include "tests/support/place_world.h"
#include "tests/support/table.h"

static uint64_t inode_of(const struct place_world *world, const char *name)
{
    return place_world_print(world, name).inode;
}

static int compare(const void *left, const void *right)
{
    const uint64_t *one = left;
    const uint64_t *other = right;
    return (*one > *other) - (*one < *other);
}

static void finds_files_and_folders_by_inode(void **state)
{
    (void)state;
    struct place_world world;
    struct place_found found[4];
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "docs");
    temp_dir_mkdir(&world.mirror, "docs/sub");
    temp_dir_write(&world.mirror, "docs/a", "a");
    temp_dir_write(&world.mirror, "docs/b", "b");
    temp_dir_write(&world.mirror, "top", "top");
    uint64_t wanted[] = {inode_of(&world, "docs/a"), inode_of(&world, "docs/sub"),
                         inode_of(&world, "top")};
    uint64_t file = wanted[0];
    qsort(wanted, COUNT_OF(wanted), sizeof *wanted, compare);
    size_t count = place_find(world.root, "docs", wanted, COUNT_OF(wanted), found, 4);
    assert_int_equal(count, 2); /* what lies elsewhere is not in this folder */
    for (size_t i = 0; i < count; i++)
        assert_string_equal(found[i].name, found[i].inode == file ? "a" : "sub");
    assert_int_equal(place_find(world.root, "", wanted, COUNT_OF(wanted), found, 4), 1);
    assert_string_equal(found[0].name, "top");
    assert_int_equal(place_find(world.root, "docs", wanted, COUNT_OF(wanted), found, 1), 1);
    place_world_close(&world);
}

static void finds_nothing_where_it_may_not_look(void **state)
{
    (void)state;
    static const char *const folders[] = {"none", "link", "../outside"};
    struct place_world world;
    struct place_found found[4];
    place_world_open(&world, disk_system());
    temp_dir_symlink(&world.mirror, "../outside", "link");
    uint64_t wanted[] = {0};
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        assert_int_equal(place_find(world.root, folders[i], wanted, 1, found, 4), 0);
    place_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(finds_files_and_folders_by_inode),
        TABLE_TEST(finds_nothing_where_it_may_not_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
