/* Lifetimes of agent/net on a real loop, against a server that takes connections and never
 * says a word: callbacks come exactly once, never inside the starting call, never after a
 * close, and the loop is empty at the end. F-112, F-114, F-131, I-8, WS-29.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "agent/net/connection.h"
#include "agent/net/link.h"
#include "agent/net/service.h"
#include "agent/net/signin.h"
#include "protocol/tls_trust.h"
#include "tests/support/table.h"

enum { MAX_VISITORS = 8 };

struct world {
    uv_loop_t loop;
    uv_tcp_t server;
    uv_timer_t ticker; /* so that running the loop once never blocks for good */
    uv_tcp_t visitors[MAX_VISITORS];
    int visitor_count;
    char origin[64];
    char folder[64];
    struct config config;
    struct token_store *store;
    struct http *http;
    struct auth *auth;
    struct service *service;
    int calls;
    struct failure last;
    bool was_answered;
};

static void on_visitor(uv_stream_t *server, int status)
{
    struct world *world = server->data;
    assert_int_equal(status, 0);
    assert_true(world->visitor_count < MAX_VISITORS);
    uv_tcp_t *visitor = &world->visitors[world->visitor_count++];
    assert_int_equal(uv_tcp_init(&world->loop, visitor), 0);
    assert_int_equal(uv_accept(server, (uv_stream_t *)visitor), 0);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void listen_silently(struct world *world)
{
    struct sockaddr_in address;
    int size = sizeof address;
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_init(&world->loop, &world->server), 0);
    world->server.data = world;
    assert_int_equal(uv_tcp_bind(&world->server, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&world->server, 8, on_visitor), 0);
    assert_int_equal(uv_tcp_getsockname(&world->server, (struct sockaddr *)&address, &size),
                     0);
    (void)snprintf(world->origin, sizeof world->origin, "https://127.0.0.1:%u",
                   (unsigned)ntohs(address.sin_port));
}

static void stop_listening(struct world *world)
{
    uv_close((uv_handle_t *)&world->server, NULL);
    uv_close((uv_handle_t *)&world->ticker, NULL);
    for (int i = 0; i < world->visitor_count; i++)
        uv_close((uv_handle_t *)&world->visitors[i], NULL);
}

static int set_up(void **state)
{
    static char client[] = "client";
    static char tenant[] = "common";
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    assert_int_equal(uv_loop_init(&world->loop), 0);
    listen_silently(world);
    assert_int_equal(uv_timer_init(&world->loop, &world->ticker), 0);
    assert_int_equal(uv_timer_start(&world->ticker, on_tick, 1, 1), 0);
    (void)snprintf(world->folder, sizeof world->folder, "/tmp/test-net-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    world->config = (struct config){
        .state_dir = world->folder,
        .graph_url = world->origin,
        .login_url = world->origin,
        .client_id = client,
        .tenant = tenant,
        .transfers = 2,
    };
    struct http_config http_config = {
        .user_agent = "test",
        .graph_url = world->origin,
        .login_url = world->origin,
        .max_connections = 4,
    };
    world->store = token_store_new(&world->config);
    world->http = http_new(&world->loop, &http_config, &world->last);
    assert_non_null(world->http);
    *state = world;
    return 0;
}

/* Everything is closed by the test; the proof is that nothing is left. */
static int tear_down(void **state)
{
    struct world *world = *state;
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/tokens.json", world->folder);
    (void)unlink(path);
    (void)rmdir(world->folder);
    token_store_free(world->store);
    free(world);
    return 0;
}

static void end_world(struct world *world)
{
    service_close(world->service);
    auth_close(world->auth);
    http_close(world->http);
    stop_listening(world);
}

/* A signed-in account and its service. */
static void open_account(struct world *world, bool signed_in)
{
    char token[] = "refresh";
    struct token_record record = {.refresh_token = token};
    if (signed_in)
        assert_int_equal(token_store_save(world->store, &record, NULL), FAILURE_NONE);
    world->auth = auth_new(&world->loop, &world->config, world->http, world->store);
    world->service = service_new(&world->loop, &world->config, world->http, world->auth);
    assert_non_null(world->service);
}

static void run_until_visited(struct world *world)
{
    while (world->visitor_count == 0)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
}

static void run_until_called(struct world *world)
{
    while (world->calls == 0)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
}

