/* agent/state.h: the folder of the state is ours alone, or nothing is opened (F-15). */
#include <string.h>
#include <sys/stat.h>

#include "agent/state.h"
#include "tests/support/table.h"
#include "tests/support/temp_dir.h"

static const struct folder_case {
    const char *name;
    mode_t mode; /* 0: a file stands there */
    enum failure_kind want;
    int number;
} cases[] = {
    {"ours alone",                       0700, FAILURE_NONE,     0 },
    {"others may read it",               0755, FAILURE_NONE,     0 },
    {"its group may write to it (F-15)", 0770, FAILURE_RESOURCE, 15},
    {"all may write to it (F-15)",       0707, FAILURE_RESOURCE, 15},
    {"a file",                           0,    FAILURE_RESOURCE, 14},
};

static void check_folder(const struct folder_case *row)
{
    struct temp_dir dir;
    char path[PATH_MAX];
    char socket_path[PATH_MAX];
    struct store *store = NULL;
    struct failure failure = {.kind = FAILURE_NONE};
    temp_dir_make(&dir);
    (void)temp_dir_path(&dir, "state", path);
    (void)temp_dir_path(&dir, "socket", socket_path);
    if (row->mode == 0) {
        temp_dir_write(&dir, "state", "");
    } else {
        temp_dir_mkdir(&dir, "state");
        assert_int_equal(chmod(path, row->mode), 0);
    }
    const struct config config = {
        .state_dir = path, .socket_path = socket_path, .state_socket_path = socket_path};
    assert_int_equal(state_open(&config, &store, &failure), row->want);
    assert_int_equal(failure.number, row->number);
    assert_int_equal(temp_dir_has(&dir, "state/state.db"), row->want == FAILURE_NONE);
    if (row->want != FAILURE_NONE)
        assert_non_null(strstr(failure.text, path));
    store_close(store);
    temp_dir_remove(&dir);
}

static void opens_only_a_folder_of_ours(void **state)
{
    (void)state;
    CASES(cases, check_folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TABLE_TEST(opens_only_a_folder_of_ours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
