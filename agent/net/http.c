/* The multi handle on the loop. Promises:
 *
 * P1  Nothing of ours runs inside a callback of curl but a sink: while `busy`, operations
 *     are only marked, and the kick timer does the rest (curl is not reentrant).
 * P2  Each socket of curl has its own poll handle on the heap, freed in its own close
 *     callback: curl may close and reopen a descriptor before the loop comes round.
 * P3  `handles` counts what the loop still holds; the last close callback frees.
 */
#include "agent/net/http.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/net/http_hosts.h"
#include "agent/net/http_operation.h"
#include "agent/net/trust_bundle.h"

struct http {
    uv_loop_t *loop;
    uv_timer_t timer; /* curl's own */
    uv_timer_t kick;  /* runs what could not be done inside curl */
    CURLM *multi;
    struct http_setup setup;
    struct http_hosts hosts;
    struct http_operation *operations; /* newest first */
    int ca_fd;
    int max_connections;
    int handles;
    int busy;
    uint64_t rate;
    bool drop_wanted;
    bool is_closing;
};

struct http_poll {
    uv_poll_t poll;
    struct http *http;
    curl_socket_t socket;
};

static void free_http(struct http *http)
{
    if (http->ca_fd >= 0)
        (void)close(http->ca_fd);
    free(http->setup.proxy);
    free(http->setup.user_agent);
    free(http->setup.graph_url);
    free(http->setup.login_url);
    free(http);
    curl_global_cleanup();
}

static void handle_closed(struct http *http)
{
    if (--http->handles == 0)
        free_http(http);
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct http_poll *poll = handle->data;
    struct http *http = poll->http;
    free(poll);
    handle_closed(http);
}

/* The list of operations. */

static void link_in(struct http *http, struct http_operation *operation)
{
    operation->http = http;
    operation->next = http->operations;
    if (operation->next != NULL)
        operation->next->previous = operation;
    http->operations = operation;
}

static void take_from_curl(struct http_operation *operation)
{
    if (operation->is_in_multi)
        (void)curl_multi_remove_handle(operation->http->multi, operation->easy);
    operation->is_in_multi = false;
}

static void discard(struct http_operation *operation)
{
    struct http *http = operation->http;
    if (operation->previous != NULL)
        operation->previous->next = operation->next;
    else
        http->operations = operation->next;
    if (operation->next != NULL)
        operation->next->previous = operation->previous;
    take_from_curl(operation);
    http_operation_free(operation);
}

static struct http_operation *first_in(struct http *http, enum http_state state)
{
    struct http_operation *operation = http->operations;
    while (operation != NULL && operation->state != state)
        operation = operation->next;
    return operation;
}

/* All of it shares one limit, so each gets its part; the idle limit follows. */
static void spread_rate(struct http *http)
{
    uint64_t sinks = 0;
    for (struct http_operation *one = http->operations; one != NULL; one = one->next)
        sinks += one->sink != NULL && one->state == HTTP_STATE_RUNNING;
    uint64_t part = http->rate == 0 || sinks == 0 ? 0 : http->rate / sinks + 1;
    long idle = part == 0 || part > 2048 ? 1024 : (long)(part / 2);
    for (struct http_operation *one = http->operations; one != NULL; one = one->next) {
        if (one->sink == NULL || one->state != HTTP_STATE_RUNNING)
            continue;
        (void)curl_easy_setopt(one->easy, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)part);
        (void)curl_easy_setopt(one->easy, CURLOPT_LOW_SPEED_LIMIT, idle);
    }
}

/* Ends everything that is curl's; the loop frees the rest. */
static void destroy(struct http *http)
{
    while (http->operations != NULL)
        discard(http->operations);
    (void)curl_multi_cleanup(http->multi);
    (void)curl_share_cleanup(http->setup.share);
    uv_close((uv_handle_t *)&http->timer, on_timer_closed);
    uv_close((uv_handle_t *)&http->kick, on_timer_closed);
}

static void kick(struct http *http);

static void leave(struct http *http)
{
    http->busy--;
    if (http->busy > 0)
        return;
    if (http->is_closing)
        destroy(http);
    else if (first_in(http, HTTP_STATE_DEAD) != NULL)
        kick(http);
}

static void start_fresh(struct http *http)
{
    struct http_operation *operation;
    while ((operation = first_in(http, HTTP_STATE_FRESH)) != NULL) {
        operation->state = HTTP_STATE_RUNNING;
        operation->is_in_multi =
            curl_multi_add_handle(http->multi, operation->easy) == CURLM_OK;
        if (operation->is_in_multi)
            continue;
        operation->state = HTTP_STATE_FAILED;
        (void)failure_set(&operation->stop, FAILURE_RESOURCE, 0, "no memory");
    }
    if (http->rate != 0)
        spread_rate(http);
}

