/* States: away (folder watched, maybe some tries left) -> connected (lines come) -> away.
 */
#include "agent/tray/tray_link.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent/small_file.h"

enum {
    LINK_MAX_LINE = 1024 * 1024, /* a status of many mirrors */
    LINK_FIRST_SIZE = 16 * 1024,
    LINK_TRIES = 8,
    LINK_RETRY_MS = 100 /* doubled with each try */
};

/* A connection; it outlives its link until its handle is closed. */
struct connection {
    uv_pipe_t pipe;
    struct tray_link *link; /* NULL once it is given up */
};

struct tray_link {
    uv_fs_event_t folder_watch;
    uv_timer_t retry;
    char *socket_path;
    const char *socket_name; /* its last part */
    struct connection *connection;
    char *line;
    size_t size;
    size_t used;
    unsigned tries_left;
    struct tray_link_callbacks callbacks;
    void *user;
    int open_handles;
    bool closing;
};

static void on_timer(uv_timer_t *timer);

static void on_connection_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void hang_up(struct tray_link *link)
{
    struct connection *connection = link->connection;
    link->connection = NULL;
    link->used = 0;
    if (connection == NULL)
        return;
    connection->link = NULL;
    uv_close((uv_handle_t *)&connection->pipe, on_connection_closed);
}

/* Gives whole lines on; a callback may close the link, which forgets them. */
static void take_lines(struct tray_link *link)
{
    char *end = NULL;
    while ((end = memchr(link->line, '\n', link->used)) != NULL) {
        *end = '\0';
        link->callbacks.on_line(link->user, link->line);
        if (link->closing)
            return;
        size_t taken = (size_t)(end - link->line) + 1;
        link->used -= taken;
        memmove(link->line, link->line + taken, link->used);
    }
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    const struct connection *connection = handle->data;
    struct tray_link *link = connection->link;
    if (link->used == link->size && link->size < LINK_MAX_LINE) {
        size_t size = link->size == 0 ? LINK_FIRST_SIZE : link->size * 2;
        char *line = realloc(link->line, size);
        link->line = line == NULL ? link->line : line;
        link->size = line == NULL ? link->size : size;
    }
    /* No room ends the connection with UV_ENOBUFS. */
    *out = link->used == link->size
               ? uv_buf_init(NULL, 0)
               : uv_buf_init(link->line + link->used, (unsigned)(link->size - link->used));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    (void)buffer;
    const struct connection *connection = stream->data;
    struct tray_link *link = connection->link;
    if (size >= 0) {
        link->used += (size_t)size;
        take_lines(link);
        return;
    }
    hang_up(link);
    link->callbacks.on_gone(link->user);
    /* It may have been replaced by another one already. */
    link->tries_left = LINK_TRIES;
    (void)uv_timer_start(&link->retry, on_timer, LINK_RETRY_MS, 0);
}

static bool listen_to(struct tray_link *link, int fd)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL || uv_pipe_init(link->retry.loop, &connection->pipe, 0) != 0) {
        free(connection);
        (void)close(fd);
        return false;
    }
    connection->link = link;
    connection->pipe.data = connection;
    link->connection = connection;
    if (uv_pipe_open(&connection->pipe, fd) != 0) {
        (void)close(fd);
        hang_up(link);
        return false;
    }
    if (uv_read_start((uv_stream_t *)&connection->pipe, on_allocate, on_read) == 0)
        return true;
    hang_up(link);
    return false;
}

static bool connect_now(struct tray_link *link)
{
    int fd = -1;
    struct failure failure;
    return control_connect(link->socket_path, "{\"command\":\"watch\"}", &fd, &failure) ==
               FAILURE_NONE &&
           fd >= 0 && listen_to(link, fd);
}

static void on_timer(uv_timer_t *timer)
{
    struct tray_link *link = timer->data;
    if (link->connection != NULL || connect_now(link) || link->tries_left == 0)
        return;
    uint64_t delay = (uint64_t)LINK_RETRY_MS << (LINK_TRIES - link->tries_left);
    link->tries_left--;
    (void)uv_timer_start(timer, on_timer, delay, 0);
}

static void on_folder_event(uv_fs_event_t *watch, const char *name, int events, int status)
{
    (void)events;
    (void)status;
    struct tray_link *link = watch->data;
    if (link->connection != NULL || (name != NULL && strcmp(name, link->socket_name) != 0))
        return;
    link->tries_left = LINK_TRIES;
    (void)uv_timer_start(&link->retry, on_timer, 0, 0);
}

/* The folder is made where it is missing, as the agent itself would make it. */
static void watch_folder(struct tray_link *link)
{
    char *slash = strrchr(link->socket_path, '/');
    link->socket_name = slash == NULL ? link->socket_path : slash + 1;
    if (slash == NULL || slash == link->socket_path)
        return;
    *slash = '\0';
    (void)small_file_make_folders(link->socket_path);
    (void)uv_fs_event_start(&link->folder_watch, on_folder_event, link->socket_path, 0);
    *slash = '/';
}

static void on_closed(uv_handle_t *handle)
{
    struct tray_link *link = handle->data;
    if (--link->open_handles > 0)
        return;
    free(link->line);
    free(link->socket_path);
    free(link);
}

struct tray_link *tray_link_new(uv_loop_t *loop, const char *socket_path,
                                const struct tray_link_callbacks *callbacks, void *user)
{
    struct tray_link *link = calloc(1, sizeof *link);
    if (link != NULL)
        link->socket_path = strdup(socket_path);
    if (link == NULL || link->socket_path == NULL ||
        uv_timer_init(loop, &link->retry) != 0) {
        if (link != NULL)
            free(link->socket_path);
        free(link);
        return NULL;
    }
    link->retry.data = link;
    link->callbacks = *callbacks;
    link->user = user;
    link->open_handles = 1;
    if (uv_fs_event_init(loop, &link->folder_watch) != 0) {
        tray_link_close(link);
        return NULL;
    }
    link->folder_watch.data = link;
    link->open_handles = 2;
    watch_folder(link);
    (void)uv_timer_start(&link->retry, on_timer, 0, 0);
    return link;
}

void tray_link_close(struct tray_link *link)
{
    if (link == NULL || link->closing)
        return;
    link->closing = true;
    hang_up(link);
    if (link->open_handles == 2)
        uv_close((uv_handle_t *)&link->folder_watch, on_closed);
    uv_close((uv_handle_t *)&link->retry, on_closed);
}

bool tray_link_ask(struct tray_link *link, const char *request)
{
    int fd = -1;
    struct failure failure;
    if (control_connect(link->socket_path, request, &fd, &failure) != FAILURE_NONE ||
        fd < 0)
        return false;
    (void)close(fd);
    return true;
}
