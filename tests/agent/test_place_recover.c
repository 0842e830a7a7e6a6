/* What lies in the working folder after an unclean stop (3.5). Every interruption of real
 * steps is in test_place_faults.c. */
#include "tests/support/place_world.h"
#include "tests/support/table.h"

/* The inode in a name that is the object's own. */
enum inode { INODE_OTHER, INODE_OWN };

static const struct recover_case {
    const char *name;
    enum name_work kind;
    enum inode inode;
    int64_t key;        /* 1 has a base "<old>" at docs/a, 2 has none */
    const char *lies;   /* text of the object */
    const char *stands; /* at docs/a; NULL nothing */
    bool is_wanted;
    const char *at_name; /* text at docs/a afterwards; NULL nothing */
    size_t copies;       /* conflict copies reported */
    bool stays;          /* something stays in the working folder */
} cases[] = {
    {"a download that is wanted",                       NAME_WORK_PARTIAL,   INODE_OTHER, 1, "<ne",    "<old>",   true,
     "<old>",                                                                                                                       0, true },
    {"a download that nobody wants",                    NAME_WORK_PARTIAL,   INODE_OTHER, 1, "<ne",    "<old>",
     false,                                                                                                              "<old>",   0, false},
    {"a version that was not exchanged yet, wanted",    NAME_WORK_DISPLACED, INODE_OWN,   1,
     "<new>",                                                                                          "<old>",   true,  "<old>",   0, true },
    {"a version that was not exchanged yet, unwanted",  NAME_WORK_DISPLACED, INODE_OWN,   1,
     "<new>",                                                                                          "<old>",   false, "<old>",   0, false},
    {"displaced, ours",                                 NAME_WORK_DISPLACED, INODE_OTHER, 1, "<old>",  "<new>",   true,
     "<new>",                                                                                                                       0, false},
    {"displaced, a person's",                           NAME_WORK_DISPLACED, INODE_OTHER, 1, "<USER>", "<new>",   true,
     "<new>",                                                                                                                       1, false},
    {"displaced, and the new version was never placed", NAME_WORK_DISPLACED, INODE_OTHER, 1,
     "<old>",                                                                                          NULL,      true,  "<old>",   0, false},
    {"displaced, of an item that we know nothing of",   NAME_WORK_DISPLACED, INODE_OTHER, 2,
     "<USER>",                                                                                         NULL,      true,  NULL,      1, false},
    {"on its way out",                                  NAME_WORK_REMOVED,   INODE_OWN,   1, "<old>",  NULL,      false, "<old>",   0,
     false                                                                                                                                  },
    {"on its way out, a person's",                      NAME_WORK_REMOVED,   INODE_OWN,   1, "<USER>", NULL,      false,
     "<USER>",                                                                                                                      0, false},
    {"on its way out, ours, the name is taken",         NAME_WORK_REMOVED,   INODE_OWN,   1, "<old>",
     "<other>",                                                                                                   false, "<other>", 0, false},
    {"on its way out, a person's, the name is taken",   NAME_WORK_REMOVED,   INODE_OWN,   1,
     "<USER>",                                                                                         "<other>", false, "<other>", 1, false},
    {"staged, as the state says",                       NAME_WORK_STAGE,     INODE_OTHER, 1, "<old>",  NULL,      true,
     NULL,                                                                                                                          0, true },
    {"staged, unknown to the state",                    NAME_WORK_STAGE,     INODE_OTHER, 1, "<old>",  NULL,      false,
     "<old>",                                                                                                                       0, false},
    {"staged, the name is taken",                       NAME_WORK_STAGE,     INODE_OTHER, 1, "<USER>", "<other>",
     false,                                                                                                              "<other>", 1, false},
};

