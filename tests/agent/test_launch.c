/* What a click starts, where neither a file manager nor a service manager answers: our own
 * child, whose end nobody waits for (F-171). The way over the bus is tested end to end. */
#include <stdio.h>

#include "agent/desktop/launch.h"
#include "tests/support/private_bus.h"
#include "tests/support/table.h"
#include "tests/support/temp_dir.h"

struct world {
    uv_loop_t loop;
    pid_t daemon;
    struct bus *bus;
    struct temp_dir folder;
    char mark[128]; /* a file that what is started makes */
};

/* A desktop whose xdg-open leaves a mark with what it was given. */
static void make_opener(struct world *world)
{
    char script[4096];
    char path[PATH_MAX];
    (void)snprintf(world->mark, sizeof world->mark, "%s/mark", world->folder.path);
    (void)snprintf(script, sizeof script,
                   "#!/bin/sh\nprintf %%s \"$1\" >'%s.new' && mv '%s.new' '%s'\n",
                   world->mark, world->mark, world->mark);
    (void)temp_dir_path(&world->folder, "xdg-open", path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(script, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0700), 0);
    (void)snprintf(script, sizeof script, "%s:%s", world->folder.path, getenv("PATH"));
    assert_int_equal(setenv("PATH", script, 1), 0);
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    temp_dir_make(&world->folder);
    make_opener(world);
    assert_int_equal(uv_loop_init(&world->loop), 0);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    bus_close(world->bus);
    assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    private_bus_end(world->daemon);
    temp_dir_remove(&world->folder);
    free(world);
    return 0;
}

/* Our child does not keep the loop alive, so the loop is turned until its mark is there. */
static void expect_mark(struct world *world, const char *want)
{
    char text[64] = "";
    for (int i = 0; i < 5000 && access(world->mark, F_OK) != 0; i++) {
        (void)uv_run(&world->loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
    FILE *file = fopen(world->mark, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, want);
}

static void without_a_bus_a_folder_is_opened_by_a_child(void **state)
{
    struct world *world = *state;
    struct launch *launch = launch_new(&world->loop, NULL);
    launch_folder(launch, "/srv/a b; touch c");
    expect_mark(world, "/srv/a b; touch c");
    launch_close(launch);
}

static void a_bus_where_nobody_answers_is_as_good_as_none(void **state)
{
    struct world *world = *state;
    /* No services are there to be started: the daemon finds none. */
    assert_int_equal(setenv("XDG_DATA_DIRS", world->folder.path, 1), 0);
    world->daemon = private_bus_start();
    if (world->daemon <= 0)
        skip();
    world->bus = bus_open(&world->loop, BUS_SESSION);
    assert_non_null(world->bus);
    struct launch *launch = launch_new(&world->loop, world->bus);
    launch_folder(launch, "/srv");
    expect_mark(world, "/srv");
    launch_close(launch);
}

static void what_does_not_exist_stops_nothing(void **state)
{
    struct world *world = *state;
    static const char *const words[] = {"/nowhere/at-all", "--loud", NULL};
    struct launch *launch = launch_new(&world->loop, NULL);
    for (int i = 0; i < 100; i++) {
        launch_program(launch, words);
        (void)uv_run(&world->loop, UV_RUN_NOWAIT);
    }
    launch_folder(launch, "/srv");
    expect_mark(world, "/srv");
    launch_close(launch);
    launch_program(NULL, words);
    launch_folder(NULL, "/srv");
    launch_close(NULL);
}

#define WORLD_TEST(function)                                                               \
    cmocka_unit_test_setup_teardown(function, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(without_a_bus_a_folder_is_opened_by_a_child),
        WORLD_TEST(a_bus_where_nobody_answers_is_as_good_as_none),
        WORLD_TEST(what_does_not_exist_stops_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
