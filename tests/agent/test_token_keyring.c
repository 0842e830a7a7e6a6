/* agent/net/token_keyring.h against a Secret Service that never answers, on a private bus
 * (F-117). What a real one does is in tests/e2e/keyring.test.mjs. Skipped where there is no
 * dbus-daemon. */
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/net/token_keyring.h"
#include "tests/support/table.h"

extern char **environ;

/* A bus on which nothing is started by itself. */
static const char bus_config[] =
    "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>"
    "<auth>EXTERNAL</auth><policy context=\"default\"><allow own=\"*\"/>"
    "<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>"
    "</policy></busconfig>";

struct world {
    char config[32];
    pid_t daemon;
    sd_bus *service; /* holds the name, and is never processed */
};

static pid_t start_daemon(const char *config, char *address, size_t address_size)
{
    int ends[2];
    char program[] = "dbus-daemon";
    char file[64];
    char stay[] = "--nofork";
    char print[] = "--print-address";
    char *arguments[] = {program, file, stay, print, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    (void)snprintf(file, sizeof file, "--config-file=%s", config);
    if (pipe(ends) != 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    int result = posix_spawnp(&pid, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    ssize_t size = result == 0 ? read(ends[0], address, address_size - 1) : 0;
    (void)close(ends[0]);
    address[size > 0 ? size : 0] = 0;
    address[strcspn(address, "\n")] = 0;
    return size > 0 ? pid : -1;
}

static int open_world(void **state)
{
    char address[512];
    struct world *world = calloc(1, sizeof *world);
    *state = world;
    (void)snprintf(world->config, sizeof world->config, "/tmp/test-bus-XXXXXX");
    int fd = mkstemp(world->config);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bus_config, strlen(bus_config)), strlen(bus_config));
    assert_int_equal(close(fd), 0);
    world->daemon = start_daemon(world->config, address, sizeof address);
    (void)setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    world->service = sd_bus_flush_close_unref(world->service);
    if (world->daemon > 0) {
        (void)kill(world->daemon, SIGKILL);
        (void)waitpid(world->daemon, NULL, 0);
    }
    (void)unlink(world->config);
    free(world);
    return 0;
}

static enum token_keyring_status load(struct failure *failure)
{
    struct bytes text;
    bytes_init(&text, 1024);
    enum token_keyring_status status = token_keyring_load("/nowhere", &text, failure);
    assert_int_equal(bytes_count(&text), 0);
    bytes_clear(&text);
    return status;
}

static void a_bus_without_a_keyring_says_so_at_once(void **state)
{
    struct world *world = *state;
    struct failure failure = {0};
    if (world->daemon <= 0)
        skip();
    uint64_t begin_ms = clock_now_ms();
    assert_int_equal(load(&failure), TOKEN_KEYRING_ABSENT);
    assert_true(clock_now_ms() - begin_ms < TOKEN_KEYRING_LIMIT_MS);
    assert_int_equal(failure.number, 117);
    assert_non_null(strstr(failure.text, "token_store = auto or file"));
}

static void a_keyring_that_does_not_answer_is_given_up(void **state)
{
    struct world *world = *state;
    struct failure failure = {0};
    if (world->daemon <= 0)
        skip();
    assert_true(sd_bus_open_user(&world->service) >= 0);
    assert_true(sd_bus_request_name(world->service, "org.freedesktop.secrets", 0) >= 0);
    uint64_t begin_ms = clock_now_ms();
    enum token_keyring_status status = load(&failure);
    if (failure.kind == FAILURE_CONFIG)
        skip(); /* none is built in */
    uint64_t took_ms = clock_now_ms() - begin_ms;
    assert_int_equal(status, TOKEN_KEYRING_FAILED);
    assert_true(took_ms >= TOKEN_KEYRING_LIMIT_MS);
    assert_true(took_ms < 2 * TOKEN_KEYRING_LIMIT_MS);
    assert_int_equal(failure.kind, FAILURE_SIGN_IN);
    assert_non_null(strstr(failure.text, "does not answer within its time"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bus_without_a_keyring_says_so_at_once, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_keyring_that_does_not_answer_is_given_up,
                                        open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