static void note(struct world *world, bool was_answered, const struct failure *failure)
{
    world->calls++;
    world->was_answered = was_answered;
    if (failure != NULL)
        world->last = *failure;
}

static void on_http(void *user, const struct http_answer *answer,
                    const struct failure *failure)
{
    note(user, answer != NULL, failure);
}

static void on_token(void *user, const char *token, const struct failure *failure)
{
    note(user, token != NULL, failure);
}

static void on_service(void *user, const struct service_answer *answer,
                       const struct failure *failure)
{
    note(user, answer != NULL, failure);
}

static struct http_operation *start(struct world *world, const char *url)
{
    return http_start(world->http, &(struct http_request){.url = url, .max_body = 100},
                      NULL, on_http, world, &world->last);
}

static void cancelling_calls_back_inside_and_once(void **state)
{
    struct world *world = *state;
    struct http_operation *early = start(world, world->origin);
    http_cancel(early); /* before curl has seen it */
    assert_int_equal(world->calls, 1);
    struct http_operation *late = start(world, world->origin);
    run_until_visited(world);
    assert_int_equal(world->calls, 1);
    http_cancel(late);
    assert_int_equal(world->calls, 2);
    assert_int_equal(world->last.kind, FAILURE_CANCELLED);
    end_world(world);
}

static void closing_is_silent(void **state)
{
    struct world *world = *state;
    assert_non_null(start(world, world->origin));
    run_until_visited(world);
    assert_non_null(start(world, world->origin));
    end_world(world);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(world->calls, 0);
}

static void dropping_connections_ends_what_is_under_way(void **state)
{
    struct world *world = *state;
    assert_non_null(start(world, world->origin));
    run_until_visited(world);
    http_drop_connections(world->http);
    assert_int_equal(world->calls, 0);
    run_until_called(world);
    assert_int_equal(world->last.kind, FAILURE_TRANSIENT);
    assert_int_equal(world->last.number, 131);
    world->calls = 0;
    /* The next one has a connection of its own. */
    int before = world->visitor_count;
    struct http_operation *next = start(world, world->origin);
    while (world->visitor_count == before)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
    http_cancel(next);
    end_world(world);
}

static const struct origin_case {
    const char *name;
    const char *url; /* NULL: the own origin */
    const char *bearer;
    const char *form;
    enum failure_kind want;
} origin_cases[] = {
    {"a token for Graph",        NULL,                     "t",         NULL,  FAILURE_NONE    },
    {"a token for another host", "https://other.example/", "t",         NULL,  FAILURE_INTERNAL},
    {"a token for another port", "https://127.0.0.1:1/",   "t",         NULL,  FAILURE_INTERNAL},
    {"a form for another host",  "https://other.example/", NULL,        "a=b", FAILURE_INTERNAL},
    {"without TLS",              "http://127.0.0.1/",      NULL,        NULL,  FAILURE_INTERNAL},
    {"with a name in it",        "https://me@127.0.0.1/",  NULL,        NULL,  FAILURE_INTERNAL},
    {"a file",                   "file:///etc/passwd",     NULL,        NULL,  FAILURE_PROTOCOL},
    {"a token with a line end",  NULL,                     "t\r\nX: y", NULL,  FAILURE_RESOURCE},
};

static struct world *origin_world; /* for the rows of the test below */

static void is_sent_or_refused(const struct origin_case *row)
{
    struct world *world = origin_world;
    struct failure failure = {0};
    struct http_request request = {
        .url = row->url == NULL ? world->origin : row->url,
        .bearer = row->bearer,
        .form = row->form,
    };
    struct http_operation *operation =
        http_start(world->http, &request, NULL, on_http, world, &failure);
    assert_int_equal(failure.kind, row->want);
    assert_int_equal(operation != NULL, row->want == FAILURE_NONE);
    if (operation != NULL)
        http_cancel(operation);
}

static void tokens_and_forms_go_to_their_origin_only(void **state)
{
    origin_world = *state;
    CASES(origin_cases, is_sent_or_refused);
    end_world(origin_world);
}

static void nobody_signed_in_is_told_from_the_loop(void **state)
{
    struct world *world = *state;
    open_account(world, false);
    assert_int_not_equal(auth_get(world->auth, on_token, world), 0);
    assert_int_equal(world->calls, 0);
    run_until_called(world);
    assert_false(world->was_answered);
    assert_int_equal(world->last.kind, FAILURE_SIGN_IN);
    assert_int_equal(auth_state(world->auth), AUTH_NONE);
    end_world(world);
}

