/* place_run() over several steps: order, durability, where it stops, and real disks that
 * are full or refuse. */
#include <sys/mount.h>

#include "tests/support/failing_disk.h"
#include "tests/support/place_world.h"
#include "tests/support/table.h"

enum { MANY = 40, NOBODY = 65534 };

static void carries_out_a_plan_in_order(void **state)
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    const struct store_base *moved = place_world_base(&world, 3, "b.txt", "bee");
    const struct store_base *removed = place_world_base(&world, 4, "c.txt", "sea");
    struct place_step steps[] = {
        place_world_step(PLACE_FOLDER, 1, "", "docs"),
        place_world_file(2, "docs", "a.txt", "hello"),
        place_world_move(3, "", "b.txt", "docs", "b.txt"),
        place_world_step(PLACE_REMOVE_FILE, 4, "", "c.txt"),
        place_world_file(5, "", "empty", ""),
    };
    place_world_expect(&steps[2], moved);
    place_world_expect(&steps[3], removed);
    place_world_run(&world, steps, COUNT_OF(steps));
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        assert_int_equal(steps[i].result, PLACE_DONE);
    place_world_assert_text(&world, "docs/a.txt", "hello");
    place_world_assert_text(&world, "docs/b.txt", "bee");
    assert_false(temp_dir_has(&world.mirror, "b.txt"));
    assert_false(temp_dir_has(&world.mirror, "c.txt"));
    assert_true(temp_dir_has(&world.mirror, "empty"));
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

/* Counts the syncs, and sees that files come before renames and folders after (3.1). */
struct order {
    size_t file_syncs;
    size_t folder_syncs;
    size_t filesystem_syncs;
    size_t placed; /* renames out of the working folder */
    bool is_wrong;
};

static int count_sync(void *user, int fd)
{
    struct order *order = user;
    struct stat found;
    assert_int_equal(fstat(fd, &found), 0);
    if (S_ISDIR(found.st_mode)) {
        order->folder_syncs++;
    } else {
        order->file_syncs++;
        order->is_wrong = order->is_wrong || order->placed > 0;
    }
    return 0;
}

static int count_sync_filesystem(void *user, int fd)
{
    struct order *order = user;
    (void)fd;
    order->filesystem_syncs++;
    order->is_wrong = order->is_wrong || order->placed > 0;
    return 0;
}

static int count_rename(void *user, int from, const char *from_name, int to,
                        const char *to_name, unsigned flags)
{
    struct order *order = user;
    const struct disk *real = disk_system();
    order->placed += strcmp(from_name + strlen(from_name) - 5, ".part") == 0;
    order->is_wrong = order->is_wrong || order->folder_syncs > 0;
    return real->rename(real->user, from, from_name, to, to_name, flags);
}

static const struct sync_case {
    const char *name;
    size_t files;
    size_t file_syncs;
    size_t filesystem_syncs;
} syncs[] = {
    {"one file",       1,    1, 0},
    {"a few",          7,    7, 0},
    {"many: together", MANY, 0, 1},
};

static void check_syncs(const struct sync_case *row)
{
    struct place_world world;
    struct order order = {.placed = 0};
    struct disk disk = *disk_system();
    struct place_step steps[MANY];
    char names[MANY][32];
    struct failure failure;
    place_world_open(&world, disk_system());
    place_close(world.root);
    disk.user = &order;
    assert_int_equal(place_world_start(&world, &disk, &failure), FAILURE_NONE);
    disk.sync = count_sync;
    disk.sync_filesystem = count_sync_filesystem;
    disk.rename = count_rename;
    for (size_t i = 0; i < row->files; i++) {
        (void)snprintf(names[i], sizeof names[i], "file %zu", i);
        steps[i] = place_world_file((int64_t)i + 1, "", names[i], "text");
    }
    place_world_run(&world, steps, row->files);
    for (size_t i = 0; i < row->files; i++)
        assert_int_equal(steps[i].result, PLACE_DONE);
    assert_int_equal(order.file_syncs, row->file_syncs);
    assert_int_equal(order.filesystem_syncs, row->filesystem_syncs);
    assert_int_equal(order.folder_syncs, 2); /* the root and the working folder */
    assert_false(order.is_wrong);
    place_world_close(&world);
}

static void syncs_files_then_renames_then_each_folder_once(void **state)
{
    (void)state;
    CASES(syncs, check_syncs);
}

static const struct sync_failure_case {
    const char *name;
    size_t files;
    bool is_large; /* a partial lies there already */
    int error;
    int number;
} sync_failures[] = {
    {"one file (F-06)",             1, false, EIO,    6 },
    {"one large file (F-06)",       1, true,  EIO,    6 },
    {"many files (F-06)",           9, false, EIO,    6 },
    {"many large files (F-06)",     9, true,  EIO,    6 },
    {"no space at the sync (F-10)", 1, false, ENOSPC, 11},
    {"quota at the sync (F-11)",    9, false, EDQUOT, 11},
};