static void lay(const struct place_world *world, const struct recover_case *row)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    char name[NAME_MAX_BYTES + 1];
    char path[NAME_MAX_BYTES + 32];
    temp_dir_write(&world->mirror, "lies", row->lies);
    uint64_t inode = place_world_print(world, "lies").inode + (row->inode != INODE_OWN);
    if (row->kind == NAME_WORK_PARTIAL || row->kind == NAME_WORK_STAGE)
        name_work_format(name, row->kind, row->key);
    else
        name_work_format_inode(name, row->kind, row->key, inode);
    (void)snprintf(path, sizeof path, ".drive-agent/%s", name);
    assert_int_equal(rename(temp_dir_path(&world->mirror, "lies", from),
                            temp_dir_path(&world->mirror, path, to)),
                     0);
}

static void begin(struct place_world *world, const struct recover_case *row)
{
    char path[PATH_MAX];
    place_world_open(world, disk_system());
    temp_dir_mkdir(&world->mirror, "docs");
    (void)place_world_base(world, 1, "docs/a", "<old>");
    if (row->stands == NULL)
        assert_int_equal(unlink(temp_dir_path(&world->mirror, "docs/a", path)), 0);
    else
        temp_dir_write(&world->mirror, "docs/a", row->stands);
    lay(world, row);
    world->wants_partials = row->is_wanted;
    world->wanted_stage = row->is_wanted ? row->key : 0;
}

static void check_recover(const struct recover_case *row)
{
    struct place_world world;
    struct failure failure;
    begin(&world, row);
    for (int i = 0; i < 2; i++) { /* F-02 */
        assert_int_equal(place_world_recover(&world, &failure), FAILURE_NONE);
        assert_int_equal(world.kept, row->copies);
        assert_int_equal(temp_dir_has(&world.mirror, "docs/a"), row->at_name != NULL);
        if (row->at_name != NULL)
            place_world_assert_text(&world, "docs/a", row->at_name);
        assert_int_equal(place_world_leftovers(&world), row->stays);
        if (strcmp(row->lies, "<USER>") == 0)
            assert_int_equal(temp_dir_count_marker(&world.mirror, "<USER>"), 1);
    }
    place_world_close(&world);
}

static void decides_by_looking(void **state)
{
    (void)state;
    CASES(cases, check_recover);
}

static void check_lost(const struct recover_case *row)
{
    struct place_world world;
    struct failure failure;
    begin(&world, row);
    world.has_lost_state = true;
    (void)place_world_recover(&world, &failure);
    assert_int_equal(world.kept, 0);
    assert_int_equal(place_world_leftovers(&world), 1);
    assert_int_equal(temp_dir_has(&world.mirror, "docs/a"), row->stands != NULL);
    if (row->stands != NULL)
        place_world_assert_text(&world, "docs/a", row->stands);
    place_world_close(&world);
}

/* Its last answers may be those of before the interruption (F-68). */
static void does_nothing_by_a_state_that_fails(void **state)
{
    (void)state;
    CASES(cases, check_lost);
}

static void leaves_what_is_not_its_own(void **state)
{
    (void)state;
    struct place_world world;
    struct failure failure;
    place_world_open(&world, disk_system());
    temp_dir_write(&world.mirror, ".drive-agent/notes.txt", "<mine>");
    temp_dir_mkdir(&world.mirror, ".drive-agent/folder");
    assert_int_equal(place_world_recover(&world, &failure), FAILURE_NONE);
    place_world_assert_text(&world, ".drive-agent/notes.txt", "<mine>");
    assert_true(temp_dir_has(&world.mirror, ".drive-agent/folder"));
    place_world_close(&world);
}

static void brings_a_staged_folder_back_whole(void **state)
{
    (void)state;
    struct place_world world;
    struct failure failure;
    char path[PATH_MAX];
    place_world_open(&world, disk_system());
    (void)place_world_base(&world, 1, "docs", "");
    assert_int_equal(unlink(temp_dir_path(&world.mirror, "docs", path)), 0);
    temp_dir_mkdir(&world.mirror, ".drive-agent/1.stage");
    temp_dir_write(&world.mirror, ".drive-agent/1.stage/own", "<mine>");
    assert_int_equal(place_world_recover(&world, &failure), FAILURE_NONE);
    place_world_assert_text(&world, "docs/own", "<mine>");
    place_world_close(&world);
}

