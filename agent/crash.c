#include "agent/crash.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The handler knows no state but this descriptor, whose number is therefore fixed. */
enum { CRASH_FD = 200, CRASH_LIFE_S = 3600 };

#if defined(__has_feature)
#define CRASH_IS_TRACED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define CRASH_IS_TRACED 1
#else
#define CRASH_IS_TRACED 0
#endif

/* The leak checker of the sanitizer has to trace its own process, which the second step
 * forbids. */
void crash_forbid_core_files(void)
{
    struct rlimit none = {0};
    (void)setrlimit(RLIMIT_CORE, &none);
    if (!CRASH_IS_TRACED)
        (void)prctl(PR_SET_DUMPABLE, 0);
}

static void format_path(const char *state_dir, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%s/crashes", state_dir);
}

/* The handler is gone when it runs: the same signal again ends the process. */
static void on_crash(int number)
{
    ssize_t written = write(CRASH_FD, "x", 1);
    (void)written;
    (void)raise(number);
}

static void watch_signals(void)
{
    static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    /* The sanitizer tells more of a crash than its number: the others are left to it. */
    size_t count = CRASH_IS_TRACED ? 1 : sizeof numbers / sizeof *numbers;
    for (size_t i = 0; i < count; i++)
        (void)sigaction(numbers[i], &action, NULL);
}

uint64_t crash_count(const char *state_dir)
{
    char path[PATH_MAX];
    struct stat found;
    format_path(state_dir, path);
    if (lstat(path, &found) != 0 || !S_ISREG(found.st_mode) ||
        time(NULL) - found.st_mtime > CRASH_LIFE_S)
        return 0;
    return (uint64_t)found.st_size;
}

uint64_t crash_watch(const char *state_dir)
{
    char path[PATH_MAX];
    uint64_t count = crash_count(state_dir);
    format_path(state_dir, path);
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(path, flags | (count == 0 ? O_TRUNC : 0), 0600);
    if (fd < 0)
        return 0;
    if (dup3(fd, CRASH_FD, O_CLOEXEC) == CRASH_FD)
        watch_signals();
    (void)close(fd);
    return count;
}

void crash_forget(const char *state_dir)
{
    char path[PATH_MAX];
    format_path(state_dir, path);
    (void)unlink(path);
}
