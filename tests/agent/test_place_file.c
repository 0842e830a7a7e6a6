/* One file under its final name: what may stand there, what is kept, and what is reported.
 * The same under faults and edits is in test_place_faults.c. */
#include <stdatomic.h>
#include <threads.h>

#include "tests/support/failing_disk.h"
#include "tests/support/place_world.h"
#include "tests/support/table.h"

enum { RACE_ROUNDS = 300 };

/* What stands at the name before the step. */
enum standing {
    NOTHING,
    AS_LEFT,
    EDITED,
    EDITED_TO_NEW,
    OTHER_FILE,
    SAME_FILE,
    LINK,
    DANGLING,
    FIFO,
    FOLDER,
    TOUCHED, /* as left, but for its time */
};

static const struct standing_case {
    const char *name;
    enum standing standing;
    enum place_result want;
    const char *text;   /* under the name afterwards; NULL: as before */
    const char *copied; /* in the conflict copy; NULL none */
    int number;         /* of the failure */
} cases[] = {
    {"nothing",                                    NOTHING,       PLACE_DONE,      "<new>", NULL,       0 },
    {"what we put there",                          AS_LEFT,       PLACE_DONE,      "<new>", NULL,       0 },
    {"the same, but touched",                      TOUCHED,       PLACE_DONE,      "<new>", NULL,       0 },
    {"an edit (F-26)",                             EDITED,        PLACE_KEPT_COPY, "<new>", "<edited>", 0 },
    {"an edit that equals the new version (F-26)", EDITED_TO_NEW, PLACE_ADOPTED,   "<new>",
     NULL,                                                                                              0 },
    {"a person's file (F-28)",                     OTHER_FILE,    PLACE_KEPT_COPY, "<new>", "<other>",  0 },
    {"the wanted content (F-03, F-28)",            SAME_FILE,     PLACE_ADOPTED,   "<new>", NULL,       0 },
    {"a link to a file outside (F-52)",            LINK,          PLACE_KEPT_COPY, "<new>", "canary",   0 },
    {"a link to nothing (F-52)",                   DANGLING,      PLACE_KEPT_COPY, "<new>", "",         0 },
    {"a FIFO (F-54)",                              FIFO,          PLACE_FAILED,    NULL,    NULL,       54},
    {"a folder (F-86)",                            FOLDER,        PLACE_OCCUPIED,  NULL,    NULL,       0 },
};

static const struct store_base *stand(struct place_world *world, enum standing standing)
{
    char path[PATH_MAX];
    (void)temp_dir_path(&world->mirror, "a.txt", path);
    const struct store_base *base = NULL;
    switch (standing) {
    case NOTHING:
        break;
    case AS_LEFT:
    case EDITED:
    case EDITED_TO_NEW:
    case TOUCHED:
        base = place_world_base(world, 1, "a.txt", "<old>");
        if (standing == EDITED)
            temp_dir_write(&world->mirror, "a.txt", "<edited>");
        if (standing == EDITED_TO_NEW)
            temp_dir_write(&world->mirror, "a.txt", "<new>");
        if (standing == TOUCHED)
            place_world_set_time(world, "a.txt", PLACE_WORLD_MTIME + 5000);
        break;
    case OTHER_FILE:
        temp_dir_write(&world->mirror, "a.txt", "<other>");
        break;
    case SAME_FILE:
        temp_dir_write(&world->mirror, "a.txt", "<new>");
        break;
    case LINK:
        temp_dir_symlink(&world->mirror, "../outside/canary", "a.txt");
        break;
    case DANGLING:
        temp_dir_symlink(&world->mirror, "nowhere", "a.txt");
        break;
    case FIFO:
        assert_int_equal(mkfifo(path, 0600), 0);
        break;
    case FOLDER:
        temp_dir_mkdir(&world->mirror, "a.txt");
        temp_dir_write(&world->mirror, "a.txt/inside", "<inside>");
        break;
    }
    return base;
}

