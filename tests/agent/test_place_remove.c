/* Deletions are earned (3.2): only what is as the agent left it, into the desktop trash
 * where there is one, and folders only when they are empty. */
#include "tests/support/place_world.h"
#include "tests/support/table.h"

static void leave(struct place_world *world)
{
    (void)world;
}

static void touch(struct place_world *world)
{
    place_world_set_time(world, "a b.txt", PLACE_WORLD_MTIME + 9000);
}

static void edit(struct place_world *world)
{
    temp_dir_write(&world->mirror, "a b.txt", "<edited>");
}

static void edit_unseen(struct place_world *world)
{
    temp_dir_write(&world->mirror, "a b.txt", "<OLD>");
    place_world_set_time(world, "a b.txt", PLACE_WORLD_MTIME);
}

static void delete (struct place_world *world)
{
    char path[PATH_MAX];
    assert_int_equal(unlink(temp_dir_path(&world->mirror, "a b.txt", path)), 0);
}

static void replace_by_link(struct place_world *world)
{
    delete (world);
    temp_dir_symlink(&world->mirror, "../outside/canary", "a b.txt");
}

static void replace_by_folder(struct place_world *world)
{
    delete (world);
    temp_dir_mkdir(&world->mirror, "a b.txt");
}

static const struct remove_case {
    const char *name;
    void (*before)(struct place_world *world);
    enum place_result want;
    bool is_gone;
} cases[] = {
    {"as we left it",                            leave,             PLACE_DONE, true },
    {"touched, the same content",                touch,             PLACE_DONE, true },
    {"edited",                                   edit,              PLACE_LEFT, false},
    {"edited with the old size and time (F-37)", edit_unseen,       PLACE_LEFT, false},
    {"gone already (P-5)",                       delete,            PLACE_DONE, true },
    {"a link in its place (F-52)",               replace_by_link,   PLACE_LEFT, false},
    {"a folder in its place",                    replace_by_folder, PLACE_LEFT, false},
};

static void check_remove(const struct remove_case *row)
{
    struct place_world world;
    place_world_open(&world, disk_system());
    const struct store_base *base = place_world_base(&world, 1, "a b.txt", "<old>");
    row->before(&world);
    struct place_step step = place_world_step(PLACE_REMOVE_FILE, 1, "", "a b.txt");
    place_world_expect(&step, base);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, row->want);
    assert_int_equal(temp_dir_has(&world.mirror, "a b.txt"), !row->is_gone);
    assert_int_equal(place_world_leftovers(&world), 0);
    assert_int_equal(temp_dir_has(&world.dir, "data/Trash"), false);
    place_world_close(&world);
}

static void removes_only_what_it_has_put_there(void **state)
{
    (void)state;
    CASES(cases, check_remove);
}

