/* agent/state.h: the folder of the state is ours alone, or nothing is opened (F-15). */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include "agent/log.h"
#include "agent/state.h"
#include "tests/support/network_disk.h"
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

/* Opens and closes the state in `dir`; what is logged meanwhile comes out. */
static void open_and_listen(const struct temp_dir *dir, char *out, size_t size)
{
    int ends[2];
    char path[PATH_MAX];
    char socket_path[PATH_MAX];
    struct store *store = NULL;
    struct failure failure;
    (void)temp_dir_path(dir, "state", path);
    (void)temp_dir_path(dir, "socket", socket_path);
    const struct config config = {
        .state_dir = path, .socket_path = socket_path, .state_socket_path = socket_path};
    log_open(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    int saved = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    enum failure_kind kind = state_open(&config, &store, &failure);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    ssize_t length = read(ends[0], out, size - 1);
    out[length > 0 ? length : 0] = '\0';
    assert_int_equal(kind, FAILURE_NONE);
    store_close(store);
    (void)close(saved);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* F-69 */
static void says_that_the_state_lies_on_a_network(void **state)
{
    (void)state;
    struct temp_dir dir;
    char said[1024];
    temp_dir_make(&dir);
    open_and_listen(&dir, said, sizeof said);
    assert_string_equal(said, "");
    network_disk_type = NFS_SUPER_MAGIC;
    open_and_listen(&dir, said, sizeof said);
    assert_non_null(strstr(said, "warning F-69 the state lies on a network file system"));
    assert_non_null(strstr(said, dir.path));
    network_disk_type = 0;
    temp_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(opens_only_a_folder_of_ours),
        TABLE_TEST(says_that_the_state_lies_on_a_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
