/* Runs a command and writes what it cost, as one JSON object, to a file.
 *
 * bench_measure FILE COMMAND [ARGUMENT...] passes the command's exit code on. The peak of
 * resident memory is the command's own: this program is too small to raise it.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Bytes that an ended, not yet collected process had the disk write. -1: not told. */
static long long written_bytes(pid_t pid)
{
    char path[64];
    char line[128];
    long long bytes = -1;
    (void)snprintf(path, sizeof path, "/proc/%ld/io", (long)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -1;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "write_bytes: ", 13) == 0)
            bytes = strtoll(line + 13, NULL, 10);
    }
    (void)fclose(file);
    return bytes;
}

static int run(char **command, FILE *out)
{
    double start = now_seconds();
    pid_t pid = fork();
    if (pid == 0) {
        (void)execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    siginfo_t ended = {0};
    if (pid < 0 || waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT) != 0)
        return 126;
    double seconds = now_seconds() - start;
    long long written = written_bytes(pid);
    int status = 0;
    struct rusage usage;
    if (wait4(pid, &status, 0, &usage) != pid)
        return 126;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    (void)fprintf(out,
                  "{\"code\": %d, \"seconds\": %.6f, \"user_seconds\": %.6f, "
                  "\"system_seconds\": %.6f, \"peak_rss_kib\": %ld, "
                  "\"written_bytes\": %lld, \"switches\": %ld}\n",
                  code, seconds, seconds_of(usage.ru_utime), seconds_of(usage.ru_stime),
                  usage.ru_maxrss, written, usage.ru_nvcsw);
    return code;
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 3) {
        (void)fprintf(stderr, "usage: bench_measure FILE COMMAND [ARGUMENT...]\n");
        return 2;
    }
    FILE *out = fopen(arguments[1], "we");
    if (out == NULL) {
        perror(arguments[1]);
        return 1;
    }
    int code = run(arguments + 2, out);
    return fclose(out) == 0 ? code : 1;
}
