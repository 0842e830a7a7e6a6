/* Opening a root: the right folder (F-56 ... F-60, F-62, F-64), alone (F-160), on a file
 * system that will do (F-18, F-161), and the end of a mirror. */
#include <unistd.h>

#include "tests/support/failing_disk.h"
#include "tests/support/place_world.h"
#include "tests/support/table.h"

static const struct identity_case {
    const char *name;
    const char *stands; /* marker in the folder; NULL none, "" no folder at all */
    const char *marker; /* that the state knows */
    bool known;
    bool adopt;
    enum failure_kind want;
    int number;
} identities[] = {
    {"a new mirror in a new folder",             "",      NULL,   false, false, FAILURE_NONE,  0 },
    {"a new mirror in a folder",                 NULL,    NULL,   false, false, FAILURE_NONE,  0 },
    {"the folder that we know",                  "mine",  "mine", true,  false, FAILURE_NONE,  0 },
    {"the state was lost (F-62)",                "new",   NULL,   false, false, FAILURE_NONE,  0 },
    {"the folder is gone (F-57)",                "",      "mine", true,  false, FAILURE_GUARD, 57},
    {"the folder is gone, whatever is approved", "",      "mine", true,  true,  FAILURE_GUARD, 57},
    {"an empty mount point (F-57)",              NULL,    "mine", true,  false, FAILURE_GUARD, 57},
    {"an empty folder that a person approved",   NULL,    "mine", true,  true,  FAILURE_NONE,  0 },
    {"a marker that lost its end (F-05)",        "mi",    "mine", true,  false, FAILURE_GUARD, 57},
    {"the same, approved",                       "mi",    "mine", true,  true,  FAILURE_NONE,  0 },
    {"the same, and the state was lost (F-62)",  "ne",    NULL,   false, false, FAILURE_NONE,  0 },
    {"another mirror's folder (F-64)",           "other", "mine", true,  false, FAILURE_GUARD, 64},
    {"another mirror's folder for a new mirror", "other", NULL,   false, false, FAILURE_GUARD,
     64                                                                                          },
    {"another mirror's folder, approved",        "other", "mine", true,  true,  FAILURE_NONE,  0 },
};

static void check_identity(const struct identity_case *row)
{
    struct place_world world;
    struct failure failure = {.kind = FAILURE_NONE};
    struct place_identity identity = {row->marker, row->known, row->adopt};
    const char *new_marker =
        row->marker != NULL && row->stands != NULL && strcmp(row->stands, row->marker) == 0
            ? row->marker
            : "new";
    place_world_make(&world);
    bool has_folder = row->stands == NULL || row->stands[0] != '\0';
    if (has_folder)
        temp_dir_mkdir(&world.dir, "mirror");
    if (has_folder && row->stands != NULL) {
        temp_dir_mkdir(&world.mirror, ".drive-agent");
        temp_dir_write(&world.mirror, ".drive-agent/identity", row->stands);
    }
    enum failure_kind kind = place_open(disk_system(), world.mirror.path, &identity,
                                        new_marker, &world.root, &failure);
    assert_int_equal(kind, row->want);
    if (row->want == FAILURE_NONE) {
        place_world_assert_text(&world, ".drive-agent/identity", new_marker);
        assert_int_equal(place_confirm(world.root, &failure), FAILURE_NONE);
    } else {
        /* Nothing was touched: no folder, no new marker. */
        assert_int_equal(failure.number, row->number);
        assert_int_equal(temp_dir_has(&world.dir, "mirror"), has_folder);
        assert_int_equal(temp_dir_has(&world.mirror, ".drive-agent"),
                         has_folder && row->stands != NULL);
    }
    place_world_close(&world);
}

static void opens_only_the_folder_that_it_knows(void **state)
{
    (void)state;
    CASES(identities, check_identity);
}

