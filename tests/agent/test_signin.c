/* agent/net/signin.h and loopback.h: what a browser brings, or does not. The whole way
 * through a sign-in page is in tests/e2e/signin.test.mjs. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/net/loopback.h"
#include "agent/net/signin.h"
#include "tests/support/table.h"

struct world {
    uv_loop_t loop;
    struct loopback *loopback;
    enum loopback_page page; /* that the visitor is to get */
    int visits;
    char url[2048]; /* of the prompt */
    int calls;
    struct failure last;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    *state = world;
    return uv_loop_init(&world->loop);
}

static int tear_down(void **state)
{
    struct world *world = *state;
    assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    free(world);
    return 0;
}

static enum loopback_page on_visit(void *user, const char *query)
{
    struct world *world = user;
    (void)query;
    world->visits++;
    return world->page;
}

static const struct visit_case {
    const char *name;
    const char *request;
    enum loopback_page page;
    int visits;
    const char *status;
    const char *want; /* in the page */
} visit_cases[] = {
    {"the code",           "GET /?code=SECRET&state=x HTTP/1.1\r\n\r\n", LOOPBACK_ARRIVED, 1,
     "HTTP/1.1 200",                                                                                          "The sign-in has arrived"},
    {"a refusal",          "GET /?error=SECRET HTTP/1.1\r\n\r\n",        LOOPBACK_REFUSED, 1,
     "HTTP/1.1 200",                                                                                          "was refused"            },
    {"a stranger",         "GET /?state=SECRET HTTP/1.1\r\n\r\n",        LOOPBACK_STRANGE, 1,
     "HTTP/1.1 400",                                                                                          "not the expected"       },
    {"the browser's icon", "GET /favicon.ico HTTP/1.1\r\n\r\n",          LOOPBACK_ARRIVED, 0,
     "HTTP/1.1 404",                                                                                          ""                       },
    {"no query",           "GET / HTTP/1.1\r\n\r\n",                     LOOPBACK_ARRIVED, 0, "HTTP/1.1 404", ""                       },
    {"another method",     "POST /?code=SECRET HTTP/1.1\r\n\r\n",        LOOPBACK_ARRIVED, 0,
     "HTTP/1.1 404",                                                                                          ""                       },
};

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static struct world *visit_world; /* set by the test below for its rows */

static void gets_its_page(const struct visit_case *row)
{
    struct world *world = visit_world;
    char answer[2048] = "";
    size_t size = 0;
    uint16_t port = 0;
    world->page = row->page;
    world->visits = 0;
    world->loopback = loopback_listen(&world->loop, on_visit, world, &port, &world->last);
    assert_non_null(world->loopback);
    int fd = connect_to(port);
    assert_int_equal(write(fd, row->request, strlen(row->request)), strlen(row->request));
    for (ssize_t got = 1; got > 0; size += (size_t)got) {
        (void)uv_run(&world->loop, UV_RUN_NOWAIT);
        got = recv(fd, answer + size, sizeof answer - 1 - size, MSG_DONTWAIT);
        if (got < 0) {
            (void)uv_run(&world->loop, UV_RUN_ONCE);
            got = recv(fd, answer + size, sizeof answer - 1 - size, 0);
        }
        assert_true(got >= 0);
    }
    assert_int_equal(close(fd), 0);
    loopback_close(world->loopback);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(world->visits, row->visits);
    assert_int_equal(strncmp(answer, row->status, strlen(row->status)), 0);
    assert_non_null(strstr(answer, row->want));
    assert_null(strstr(answer, "SECRET"));
}

static void visitors(void **state)
{
    visit_world = *state;
    CASES(visit_cases, gets_its_page);
}

/* Some browsers open connections ahead, and any page can open more of them: the way back
 * stays open all the same (RFC 8252, 7.3). */