static void moves_to_the_trash_of_the_desktop(void **state)
{
    (void)state;
    struct place_world world;
    char info[512];
    char want[PATH_MAX];
    place_world_open(&world, disk_system());
    place_set_trash(world.root, true);
    for (int i = 0; i < 2; i++) { /* the second one gets another name */
        world.base_count = 0;
        const struct store_base *base = place_world_base(&world, 1, "a b.txt", "<old>");
        struct place_step step = place_world_step(PLACE_REMOVE_FILE, 1, "", "a b.txt");
        place_world_expect(&step, base);
        place_world_run(&world, &step, 1);
        assert_int_equal(step.result, PLACE_DONE);
    }
    assert_string_equal(
        temp_dir_read(&world.dir, "data/Trash/files/a b.txt", info, sizeof info), "<old>");
    assert_true(temp_dir_has(&world.dir, "data/Trash/files/a b.txt.2"));
    assert_true(temp_dir_has(&world.dir, "data/Trash/info/a b.txt.2.trashinfo"));
    (void)temp_dir_read(&world.dir, "data/Trash/info/a b.txt.trashinfo", info, sizeof info);
    (void)snprintf(want, sizeof want, "[Trash Info]\nPath=%s/a%%20b.txt\nDeletionDate=20",
                   world.mirror.path);
    assert_int_equal(strncmp(info, want, strlen(want)), 0);
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

/* Counts what is synced by itself; `refuses_all` lets every sync of a file system fail. */
struct sync_counter {
    struct disk table;
    unsigned files;
    unsigned systems;
    bool refuses_all;
};

static int counted_sync(void *user, int fd)
{
    struct sync_counter *counter = user;
    counter->files++;
    return fsync(fd);
}

static int counted_sync_filesystem(void *user, int fd)
{
    struct sync_counter *counter = user;
    counter->systems++;
    errno = EIO;
    return counter->refuses_all && counter->systems == 1 ? -1 : syncfs(fd);
}

static void check_many(bool refuses_all)
{
    struct place_world world;
    struct sync_counter counter = {.table = *disk_system()};
    struct place_step steps[PLACE_WORLD_BASES];
    counter.table.user = &counter;
    counter.table.sync = counted_sync;
    counter.table.sync_filesystem = counted_sync_filesystem;
    place_world_open(&world, &counter.table);
    place_set_trash(world.root, true);
    for (int i = 0; i < PLACE_WORLD_BASES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "a%d", i);
        const struct store_base *base = place_world_base(&world, i + 1, name, "<old>");
        steps[i] = place_world_step(PLACE_REMOVE_FILE, i + 1, "", world.bases[i].name);
        place_world_expect(&steps[i], base);
    }
    counter.files = counter.systems = 0;
    counter.refuses_all = refuses_all;
    place_world_run(&world, steps, PLACE_WORLD_BASES);
    for (int i = 0; i < PLACE_WORLD_BASES; i++) {
        char path[PATH_MAX];
        assert_int_equal(steps[i].result, PLACE_DONE);
        (void)snprintf(path, sizeof path, "data/Trash/files/a%d", i);
        assert_true(temp_dir_has(&world.dir, path));
        (void)snprintf(path, sizeof path, "data/Trash/info/a%d.trashinfo", i);
        assert_true(temp_dir_has(&world.dir, path));
    }
    assert_int_equal(counter.files >= PLACE_WORLD_BASES, refuses_all);
    assert_int_equal(counter.systems, 1);
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void notes_many_with_one_sync(void **state)
{
    (void)state;
    check_many(false);
    check_many(true); /* each by itself then */
}

/* The file system ends at the test's folder, and the home trash lies on another one. */
static int stat_path_on_own_disk(void *user, const char *path, struct stat *out)
{
    const struct place_world *world = user;
    const struct disk *real = disk_system();
    int result = real->stat_path(real->user, path, out);
    bool is_inside = strncmp(path, world->dir.path, strlen(world->dir.path)) == 0;
    if (!is_inside || strstr(path, "/data") != NULL)
        out->st_dev++;
    return result;
}

enum top_trash { TOP_NONE, TOP_SHARED, TOP_SHARED_NOT_STICKY, TOP_LINK };

static const struct top_case {
    const char *name;
    enum top_trash top;
    bool is_kept; /* else unlinked */
} tops[] = {
    {"$topdir/.Trash-UID",         TOP_NONE,              true },
    {"$topdir/.Trash/UID",         TOP_SHARED,            true },
    {"not sticky, so not trusted", TOP_SHARED_NOT_STICKY, true },
    {"a link, so not followed",    TOP_LINK,              false},
};

static void prepare_top(const struct place_world *world, const struct top_case *row,
                        const char *own)
{
    char path[PATH_MAX];
    if (row->top == TOP_LINK)
        temp_dir_symlink(&world->dir, "outside", own);
    if (row->top != TOP_SHARED && row->top != TOP_SHARED_NOT_STICKY)
        return;
    temp_dir_mkdir(&world->dir, ".Trash");
    mode_t mode = row->top == TOP_SHARED ? 01777 : 0777;
    assert_int_equal(chmod(temp_dir_path(&world->dir, ".Trash", path), mode), 0);
}

static void check_top(const struct top_case *row)
{
    struct place_world world;
    struct disk disk = *disk_system();
    char own[64];
    char path[PATH_MAX];
    char text[256];
    disk.user = &world;
    place_world_open(&world, disk_system());
    place_close(world.root);
    disk.stat_path = stat_path_on_own_disk;
    struct failure failure;
    assert_int_equal(place_world_start(&world, &disk, &failure), FAILURE_NONE);
    (void)snprintf(own, sizeof own, ".Trash-%u", (unsigned)geteuid());
    prepare_top(&world, row, own);
    if (row->top == TOP_SHARED)
        (void)snprintf(own, sizeof own, ".Trash/%u", (unsigned)geteuid());
    place_set_trash(world.root, true);
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    struct place_step step = place_world_step(PLACE_REMOVE_FILE, 1, "", "a");
    place_world_expect(&step, base);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_DONE);
    assert_false(temp_dir_has(&world.mirror, "a"));
    assert_int_equal(temp_dir_count_marker(&world.dir, "<old>"), row->is_kept);
    if (row->is_kept) {
        (void)snprintf(path, sizeof path, "%s/files/a", own);
        assert_true(temp_dir_has(&world.dir, path));
        (void)snprintf(path, sizeof path, "%s/info/a.trashinfo", own);
        (void)temp_dir_read(&world.dir, path, text, sizeof text);
        assert_non_null(strstr(text, "\nPath=mirror/a\n"));
    }
    place_world_close(&world);
}

