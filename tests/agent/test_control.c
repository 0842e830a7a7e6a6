#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agent/control.h"
#include "tests/support/temp_dir.h"

/* An agent of two commands: "echo" answers a line and ends, "hold" waits for the hang-up.
 */
struct world {
    struct temp_dir dir;
    uv_loop_t loop;
    struct control *control;
    char path[PATH_MAX];
    int requests;
    int gone;
};

static void on_request(void *user, struct control_client *client, const char *json)
{
    struct world *world = user;
    world->requests++;
    if (strstr(json, "\"hold\"") != NULL)
        return;
    control_answer(client, "{\"event\":\"first\"}");
    control_answer(client, json);
    control_finish(client, 6, "some are \"held\"");
    control_answer(client, "{\"event\":\"too late\"}");
}

static void on_gone(void *user, struct control_client *client)
{
    (void)client;
    struct world *world = user;
    world->gone++;
}

static const struct control_callbacks callbacks = {.on_request = on_request,
                                                   .on_gone = on_gone};

static void open_world(struct world *world, const char *name)
{
    struct failure failure = {0};
    *world = (struct world){0};
    temp_dir_make(&world->dir);
    (void)temp_dir_path(&world->dir, name, world->path);
    assert_int_equal(uv_loop_init(&world->loop), 0);
    world->control = control_listen(&world->loop, world->path, &callbacks, world, &failure);
    if (world->control == NULL)
        fail_msg("%s", failure.text);
}

static void close_world(struct world *world)
{
    control_close(world->control);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    temp_dir_remove(&world->dir);
}

/* The client's side runs in a thread, since it blocks. */
struct client {
    struct world *world;
    const char *request;
    char answers[8][256];
    size_t count;
    bool hangs_up; /* after the request */
};

static void run_client(void *user)
{
    struct client *client = user;
    struct failure failure = {0};
    int fd = -1;
    if (control_connect(client->world->path, client->request, &fd, &failure) !=
        FAILURE_NONE)
        return;
    while (!client->hangs_up && client->count < 8 &&
           control_read(fd, client->answers[client->count], sizeof client->answers[0], 0))
        client->count++;
    (void)close(fd);
}

static void talk(struct world *world, struct client *client)
{
    uv_thread_t thread;
    client->world = world;
    assert_int_equal(uv_thread_create(&thread, run_client, client), 0);
    int seen = world->gone;
    while (world->gone == seen)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
    assert_int_equal(uv_thread_join(&thread), 0);
}

static void a_request_gets_its_lines_and_a_last_one(void **state)
{
    (void)state;
    struct world world;
    struct client client = {.request = "{\"command\":\"echo\"}"};
    open_world(&world, "control.sock");
    talk(&world, &client);
    assert_int_equal(client.count, 3);
    assert_string_equal(client.answers[0], "{\"event\":\"first\"}");
    assert_string_equal(client.answers[1], "{\"command\":\"echo\"}");
    assert_string_equal(client.answers[2],
                        "{\"done\":true,\"code\":6,\"message\":\"some are \\\"held\\\"\"}");
    close_world(&world);
}

static void a_path_beyond_the_size_of_an_address_works(void **state)
{
    (void)state;
    struct world world;
    struct client client = {.request = "{}"};
    open_world(&world, "a-folder-with-a-name-that-is-rather-long-so-that-the-whole-path-of-"
                       "the-socket-cannot-be-an-address/state/control.sock");
    assert_true(strlen(world.path) > sizeof(((struct sockaddr_un *)0)->sun_path));
    talk(&world, &client);
    assert_int_equal(client.count, 3);
    close_world(&world);
    assert_false(temp_dir_has(&world.dir, "control.sock"));
}