static void check_standing(const struct standing_case *row, const struct disk *disk)
{
    struct place_world world;
    place_world_open(&world, disk);
    const struct store_base *base = stand(&world, row->standing);
    struct place_step step = place_world_file(1, "", "a.txt", "<new>");
    if (base != NULL)
        place_world_expect(&step, base);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, row->want);
    assert_int_equal(step.failure.number, row->number);
    assert_int_equal(step.copy_name[0] != '\0', row->copied != NULL);
    if (row->copied != NULL) {
        assert_int_equal(strncmp(step.copy_name, "a (conflict ", 12), 0);
        place_world_assert_text(&world, step.copy_name, row->copied);
    }
    if (row->text != NULL) {
        struct store_print print = place_world_print(&world, "a.txt");
        place_world_assert_text(&world, "a.txt", row->text);
        assert_memory_equal(&print, &step.print, sizeof print);
        if (row->want != PLACE_ADOPTED)
            assert_true(print.mtime_ns == PLACE_WORLD_MTIME * 1000000);
        /* Set long ago, or just now (F-37). */
        assert_int_equal(step.racy, row->want == PLACE_ADOPTED);
    }
    if (row->standing == FOLDER)
        place_world_assert_text(&world, "a.txt/inside", "<inside>");
    /* What was not placed comes again with the next try. */
    assert_int_equal(place_partial_size(world.root, 1, false), -1);
    assert_int_equal(place_world_leftovers(&world), 0);
    place_world_close(&world);
}

static void check_case(const struct standing_case *row)
{
    struct failing_disk disk;
    failing_disk_init(&disk, disk_system_plain());
    disk.refused_flags = RENAME_EXCHANGE | RENAME_NOREPLACE;
    check_standing(row, disk_system());
    check_standing(row, &disk.table);
}

static void places_over_whatever_stands_there(void **state)
{
    (void)state;
    CASES(cases, check_case);
}

static void waits_for_a_program_that_writes(void **state) /* F-29 */
{
    (void)state;
    struct place_world world;
    char path[PATH_MAX];
    place_world_open(&world, disk_system());
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    struct place_step step = place_world_file(1, "", "a", "<new>");
    place_world_expect(&step, base);
    int writer =
        open(temp_dir_path(&world.mirror, "a", path), O_WRONLY | O_APPEND | O_CLOEXEC);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_BUSY);
    place_world_assert_text(&world, "a", "<old>");
    assert_int_equal(write(writer, "<more>", 6), 6);
    (void)close(writer);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_KEPT_COPY);
    place_world_assert_text(&world, "a", "<new>");
    place_world_assert_text(&world, step.copy_name, "<old><more>");
    place_world_close(&world);
}

/* Opens the file for writing between the first look and the exchange (F-29). */
struct late_writer {
    struct place_world *world;
    int fd;
};

static void open_late(void *user)
{
    struct late_writer *writer = user;
    char path[PATH_MAX];
    writer->fd = open(temp_dir_path(&writer->world->mirror, "a", path),
                      O_WRONLY | O_APPEND | O_CLOEXEC);
}

static void keeps_what_a_program_still_writes_to(void **state) /* F-29 */
{
    (void)state;
    bool was_reached = true;
    for (unsigned k = 1; was_reached && k < 200; k++) {
        struct place_world world;
        struct failing_disk disk;
        failing_disk_init(&disk, disk_system());
        place_world_open(&world, &disk.table);
        struct late_writer writer = {&world, -1};
        const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
        struct place_step step = place_world_file(1, "", "a", "<new>");
        place_world_expect(&step, base);
        failing_disk_arm(&disk);
        disk.act = open_late;
        disk.act_user = &writer;
        disk.act_at = k;
        place_world_run(&world, &step, 1);
        was_reached = disk.calls >= k;
        /* Long after: it writes, and closes. */
        if (writer.fd >= 0) {
            assert_int_equal(write(writer.fd, "<more>", 6), 6);
            (void)close(writer.fd);
            assert_true(temp_dir_count_marker(&world.mirror, "<more>") > 0);
        }
        place_drop_partial(world.root, 1);
        place_world_close(&world);
    }
    assert_false(was_reached);
}

static void breaks_a_hard_link_and_leaves_the_other_name(void **state) /* F-53 */
{
    (void)state;
    struct place_world world;
    char from[PATH_MAX];
    char to[PATH_MAX];
    place_world_open(&world, disk_system());
    (void)place_world_base(&world, 1, "a", "<old>");
    assert_int_equal(link(temp_dir_path(&world.mirror, "a", from),
                          temp_dir_path(&world.dir, "other-name", to)),
                     0);
    struct place_step step = place_world_file(1, "", "a", "<new>");
    place_world_expect(&step, &world.bases[0].base);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_DONE);
    place_world_assert_text(&world, "a", "<new>");
    assert_string_equal(temp_dir_read(&world.dir, "other-name", from, sizeof from),
                        "<old>");
    place_world_close(&world);
}

