/* The agent's side of the control socket.
 *
 * Life of a client: reading its request line -> being answered -> finishing (the last
 * line is on its way) -> closed. on_gone runs in the close callback, so never inside a
 * call of the owner.
 */
#include "agent/control.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/control_address.h"
#include "agent/log.h"
#include "agent/log_text.h"
#include "agent/scope.h"
#include "agent/small_file.h"
#include "agent/words.h"
#include "protocol/json_guard.h"

enum {
    CONTROL_MAX_QUEUED = 1024 * 1024, /* bytes that a client may leave unread */
    CONTROL_BACKLOG = 16
};

struct control {
    uv_pipe_t listener;
    char *path;
    struct control_callbacks callbacks;
    void *user;
    struct control_client *clients;
    size_t client_count;
    size_t open_handles; /* freed when none is left */
    bool closing;
};

struct control_client {
    uv_pipe_t pipe;
    struct control *control;
    struct control_client *next;
    char line[CONTROL_MAX_LINE + 1];
    size_t used;
    size_t queued;  /* bytes handed to the loop and not yet written */
    bool requested; /* its line was given to the owner */
    bool finishing;
};

/* One line on its way; it owns its bytes. */
struct control_write {
    uv_write_t request;
    struct control_client *client;
    size_t size;
    char bytes[];
};

static void release_control(struct control *control)
{
    assert(control->open_handles > 0);
    if (--control->open_handles > 0)
        return;
    free(control->path);
    free(control);
}

static void on_listener_closed(uv_handle_t *handle)
{
    release_control(handle->data);
}

static void on_client_closed(uv_handle_t *handle)
{
    struct control_client *client = handle->data;
    struct control *control = client->control;
    struct control_client **link = &control->clients;
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    control->client_count--;
    if (client->requested && !control->closing)
        control->callbacks.on_gone(control->user, client);
    free(client);
    release_control(control);
}

static void end_client(struct control_client *client)
{
    client->finishing = true;
    if (!uv_is_closing((uv_handle_t *)&client->pipe))
        uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

static void on_written(uv_write_t *request, int status)
{
    struct control_write *written = request->data;
    struct control_client *client = written->client;
    client->queued -= written->size;
    free(written);
    if (status < 0 || (client->finishing && client->queued == 0))
        end_client(client);
}

static void send_line(struct control_client *client, const char *text)
{
    size_t size = strlen(text) + 1;
    struct control_write *writing = malloc(sizeof *writing + size);
    if (writing == NULL || client->queued + size > CONTROL_MAX_QUEUED) {
        free(writing);
        end_client(client);
        return;
    }
    memcpy(writing->bytes, text, size - 1);
    writing->bytes[size - 1] = '\n';
    writing->client = client;
    writing->size = size;
    writing->request.data = writing;
    uv_buf_t buffer = uv_buf_init(writing->bytes, (unsigned)size);
    client->queued += size;
    if (uv_write(&writing->request, (uv_stream_t *)&client->pipe, &buffer, 1, on_written) !=
        0) {
        client->queued -= size;
        free(writing);
        end_client(client);
    }
}

void control_answer(struct control_client *client, const char *json)
{
    if (!client->finishing)
        send_line(client, json);
}

void control_finish(struct control_client *client, int code, const char *message)
{
    if (client->finishing)
        return;
    char text[1024];
    char line[1200];
    if (message == NULL)
        (void)snprintf(line, sizeof line, "{\"done\":true,\"code\":%d}", code);
    else
        (void)snprintf(line, sizeof line, "{\"done\":true,\"code\":%d,\"message\":%s}",
                       code, log_json_text(message, text, sizeof text));
    send_line(client, line);
    client->finishing = true;
}

/* The request line is whole: to the owner with it, or refused. */
static void take_request(struct control_client *client, size_t size)
{
    static const struct json_limits limits = {.text_size = CONTROL_MAX_LINE,
                                              .depth = 8,
                                              .string_size = CONTROL_MAX_LINE,
                                              .token_count = 4096,
                                              .item_count = 1024};
    client->line[size] = '\0';
    client->requested = true;
    if (client->line[0] != '{' || json_guard_check(client->line, size, &limits) != JSON_OK)
        control_finish(client, 2, _("this is not a request"));
    else
        client->control->callbacks.on_request(client->control->user, client, client->line);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    struct control_client *client = handle->data;
    /* What comes behind the request is read over its end: only the hang-up matters. */
    size_t at = client->requested ? 0 : client->used;
    char *room = client->requested ? client->line : client->line + at;
    *out = uv_buf_init(room, (unsigned)(CONTROL_MAX_LINE - at));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    (void)buffer;
    struct control_client *client = stream->data;
    if (size < 0) {
        end_client(client);
        return;
    }
    if (client->requested || size == 0)
        return;
    client->used += (size_t)size;
    const char *end = memchr(client->line, '\n', client->used);
    if (end != NULL) {
        take_request(client, (size_t)(end - client->line));
    } else if (client->used == CONTROL_MAX_LINE) {
        client->requested = true;
        control_finish(client, 2, _("this request is too long"));
    }
}

static struct control_client *client_new(struct control *control)
{
    struct control_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    if (uv_pipe_init(control->listener.loop, &client->pipe, 0) != 0) {
        free(client);
        return NULL;
    }
    client->pipe.data = client;
    client->control = control;
    client->next = control->clients;
    control->clients = client;
    control->client_count++;
    control->open_handles++;
    return client;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct control *control = listener->data;
    if (status < 0 || control->closing)
        return;
    struct control_client *client = client_new(control);
    if (client == NULL)
        return;
    uv_os_fd_t fd = -1;
    if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0 ||
        uv_fileno((uv_handle_t *)&client->pipe, &fd) != 0 || !control_peer_is_us(fd) ||
        control->client_count > CONTROL_MAX_CLIENTS ||
        uv_read_start((uv_stream_t *)&client->pipe, on_allocate, on_read) != 0)
        end_client(client);
}

