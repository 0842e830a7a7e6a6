/* A disk that cannot be read (F-16): that is neither "changed" nor "as we left it". Nothing
 * is deleted on that basis, nothing becomes a conflict copy; what is half-way stops the
 * batch, and the recovery finds out. And a download that has a second name (F-53). */
#include <errno.h>
#include <unistd.h>

#include "tests/support/place_world.h"
#include "tests/support/table.h"

static unsigned reads_left; /* before they fail */

static ssize_t read_badly(void *user, int fd, void *out, size_t size)
{
    if (reads_left == 0) {
        errno = EIO;
        return -1;
    }
    reads_left--;
    return disk_system()->read(user, fd, out, size);
}

static const struct unreadable_case {
    const char *name;
    enum place_op op;
    unsigned reads;     /* that go well: the second look at a file takes two more */
    const char *stands; /* at its place afterwards; NULL nothing */
    bool is_half_way;
} cases[] = {
    {"removed: cannot be read",             PLACE_REMOVE_FILE, 0, "<old>", false},
    {"removed: not in the working folder",  PLACE_REMOVE_FILE, 2, NULL,    true },
    {"replaced: cannot be read",            PLACE_FILE,        0, "<old>", false},
    {"replaced: not in the working folder", PLACE_FILE,        2, "<new>", true },
};

static void check_unreadable(const struct unreadable_case *row)
{
    struct place_world world;
    struct disk disk = *disk_system();
    struct failure failure = {.kind = FAILURE_NONE};
    disk.read = read_badly;
    reads_left = UINT_MAX;
    place_world_open(&world, &disk);
    struct store_base base = *place_world_base(&world, 1, "a", "<old>");
    base.flags = STORE_BASE_RACY; /* so that it has to be read */
    struct place_step step = row->op == PLACE_FILE ? place_world_file(1, "", "a", "<new>")
                                                   : place_world_step(row->op, 1, "", "a");
    place_world_expect(&step, &base);
    /* Those of the marker come first. */
    reads_left = row->reads + 2;
    enum failure_kind kind = place_run(world.root, &step, 1, &failure);
    reads_left = UINT_MAX;
    assert_int_equal(step.result, PLACE_FAILED);
    assert_string_equal(step.copy_name, "");
    assert_int_equal(kind, row->is_half_way ? FAILURE_RESOURCE : FAILURE_NONE);
    if (!row->is_half_way)
        assert_int_equal(step.failure.number, 16);
    if (row->stands != NULL)
        place_world_assert_text(&world, "a", row->stands);
    else
        assert_false(temp_dir_has(&world.mirror, "a"));
    assert_int_equal(place_world_leftovers(&world), row->is_half_way);
    assert_int_equal(temp_dir_count_marker(&world.mirror, "<old>"), 1);
    place_world_close(&world);
}

static void what_cannot_be_read_is_nobodys(void **state)
{
    (void)state;
    CASES(cases, check_unreadable);
}

static int fails_to_sync; /* an errno; 0: it does not */

static int sync_badly(void *user, int fd)
{
    struct stat found;
    assert_int_equal(fstat(fd, &found), 0);
    if (fails_to_sync == 0 || !S_ISREG(found.st_mode) || found.st_size != 5)
        return disk_system()->sync(user, fd);
    errno = fails_to_sync;
    return -1;
}

/* A person may have written it a moment ago: the records are not to claim what the disk may
 * lose (I-3, F-06). */
static void what_stands_there_is_adopted_once_it_is_durable(void **state)
{
    (void)state;
    struct place_world world;
    struct disk disk = *disk_system();
    struct failure failure;
    disk.sync = sync_badly;
    fails_to_sync = 0;
    place_world_open(&world, &disk);
    temp_dir_write(&world.mirror, "a", "<new>");
    struct place_step step = place_world_file(1, "", "a", "<new>");
    step.content = NULL;
    step.partial = "1.part"; /* gone: it was placed before a kill (F-03) */
    fails_to_sync = EIO;
    assert_int_equal(place_run(world.root, &step, 1, &failure), FAILURE_RESOURCE);
    assert_int_equal(step.result, PLACE_FAILED);
    assert_int_equal(step.failure.number, 6);
    fails_to_sync = 0;
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_ADOPTED);
    place_world_assert_text(&world, "a", "<new>");
    place_world_close(&world);
}

/* A kill between link and unlink has left it beside the file that stands (F-18). */
static void a_download_with_a_second_name_is_not_written_into(void **state)
{
    (void)state;
    struct place_world world;
    struct failure failure;
    char part[PATH_MAX];
    char name[256];
    char stands[PATH_MAX];
    place_world_open(&world, disk_system());
    temp_dir_write(&world.mirror, ".drive-agent/1.part", "placed");
    (void)temp_dir_path(&world.mirror, ".drive-agent/1.part", part);
    (void)temp_dir_path(&world.mirror, "a", stands);
    assert_int_equal(link(part, stands), 0);
    assert_int_equal(place_partial_size(world.root, 1, false), -1);
    assert_int_equal(place_open_partial(world.root, 1, 10, 3, name, &failure), -1);
    place_world_assert_text(&world, "a", "placed");
    struct place_step step = place_world_file(1, "", "b", "placed");
    step.content = NULL;
    step.partial = "1.part";
    (void)place_run(world.root, &step, 1, &failure);
    assert_int_equal(step.result, PLACE_FAILED);
    place_world_assert_text(&world, "a", "placed");
    assert_false(temp_dir_has(&world.mirror, "b"));
    int fd = place_open_partial(world.root, 1, 10, 0, name, &failure);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "other", 5), 5);
    (void)close(fd);
    place_world_assert_text(&world, "a", "placed");
    place_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(what_cannot_be_read_is_nobodys),
        TABLE_TEST(what_stands_there_is_adopted_once_it_is_durable),
        TABLE_TEST(a_download_with_a_second_name_is_not_written_into),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