static const struct folder_case {
    const char *name;
    const char *folder;
    enum place_result want;
    int number;
} folders[] = {
    {"there is none",                 "none",        PLACE_VANISHED, 0 },
    {"a link out of the root (F-50)", "link",        PLACE_FAILED,   50},
    {"a link in its path (F-50)",     "link/deeper", PLACE_FAILED,   50},
    {"a file (F-86)",                 "file",        PLACE_VANISHED, 0 },
    {"a way out (F-51)",              "../outside",  PLACE_FAILED,   17},
};

static void check_folder(const struct folder_case *row)
{
    static const enum place_op ops[] = {PLACE_FILE, PLACE_FOLDER, PLACE_TIMES, PLACE_ASIDE};
    for (size_t i = 0; i < COUNT_OF(ops); i++) {
        struct place_world world;
        place_world_open(&world, disk_system());
        temp_dir_symlink(&world.mirror, "../outside", "link");
        temp_dir_write(&world.mirror, "file", "text");
        struct place_step step = place_world_file(1, row->folder, "canary", "<new>");
        step.op = ops[i];
        place_world_run(&world, &step, 1);
        assert_int_equal(step.result, row->want);
        assert_int_equal(step.failure.number, row->number);
        place_world_close(&world); /* and the canary is as it was (I-7) */
    }
}

static void writes_nothing_through_what_stands_in_the_way(void **state)
{
    (void)state;
    CASES(folders, check_folder);
}

/* Exchanges a folder of the mirror and a link to the canary until told to stop. */
struct swapper {
    char folder[PATH_MAX];
    char link[PATH_MAX];
    atomic_bool stop;
};

static int swap_for_ever(void *user)
{
    struct swapper *swapper = user;
    while (!atomic_load(&swapper->stop))
        (void)renameat2(AT_FDCWD, swapper->folder, AT_FDCWD, swapper->link,
                        RENAME_EXCHANGE);
    return 0;
}

static void writes_nothing_through_a_folder_that_becomes_a_link(void **state) /* F-51 */
{
    (void)state;
    struct place_world world;
    struct swapper swapper = {.stop = false};
    thrd_t thread;
    place_world_open(&world, disk_system());
    temp_dir_mkdir(&world.mirror, "docs");
    temp_dir_symlink(&world.dir, "../outside", "link");
    (void)temp_dir_path(&world.mirror, "docs", swapper.folder);
    (void)temp_dir_path(&world.dir, "link", swapper.link);
    assert_int_equal(thrd_create(&thread, swap_for_ever, &swapper), thrd_success);
    for (int i = 0; i < RACE_ROUNDS; i++) {
        struct place_step steps[] = {
            place_world_file(1, "docs", "canary", "<new>"),
            place_world_step(PLACE_FOLDER, 2, "docs", "folder"),
            place_world_step(PLACE_REMOVE_FOLDER, 2, "docs", "folder"),
        };
        place_world_run(&world, steps, COUNT_OF(steps));
    }
    atomic_store(&swapper.stop, true);
    assert_int_equal(thrd_join(thread, NULL), thrd_success);
    assert_false(temp_dir_has(&world.dir, "outside/folder"));
    place_world_close(&world); /* the canary is as it was (I-7) */
}

static void sets_times_only_of_its_own_files(void **state)
{
    (void)state;
    struct place_world world;
    place_world_open(&world, disk_system());
    const struct store_base *base = place_world_base(&world, 1, "a", "<old>");
    struct place_step step = place_world_step(PLACE_TIMES, 1, "", "a");
    step.mtime_ms = PLACE_WORLD_MTIME + 7000;
    place_world_expect(&step, base);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_DONE);
    assert_true(step.racy); /* an edit in the same instant must not be missed */
    assert_true(place_world_print(&world, "a").mtime_ns ==
                (PLACE_WORLD_MTIME + 7000) * 1000000);
    temp_dir_write(&world.mirror, "a", "<mine>");
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_LEFT);
    char path[PATH_MAX];
    assert_int_equal(unlink(temp_dir_path(&world.mirror, "a", path)), 0);
    temp_dir_symlink(&world.mirror, "../outside/canary", "a");
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_LEFT); /* F-52 */
    assert_int_equal(unlink(path), 0);
    place_world_run(&world, &step, 1);
    assert_int_equal(step.result, PLACE_VANISHED);
    place_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(places_over_whatever_stands_there),
        TABLE_TEST(waits_for_a_program_that_writes),
        TABLE_TEST(keeps_what_a_program_still_writes_to),
        TABLE_TEST(breaks_a_hard_link_and_leaves_the_other_name),
        TABLE_TEST(writes_nothing_through_what_stands_in_the_way),
        TABLE_TEST(writes_nothing_through_a_folder_that_becomes_a_link),
        TABLE_TEST(sets_times_only_of_its_own_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