/* The step's bytes as a download that is complete. */
static void download(struct place_world *world, struct place_step *step)
{
    static char partial[256]; /* the name itself is not looked at */
    int fd = place_open_partial(world->root, step->key, step->size, 0, partial, NULL);
    assert_int_equal(write(fd, step->content, (size_t)step->size), step->size);
    (void)close(fd);
    step->partial = partial;
    step->content = NULL;
}

/* F-06: what could not be synced is dropped, nothing is placed, and the batch stops. */
static void check_sync_failure(const struct sync_failure_case *row)
{
    struct place_world world;
    struct failing_disk disk;
    struct failure failure;
    struct place_step steps[9];
    failing_disk_init(&disk, disk_system());
    place_world_open(&world, &disk.table);
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    for (size_t i = 0; i < row->files; i++) {
        steps[i] = place_world_file((int64_t)i + 1, "", "a", "<new>");
        place_world_expect(&steps[i], base);
        if (row->is_large)
            download(&world, &steps[i]);
    }
    disk.sync_error = row->error;
    assert_int_equal(place_run(world.root, steps, row->files, &failure), FAILURE_RESOURCE);
    assert_int_equal(failure.number, row->number);
    for (size_t i = 0; i < row->files; i++)
        assert_int_equal(steps[i].result, PLACE_FAILED);
    place_world_assert_text(&world, "a", "<old>");
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void drops_what_could_not_be_synced(void **state)
{
    (void)state;
    CASES(sync_failures, check_sync_failure);
}

static int fail_sync_of_folders(void *user, int fd)
{
    struct stat found;
    (void)user;
    assert_int_equal(fstat(fd, &found), 0);
    errno = EIO;
    return S_ISDIR(found.st_mode) ? -1 : 0;
}

static void claims_nothing_when_a_folder_cannot_be_synced(void **state) /* F-06 */
{
    (void)state;
    struct place_world world;
    struct failure failure;
    struct disk disk = *disk_system();
    place_world_open(&world, &disk);
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    disk.sync = fail_sync_of_folders;
    struct place_step step = place_world_file(1, "", "a", "<new>");
    place_world_expect(&step, base);
    assert_int_equal(place_run(world.root, &step, 1, &failure), FAILURE_RESOURCE);
    assert_int_equal(step.result, PLACE_FAILED);
    assert_int_equal(failure.number, 6);
    /* The next one finds it there. */
    disk.sync = disk_system()->sync;
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_ADOPTED);
    place_world_close(&world);
}

static void stops_where_a_resource_runs_out(void **state) /* F-10 */
{
    (void)state;
    struct place_world world;
    struct failing_disk disk;
    struct failure failure;
    failing_disk_init(&disk, disk_system());
    place_world_open(&world, &disk.table);
    struct place_step steps[] = {
        place_world_file(1, "", "a", "<a>"),
        place_world_file(2, "", "b", "<b>"),
        place_world_step(PLACE_FOLDER, 3, "", "c"),
    };
    failing_disk_arm(&disk);
    place_world_run(&world, steps, 1);
    unsigned calls_of_one = disk.calls;
    failing_disk_arm(&disk);
    disk.fail_at = calls_of_one; /* somewhere in the second file, or later */
    disk.error = ENOSPC;
    steps[0].name = "a2";
    enum failure_kind kind = place_run(world.root, steps, COUNT_OF(steps), &failure);
    assert_int_equal(kind, FAILURE_RESOURCE);
    bool has_stopped = false;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (has_stopped)
            assert_int_equal(steps[i].result, PLACE_PENDING);
        has_stopped = has_stopped || (steps[i].result == PLACE_FAILED);
    }
    assert_true(has_stopped);
    place_world_close(&world);
}

/* A rename that fails, by every reason a disk may give. */
static const struct error_case {
    const char *name;
    int error;
    enum failure_kind kind;
    int number;
} rename_errors[] = {
    {"disk error (F-06)",             EIO,          FAILURE_RESOURCE,  6 },
    {"quota (F-11)",                  EDQUOT,       FAILURE_RESOURCE,  11},
    {"inodes: there is space (F-11)", ENOSPC,       FAILURE_RESOURCE,  11},
    {"read-only (F-13)",              EROFS,        FAILURE_RESOURCE,  13},
    {"no permission (F-14)",          EACCES,       FAILURE_ITEM,      14},
    {"immutable (F-14)",              EPERM,        FAILURE_ITEM,      14},
    {"another disk (F-17)",           EXDEV,        FAILURE_ITEM,      17},
    {"a disk that is gone (F-19)",    ESTALE,       FAILURE_GUARD,     19},
    {"busy (F-20)",                   EBUSY,        FAILURE_TRANSIENT, 20},
    {"a running program (F-20)",      ETXTBSY,      FAILURE_TRANSIENT, 20},
    {"too many open files (F-21)",    EMFILE,       FAILURE_RESOURCE,  21},
    {"no memory (F-22)",              ENOMEM,       FAILURE_RESOURCE,  22},
    {"too large (F-24)",              EFBIG,        FAILURE_ITEM,      24},
    {"name too long (F-41)",          ENAMETOOLONG, FAILURE_ITEM,      41},
    {"whatever else",                 EDOM,         FAILURE_ITEM,      0 },
};