static void goes_to_the_root_when_the_folder_is_gone(void **state)
{
    (void)state;
    struct place_world world;
    struct failure failure;
    char path[PATH_MAX];
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "docs");
    (void)place_world_base(&world, 1, "docs/a", "<old>");
    assert_int_equal(unlink(temp_dir_path(&world.mirror, "docs/a", path)), 0);
    assert_int_equal(rmdir(temp_dir_path(&world.mirror, "docs", path)), 0);
    temp_dir_write(&world.mirror, ".drive-agent/1.1.out", "<mine>");
    assert_int_equal(place_world_recover(&world, &failure), FAILURE_NONE);
    assert_int_equal(world.kept, 1);
    assert_int_equal(place_world_leftovers(&world), 0);
    assert_int_equal(temp_dir_count_marker(&world.mirror, "<mine>"), 1);
    place_world_close(&world);
}

/* At its place nothing would be known of it: the record leads to the staging area. */
static void goes_back_to_the_staging_area_that_it_was_removed_from(void **state)
{
    (void)state;
    struct place_world world;
    struct failure failure;
    char from[PATH_MAX];
    char to[PATH_MAX];
    char name[NAME_MAX_BYTES + 1];
    char path[NAME_MAX_BYTES + 32];
    place_world_open(&world, disk_system());
    (void)place_world_base(&world, 1, "a", "<old>");
    world.bases[0].base.parent = STORE_STAGE;
    name_work_format_inode(name, NAME_WORK_REMOVED, 1, world.bases[0].base.print.inode);
    (void)snprintf(path, sizeof path, ".drive-agent/%s", name);
    assert_int_equal(rename(temp_dir_path(&world.mirror, "a", from),
                            temp_dir_path(&world.mirror, path, to)),
                     0);
    for (int i = 0; i < 2; i++) { /* F-02 */
        assert_int_equal(place_world_recover(&world, &failure), FAILURE_NONE);
        assert_false(temp_dir_has(&world.mirror, "a"));
        place_world_assert_text(&world, ".drive-agent/1.stage", "<old>");
        assert_int_equal(world.wanted_stage, 1);
    }
    place_world_close(&world);
}

/* A folder was to be staged, and a person had put his file in its place. */
static void gives_back_what_is_of_another_kind_than_the_record(void **state)
{
    (void)state;
    struct place_world world;
    struct failure failure;
    place_world_open(&world, disk_system());
    (void)place_world_base(&world, 1, "a", "<mine>");
    world.bases[0].base.kind = STORE_KIND_FOLDER;
    world.wanted_stage = 1;
    char from[PATH_MAX];
    char to[PATH_MAX];
    assert_int_equal(rename(temp_dir_path(&world.mirror, "a", from),
                            temp_dir_path(&world.mirror, ".drive-agent/1.stage", to)),
                     0);
    assert_int_equal(place_world_recover(&world, &failure), FAILURE_NONE);
    place_world_assert_text(&world, "a", "<mine>");
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

/* The old version lies displaced in the working folder, the new one at its place. */
static void displace(struct place_world *world)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    temp_dir_mkdir(&world->mirror, "docs");
    (void)place_world_base(world, 1, "docs/a", "<old>");
    assert_int_equal(rename(temp_dir_path(&world->mirror, "docs/a", from),
                            temp_dir_path(&world->mirror, ".drive-agent/1.1.out", to)),
                     0);
    temp_dir_write(&world->mirror, "docs/a", "<new>");
}

