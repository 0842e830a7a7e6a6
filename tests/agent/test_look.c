/* What stands at a place, against the records. */
#include "agent/place/look.h"
#include "protocol/graph_page.h"
#include "tests/support/failing_disk.h"
#include "tests/support/place_world.h"
#include "tests/support/table.h"

enum standing { FILE_THERE, NOTHING, LINK, LINK_TO_FOLDER, FIFO, FOLDER };

static const struct look_case {
    const char *name;
    enum store_kind kind; /* expected */
    enum standing standing;
    const char *text;   /* of the file */
    const char *base;   /* content of the base record; NULL none */
    const char *remote; /* content on the drive; NULL unknown */
    enum look_fact want;
    int number;
} cases[] = {
    {"as left",                                STORE_KIND_FILE,   FILE_THERE,     "<old>",   "<old>", "<new>", LOOK_AS_LEFT,      0 },
    {"as left, touched",                       STORE_KIND_FILE,   FILE_THERE,     "<old>",   "<old>", "<new>",
     LOOK_AS_LEFT,                                                                                                                0 },
    {"missing",                                STORE_KIND_FILE,   NOTHING,        NULL,      "<old>", "<old>", LOOK_MISSING,      0 },
    {"edited (F-25)",                          STORE_KIND_FILE,   FILE_THERE,     "<mine!>", "<old>", "<old>", LOOK_EDITED,
     0                                                                                                                              },
    {"edited, of the same size",               STORE_KIND_FILE,   FILE_THERE,     "<OLD>",   "<old>", "<new>",
     LOOK_EDITED,                                                                                                                 0 },
    {"holds the drive's version (F-03)",       STORE_KIND_FILE,   FILE_THERE,     "<new>",   "<old>",
     "<new>",                                                                                                  LOOK_HOLDS_REMOTE, 0 },
    {"holds it without a base (F-62)",         STORE_KIND_FILE,   FILE_THERE,     "<new>",   NULL,    "<new>",
     LOOK_HOLDS_REMOTE,                                                                                                           0 },
    {"another file without a base (F-28)",     STORE_KIND_FILE,   FILE_THERE,     "<mine>",  NULL,
     "<new>",                                                                                                  LOOK_EDITED,       0 },
    {"no hash in the listing (F-104)",         STORE_KIND_FILE,   FILE_THERE,     "<new>",   NULL,    NULL,
     LOOK_EDITED,                                                                                                                 0 },
    {"a link in its place (F-52)",             STORE_KIND_FILE,   LINK,           NULL,      "<old>", NULL,    LOOK_EDITED,
     50                                                                                                                             },
    {"a FIFO in its place (F-54)",             STORE_KIND_FILE,   FIFO,           NULL,      "<old>", NULL,    LOOK_EDITED,
     54                                                                                                                             },
    {"a folder in its place (F-86)",           STORE_KIND_FILE,   FOLDER,         NULL,      "<old>", NULL,
     LOOK_OTHER_KIND,                                                                                                             0 },
    {"the same where it was removed (F-31)",   STORE_KIND_FILE,   FOLDER,         NULL,      "<old>", NULL,
     LOOK_MISSING,                                                                                                                0 },
    {"a folder",                               STORE_KIND_FOLDER, FOLDER,         NULL,      "",      NULL,    LOOK_AS_LEFT,      0 },
    {"a folder that we have not made",         STORE_KIND_FOLDER, FOLDER,         NULL,      NULL,    NULL,
     LOOK_HOLDS_REMOTE,                                                                                                           0 },
    {"no folder",                              STORE_KIND_FOLDER, NOTHING,        NULL,      "",      NULL,    LOOK_MISSING,      0 },
    {"a file in its place (F-86)",             STORE_KIND_FOLDER, FILE_THERE,     "<mine>",  "",      NULL,
     LOOK_OTHER_KIND,                                                                                                             0 },
    {"a link to a folder in its place (F-50)", STORE_KIND_FOLDER, LINK_TO_FOLDER, NULL,      "",
     NULL,                                                                                                     LOOK_EDITED,       50},
};

static void stand(const struct place_world *world, const struct look_case *row)
{
    char path[PATH_MAX];
    (void)temp_dir_path(&world->mirror, "a", path);
    if (temp_dir_has(&world->mirror, "a") && row->standing != FILE_THERE)
        assert_int_equal(unlink(path), 0);
    switch (row->standing) {
    case NOTHING:
        break;
    case FILE_THERE:
        if (row->base == NULL || strcmp(row->text, row->base) != 0)
            temp_dir_write(&world->mirror, "a", row->text);
        break;
    case LINK:
        temp_dir_symlink(&world->mirror, "../outside/canary", "a");
        break;
    case LINK_TO_FOLDER:
        temp_dir_symlink(&world->mirror, "../outside", "a");
        break;
    case FIFO:
        assert_int_equal(mkfifo(path, 0600), 0);
        break;
    case FOLDER:
        temp_dir_mkdir(&world->mirror, "a");
        break;
    }
}

