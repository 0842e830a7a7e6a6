/* The second look at what was displaced (F-29): a program may have had it open for writing,
 * and write to it after the swap. What it writes until its folder has been made durable is
 * found by size and time; one that holds it open still is found by a lease. */
#include <fcntl.h>
#include <unistd.h>

#include "tests/support/place_world.h"
#include "tests/support/table.h"

/* A program that has the file open before the step is begun, unseen by the first look. */
static struct {
    int fd;
    bool closes;
    bool has_leases;
    unsigned leases;
} program;

static const struct second_look_case {
    const char *name;
    enum place_op op;
    bool closes; /* before the second look */
    bool has_leases;
} cases[] = {
    {"replaced: it has written and closed, no leases", PLACE_FILE,        true,  false},
    {"replaced: it has it open still",                 PLACE_FILE,        false, true },
    {"removed: it has written and closed, no leases",  PLACE_REMOVE_FILE, true,  false},
    {"removed: it has it open still",                  PLACE_REMOVE_FILE, false, true },
};

/* The folders are made durable between the swap and the second look. */
static int write_late(void *user, int fd)
{
    struct stat found;
    (void)user;
    assert_int_equal(fstat(fd, &found), 0);
    if (!S_ISDIR(found.st_mode) || program.fd < 0)
        return fsync(fd);
    if (program.closes) {
        assert_int_equal(write(program.fd, "<more>", 6), 6);
        (void)close(program.fd);
        program.fd = -1;
    }
    return fsync(fd);
}

/* The first look sees nobody. */
static int lease(void *user, int fd)
{
    if (program.leases++ == 0)
        return 0;
    return program.has_leases ? disk_system()->lease_write_free(user, fd) : -1;
}

static void check_second_look(const struct second_look_case *row)
{
    struct place_world world;
    struct disk disk = *disk_system();
    char path[PATH_MAX];
    disk.sync = write_late;
    disk.lease_write_free = lease;
    program.fd = -1;
    place_world_open(&world, &disk);
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    struct place_step step = place_world_file(1, "", "a", "<new>");
    step.op = row->op;
    place_world_expect(&step, base);
    program.leases = 0;
    program.closes = row->closes;
    program.has_leases = row->has_leases;
    program.fd =
        open(temp_dir_path(&world.mirror, "a", path), O_WRONLY | O_APPEND | O_CLOEXEC);
    place_world_run(&world, &step, 1);
    if (program.fd >= 0) {
        assert_int_equal(write(program.fd, "<more>", 6), 6);
        (void)close(program.fd);
    }
    assert_int_equal(temp_dir_count_marker(&world.mirror, "<old><more>"), 1);
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void keeps_what_was_written_after_the_swap(void **state)
{
    (void)state;
    CASES(cases, check_second_look);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TABLE_TEST(keeps_what_was_written_after_the_swap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