static void one_renewal_serves_all_who_wait(void **state)
{
    struct world *world = *state;
    open_account(world, true);
    assert_int_equal(auth_state(world->auth), AUTH_READY);
    uint64_t first = auth_get(world->auth, on_token, world);
    (void)auth_get(world->auth, on_token, world);
    run_until_visited(world);
    auth_forget(world->auth, first);
    assert_int_equal(world->visitor_count, 1);
    http_drop_connections(world->http); /* the renewal fails; both would hear */
    run_until_called(world);
    assert_int_equal(world->calls, 1);
    assert_int_equal(world->last.number, 131);
    end_world(world);
}

static void a_cancelled_request_is_silent(void **state)
{
    struct world *world = *state;
    open_account(world, true);
    struct service_operation *waiting = service_get(
        world->service, SERVICE_CLASS_PAGE, "/me/drive", on_service, world, &world->last);
    struct service_operation *asking = service_get(
        world->service, SERVICE_CLASS_PAGE, "/me/drive", on_service, world, &world->last);
    service_cancel(waiting); /* before anything has begun */
    run_until_visited(world);
    service_cancel(asking); /* while it waits for its token */
    end_world(world);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(world->calls, 0);
}

static void a_link_to_another_host_is_refused(void **state)
{
    struct world *world = *state;
    open_account(world, true);
    assert_null(service_get(world->service, SERVICE_CLASS_PAGE,
                            "https://graph.evil.example/v1.0/next", on_service, world,
                            &world->last));
    assert_int_equal(world->last.kind, FAILURE_PROTOCOL);
    assert_int_equal(world->last.number, 147);
    end_world(world);
}

static void a_short_command_hears_of_a_sign_in_at_once(void **state)
{
    struct world *world = *state;
    open_account(world, false);
    assert_non_null(service_get(world->service, SERVICE_CLASS_ONCE, "/me/drive", on_service,
                                world, &world->last));
    run_until_called(world);
    assert_int_equal(world->last.kind, FAILURE_SIGN_IN);
    assert_int_equal(world->calls, 1);
    end_world(world);
}

static void on_phase(void *user, enum connection_phase phase)
{
    (void)user;
    (void)phase;
}

static void on_event(void *user, const struct channel_event *event)
{
    (void)user;
    (void)event;
}

static void on_end(void *user, const struct connection_end *end)
{
    note(user, false, &end->failure);
}

static struct connection *connect_in_turn(struct world *world, struct tls_trust *trust,
                                          struct turns *turns, const char *text)
{
    static const struct connection_callbacks callbacks = {on_phase, on_event, on_end};
    struct url_policy policy = {
        .loopback = true, .web_socket_allowed = true, .plain_text_allowed = true};
    struct connection_config config = {
        .trust = trust, .turns = turns, .user_agent = "test"};
    struct channel_url url;
    channel_config_init(&config.channel, CHANNEL_EIO4);
    assert_int_equal(channel_url_init(text, &policy, &url), URL_OK);
    struct connection *connection =
        connection_open(&world->loop, &config, &url, &callbacks, world, &world->last);
    assert_non_null(connection);
    channel_url_clear(&url);
    return connection;
}

static struct connection *connect_to(struct world *world, struct tls_trust *trust,
                                     const char *text)
{
    return connect_in_turn(world, trust, NULL, text);
}

/* WS-08 */
static void connections_to_one_host_are_made_one_after_the_other(void **state)
{
    struct world *world = *state;
    struct turns turns = {0};
    struct tls_trust *trust = tls_trust_new();
    struct connection *line[4];
    for (int i = 0; i < 4; i++)
        line[i] = connect_in_turn(world, trust, &turns, world->origin);
    run_until_visited(world);
    for (int i = 0; i < 20; i++) /* the ticker wakes it */
        (void)uv_run(&world->loop, UV_RUN_ONCE);
    assert_int_equal(world->visitor_count, 1);
    connection_leave(line[1], 0); /* from the middle of the line */
    uv_close((uv_handle_t *)&world->visitors[--world->visitor_count], NULL);
    run_until_called(world); /* the first one has failed: the next one's turn */
    connection_leave(line[0], 0);
    run_until_visited(world);
    assert_int_equal(world->visitor_count, 1);
    connection_leave(line[2], 0);
    while (world->visitor_count < 2)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
    connection_leave(line[3], 0);
    assert_null(turns.first);
    tls_trust_free(trust);
    end_world(world);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(world->calls, 1);
}

