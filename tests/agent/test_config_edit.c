#include <string.h>

#include "agent/config.h"
#include "tests/support/temp_dir.h"

static enum failure_kind add(const char *path, const char *folder, const char *only,
                             struct failure *failure)
{
    const struct config_addition addition = {"b", folder, "me", only};
    return config_add_mirror(path, &addition, failure);
}

static const struct edit_case {
    const char *name;
    const char *before;
} texts[] = {
    {"an empty file",               ""                                                      },
    {"one section",                 "[sync]\ntransfers = 8\n"                               },
    {"comments everywhere",         "; top\n[sync] ; why\ntransfers = 8 # inline\n\n# end\n"},
    {"blank lines at the end",      "[sync]\n\n\n"                                          },
    {"another mirror",              "[mirror a]\nfolder = /a\n\n[mirror c]\nfolder = /c\n"  },
    {"lines that end as elsewhere", "[sync]\r\ntransfers = 8\r\n"                           },
};

static void comes_back_unchanged(const struct edit_case *row)
{
    struct temp_dir dir;
    char path[PATH_MAX];
    char text[4096];
    struct failure failure = {0};
    temp_dir_make(&dir);
    (void)temp_dir_path(&dir, "config.ini", path);
    temp_dir_write(&dir, "config.ini", row->before);
    assert_int_equal(add(path, "/srv/b", NULL, &failure), FAILURE_NONE);
    (void)temp_dir_read(&dir, "config.ini", text, sizeof text);
    assert_int_equal(strncmp(text, row->before, strlen(row->before)), 0);
    assert_non_null(strstr(text, "[mirror b]\nfolder = /srv/b\ndrive = me\n"));
    assert_int_equal(config_remove_mirror(path, "b", &failure), FAILURE_NONE);
    assert_string_equal(temp_dir_read(&dir, "config.ini", text, sizeof text), row->before);
    temp_dir_remove(&dir);
}

static void adding_and_removing_leaves_every_byte(void **state)
{
    (void)state;
    CASES(texts, comes_back_unchanged);
}

static const struct remove_case {
    const char *name;
    const char *before;
    const char *after;
} removals[] = {
    {"the first of two",                  "[mirror m]\nfolder = /m\n\n[mirror n]\nfolder = /n\n",
     "\n[mirror n]\nfolder = /n\n"                                                                                                                 },
    {"in the middle",
     "[sync]\ntrash = no\n\n[mirror m]\nfolder = /m\n\n[mirror n]\nfolder = /n\n",                "[sync]\ntrash = no\n\n[mirror n]\nfolder = /n\n"},
    {"comments in it stay",               "[mirror m]\n; mine\nfolder = /m\n# too\n[sync]\n",
     "; mine\n# too\n[sync]\n"                                                                                                                     },
    {"lists go with their lines",
     "[mirror m]\nfolder = /m\nexclude = a\n  [b]\n  c\n[sync]\n",                                "[sync]\n"                                       },
    {"a name that begins the same stays",
     "[mirror mm]\nfolder = /mm\n[mirror m]\nfolder = /m\n",                                      "[mirror mm]\nfolder = /mm\n"                    },
    {"blanks in the head",                "[mirror   m] ; old\nfolder = /m\n[sync]\n",            "[sync]\n"                                       },
};

static void only_the_section_goes(const struct remove_case *row)
{
    struct temp_dir dir;
    char path[PATH_MAX];
    char text[4096];
    struct failure failure = {0};
    temp_dir_make(&dir);
    temp_dir_write(&dir, "config.ini", row->before);
    (void)temp_dir_path(&dir, "config.ini", path);
    assert_int_equal(config_remove_mirror(path, "m", &failure), FAILURE_NONE);
    assert_string_equal(temp_dir_read(&dir, "config.ini", text, sizeof text), row->after);
    temp_dir_remove(&dir);
}

static void removing_takes_the_section_alone(void **state)
{
    (void)state;
    CASES(removals, only_the_section_goes);
}

static void removing_what_is_not_there_changes_nothing(void **state)
{
    (void)state;
    struct temp_dir dir;
    char path[PATH_MAX];
    char text[256];
    struct failure failure = {0};
    temp_dir_make(&dir);
    temp_dir_write(&dir, "config.ini", "[sync]\n");
    (void)temp_dir_path(&dir, "config.ini", path);
    assert_int_equal(config_remove_mirror(path, "m", &failure), FAILURE_CONFIG);
    assert_string_equal(temp_dir_read(&dir, "config.ini", text, sizeof text), "[sync]\n");
    temp_dir_remove(&dir);
}