static void one_agent_works_in_a_folder(void **state) /* F-160 */
{
    (void)state;
    struct place_world world;
    struct place_world second;
    struct failure failure;
    char pid[32];
    place_world_open(&world, disk_system());
    second = world;
    assert_int_equal(place_world_start(&second, disk_system(), &failure), FAILURE_HELD);
    assert_int_equal(failure.number, 160);
    (void)snprintf(pid, sizeof pid, "(pid %ld)", (long)getpid());
    assert_non_null(strstr(failure.text, pid));
    place_close(world.root); /* let go of with its holder: never stale */
    assert_int_equal(place_world_start(&world, disk_system(), &failure), FAILURE_NONE);
    place_world_close(&world);
}

enum after_loss { MOVED_AWAY, REPLACED, MARKER_GONE, MARKER_OTHER, BECAME_LINK };

static const struct loss_case {
    const char *name;
    enum after_loss loss;
    int number;
} losses[] = {
    {"moved away (F-57, F-59)",                MOVED_AWAY,   59},
    {"another folder in its place (F-58)",     REPLACED,     58},
    {"the marker is gone (F-57)",              MARKER_GONE,  57},
    {"another marker (F-57)",                  MARKER_OTHER, 57},
    {"a link to it stands there still (F-56)", BECAME_LINK,  0 },
};

static void check_loss(const struct loss_case *row)
{
    struct place_world world;
    struct failure failure;
    char away[PATH_MAX];
    char marker[PATH_MAX];
    place_world_open(&world, disk_system());
    (void)temp_dir_path(&world.dir, "away", away);
    (void)temp_dir_path(&world.mirror, ".drive-agent/identity", marker);
    if (row->loss == MARKER_GONE)
        assert_int_equal(unlink(marker), 0);
    else if (row->loss == MARKER_OTHER)
        temp_dir_write(&world.mirror, ".drive-agent/identity", "other");
    else
        assert_int_equal(rename(world.mirror.path, away), 0);
    if (row->loss == REPLACED)
        temp_dir_mkdir(&world.dir, "mirror");
    if (row->loss == BECAME_LINK)
        temp_dir_symlink(&world.dir, "away", "mirror");
    struct place_step step = place_world_file(1, "", "a", "new");
    enum failure_kind kind = place_run(world.root, &step, 1, &failure);
    if (row->number == 0) {
        assert_int_equal(kind, FAILURE_NONE);
    } else {
        assert_int_equal(kind, FAILURE_GUARD);
        assert_int_equal(failure.number, row->number);
        assert_int_equal(step.result, PLACE_PENDING);
        assert_int_equal(temp_dir_count_marker(&world.dir, "new"), 0);
    }
    place_world_close(&world);
}

static void does_nothing_once_the_folder_is_lost(void **state)
{
    (void)state;
    CASES(losses, check_loss);
}

static const struct limit_case {
    const char *name;
    unsigned refused_flags;
    bool refuses_links;
    int folder_sync_error;
    bool refuses_locks;
    enum failure_kind want;
    int number;
    const char *limits;
} limits[] = {
    {"all there is",        0,                false, 0,      false, FAILURE_NONE,     0,   ""             },
    {"a disk error (F-06)", 0,                false, EIO,    false, FAILURE_RESOURCE, 6,   ""             },
    {"no exchange",         RENAME_EXCHANGE,  false, 0,      false, FAILURE_NONE,     0,
     "no exchange of files"                                                                               },
    {"no no-replace",       RENAME_NOREPLACE, false, EINVAL, false, FAILURE_NONE,     0,
     "no rename without replace, folders cannot be synced"                                                },
    {"no links",            0,                true,  0,      false, FAILURE_NONE,     0,   "no hard links"},
    {"no safe way (F-18)",  RENAME_NOREPLACE, true,  0,      false, FAILURE_RESOURCE, 18,  ""             },
    {"no locks (F-161)",    0,                false, 0,      true,  FAILURE_RESOURCE, 161, ""             },
};