static void read_messages(struct http *http)
{
    int left;
    CURLMsg *message;
    while (!http->is_closing &&
           (message = curl_multi_info_read(http->multi, &left)) != NULL) {
        char *user = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
        struct http_operation *operation = (void *)user;
        if (http_operation_is_http2_error(code))
            http_hosts_note_error(&http->hosts, operation->host, clock_now_ms());
        /* Out of the multi handle first: `message` dies with that, and `done` may start
         * the next operation. */
        take_from_curl(operation);
        operation->state = HTTP_STATE_DEAD;
        http_operation_deliver(operation, code);
    }
}

/* What has ended makes room for what waits. By way of the kick it would be sent only when
 * all sockets that are ready have been served, and the server had nothing to do until then.
 */
static void start_at_once(struct http *http)
{
    int running;
    if (http->is_closing || http->drop_wanted || first_in(http, HTTP_STATE_FRESH) == NULL)
        return;
    start_fresh(http);
    (void)curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    read_messages(http);
}

static void run(struct http *http, curl_socket_t socket, int events)
{
    int running;
    http->busy++;
    (void)curl_multi_socket_action(http->multi, socket, events, &running);
    read_messages(http);
    start_at_once(http);
    leave(http);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct http_poll *poll = handle->data;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    if ((events & UV_READABLE) != 0)
        flags |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0)
        flags |= CURL_CSELECT_OUT;
    run(poll->http, poll->socket, flags);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct http *http = user;
    (void)multi;
    if (timeout_ms < 0)
        (void)uv_timer_stop(&http->timer);
    else
        (void)uv_timer_start(&http->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static struct http_poll *new_poll(struct http *http, curl_socket_t socket)
{
    struct http_poll *poll = calloc(1, sizeof *poll);
    if (poll == NULL)
        return NULL;
    if (uv_poll_init_socket(http->loop, &poll->poll, socket) != 0) {
        free(poll);
        return NULL;
    }
    *poll = (struct http_poll){.poll = poll->poll, .http = http, .socket = socket};
    poll->poll.data = poll;
    http->handles++;
    return poll;
}

static int on_curl_socket(CURL *easy, curl_socket_t socket, int what, void *user,
                          void *socket_user)
{
    struct http *http = user;
    struct http_poll *poll = socket_user;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (poll != NULL)
            uv_close((uv_handle_t *)&poll->poll, on_poll_closed);
        (void)curl_multi_assign(http->multi, socket, NULL);
        return 0;
    }
    if (poll == NULL) {
        poll = new_poll(http, socket);
        if (poll == NULL)
            return -1; /* curl fails the transfers of this socket */
        (void)curl_multi_assign(http->multi, socket, poll);
    }
    int events = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= UV_READABLE;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= UV_WRITABLE;
    return uv_poll_start(&poll->poll, events, on_poll) == 0 ? 0 : -1;
}

static CURLM *new_multi(struct http *http)
{
    CURLM *multi = curl_multi_init();
    if (multi == NULL)
        return NULL;
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http);
    (void)curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                            (long)http->max_connections);
    return multi;
}

/* The kick: what P1 has put off. */

static void drop_now(struct http *http)
{
    CURLM *fresh = new_multi(http);
    if (fresh == NULL)
        return; /* the old one still works */
    http->drop_wanted = false;
    for (struct http_operation *one = http->operations; one != NULL; one = one->next) {
        if (one->state != HTTP_STATE_RUNNING)
            continue;
        take_from_curl(one);
        one->state = HTTP_STATE_FAILED;
        (void)failure_set(&one->stop, FAILURE_TRANSIENT, 131,
                          "the network has changed: the request to %s begins anew",
                          one->host);
    }
    (void)curl_multi_cleanup(http->multi);
    (void)uv_timer_stop(&http->timer);
    http->multi = fresh;
}

static void resume_paused(struct http *http)
{
    for (struct http_operation *one = http->operations; one != NULL; one = one->next) {
        if (!one->resume_wanted || one->state != HTTP_STATE_RUNNING)
            continue;
        one->resume_wanted = false;
        (void)curl_easy_pause(one->easy, CURLPAUSE_CONT); /* calls the sink */
    }
}