static void keeps_what_a_program_is_writing(void **state) /* F-29 */
{
    (void)state;
    struct place_world world;
    struct failure failure;
    char path[PATH_MAX];
    place_world_open(&world, disk_system());
    displace(&world);
    int fd = open(temp_dir_path(&world.mirror, ".drive-agent/1.1.out", path),
                  O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(place_world_recover(&world, &failure), FAILURE_NONE);
    assert_int_equal(close(fd), 0);
    assert_int_equal(world.kept, 1);
    assert_int_equal(temp_dir_count_marker(&world.mirror, "<old>"), 1);
    place_world_close(&world);
}

/* Displaced files cannot be opened while `user` says so. */
static int open_or_refuse(void *user, int folder, const char *path, int flags, mode_t mode)
{
    const bool *refuses = user;
    if (*refuses && strstr(path, ".out") != NULL) {
        errno = EACCES;
        return -1;
    }
    return disk_system()->open_beneath(NULL, folder, path, flags, mode);
}

static void looks_again_at_what_cannot_be_read(void **state) /* F-16 */
{
    (void)state;
    struct place_world world;
    struct failure failure;
    bool refuses = false;
    struct disk disk = *disk_system();
    disk.open_beneath = open_or_refuse;
    disk.user = &refuses;
    place_world_open(&world, &disk);
    displace(&world);
    refuses = true;
    world.may_recover_again = true;
    assert_int_equal(place_world_recover(&world, &failure), FAILURE_ITEM);
    assert_int_equal(world.kept, 0);
    assert_int_equal(place_world_leftovers(&world), 1);
    refuses = false;
    assert_int_equal(place_world_recover(&world, &failure), FAILURE_NONE);
    assert_int_equal(world.kept, 0);
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void keeps_at_last_what_cannot_be_read(void **state) /* F-16 */
{
    (void)state;
    struct place_world world;
    struct failure failure;
    bool refuses = false;
    struct disk disk = *disk_system();
    disk.open_beneath = open_or_refuse;
    disk.user = &refuses;
    place_world_open(&world, &disk);
    displace(&world);
    refuses = true;
    assert_int_equal(place_world_recover(&world, &failure), FAILURE_NONE);
    assert_int_equal(world.kept, 1);
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

/* F-04: what an earlier run has written may be as long as it was, and something else. */
static void knows_a_download_of_an_earlier_run(void **state)
{
    (void)state;
    struct place_world world;
    struct failure failure;
    char name[256];
    const struct disk *disk = disk_system();
    place_world_open(&world, disk);
    /* The clock of the file system may stand still for a moment, and what was written in
     * the very one in which the root was opened is not taken for its own. */
    for (int i = 0; i < 1000 && place_partial_size(world.root, 1, true) < 0; i++) {
        int fd = place_open_partial(world.root, 1, 5, 0, name, &failure);
        assert_int_equal(disk_write(disk, fd, "hello", 5), 0);
        disk_close(disk, fd);
    }
    assert_int_equal(place_partial_size(world.root, 1, true), 5);
    for (int i = 0; i < 1000 && place_partial_size(world.root, 1, true) >= 0; i++) {
        struct place_identity identity = {.marker = NULL};
        place_close(world.root);
        assert_int_equal(place_open(disk, world.mirror.path, &identity, PLACE_WORLD_MARKER,
                                    &world.root, &failure),
                         FAILURE_NONE);
    }
    assert_int_equal(place_partial_size(world.root, 1, true), -1);
    assert_int_equal(place_partial_size(world.root, 1, false), 5);
    place_drop_partial(world.root, 1);
    place_world_close(&world);
}

static void goes_on_with_a_download(void **state)
{
    (void)state;
    struct place_world world;
    struct failure failure;
    char name[256];
    const struct disk *disk = disk_system();
    place_world_open(&world, disk);
    int fd = place_open_partial(world.root, 1, 11, 0, name, &failure);
    assert_int_equal(disk_write(disk, fd, "hello wrong", 11), 0);
    disk_close(disk, fd);
    assert_int_equal(place_partial_size(world.root, 1, false), 11);
    fd = place_open_partial(world.root, 1, 11, 6, name, &failure);
    assert_true(fd >= 0);
    struct hash *hash = hash_new(0);
    assert_int_equal(place_rehash(disk_system(), fd, 6, hash, &failure), FAILURE_NONE);
    assert_int_equal(disk_write(disk, fd, "world", 5), 0);
    hash_update(hash, "world", 5);
    disk_close(disk, fd);
    struct place_step step = place_world_step(PLACE_FILE, 1, "", "a");
    step.partial = name;
    step.size = 11;
    step.hash = hash_finish(hash);
    struct store_hash want = place_world_hash("hello world");
    assert_true(hash_equal(&step.hash, &want));
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_DONE);
    place_world_assert_text(&world, "a", "hello world");
    place_world_close(&world);
}

static void begins_anew_where_the_download_is_unusable(void **state)
{
    (void)state;
    struct place_world world;
    struct failure failure;
    char name[256];
    char from[PATH_MAX];
    char to[PATH_MAX];
    place_world_open(&world, disk_system());
    assert_int_equal(place_open_partial(world.root, 1, 9, 4, name, &failure), -1);
    temp_dir_write(&world.mirror, ".drive-agent/1.part", "abc");
    assert_int_equal(place_open_partial(world.root, 1, 9, 4, name, &failure), -1);
    assert_int_equal(failure.kind, FAILURE_TRANSIENT);
    /* Placed by a link already: to write into it would change the file that stands there.
     */
    assert_int_equal(link(temp_dir_path(&world.mirror, ".drive-agent/1.part", from),
                          temp_dir_path(&world.mirror, "a", to)),
                     0);
    assert_int_equal(place_partial_size(world.root, 1, false), -1);
    assert_int_equal(place_open_partial(world.root, 1, 9, 2, name, &failure), -1);
    int fd = place_open_partial(world.root, 1, 9, 0, name, &failure);
    assert_true(fd >= 0);
    disk_close(disk_system(), fd);
    place_world_assert_text(&world, "a", "abc");
    struct place_step step = place_world_file(1, "", "a", "<new>");
    step.partial = name; /* empty, not of five bytes */
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_FAILED);
    assert_int_equal(step.failure.kind, FAILURE_TRANSIENT);
    place_world_assert_text(&world, "a", "abc");
    place_world_close(&world);
}

static void finds_a_step_done_before_a_kill(void **state) /* F-03 */
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_write(&world.mirror, "a", "<new>");
    struct place_step step = place_world_file(1, "", "a", "<new>");
    step.partial = "1.part"; /* gone with the rename */
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_ADOPTED);
    temp_dir_write(&world.mirror, "a", "<mine>");
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_FAILED);
    assert_int_equal(step.failure.kind, FAILURE_TRANSIENT);
    place_world_assert_text(&world, "a", "<mine>");
    place_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(decides_by_looking),
        TABLE_TEST(does_nothing_by_a_state_that_fails),
        TABLE_TEST(leaves_what_is_not_its_own),
        TABLE_TEST(brings_a_staged_folder_back_whole),
        TABLE_TEST(goes_back_to_the_staging_area_that_it_was_removed_from),
        TABLE_TEST(gives_back_what_is_of_another_kind_than_the_record),
        TABLE_TEST(goes_to_the_root_when_the_folder_is_gone),
        TABLE_TEST(keeps_what_a_program_is_writing),
        TABLE_TEST(looks_again_at_what_cannot_be_read),
        TABLE_TEST(keeps_at_last_what_cannot_be_read),
        TABLE_TEST(knows_a_download_of_an_earlier_run),
        TABLE_TEST(goes_on_with_a_download),
        TABLE_TEST(begins_anew_where_the_download_is_unusable),
        TABLE_TEST(finds_a_step_done_before_a_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