/* A folder that only we can reach (F-170). */
static enum failure_kind check_folder(const char *path, struct failure *failure)
{
    const char *slash = strrchr(path, '/');
    SCOPED(scope_free)
    char *folder = slash == NULL ? NULL : strndup(path, (size_t)(slash - path));
    struct stat info;
    if (folder == NULL || small_file_make_folders(folder) != 0 || stat(folder, &info) != 0)
        return failure_set(failure, FAILURE_RESOURCE, 170,
                           "cannot make the folder of the control socket %s: %s", path,
                           strerror(errno));
    if (info.st_uid != geteuid() || (info.st_mode & 022) != 0)
        return failure_set(failure, FAILURE_RESOURCE, 170,
                           "the folder of the control socket can be written by others: %s: "
                           "chmod 700 it",
                           folder);
    return FAILURE_NONE;
}

/* A socket at `path` that nobody but us can open. -1 with errno. */
static int bind_socket(const char *path)
{
    struct control_address address;
    if (!control_address_find(&address, path))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The mode of the descriptor becomes that of the name, less the umask: it is 0600
     * from the first moment on. The state's lock says that an old socket is stale. */
    bool bound = fd >= 0 && fchmod(fd, 0600) == 0 &&
                 (unlink(address.name.sun_path) == 0 || errno == ENOENT) &&
                 bind(fd, (const struct sockaddr *)&address.name, sizeof address.name) == 0;
    if (!bound)
        scope_close(&fd);
    control_address_clear(&address);
    return bound ? fd : -1;
}

static enum failure_kind open_listener(struct control *control, struct failure *failure)
{
    int fd = bind_socket(control->path);
    if (fd < 0)
        return failure_set(failure, FAILURE_RESOURCE, 170,
                           "cannot make the control socket %s: %s", control->path,
                           strerror(errno));
    int error = uv_pipe_open(&control->listener, fd);
    if (error != 0)
        (void)close(fd);
    else
        error =
            uv_listen((uv_stream_t *)&control->listener, CONTROL_BACKLOG, on_connection);
    if (error != 0)
        return failure_set(failure, FAILURE_RESOURCE, 170,
                           "cannot listen on the control socket %s: %s", control->path,
                           uv_strerror(error));
    return FAILURE_NONE;
}

struct control *control_listen(uv_loop_t *loop, const char *path,
                               const struct control_callbacks *callbacks, void *user,
                               struct failure *failure)
{
    if (check_folder(path, failure) != FAILURE_NONE)
        return NULL;
    struct control *control = calloc(1, sizeof *control);
    if (control != NULL)
        control->path = strdup(path);
    if (control == NULL || control->path == NULL ||
        uv_pipe_init(loop, &control->listener, 0) != 0) {
        (void)failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
        if (control != NULL)
            free(control->path);
        free(control);
        return NULL;
    }
    control->listener.data = control;
    control->callbacks = *callbacks;
    control->user = user;
    control->open_handles = 1;
    if (open_listener(control, failure) != FAILURE_NONE) {
        control_close(control);
        return NULL;
    }
    return control;
}

void control_close(struct control *control)
{
    if (control == NULL || control->closing)
        return;
    control->closing = true;
    struct control_address address;
    if (control_address_find(&address, control->path)) {
        (void)unlink(address.name.sun_path);
        control_address_clear(&address);
    }
    for (struct control_client *client = control->clients; client != NULL;
         client = client->next)
        end_client(client);
    uv_close((uv_handle_t *)&control->listener, on_listener_closed);
}
