/* agent/program.h (F-165): which file this process was started from, after an update too.
 */
#include <sys/wait.h>

#include "agent/program.h"
#include "tests/support/table.h"
#include "tests/support/temp_dir.h"

static void copy_self(const char *to)
{
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int copy = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    assert_true(from >= 0 && copy >= 0);
    char block[64 * 1024];
    for (ssize_t got = read(from, block, sizeof block); got > 0;
         got = read(from, block, sizeof block))
        assert_int_equal(write(copy, block, (size_t)got), got);
    assert_int_equal(close(from), 0);
    assert_int_equal(close(copy), 0);
}

/* What the copy does: 0 where both answers are right. */
static int be_the_copy(const char *path, bool is_removed)
{
    char found[PATH_MAX];
    if (is_removed && unlink(path) != 0)
        return 2;
    bool good = program_path(found) && strcmp(found, path) == 0 &&
                program_is_replaced() == is_removed;
    return good ? 0 : 1;
}

static const struct program_case {
    const char *name;
    const char *mode;
} program_cases[] = {
    {"the file is there",    "kept"   },
    {"an update removed it", "removed"},
};

static void check_program(const struct program_case *row)
{
    struct temp_dir dir;
    char path[PATH_MAX];
    temp_dir_make(&dir);
    copy_self(temp_dir_path(&dir, "program", path));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execl(path, path, row->mode, (char *)NULL);
        _exit(3);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    temp_dir_remove(&dir);
}

static void names_its_file_also_after_an_update(void **state)
{
    (void)state;
    CASES(program_cases, check_program);
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return be_the_copy(argv[0], strcmp(argv[1], "removed") == 0);
    const struct CMUnitTest tests[] = {TABLE_TEST(names_its_file_also_after_an_update)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
