/* A bus of our own for a test, and waiting on the loop for what must become true.
 *
 * private_bus_start() before the first bus_open(); private_bus_end() after the loop is
 * closed. Where there is no dbus-daemon the process id is -1 and the test is skipped.
 */
#ifndef TESTS_SUPPORT_PRIVATE_BUS_H
#define TESTS_SUPPORT_PRIVATE_BUS_H

#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "agent/desktop/bus.h"
#include "tests/support/table.h"

extern char **environ;

/* Starts a daemon, which is system and session bus to everything in this process. */
static inline pid_t private_bus_start(void)
{
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    char program[] = "dbus-daemon";
    char session[] = "--session";
    char stay[] = "--nofork";
    char print[] = "--print-address";
    char *arguments[] = {program, session, stay, print, NULL};
    pid_t pid = -1;
    int result = posix_spawnp(&pid, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    char address[512] = "";
    ssize_t size = result == 0 ? read(ends[0], address, sizeof address - 1) : 0;
    (void)close(ends[0]);
    if (size <= 0)
        return -1;
    address[strcspn(address, "\n")] = 0;
    (void)setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
    (void)setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
    return pid;
}

static inline void private_bus_end(pid_t daemon)
{
    if (daemon <= 0)
        return;
    (void)kill(daemon, SIGKILL);
    (void)waitpid(daemon, NULL, 0);
}

static inline void private_bus_late(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Runs the loop until `*condition` holds; fails after five seconds. */
#define RUN_UNTIL(world, condition)                                                        \
    do {                                                                                   \
        bool late_ = false;                                                                \
        uv_timer_t patience_;                                                              \
        assert_int_equal(uv_timer_init(&(world)->loop, &patience_), 0);                    \
        patience_.data = &late_;                                                           \
        assert_int_equal(uv_timer_start(&patience_, private_bus_late, 5000, 0), 0);        \
        while (!(condition) && !late_)                                                     \
            (void)uv_run(&(world)->loop, UV_RUN_ONCE);                                     \
        uv_close((uv_handle_t *)&patience_, NULL);                                         \
        (void)uv_run(&(world)->loop, UV_RUN_NOWAIT);                                       \
        assert_true(condition);                                                            \
    } while (0)

/* A service and its client, each with a connection of its own, on one loop. */
struct bus_pair {
    uv_loop_t loop;
    pid_t daemon;
    struct bus *service; /* the stand-in's; NULL without a daemon, as the next */
    struct bus *client;  /* ours */
};

static inline void bus_pair_open(struct bus_pair *pair, enum bus_kind kind)
{
    pair->daemon = private_bus_start();
    assert_int_equal(uv_loop_init(&pair->loop), 0);
    pair->service = pair->daemon > 0 ? bus_open(&pair->loop, kind) : NULL;
    pair->client = pair->daemon > 0 ? bus_open(&pair->loop, kind) : NULL;
}

static inline void bus_pair_close(struct bus_pair *pair)
{
    bus_close(pair->service);
    bus_close(pair->client);
    assert_int_equal(uv_run(&pair->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&pair->loop), 0);
    private_bus_end(pair->daemon);
}

static inline bool bus_pair_is_there(const struct bus_pair *pair)
{
    return pair->service != NULL && pair->client != NULL;
}

#endif