struct refusal {
    int error;
};

static int refuse_rename(void *user, int from, const char *from_name, int to,
                         const char *to_name, unsigned flags)
{
    const struct refusal *refusal = user;
    (void)from;
    (void)from_name;
    (void)to;
    (void)to_name;
    (void)flags;
    errno = refusal->error;
    return -1;
}

static void check_error(const struct error_case *row)
{
    struct place_world world;
    struct failure failure;
    struct refusal refusal = {row->error};
    struct disk disk = *disk_system();
    place_world_open(&world, &disk);
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    disk.user = &refusal;
    disk.rename = refuse_rename;
    struct place_step steps[] = {
        place_world_move(1, "", "a", "", "b"),
        place_world_step(PLACE_FOLDER, 2, "", "after"),
    };
    place_world_expect(&steps[0], base);
    bool stops = row->kind == FAILURE_RESOURCE || row->kind == FAILURE_GUARD;
    assert_int_equal(place_run(world.root, steps, COUNT_OF(steps), &failure),
                     stops ? row->kind : FAILURE_NONE);
    assert_int_equal(steps[0].result, PLACE_FAILED);
    assert_int_equal(steps[0].failure.kind, row->kind);
    assert_int_equal(steps[0].failure.number, row->number);
    assert_int_equal(steps[1].result, stops ? PLACE_PENDING : PLACE_DONE);
    place_world_assert_text(&world, "a", "<old>");
    place_world_close(&world);
}

static void says_why_and_whether_to_go_on(void **state)
{
    (void)state;
    CASES(rename_errors, check_error);
}

/* The rest needs a real disk with faults of its own. */

static void leaves_alone_what_it_may_not_write(void **state) /* F-14 */
{
    (void)state;
    struct place_world world;
    char path[PATH_MAX];
    uid_t before = geteuid();
    place_world_make(&world);
    if (before == 0)
        assert_int_equal(chown(world.dir.path, NOBODY, NOBODY), 0);
    if (before == 0 && seteuid(NOBODY) != 0) {
        place_world_close(&world);
        skip();
    }
    struct failure failure;
    struct place_identity identity = {.marker = NULL};
    assert_int_equal(place_open(disk_system(), world.mirror.path, &identity,
                                PLACE_WORLD_MARKER, &world.root, &failure),
                     FAILURE_NONE);
    temp_dir_mkdir(&world.mirror, "docs");
    const struct store_base *base = place_world_base(&world, 1, "docs/a", "<old>");
    assert_int_equal(chmod(temp_dir_path(&world.mirror, "docs", path), 0555), 0);
    struct place_step steps[] = {
        place_world_file(1, "docs", "a", "<new>"),
        place_world_file(2, "docs", "b", "<new>"),
        place_world_step(PLACE_FOLDER, 3, "docs", "c"),
        place_world_step(PLACE_REMOVE_FILE, 1, "docs", "a"),
        place_world_move(1, "docs", "a", "", "a"),
        place_world_file(5, "", "d", "<new d>"),
    };
    place_world_expect(&steps[0], base);
    place_world_expect(&steps[3], base);
    place_world_expect(&steps[4], base);
    place_world_run(&world, steps, COUNT_OF(steps));
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0555); /* never changed to get in */
    assert_int_equal(chmod(path, 0755), 0);
    for (size_t i = 0; i + 1 < COUNT_OF(steps); i++) {
        assert_int_equal(steps[i].result, PLACE_FAILED);
        assert_int_equal(steps[i].failure.kind, FAILURE_ITEM);
        assert_int_equal(steps[i].failure.number, 14);
        assert_non_null(strstr(steps[i].failure.text, "docs/"));
    }
    assert_int_equal(steps[COUNT_OF(steps) - 1].result, PLACE_DONE);
    place_world_assert_text(&world, "docs/a", "<old>");
    assert_int_equal(seteuid(before), 0);
    place_world_close(&world);
}

/* Mounts a small disk in memory at the mirror; false: not allowed here. */
static bool mount_small_disk(const struct place_world *world, const char *options)
{
    temp_dir_mkdir(&world->dir, "mirror");
    return mount("agent-test", world->mirror.path, "tmpfs", 0, options) == 0;
}