static void a_connection_can_be_left_in_any_phase(void **state)
{
    struct world *world = *state;
    struct tls_trust *trust = tls_trust_new();
    connection_leave(connect_to(world, trust, world->origin), 0);
    struct connection *securing = connect_to(world, trust, world->origin);
    run_until_visited(world);
    connection_leave(securing, CONNECTION_EXIT_MS);
    end_world(world);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(world->calls, 0);
    tls_trust_free(trust);
}

static void a_connection_that_breaks_tells_once(void **state)
{
    struct world *world = *state;
    struct tls_trust *trust = tls_trust_new();
    struct connection *connection = connect_to(world, trust, world->origin);
    run_until_visited(world);
    uv_close((uv_handle_t *)&world->visitors[--world->visitor_count], NULL);
    run_until_called(world);
    assert_int_equal(world->last.kind, FAILURE_TRANSIENT);
    connection_leave(connection, CONNECTION_EXIT_MS);
    end_world(world);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(world->calls, 1);
    tls_trust_free(trust);
}

static void on_link(void *user)
{
    (void)user;
}

static void on_link_status(void *user, const struct link_status *status)
{
    struct world *world = user;
    world->calls++;
    assert_true(status->since > 0);
}

static void a_link_starts_stops_and_starts_again(void **state)
{
    struct world *world = *state;
    static const struct link_callbacks callbacks = {on_link, on_link, on_link_status};
    struct link_config link_config = {.path = "/me/drive/root/subscriptions/socketIo"};
    open_account(world, true);
    struct link_parts parts = {&world->config, world->service, NULL, NULL};
    struct link *link =
        link_new(&world->loop, &parts, &link_config, &callbacks, world, &world->last);
    assert_non_null(link);
    assert_int_equal(link_status(link)->state, LINK_OFF);
    link_start(link);
    assert_int_equal(link_status(link)->state, LINK_ASKING);
    link_wake(link);
    link_stop(link);
    assert_int_equal(link_status(link)->state, LINK_OFF);
    link_start(link);
    run_until_visited(world);
    int calls = world->calls;
    link_close(link);
    end_world(world);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(world->calls, calls);
}

static void on_prompt(void *user, const struct signin_prompt *prompt)
{
    (void)user;
    (void)prompt;
}

static void on_signed_in(void *user, const char *name, const struct failure *failure)
{
    note(user, name != NULL, failure);
}

static void a_sign_in_can_be_given_up(void **state)
{
    struct world *world = *state;
    struct signin_request request = {
        .way = SIGNIN_DEVICE_CODE, .prompt = on_prompt, .done = on_signed_in};
    struct signin *signin = signin_start(&world->loop, &world->config, world->store,
                                         &request, world, &world->last);
    assert_non_null(signin);
    run_until_visited(world);
    signin_close(signin);
    assert_int_equal(world->calls, 1);
    assert_int_equal(world->last.kind, FAILURE_CANCELLED);
    end_world(world);
}

#define LIFE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    (void)setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", 1); /* no keyring */
    const struct CMUnitTest tests[] = {
        LIFE_TEST(cancelling_calls_back_inside_and_once),
        LIFE_TEST(closing_is_silent),
        LIFE_TEST(dropping_connections_ends_what_is_under_way),
        LIFE_TEST(tokens_and_forms_go_to_their_origin_only),
        LIFE_TEST(nobody_signed_in_is_told_from_the_loop),
        LIFE_TEST(one_renewal_serves_all_who_wait),
        LIFE_TEST(a_cancelled_request_is_silent),
        LIFE_TEST(a_link_to_another_host_is_refused),
        LIFE_TEST(a_short_command_hears_of_a_sign_in_at_once),
        LIFE_TEST(a_connection_can_be_left_in_any_phase),
        LIFE_TEST(connections_to_one_host_are_made_one_after_the_other),
        LIFE_TEST(a_connection_that_breaks_tells_once),
        LIFE_TEST(a_link_starts_stops_and_starts_again),
        LIFE_TEST(a_sign_in_can_be_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
