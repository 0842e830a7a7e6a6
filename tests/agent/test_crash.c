/* agent/crash.h (F-07): what counts as a crash, and for how long. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/crash.h"
#include "tests/support/table.h"
#include "tests/support/temp_dir.h"

/* A process that watches and ends by a signal, or in good order (0). */
static void run_child(const struct temp_dir *dir, int number)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)crash_watch(dir->path);
        if (number == 0)
            crash_forget(dir->path);
        else
            (void)raise(number);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, number);
}

static const struct end_case {
    const char *name;
    int ends[4]; /* signals in turn; -1: none any more */
    uint64_t want;
} end_cases[] = {
    {"nothing happened",                    {-1},                            0},
    {"an assertion failed",                 {SIGABRT, -1},                   1},
    {"three in a row",                      {SIGABRT, SIGABRT, SIGABRT, -1}, 3},
    {"killed from outside",                 {SIGKILL, SIGTERM, SIGKILL, -1}, 0},
    {"a stop in good order ends the row",   {SIGABRT, SIGABRT, 0, -1},       0},
    {"a new row begins after it",           {SIGABRT, 0, SIGABRT, -1},       1},
    {"a kill between does not end the row", {SIGABRT, SIGKILL, SIGABRT, -1}, 2},
};

static void check_end(const struct end_case *row)
{
    struct temp_dir dir;
    temp_dir_make(&dir);
    for (int i = 0; i < 4 && row->ends[i] >= 0; i++)
        run_child(&dir, row->ends[i]);
    assert_int_equal(crash_count(dir.path), row->want);
    temp_dir_remove(&dir);
}

static void counts_crashes_only(void **state)
{
    (void)state;
    CASES(end_cases, check_end);
}

static void forgets_after_an_hour(void **state)
{
    (void)state;
    struct temp_dir dir;
    char path[PATH_MAX];
    temp_dir_make(&dir);
    run_child(&dir, SIGABRT);
    run_child(&dir, SIGABRT);
    time_t then = time(NULL) - 3700;
    const struct timespec times[] = {{.tv_sec = then}, {.tv_sec = then}};
    assert_int_equal(utimensat(AT_FDCWD, temp_dir_path(&dir, "crashes", path), times, 0),
                     0);
    assert_int_equal(crash_count(dir.path), 0);
    run_child(&dir, SIGABRT);
    assert_int_equal(crash_count(dir.path), 1);
    temp_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(counts_crashes_only),
        TABLE_TEST(forgets_after_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