static const struct refuse_case {
    const char *name;
    const char *folder;
} unwritable[] = {
    {"what begins a comment", "/srv/a ;b"                         },
    {"a newline",             "/srv/a\nb"                         },
    {"a blank at the end",    "/srv/a "                           },
    {"a line too long",       "/srv/"
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                        "aaaaaaaaaaaaaaaaaaaaa"
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                        "aaaaaaaaaaaaaaaaa"},
};

static void is_not_written(const struct refuse_case *row)
{
    struct temp_dir dir;
    char path[PATH_MAX];
    struct failure failure = {0};
    temp_dir_make(&dir);
    (void)temp_dir_path(&dir, "config.ini", path);
    assert_int_equal(add(path, row->folder, NULL, &failure), FAILURE_CONFIG);
    assert_false(temp_dir_has(&dir, "config.ini"));
    temp_dir_remove(&dir);
}

static void a_text_that_would_not_read_back_is_refused(void **state)
{
    (void)state;
    CASES(unwritable, is_not_written);
}

static void a_folder_of_the_drive_is_written_where_it_reads_back(void **state)
{
    (void)state;
    struct temp_dir dir;
    char path[PATH_MAX];
    char text[256];
    struct failure failure = {0};
    temp_dir_make(&dir);
    (void)temp_dir_path(&dir, "config.ini", path);
    assert_int_equal(add(path, "/srv/b", "A & B/c", &failure), FAILURE_NONE);
    assert_string_equal(temp_dir_read(&dir, "config.ini", text, sizeof text),
                        "[mirror b]\nfolder = /srv/b\ndrive = me\nfolders = A & B/c\n");
    assert_int_equal(config_remove_mirror(path, "b", &failure), FAILURE_NONE);
    assert_int_equal(add(path, "/srv/b", "A ;B", &failure), FAILURE_CONFIG);
    temp_dir_remove(&dir);
}

#define COMMENTED(line)                                                                    \
    "[mirror m] ; mine\n; old\n" line "folders = a\n\n[mirror n]\nfolder = /n\n"
#define SECOND(line) "[mirror n]\nfolder = /n\n[mirror m]\n" line
#define OTHER        "[mirror n]\nfolder = /n\n"
#define MOVED        "folder = /new place\n"

static const struct follow_case {
    const char *name;
    const char *before;
    const char *after; /* the same: refused */
} follows[] = {
    {"its folder alone", COMMENTED("folder=/m # here\n"), COMMENTED(MOVED)},
    {"of the second",    SECOND("  folder = /m\n"),       SECOND(MOVED)   },
    {"no such mirror",   OTHER,                           OTHER           },
};

static void follows_one(const struct follow_case *row)
{
    struct temp_dir dir;
    char path[PATH_MAX];
    char text[4096];
    struct failure failure = {0};
    temp_dir_make(&dir);
    (void)temp_dir_path(&dir, "config.ini", path);
    temp_dir_write(&dir, "config.ini", row->before);
    assert_int_equal(config_move_mirror(path, "m", "/new place", &failure),
                     strcmp(row->after, row->before) == 0 ? FAILURE_CONFIG : FAILURE_NONE);
    assert_string_equal(temp_dir_read(&dir, "config.ini", text, sizeof text), row->after);
    temp_dir_remove(&dir);
}

static void a_moved_folder_is_followed(void **state) /* F-59 */
{
    (void)state;
    CASES(follows, follows_one);
}

static void a_linked_file_stays_linked(void **state)
{
    (void)state;
    struct temp_dir dir;
    char path[PATH_MAX];
    char text[256];
    struct stat info;
    struct failure failure = {0};
    temp_dir_make(&dir);
    temp_dir_write(&dir, "real.ini", "");
    temp_dir_symlink(&dir, "real.ini", "config.ini");
    (void)temp_dir_path(&dir, "config.ini", path);
    assert_int_equal(add(path, "/srv/b", NULL, &failure), FAILURE_NONE);
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_non_null(
        strstr(temp_dir_read(&dir, "real.ini", text, sizeof text), "[mirror b]"));
    temp_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(adding_and_removing_leaves_every_byte),
        TABLE_TEST(removing_takes_the_section_alone),
        TABLE_TEST(a_folder_of_the_drive_is_written_where_it_reads_back),
        TABLE_TEST(removing_what_is_not_there_changes_nothing),
        TABLE_TEST(a_text_that_would_not_read_back_is_refused),
        TABLE_TEST(a_moved_folder_is_followed),
        TABLE_TEST(a_linked_file_stays_linked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