static void falls_back_to_the_trash_of_the_file_system(void **state)
{
    (void)state;
    CASES(tops, check_top);
}

static void waits_for_a_program_that_writes(void **state) /* F-29 */
{
    (void)state;
    struct place_world world;
    char path[PATH_MAX];
    place_world_open(&world, disk_system());
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    struct place_step step = place_world_step(PLACE_REMOVE_FILE, 1, "", "a");
    place_world_expect(&step, base);
    int writer = open(temp_dir_path(&world.mirror, "a", path), O_WRONLY | O_CLOEXEC);
    place_world_run(&world, &step, 1);
    (void)close(writer);
    assert_int_equal(step.result, PLACE_BUSY);
    place_world_assert_text(&world, "a", "<old>");
    place_world_close(&world);
}

static const struct folder_case {
    const char *name;
    const char *folder;
    enum place_result want;
    bool stays;
} folders[] = {
    {"an empty one",                          "empty", PLACE_DONE, false},
    {"one that holds a person's file (F-88)", "full",  PLACE_LEFT, true },
    {"a link to one (F-50)",                  "link",  PLACE_LEFT, true },
    {"a file",                                "file",  PLACE_LEFT, true },
    {"none",                                  "none",  PLACE_DONE, false},
};

static void check_folder(const struct folder_case *row)
{
    struct place_world world;
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "empty");
    temp_dir_mkdir(&world.mirror, "full");
    temp_dir_write(&world.mirror, "full/own", "<mine>");
    temp_dir_symlink(&world.mirror, "empty", "link");
    temp_dir_write(&world.mirror, "file", "<mine>");
    struct place_step step = place_world_step(PLACE_REMOVE_FOLDER, 1, "", row->folder);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, row->want);
    assert_int_equal(temp_dir_has(&world.mirror, row->folder), row->stays);
    place_world_assert_text(&world, "full/own", "<mine>");
    place_world_close(&world);
}

static void removes_only_empty_folders(void **state)
{
    (void)state;
    CASES(folders, check_folder);
}

/* A person who is quicker than the rename that takes the file away (F-27): he saves, or
 * saves and makes something else of that name at once. */
static struct {
    struct place_world *world;
    bool takes_name;
    bool has_acted;
} person;

static int rename_after_person(void *user, int from, const char *from_name, int to,
                               const char *to_name, unsigned flags)
{
    bool is_theirs = strcmp(from_name, "a b.txt") == 0 && !person.has_acted;
    if (is_theirs)
        temp_dir_write(&person.world->mirror, "a b.txt", "<mine, saved late>");
    int result = disk_system()->rename(user, from, from_name, to, to_name, flags);
    if (is_theirs && person.takes_name)
        temp_dir_write(&person.world->mirror, "a b.txt", "<mine, too>");
    person.has_acted = person.has_acted || is_theirs;
    return result;
}

static void check_late_edit(bool takes_name)
{
    struct place_world world;
    struct disk disk = *disk_system();
    disk.rename = rename_after_person;
    place_world_open(&world, &disk);
    person.world = &world;
    person.takes_name = takes_name;
    person.has_acted = false;
    const struct store_base *base = place_world_base(&world, 1, "a b.txt", "<old>");
    struct place_step step = place_world_step(PLACE_REMOVE_FILE, 1, "", "a b.txt");
    place_world_expect(&step, base);
    place_world_run(&world, &step, 1);
    assert_true(person.has_acted);
    assert_int_equal(step.result, takes_name ? PLACE_KEPT_COPY : PLACE_LEFT);
    place_world_assert_text(&world, takes_name ? step.copy_name : "a b.txt",
                            "<mine, saved late>");
    if (takes_name)
        place_world_assert_text(&world, "a b.txt", "<mine, too>");
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void an_edit_just_before_it_is_taken_away_comes_back(void **state)
{
    (void)state;
    check_late_edit(false);
    check_late_edit(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(removes_only_what_it_has_put_there),
        TABLE_TEST(an_edit_just_before_it_is_taken_away_comes_back),
        TABLE_TEST(moves_to_the_trash_of_the_desktop),
        TABLE_TEST(notes_many_with_one_sync),
        TABLE_TEST(falls_back_to_the_trash_of_the_file_system),
        TABLE_TEST(waits_for_a_program_that_writes),
        TABLE_TEST(removes_only_empty_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