static void deliver_failed(struct http *http)
{
    struct http_operation *operation;
    while (!http->is_closing && (operation = first_in(http, HTTP_STATE_FAILED)) != NULL) {
        operation->state = HTTP_STATE_DEAD;
        http_operation_deliver(operation, CURLE_ABORTED_BY_CALLBACK);
    }
}

static void on_kick(uv_timer_t *timer)
{
    struct http *http = timer->data;
    struct http_operation *dead;
    while ((dead = first_in(http, HTTP_STATE_DEAD)) != NULL)
        discard(dead);
    http->busy++;
    if (http->drop_wanted)
        drop_now(http);
    start_fresh(http);
    resume_paused(http);
    deliver_failed(http);
    leave(http);
}

static void kick(struct http *http)
{
    if (!http->is_closing)
        (void)uv_timer_start(&http->kick, on_kick, 0, 0);
}

/* The contract. */

static bool copy_text(const char *text, char **out)
{
    *out = text == NULL ? NULL : strdup(text);
    return text == NULL || *out != NULL;
}

static bool set_up(struct http *http, const struct http_config *config)
{
    http->setup.share = curl_share_init();
    http->max_connections = config->max_connections;
    http->multi = new_multi(http);
    if (http->setup.share == NULL || http->multi == NULL)
        return false;
    (void)curl_share_setopt(http->setup.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    return copy_text(config->proxy, &http->setup.proxy) &&
           copy_text(config->user_agent, &http->setup.user_agent) &&
           copy_text(config->graph_url, &http->setup.graph_url) &&
           copy_text(config->login_url, &http->setup.login_url);
}

const char *http_user_agent(void)
{
    return "ISV|drive-agent|drive-agent/" AGENT_VERSION;
}

struct http_config http_config_from(const struct config *config, int max_connections)
{
    return (struct http_config){
        .ca_file = config->ca_file,
        .proxy = config->proxy,
        .user_agent = http_user_agent(),
        .graph_url = config->graph_url,
        .login_url = config->login_url,
        .max_connections = max_connections,
    };
}

struct http *http_new(uv_loop_t *loop, const struct http_config *config,
                      struct failure *failure)
{
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(http);
        (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
        return NULL;
    }
    http->loop = loop;
    http->ca_fd = -1;
    bool trusts =
        trust_bundle_open(config->ca_file, http->setup.ca_path, sizeof http->setup.ca_path,
                          &http->ca_fd, failure) == FAILURE_NONE;
    if (!trusts || !set_up(http, config)) {
        if (trusts)
            (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
        (void)curl_multi_cleanup(http->multi);
        (void)curl_share_cleanup(http->setup.share);
        free_http(http);
        return NULL;
    }
    (void)uv_timer_init(loop, &http->timer); /* cannot fail */
    (void)uv_timer_init(loop, &http->kick);
    http->timer.data = http;
    http->kick.data = http;
    http->handles = 2;
    return http;
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    assert(!http->is_closing);
    http->is_closing = true;
    for (struct http_operation *one = http->operations; one != NULL; one = one->next)
        one->done = NULL;
    if (http->busy == 0)
        destroy(http);
}

struct http_operation *http_start(struct http *http, const struct http_request *request,
                                  http_sink_fn *sink, http_done_fn *done, void *user,
                                  struct failure *failure)
{
    assert(!http->is_closing);
    struct url url;
    bool http1 = url_parse(request->url, &url) == URL_OK &&
                 http_hosts_is_http1(&http->hosts, url.host);
    struct http_operation *operation =
        http_operation_new(&http->setup, request, sink, http1, failure);
    if (operation == NULL)
        return NULL;
    operation->sink = sink;
    operation->done = done;
    operation->user = user;
    link_in(http, operation);
    kick(http);
    return operation;
}

void http_cancel(struct http_operation *operation)
{
    struct http *http = operation->http;
    (void)failure_set(&operation->stop, FAILURE_CANCELLED, 0, "cancelled");
    if (http->busy == 0)
        take_from_curl(operation);
    operation->state = HTTP_STATE_DEAD;
    http_operation_deliver(operation, CURLE_ABORTED_BY_CALLBACK);
    if (!http->is_closing)
        kick(http);
}

void http_resume(struct http_operation *operation)
{
    operation->resume_wanted = true;
    kick(operation->http);
}

void http_set_rate(struct http *http, uint64_t bytes_per_second)
{
    http->rate = bytes_per_second;
    spread_rate(http);
}

void http_drop_connections(struct http *http)
{
    http->drop_wanted = true;
    kick(http);
}
