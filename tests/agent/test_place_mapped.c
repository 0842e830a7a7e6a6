/* A file system whose times do not tell of an edit through a mapping, as tmpfs: there no
 * print says that a file is unchanged, and nothing of a person's is lost (F-37, I-1). */
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include "tests/support/place_world.h"
#include "tests/support/table.h"

#define TMPFS "/dev/shm"

/* What the disk of the second test does when a folder is made durable. */
static int late_fd;

/* As programs do: what was read is changed. */
static void edit_mapped(int fd)
{
    void *map = mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    volatile char *bytes = map;
    assert_int_equal(bytes[0], '<');
    for (size_t i = 0; i < 5; i++)
        bytes[i] = "<me>!"[i];
    assert_int_equal(munmap(map, 5), 0);
}

static int open_file(const struct place_world *world, const char *name)
{
    char path[PATH_MAX];
    return open(temp_dir_path(&world->mirror, name, path), O_RDWR | O_CLOEXEC);
}

static void begin(struct place_world *world, const struct disk *disk)
{
    struct statfs found;
    if (statfs(TMPFS, &found) != 0 || found.f_type != TMPFS_MAGIC)
        skip();
    assert_int_equal(setenv("TMPDIR", TMPFS, 1), 0);
    place_world_open(world, disk);
    assert_int_equal(unsetenv("TMPDIR"), 0);
}

static struct place_step replace(const struct store_base *base)
{
    struct store_base doubted = *base;
    doubted.flags |= STORE_BASE_RACY;
    struct place_step step = place_world_file(1, "", "a", "<new>");
    place_world_expect(&step, &doubted);
    return step;
}

static void what_is_placed_is_doubted_from_the_first(void **state)
{
    (void)state;
    struct place_world world;
    begin(&world, disk_system());
    assert_non_null(strstr(place_limits(world.root), "mapped edits do not show"));
    struct place_step step = place_world_file(1, "", "a", "<old>");
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_DONE);
    assert_true(step.racy);
    place_world_close(&world);
}

static void an_edit_that_left_no_trace_is_kept(void **state)
{
    (void)state;
    struct place_world world;
    begin(&world, disk_system());
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    int fd = open_file(&world, "a");
    edit_mapped(fd);
    assert_int_equal(close(fd), 0);
    struct store_print print = place_world_print(&world, "a");
    assert_memory_equal(&print, &base->print, sizeof print); /* it is such a disk */
    struct place_step step = replace(base);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_KEPT_COPY);
    assert_int_equal(temp_dir_count_marker(&world.mirror, "<me>"), 1);
    place_world_close(&world);
}

/* Between the swap and the second look. */
static int edit_late(void *user, int fd)
{
    struct stat found;
    (void)user;
    assert_int_equal(fstat(fd, &found), 0);
    if (S_ISDIR(found.st_mode) && late_fd >= 0) {
        edit_mapped(late_fd);
        (void)close(late_fd);
        late_fd = -1;
    }
    return fsync(fd);
}

static int nobody_writes(void *user, int fd)
{
    (void)user;
    (void)fd;
    return 0;
}

static void one_after_the_swap_is_kept_as_well(void **state)
{
    (void)state;
    struct place_world world;
    struct disk disk = *disk_system();
    disk.sync = edit_late;
    disk.lease_write_free = nobody_writes;
    late_fd = -1;
    begin(&world, &disk);
    struct place_step step = replace(place_world_base(&world, 1, "a", "<old>"));
    late_fd = open_file(&world, "a");
    place_world_run(&world, &step, 1);
    assert_int_equal(late_fd, -1);
    assert_int_equal(temp_dir_count_marker(&world.mirror, "<me>"), 1);
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(what_is_placed_is_doubted_from_the_first),
        TABLE_TEST(an_edit_that_left_no_trace_is_kept),
        TABLE_TEST(one_after_the_swap_is_kept_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
