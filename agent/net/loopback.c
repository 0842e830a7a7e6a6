#include "agent/net/loopback.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/words.h"
#include "protocol/percent.h"

enum { LISTENERS = 2 };

struct visitor {
    uv_tcp_t tcp;
    uv_write_t write;
    struct loopback *loopback;
    struct visitor *next;
    bool is_served; /* its page is on its way */
    size_t size;
    char request[LOOPBACK_MAX_REQUEST + 1];
    char answer[1024];
};

struct loopback {
    uv_tcp_t listeners[LISTENERS];
    int handles; /* open ones; the last close callback frees */
    bool is_closing;
    struct visitor *visitors;
    int visitor_count;
    loopback_visit_fn *visit;
    void *user;
};

/* What the browser shows when it comes back: status, language, title, text. */
#define PAGE                                                                               \
    "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n"                            \
    "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n" \
    "<!doctype html><html lang=\"%s\"><title>%s</title><p>%s</p></html>\n"

static const struct page {
    const char *status;
    const char *title;
    const char *text;
} pages[] = {
    [LOOPBACK_STRANGE] = {"400 Bad Request", N_("Not expected"),
                          N_("This is not the expected answer.")                 },
    [LOOPBACK_ARRIVED] = {"200 OK",          N_("Signed in"),
                          N_("The sign-in has arrived. You can close this page.")},
    [LOOPBACK_REFUSED] = {"200 OK",          N_("Not signed in"),
                          N_("The sign-in was refused; the terminal says more. You can "
                             "close this page.")                                 },
};
static const char page_none[] =
    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

static void handle_closed(struct loopback *loopback)
{
    if (--loopback->handles == 0)
        free(loopback);
}

static void on_listener_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void on_visitor_closed(uv_handle_t *handle)
{
    struct visitor *visitor = handle->data;
    struct loopback *loopback = visitor->loopback;
    explicit_bzero(visitor->request, sizeof visitor->request); /* holds the code */
    free(visitor);
    handle_closed(loopback);
}

static void drop(struct visitor *visitor)
{
    struct visitor **place = &visitor->loopback->visitors;
    while (*place != NULL && *place != visitor)
        place = &(*place)->next;
    if (*place == NULL)
        return; /* dropped already */
    *place = visitor->next;
    visitor->loopback->visitor_count--;
    uv_close((uv_handle_t *)&visitor->tcp, on_visitor_closed);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    drop(write->handle->data);
}

/* Sends what stands in the visitor's answer. */
static void answer(struct visitor *visitor)
{
    uv_buf_t buffer = {.base = visitor->answer, .len = strlen(visitor->answer)};
    (void)uv_read_stop((uv_stream_t *)&visitor->tcp);
    if (uv_write(&visitor->write, (uv_stream_t *)&visitor->tcp, &buffer, 1, on_written) !=
        0)
        drop(visitor);
}

static void answer_page(struct visitor *visitor, enum loopback_page page)
{
    /* The language that the catalogue is in. */
    const char *language = _("en");
    (void)snprintf(visitor->answer, sizeof visitor->answer, PAGE, pages[page].status,
                   language, _(pages[page].title), _(pages[page].text));
    answer(visitor);
}

static void answer_nothing(struct visitor *visitor)
{
    (void)snprintf(visitor->answer, sizeof visitor->answer, "%s", page_none);
    answer(visitor);
}

/* "GET /?code=… HTTP/1.1": the query, or NULL for any other request. */
static char *query_of(char *request)
{
    if (strncmp(request, "GET /?", 6) != 0)
        return NULL;
    char *query = request + 6;
    query[strcspn(query, " \r\n")] = 0;
    return query;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct visitor *visitor = stream->data;
    struct loopback *loopback = visitor->loopback;
    (void)buffer;
    if (size < 0) {
        drop(visitor);
        return;
    }
    visitor->size += (size_t)size;
    visitor->request[visitor->size] = 0;
    if (strstr(visitor->request, "\r\n\r\n") == NULL) {
        if (visitor->size >= LOOPBACK_MAX_REQUEST)
            answer_page(visitor, LOOPBACK_STRANGE);
        return;
    }
    visitor->is_served = true; /* `visit` may close the listener */
    char *query = query_of(visitor->request);
    if (query == NULL)
        answer_nothing(visitor);
    else
        answer_page(visitor, loopback->visit(loopback->user, query));
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct visitor *visitor = handle->data;
    (void)suggested;
    buffer->base = visitor->request + visitor->size;
    buffer->len = LOOPBACK_MAX_REQUEST - visitor->size;
}