static void visitors_who_say_nothing_do_not_close_the_way(void **state)
{
    struct world *world = *state;
    int idle[LOOPBACK_MAX_VISITORS + 1];
    char byte = 0;
    uint16_t port = 0;
    world->page = LOOPBACK_ARRIVED;
    world->visits = 0;
    world->loopback = loopback_listen(&world->loop, on_visit, world, &port, &world->last);
    assert_non_null(world->loopback);
    for (size_t i = 0; i < COUNT_OF(idle); i++)
        idle[i] = connect_to(port);
    while (recv(idle[LOOPBACK_MAX_VISITORS], &byte, 1, MSG_DONTWAIT) != 0)
        (void)uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_int_equal(close(idle[0]), 0);
    for (int i = 0; i < 10; i++)
        (void)uv_run(&world->loop, UV_RUN_NOWAIT);
    static const char request[] = "GET /?code=SECRET HTTP/1.1\r\n\r\n";
    int fd = connect_to(port);
    assert_int_equal(write(fd, request, sizeof request - 1), sizeof request - 1);
    while (world->visits == 0)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
    assert_int_equal(close(fd), 0);
    for (size_t i = 1; i < COUNT_OF(idle); i++)
        assert_int_equal(close(idle[i]), 0);
    loopback_close(world->loopback);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
}

static void a_listener_can_be_closed_unvisited(void **state)
{
    struct world *world = *state;
    uint16_t port = 0;
    struct loopback *loopback =
        loopback_listen(&world->loop, on_visit, world, &port, &world->last);
    assert_non_null(loopback);
    assert_int_not_equal(port, 0);
    loopback_close(loopback);
}

static void two_sign_ins_have_ports_of_their_own(void **state)
{
    struct world *world = *state;
    uint16_t ports[2] = {0, 0};
    struct loopback *listeners[2];
    for (int i = 0; i < 2; i++) {
        listeners[i] =
            loopback_listen(&world->loop, on_visit, world, &ports[i], &world->last);
        assert_non_null(listeners[i]);
    }
    assert_int_not_equal(ports[0], ports[1]);
    loopback_close(listeners[0]);
    loopback_close(listeners[1]);
}

static void on_prompt(void *user, const struct signin_prompt *prompt)
{
    struct world *world = user;
    assert_false(prompt->opened);
    (void)snprintf(world->url, sizeof world->url, "%s", prompt->browser_url);
}

static void on_done(void *user, const char *name, const struct failure *failure)
{
    struct world *world = user;
    assert_null(name);
    world->calls++;
    world->last = *failure;
}

static void a_browser_that_does_not_come_back_is_given_up(void **state)
{
    static char client_id[] = "client";
    static char tenant[] = "common";
    static char url[] = "https://localhost:1";
    static char folder[] = "/nonexistent";
    struct world *world = *state;
    struct config config = {.client_id = client_id,
                            .tenant = tenant,
                            .login_url = url,
                            .graph_url = url,
                            .state_dir = folder,
                            .token_store = CONFIG_TOKEN_FILE};
    const struct signin_request request = {
        .way = SIGNIN_BROWSER, .patience_ms = 20, .prompt = on_prompt, .done = on_done};
    struct token_store *store = token_store_new(&config);
    struct signin *signin =
        signin_start(&world->loop, &config, store, &request, world, &world->last);
    assert_non_null(signin);
    while (world->calls == 0)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
    signin_close(signin);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    token_store_free(store);
    assert_int_equal(world->calls, 1);
    assert_int_equal(world->last.kind, FAILURE_SIGN_IN);
    assert_non_null(strstr(world->last.text, "agent login --device-code"));
    assert_non_null(strstr(world->url, "code_challenge_method=S256"));
}

#define SIGNIN_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    for (size_t i = 0; i < 3; i++)
        (void)unsetenv((const char *const[]){"BROWSER", "DISPLAY", "WAYLAND_DISPLAY"}[i]);
    const struct CMUnitTest tests[] = {
        SIGNIN_TEST(visitors),
        SIGNIN_TEST(visitors_who_say_nothing_do_not_close_the_way),
        SIGNIN_TEST(a_listener_can_be_closed_unvisited),
        SIGNIN_TEST(two_sign_ins_have_ports_of_their_own),
        SIGNIN_TEST(a_browser_that_does_not_come_back_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
