/* The folder among the places of the file manager: added once, taken away, and nobody
 * else's line touched. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/desktop/bookmark.h"
#include "agent/desktop/file_uri.h"
#include "agent/small_file.h"
#include "tests/support/table.h"
#include "tests/support/temp_dir.h"

#define FOLDER "/home/ana/My drive"
#define LINE   "file:///home/ana/My%20drive"

static const struct bookmark_case {
    const char *name;
    const char *before; /* NULL: no file */
    const char *added;
    const char *removed;
} cases[] = {
    {"no file yet",                NULL,                       LINE "\n",                        ""        },
    {"behind those of others",     "file:///srv Server\n",     "file:///srv Server\n" LINE "\n",
     "file:///srv Server\n"                                                                                },
    {"behind a line without end",  "file:///srv",              "file:///srv\n" LINE "\n",
     "file:///srv\n"                                                                                       },
    {"there already, with a name", LINE " Drive\nfile:///b\n", LINE " Drive\nfile:///b\n",
     "file:///b\n"                                                                                         },
    {"a longer path is another",   LINE "2\n",                 LINE "2\n" LINE "\n",             LINE "2\n"},
};

static void expect(const char *path, const char *want)
{
    char *text = NULL;
    size_t size = 0;
    struct failure failure = {0};
    assert_int_equal(small_file_read(path, &text, &size, &failure), FAILURE_NONE);
    assert_string_equal(text == NULL ? "" : text, want);
    free(text);
}

static void is_added_and_removed(const struct bookmark_case *row)
{
    struct temp_dir home;
    temp_dir_make(&home);
    char folder[512];
    char path[600];
    struct failure failure = {0};
    bool done = false;
    (void)snprintf(folder, sizeof folder, "%s/gtk-3.0", home.path);
    (void)snprintf(path, sizeof path, "%s/bookmarks", folder);
    assert_int_equal(setenv("XDG_CONFIG_HOME", home.path, 1), 0);
    assert_int_equal(bookmark_add(FOLDER, &done, &failure), FAILURE_NONE);
    assert_false(done); /* this desktop keeps no bookmarks */
    assert_int_equal(mkdir(folder, 0700), 0);
    if (row->before != NULL)
        assert_int_equal(
            small_file_replace(path, row->before, strlen(row->before), 0600, &failure),
            FAILURE_NONE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bookmark_add(FOLDER, &done, &failure), FAILURE_NONE);
        assert_true(done);
        expect(path, row->added);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bookmark_remove(FOLDER, &failure), FAILURE_NONE);
        expect(path, row->removed);
    }
    temp_dir_remove(&home);
}

static void a_folder_is_a_bookmark_once(void **state)
{
    (void)state;
    CASES(cases, is_added_and_removed);
}

static void a_path_is_a_file_address(void **state)
{
    (void)state;
    char out[64];
    assert_true(file_uri("/a/b-c_d.e~", out, sizeof out));
    assert_string_equal(out, "file:///a/b-c_d.e~");
    assert_true(file_uri("/\xc3\xa4%\n?#", out, sizeof out));
    assert_string_equal(out, "file:///%C3%A4%25%0A%3F%23");
    assert_false(file_uri("/0123456789012345678901234567890123456789012345678901234567",
                          out, sizeof out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(a_folder_is_a_bookmark_once),
        cmocka_unit_test(a_path_is_a_file_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