static void check_limits(const struct limit_case *row)
{
    struct place_world world;
    struct failing_disk disk;
    struct failure failure = {.kind = FAILURE_NONE};
    struct place_identity identity = {.marker = NULL};
    failing_disk_init(&disk, disk_system());
    disk.refused_flags = row->refused_flags;
    disk.refuses_links = row->refuses_links;
    disk.folder_sync_error = row->folder_sync_error;
    disk.refuses_locks = row->refuses_locks;
    place_world_make(&world);
    assert_int_equal(
        place_open(&disk.table, world.mirror.path, &identity, "m", &world.root, &failure),
        row->want);
    assert_int_equal(failure.number, row->number);
    if (world.root != NULL)
        assert_string_equal(place_limits(world.root), row->limits);
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void finds_what_the_file_system_lacks(void **state) /* F-18 */
{
    (void)state;
    CASES(limits, check_limits);
}

static int count_sync(void *user, int fd)
{
    struct failing_disk *disk = user;
    (void)fd;
    (*(unsigned *)disk->act_user)++;
    return 0;
}

/* F-04: without its name nothing in the root lasts. */
static void a_new_root_lasts_once_it_is_open(void **state)
{
    (void)state;
    bool has_failed = true;
    for (unsigned k = 1; has_failed && k < 200; k++) {
        struct place_world world;
        struct failing_disk disk;
        struct failure failure;
        struct place_identity identity = {.marker = NULL};
        unsigned syncs = 0;
        failing_disk_init(&disk, disk_system());
        place_world_make(&world);
        disk.fail_at = k;
        disk.error = ENOSPC;
        has_failed = place_open(&disk.table, world.mirror.path, &identity,
                                PLACE_WORLD_MARKER, &world.root, &failure) != FAILURE_NONE;
        if (has_failed) {
            failing_disk_init(&disk, disk_system());
            disk.act_user = &syncs;
            disk.table.sync_filesystem = count_sync;
            assert_int_equal(place_open(&disk.table, world.mirror.path, &identity,
                                        PLACE_WORLD_MARKER, &world.root, &failure),
                             FAILURE_NONE);
            assert_int_equal(syncs, 1);
        }
        place_world_close(&world);
        has_failed = has_failed || disk.calls >= k;
    }
    assert_false(has_failed);
}

/* F-08: whatever fails while it opens, the next one opens, and a marker is whole. */
static void opens_after_a_stop_at_any_call(void **state)
{
    (void)state;
    bool has_stopped = true;
    for (unsigned k = 1; has_stopped && k < 200; k++) {
        struct place_world world;
        struct failing_disk disk;
        struct failure failure;
        struct place_identity identity = {.marker = NULL};
        char text[64];
        failing_disk_init(&disk, disk_system());
        place_world_make(&world);
        disk.stop_at = k;
        (void)place_open(&disk.table, world.mirror.path, &identity, PLACE_WORLD_MARKER,
                         &world.root, &failure);
        has_stopped = disk.has_stopped;
        (void)temp_dir_read(&world.mirror, ".drive-agent/identity", text, sizeof text);
        assert_true(text[0] == '\0' || strcmp(text, PLACE_WORLD_MARKER) == 0);
        place_close(world.root);
        world.root = NULL;
        assert_int_equal(place_open(disk_system(), world.mirror.path, &identity,
                                    PLACE_WORLD_MARKER, &world.root, &failure),
                         FAILURE_NONE);
        place_world_close(&world);
    }
    assert_false(has_stopped);
}

static void check_mode(const struct place_world *world, const char *name, mode_t want)
{
    char path[PATH_MAX];
    struct stat found;
    assert_int_equal(lstat(temp_dir_path(&world->mirror, name, path), &found), 0);
    assert_int_equal(found.st_mode & 07777, want);
}

static void gives_no_more_permissions_than_the_umask(void **state) /* I-15 */
{
    (void)state;
    static const mode_t masks[] = {0, 022, 077};
    for (size_t i = 0; i < COUNT_OF(masks); i++) {
        struct place_world world;
        struct failure failure;
        char name[256];
        mode_t before = umask(masks[i]);
        place_world_open(&world, disk_system());
        struct place_step steps[] = {
            place_world_step(PLACE_FOLDER, 1, "", "docs"),
            place_world_file(2, "docs", "a", "text"),
        };
        place_world_run(&world, steps, COUNT_OF(steps));
        int fd = place_open_partial(world.root, 3, 10, 0, name, &failure);
        disk_close(disk_system(), fd);
        (void)umask(before);
        check_mode(&world, "docs", 0777 & ~masks[i]);
        check_mode(&world, "docs/a", 0666 & ~masks[i]);
        check_mode(&world, ".drive-agent", 0700);
        check_mode(&world, ".drive-agent/identity", 0600);
        check_mode(&world, ".drive-agent/3.part", 0600);
        place_drop_partial(world.root, 3);
        place_world_close(&world);
    }
}

static void keeps_a_reserve_free(void **state) /* F-10 */
{
    (void)state;
    struct place_world world;
    struct failing_disk disk;
    struct failure failure;
    char name[256];
    const uint64_t reserve = (uint64_t)200 * 1024 * 1024;
    failing_disk_init(&disk, disk_system());
    place_world_open(&world, &disk.table);
    disk.has_free_bytes = true;
    disk.free_bytes = reserve + 1000;
    uint64_t room = place_free_bytes(world.root);
    assert_true(room >= 1000); /* more than that on a small disk */
    assert_true(room < disk.free_bytes);
    assert_int_equal(
        place_open_partial(world.root, 1, (int64_t)room + 1, 0, name, &failure), -1);
    assert_int_equal(failure.kind, FAILURE_RESOURCE);
    assert_int_equal(place_partial_size(world.root, 1, false), -1);
    int fd = place_open_partial(world.root, 1, 1000, 0, name, &failure);
    assert_true(fd >= 0);
    disk_close(&disk.table, fd);
    place_drop_partial(world.root, 1);
    place_world_close(&world);
}

static const struct dismantle_case {
    const char *name;
    const char *lies; /* in the working folder; NULL nothing but ours */
    enum failure_kind want;
} dismantles[] = {
    {"only ours",        NULL,        FAILURE_NONE},
    {"a download",       "1.part",    FAILURE_NONE},
    {"a displaced file", "1.2.out",   FAILURE_ITEM},
    {"a staged object",  "1.stage",   FAILURE_ITEM},
    {"a person's file",  "notes.txt", FAILURE_ITEM},
};

static void check_dismantle(const struct dismantle_case *row)
{
    struct place_world world;
    struct failure failure;
    char path[PATH_MAX];
    place_world_open(&world, disk_system());
    (void)snprintf(path, sizeof path, ".drive-agent/%s",
                   row->lies != NULL ? row->lies : "");
    if (row->lies != NULL)
        temp_dir_write(&world.mirror, path, "text");
    assert_int_equal(place_dismantle(disk_system(), world.mirror.path, &failure),
                     FAILURE_HELD);
    place_close(world.root);
    world.root = NULL;
    assert_int_equal(place_dismantle(disk_system(), world.mirror.path, &failure),
                     row->want);
    assert_int_equal(temp_dir_has(&world.mirror, ".drive-agent"),
                     row->want != FAILURE_NONE);
    if (row->want != FAILURE_NONE)
        assert_true(temp_dir_has(&world.mirror, ".drive-agent/identity"));
    place_world_close(&world);
}

static void takes_its_working_folder_away(void **state)
{
    (void)state;
    struct failure failure;
    assert_int_equal(place_dismantle(disk_system(), "/nowhere/at/all", &failure),
                     FAILURE_NONE);
    CASES(dismantles, check_dismantle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(opens_only_the_folder_that_it_knows),
        TABLE_TEST(one_agent_works_in_a_folder),
        TABLE_TEST(does_nothing_once_the_folder_is_lost),
        TABLE_TEST(finds_what_the_file_system_lacks),
        TABLE_TEST(a_new_root_lasts_once_it_is_open),
        TABLE_TEST(opens_after_a_stop_at_any_call),
        TABLE_TEST(gives_no_more_permissions_than_the_umask),
        TABLE_TEST(keeps_a_reserve_free),
        TABLE_TEST(takes_its_working_folder_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