static void check_look(const struct look_case *row)
{
    struct place_world world;
    struct store_base base;
    struct look_answer answer;
    place_world_open(&world, disk_system());
    struct look_request request = {
        .folder = "", .name = "a", .kind = row->kind, .remote_size = STORE_UNKNOWN};
    if (row->base != NULL) {
        base = *place_world_base(&world, 1, "a", row->base);
        base.kind = row->kind;
        if (strstr(row->name, "removed") != NULL)
            base.flags |= STORE_BASE_REMOVED;
        request.base = &base;
    }
    if (row->remote != NULL) {
        request.remote_size = (int64_t)strlen(row->remote);
        request.remote_hash = place_world_hash(row->remote);
    }
    stand(&world, row);
    if (strstr(row->name, "touched") != NULL)
        place_world_set_time(&world, "a", PLACE_WORLD_MTIME + 1000);
    look_at(world.root, &request, &answer);
    assert_int_equal(answer.fact, row->want);
    assert_int_equal(answer.failure.number, row->number);
    if (row->want != LOOK_MISSING) {
        struct store_print print = place_world_print(&world, "a");
        assert_memory_equal(&answer.print, &print, sizeof print);
    }
    place_world_close(&world);
}

static void says_which_fact_holds(void **state)
{
    (void)state;
    CASES(cases, check_look);
}

/* A print that equals the base proves nothing where the base is racy, or of an edit. */
static const struct flag_case {
    const char *name;
    unsigned flags;
    enum look_fact want;
} flags[] = {
    {"trusted",       0,                 LOOK_AS_LEFT},
    {"racy (F-37)",   STORE_BASE_RACY,   LOOK_EDITED },
    {"edited (F-25)", STORE_BASE_EDITED, LOOK_EDITED },
};

static void check_flag(const struct flag_case *row)
{
    struct place_world world;
    struct look_answer answer;
    place_world_open(&world, disk_system());
    struct store_base base = *place_world_base(&world, 1, "a", "<old>");
    temp_dir_write(&world.mirror, "a", "<OLD>");
    place_world_set_time(&world, "a", PLACE_WORLD_MTIME);
    base.print = place_world_print(&world, "a");
    base.flags = row->flags;
    struct look_request request = {.folder = "",
                                   .name = "a",
                                   .kind = STORE_KIND_FILE,
                                   .base = &base,
                                   .remote_size = STORE_UNKNOWN};
    look_at(world.root, &request, &answer);
    assert_int_equal(answer.fact, row->want);
    place_world_close(&world);
}

static void hashes_where_times_prove_nothing(void **state)
{
    (void)state;
    CASES(flags, check_flag);
}

/* By stat alone: no more than "as left", or "look closely". */
static const struct glance_case {
    const char *name;
    enum store_kind kind;
    enum standing standing;
    const char *text;
    unsigned flags;
    bool want;
} glances[] = {
    {"as left",                             STORE_KIND_FILE,   FILE_THERE,     "<old>",    0,                 true },
    {"touched",                             STORE_KIND_FILE,   FILE_THERE,     "<old>",    0,                 false},
    {"as left, but racy (F-37)",            STORE_KIND_FILE,   FILE_THERE,     "<old>",    STORE_BASE_RACY,
     false                                                                                                         },
    {"known as edited (F-25)",              STORE_KIND_FILE,   FILE_THERE,     "<old>",    STORE_BASE_EDITED,
     false                                                                                                         },
    {"known as removed, but there (F-31)",  STORE_KIND_FILE,   FILE_THERE,     "<old>",
     STORE_BASE_REMOVED,                                                                                      false},
    {"edited",                              STORE_KIND_FILE,   FILE_THERE,     "<longer>", 0,                 false},
    {"missing (F-31)",                      STORE_KIND_FILE,   NOTHING,        NULL,       0,                 false},
    {"a link in its place (F-52)",          STORE_KIND_FILE,   LINK,           NULL,       0,                 false},
    {"a folder in its place (F-86)",        STORE_KIND_FILE,   FOLDER,         NULL,       0,                 false},
    {"a folder",                            STORE_KIND_FOLDER, FOLDER,         NULL,       0,                 true },
    {"a link to a folder (F-50)",           STORE_KIND_FOLDER, LINK_TO_FOLDER, NULL,       0,                 false},
    {"a file in the folder's place (F-86)", STORE_KIND_FOLDER, FILE_THERE,     "<mine>",   0,
     false                                                                                                         },
};