static void socket_and_folder_are_ours_alone(void **state) /* F-170 */
{
    (void)state;
    struct world world;
    struct stat info;
    open_world(&world, "run/control.sock");
    assert_int_equal(stat(world.path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    char folder[PATH_MAX];
    assert_int_equal(stat(temp_dir_path(&world.dir, "run", folder), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    close_world(&world);
}

static void a_folder_that_others_can_write_is_refused(void **state) /* F-170 */
{
    (void)state;
    struct temp_dir dir;
    char path[PATH_MAX];
    uv_loop_t loop;
    struct failure failure = {0};
    temp_dir_make(&dir);
    assert_int_equal(chmod(dir.path, 0777), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_null(control_listen(&loop, temp_dir_path(&dir, "c.sock", path), &callbacks, NULL,
                               &failure));
    assert_int_equal(failure.number, 170);
    assert_int_equal(uv_loop_close(&loop), 0);
    temp_dir_remove(&dir);
}

static void a_stale_socket_is_replaced(void **state)
{
    (void)state;
    struct world world;
    struct world later;
    open_world(&world, "control.sock");
    char kept[PATH_MAX];
    /* As after a kill: the name is there, and nobody listens. */
    assert_int_equal(link(world.path, temp_dir_path(&world.dir, "stale.sock", kept)), 0);
    control_close(world.control);
    world.control = NULL;
    assert_int_equal(rename(kept, world.path), 0);
    later = world;
    struct failure failure = {0};
    later.control = control_listen(&world.loop, world.path, &callbacks, &world, &failure);
    assert_non_null(later.control);
    world.control = later.control;
    close_world(&world);
}

static void nobody_there_is_no_failure(void **state)
{
    (void)state;
    struct failure failure = {0};
    int fd = 7;
    assert_int_equal(control_connect("/nonexistent/c.sock", "{}", &fd, &failure),
                     FAILURE_NONE);
    assert_int_equal(fd, -1);
    assert_false(control_probe("/nonexistent/c.sock"));
}

static const struct bad_case {
    const char *name;
    const char *request;
} bad[] = {
    {"no JSON",           "hello"                        },
    {"no object",         "[1,2]"                        },
    {"an object cut off", "{\"command\":"                },
    {"a key twice",       "{\"command\":1,\"command\":2}"},
    {"bad UTF-8",         "{\"command\":\"\xFF\"}"       },
    {"nothing",           ""                             },
    {"too deep",          "{\"a\":[[[[[[[[[[1]]]]]]]]]]}"},
};

static void is_refused(const struct bad_case *row)
{
    struct world world;
    struct client client = {.request = row->request};
    open_world(&world, "control.sock");
    talk(&world, &client);
    assert_int_equal(world.requests, 0);
    assert_int_equal(client.count, 1);
    assert_non_null(strstr(client.answers[0], "\"done\":true,\"code\":2"));
    close_world(&world);
}

static void garbage_never_reaches_the_owner(void **state) /* F-170 */
{
    (void)state;
    CASES(bad, is_refused);
}

static void a_line_without_end_is_refused_at_the_limit(void **state) /* F-170 */
{
    (void)state;
    struct world world;
    char *huge = malloc(CONTROL_MAX_LINE + 100);
    assert_non_null(huge);
    memset(huge, ' ', CONTROL_MAX_LINE + 99);
    huge[CONTROL_MAX_LINE + 99] = '\0';
    struct client client = {.request = huge};
    open_world(&world, "control.sock");
    talk(&world, &client);
    assert_int_equal(world.requests, 0);
    close_world(&world);
    free(huge);
}

static void a_hang_up_is_told(void **state)
{
    (void)state;
    struct world world;
    struct client client = {.request = "{\"command\":\"hold\"}", .hangs_up = true};
    open_world(&world, "control.sock");
    talk(&world, &client);
    assert_int_equal(world.requests, 1);
    assert_int_equal(world.gone, 1);
    close_world(&world);
}

static void on_flooding_request(void *user, struct control_client *client, const char *json)
{
    (void)user;
    (void)json;
    static char line[8192];
    memset(line, 'x', sizeof line - 1);
    for (int i = 0; i < 1000; i++)
        control_answer(client, line);
}

static void a_client_that_does_not_read_is_dropped(void **state)
{
    (void)state;
    static const struct control_callbacks flooding = {.on_request = on_flooding_request,
                                                      .on_gone = on_gone};
    struct world world;
    struct failure failure = {0};
    int fd = -1;
    open_world(&world, "first.sock");
    control_close(world.control);
    (void)temp_dir_path(&world.dir, "control.sock", world.path);
    world.control = control_listen(&world.loop, world.path, &flooding, &world, &failure);
    assert_int_equal(control_connect(world.path, "{}", &fd, &failure), FAILURE_NONE);
    while (world.gone == 0)
        (void)uv_run(&world.loop, UV_RUN_ONCE);
    (void)close(fd);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(a_request_gets_its_lines_and_a_last_one),
        TABLE_TEST(a_path_beyond_the_size_of_an_address_works),
        TABLE_TEST(socket_and_folder_are_ours_alone),
        TABLE_TEST(a_folder_that_others_can_write_is_refused),
        TABLE_TEST(a_stale_socket_is_replaced),
        TABLE_TEST(nobody_there_is_no_failure),
        TABLE_TEST(garbage_never_reaches_the_owner),
        TABLE_TEST(a_line_without_end_is_refused_at_the_limit),
        TABLE_TEST(a_hang_up_is_told),
        TABLE_TEST(a_client_that_does_not_read_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