static void goes_on_after_a_full_disk(void **state) /* F-10 */
{
    (void)state;
    struct place_world world;
    struct failure failure;
    struct place_identity identity = {.marker = NULL};
    static char large[512 * 1024];
    char path[PATH_MAX];
    place_world_make(&world);
    if (!mount_small_disk(&world, "size=1m")) {
        place_world_close(&world);
        skip();
    }
    assert_int_equal(
        place_open(disk_system(), world.mirror.path, &identity, "m", &world.root, &failure),
        FAILURE_NONE);
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    struct place_step steps[3];
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        static const char *const names[] = {"a", "b", "c"};
        steps[i] = place_world_step(PLACE_FILE, (int64_t)i + 1, "", names[i]);
        steps[i].content = large;
        steps[i].size = sizeof large;
    }
    place_world_expect(&steps[0], base);
    assert_int_equal(place_run(world.root, steps, COUNT_OF(steps), &failure),
                     FAILURE_RESOURCE);
    assert_int_equal(failure.number, 10);
    assert_int_equal(steps[2].result, PLACE_PENDING);
    assert_int_equal(place_world_leftovers(&world), 0);
    /* Space returns. */
    assert_int_equal(unlink(temp_dir_path(&world.mirror, "a", path)), 0);
    steps[0] = place_world_file(1, "", "a", "<small>");
    place_world_run(&world, steps, 1);
    assert_int_equal(steps[0].result, PLACE_DONE);
    place_close(world.root);
    world.root = NULL;
    assert_int_equal(umount(world.mirror.path), 0);
    place_world_close(&world);
}

static void holds_what_lies_on_another_disk(void **state) /* F-17, F-55 */
{
    (void)state;
    struct place_world world;
    char path[PATH_MAX];
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "disk");
    if (mount("agent-test", temp_dir_path(&world.mirror, "disk", path), "tmpfs", 0,
              "size=1m") != 0) {
        place_world_close(&world);
        skip();
    }
    temp_dir_write(&world.mirror, "disk/own", "<mine>");
    struct place_step steps[] = {
        place_world_step(PLACE_FOLDER, 1, "", "disk"),
        place_world_file(2, "disk", "own", "<new>"),
        place_world_move(3, "disk", "own", "", "moved"),
    };
    place_world_run(&world, steps, COUNT_OF(steps));
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        assert_int_equal(steps[i].result, PLACE_FAILED);
        assert_int_equal(steps[i].failure.kind, FAILURE_ITEM);
        assert_int_equal(steps[i].failure.number, 17);
    }
    place_world_assert_text(&world, "disk/own", "<mine>");
    assert_int_equal(umount(path), 0);
    place_world_close(&world);
}

static void stops_when_a_disk_is_mounted_over_the_root(void **state) /* F-58 */
{
    (void)state;
    struct place_world world;
    struct failure failure;
    place_world_open(&world, disk_system());
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    if (mount("agent-test", world.mirror.path, "tmpfs", 0, "size=1m") != 0) {
        place_world_close(&world);
        skip();
    }
    struct place_step step = place_world_step(PLACE_REMOVE_FILE, 1, "", "a");
    place_world_expect(&step, base);
    assert_int_equal(place_run(world.root, &step, 1, &failure), FAILURE_GUARD);
    assert_int_equal(failure.number, 58);
    assert_int_equal(umount(world.mirror.path), 0);
    place_world_assert_text(&world, "a", "<old>");
    place_world_run(&world, &step, 1); /* by itself, when it is back */
    assert_int_equal(step.result, PLACE_DONE);
    place_world_close(&world);
}

static void escapes_names_in_messages(void **state) /* F-47 */
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_symlink(&world.mirror, "../outside", "a\x1B[31m\n");
    struct place_step step = place_world_file(1, "a\x1B[31m\n", "b", "<new>");
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_FAILED);
    for (const char *byte = step.failure.text; *byte != '\0'; byte++)
        assert_true((unsigned char)*byte >= ' ');
    place_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(carries_out_a_plan_in_order),
        TABLE_TEST(syncs_files_then_renames_then_each_folder_once),
        TABLE_TEST(drops_what_could_not_be_synced),
        TABLE_TEST(claims_nothing_when_a_folder_cannot_be_synced),
        TABLE_TEST(stops_where_a_resource_runs_out),
        TABLE_TEST(says_why_and_whether_to_go_on),
        TABLE_TEST(leaves_alone_what_it_may_not_write),
        TABLE_TEST(goes_on_after_a_full_disk),
        TABLE_TEST(holds_what_lies_on_another_disk),
        TABLE_TEST(stops_when_a_disk_is_mounted_over_the_root),
        TABLE_TEST(escapes_names_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