static void check_glance(const struct glance_case *row)
{
    const struct look_case standing = {
        .standing = row->standing, .text = row->text, .base = "<old>"};
    struct place_world world;
    place_world_open(&world, disk_system());
    struct store_base base = *place_world_base(&world, 1, "a", "<old>");
    stand(&world, &standing);
    if (strstr(row->name, "touched") != NULL)
        place_world_set_time(&world, "a", PLACE_WORLD_MTIME + 1000);
    const struct store_trace trace = {
        .name = "a", .kind = row->kind, .print = base.print, .flags = row->flags};
    int folder = look_open_folder(world.root, "");
    assert_int_equal(look_glance(world.root, folder, &trace), row->want);
    look_close_folder(world.root, folder);
    assert_false(look_glance(world.root, look_open_folder(world.root, "none"), &trace));
    place_world_close(&world);
}

static void a_glance_only_knows_what_is_plainly_as_left(void **state)
{
    (void)state;
    CASES(glances, check_glance);
}

static void compares_by_both_kinds_of_hash_in_one_pass(void **state)
{
    (void)state;
    struct place_world world;
    struct look_answer answer;
    place_world_open(&world, disk_system());
    struct store_base base = *place_world_base(&world, 1, "a", "<old>");
    place_world_set_time(&world, "a", PLACE_WORLD_MTIME + 1000);
    struct hash *hash = hash_new(GRAPH_HASH_SHA256);
    hash_update(hash, "<new>", 5);
    struct look_request request = {.folder = "",
                                   .name = "a",
                                   .kind = STORE_KIND_FILE,
                                   .base = &base,
                                   .remote_size = 5,
                                   .remote_hash = hash_finish(hash)};
    look_at(world.root, &request, &answer);
    assert_int_equal(answer.fact, LOOK_AS_LEFT);
    temp_dir_write(&world.mirror, "a", "<new>");
    look_at(world.root, &request, &answer);
    assert_int_equal(answer.fact, LOOK_HOLDS_REMOTE);
    assert_true(answer.racy); /* written just now (F-37) */
    assert_true(hash_equal(&answer.hash, &request.remote_hash));
    place_world_close(&world);
}

/* "Cannot read" is neither "changed" nor "deleted" (F-16). */
static void never_takes_an_error_for_a_fact(void **state)
{
    (void)state;
    static const int errors[] = {EIO, EACCES, ESTALE, EMFILE, ENOMEM};
    struct place_world world;
    struct failing_disk disk;
    failing_disk_init(&disk, disk_system());
    place_world_open(&world, &disk.table);
    struct store_base base = *place_world_base(&world, 1, "a", "<old>");
    base.flags = STORE_BASE_RACY; /* so that it is read */
    struct look_request request = {.folder = "",
                                   .name = "a",
                                   .kind = STORE_KIND_FILE,
                                   .base = &base,
                                   .remote_size = STORE_UNKNOWN};
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        bool was_reached = true;
        for (unsigned k = 1; was_reached; k++) {
            struct look_answer answer;
            failing_disk_arm(&disk);
            disk.fail_at = k;
            disk.error = errors[i];
            look_at(world.root, &request, &answer);
            was_reached = disk.calls >= k;
            assert_int_equal(answer.fact, was_reached ? LOOK_UNKNOWN : LOOK_AS_LEFT);
            if (was_reached && errors[i] == EIO)
                assert_int_equal(answer.failure.number, 16);
            if (was_reached)
                assert_true(answer.failure.text[0] != '\0');
        }
    }
    place_world_close(&world);
}

static const struct folder_case {
    const char *name;
    const char *folder;
    enum look_fact want;
    int number;
} folders[] = {
    {"there is no such folder",             "none/deeper", LOOK_MISSING, 0 },
    {"a file stands for the folder",        "file",        LOOK_MISSING, 0 },
    {"a link stands for the folder (F-50)", "link",        LOOK_UNKNOWN, 50},
};

static void check_folder(const struct folder_case *row)
{
    struct place_world world;
    struct look_answer answer;
    place_world_open(&world, disk_system());
    temp_dir_write(&world.mirror, "file", "text");
    temp_dir_symlink(&world.mirror, "../outside", "link");
    struct look_request request = {
        .folder = row->folder, .name = "canary", .kind = STORE_KIND_FILE};
    look_at(world.root, &request, &answer);
    assert_int_equal(answer.fact, row->want);
    assert_int_equal(answer.failure.number, row->number);
    place_world_close(&world);
}

static void looks_only_beneath_the_root(void **state)
{
    (void)state;
    CASES(folders, check_folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(says_which_fact_holds),
        TABLE_TEST(hashes_where_times_prove_nothing),
        TABLE_TEST(a_glance_only_knows_what_is_plainly_as_left),
        TABLE_TEST(compares_by_both_kinds_of_hash_in_one_pass),
        TABLE_TEST(never_takes_an_error_for_a_fact),
        TABLE_TEST(looks_only_beneath_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