static void on_visitor(uv_stream_t *listener, int status)
{
    struct loopback *loopback = listener->data;
    if (status != 0)
        return;
    struct visitor *visitor = calloc(1, sizeof *visitor);
    if (visitor == NULL)
        return;
    if (uv_tcp_init(listener->loop, &visitor->tcp) != 0) {
        free(visitor);
        return;
    }
    visitor->tcp.data = visitor;
    visitor->loopback = loopback;
    visitor->next = loopback->visitors;
    loopback->visitors = visitor;
    loopback->visitor_count++;
    loopback->handles++;
    /* One too many is taken, too, and hung up on: libuv listens no more after a connection
     * that was left lying. */
    if (uv_accept(listener, (uv_stream_t *)&visitor->tcp) != 0 ||
        loopback->visitor_count > LOOPBACK_MAX_VISITORS ||
        uv_read_start((uv_stream_t *)&visitor->tcp, on_alloc, on_read) != 0)
        drop(visitor);
}

static int listen_at(uv_tcp_t *listener, const struct sockaddr *address)
{
    int status = uv_tcp_bind(listener, address, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)listener, LOOPBACK_MAX_VISITORS, on_visitor);
    return status;
}

static int listen_at_both(struct loopback *loopback, uint16_t *out_port)
{
    struct sockaddr_in four = {0};
    struct sockaddr_in6 six = {0};
    int size = sizeof four;
    (void)uv_ip4_addr("127.0.0.1", 0, &four);
    int status = listen_at(&loopback->listeners[0], (const struct sockaddr *)&four);
    if (status == 0)
        status =
            uv_tcp_getsockname(&loopback->listeners[0], (struct sockaddr *)&four, &size);
    if (status != 0)
        return status;
    *out_port = ntohs(four.sin_port);
    /* The browser may take "localhost" for either; without IPv6 it has no choice. */
    (void)uv_ip6_addr("::1", *out_port, &six);
    (void)listen_at(&loopback->listeners[1], (const struct sockaddr *)&six);
    return 0;
}

struct loopback *loopback_listen(uv_loop_t *loop, loopback_visit_fn *visit, void *user,
                                 uint16_t *out_port, struct failure *failure)
{
    struct loopback *loopback = calloc(1, sizeof *loopback);
    int status = loopback == NULL ? UV_ENOMEM : 0;
    for (int i = 0; status == 0 && i < LISTENERS; i++) {
        status =
            uv_tcp_init(loop, &loopback->listeners[i]); /* opens nothing: cannot fail */
        loopback->listeners[i].data = loopback;
        loopback->handles++;
    }
    if (status == 0) {
        loopback->visit = visit;
        loopback->user = user;
        status = listen_at_both(loopback, out_port);
    }
    if (status == 0)
        return loopback;
    (void)failure_set(failure, FAILURE_RESOURCE, 0,
                      "cannot listen for the browser: %s; use agent login --device-code",
                      uv_strerror(status));
    loopback_close(loopback);
    return NULL;
}

void loopback_close(struct loopback *loopback)
{
    if (loopback == NULL || loopback->is_closing)
        return;
    loopback->is_closing = true;
    for (int i = 0; i < LISTENERS; i++)
        uv_close((uv_handle_t *)&loopback->listeners[i], on_listener_closed);
    /* A page on its way is still written; who has not asked yet is dropped. */
    struct visitor *next;
    for (struct visitor *one = loopback->visitors; one != NULL; one = next) {
        next = one->next;
        if (!one->is_served)
            drop(one);
    }
}

bool loopback_query_value(const char *query, const char *name, char *out, size_t out_size)
{
    size_t name_size = strlen(name);
    while (*query != 0) {
        size_t size = strcspn(query, "&");
        if (size > name_size && query[name_size] == '=' &&
            strncmp(query, name, name_size) == 0)
            return percent_decode(query + name_size + 1, size - name_size - 1, true, out,
                                  out_size);
        query += size;
        query += *query == '&';
    }
    return false;
}
