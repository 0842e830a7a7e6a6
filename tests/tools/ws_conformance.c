/* The client side of a WebSocket conformance suite in the manner of Autobahn: asks how
 * many cases there are, echoes every message of each with its own type, and has the
 * report written. Blocking look-up and connect, then poll(2) around the production
 * machine, whose limits are raised here and nowhere else.
 *
 *   ws_conformance ws://HOST:PORT AGENT
 *
 * Exit code 0 when all cases were run; what the suite thinks of them is in its report.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "protocol/url.h"
#include "protocol/ws.h"

enum {
    MAX_NAME = 256,
    MAX_PAYLOAD = 64 << 20,
    READ_SIZE = 256 << 10,
    CASE_MS = 120 * 1000,
    PARTING_MS = 2 * 1000, /* WS-62 */
};

typedef void message_fn(struct ws *ws, const struct ws_event *event, void *user);

struct conversation {
    struct ws *ws;
    int fd;
    bool is_closed;       /* the last event has come */
    bool is_failed;       /* ... and it was not a clean one */
    bool is_over;         /* the stream has ended, or is to be ended by us */
    uint64_t deadline_ms; /* of the case, then of the parting */
    uint8_t *buffer;      /* READ_SIZE bytes */
    message_fn *on_message;
    void *user;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool take_random(void *user, uint8_t *out, size_t size)
{
    (void)user;
    return getrandom(out, size, 0) == (ssize_t)size;
}

static int connect_to(const struct url *url)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)url->port);
    if (getaddrinfo(url->host, port, &hints, &found) != 0)
        return -1;
    int fd = -1;
    for (struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            (void)close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    int on = 1;
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static struct ws *make_machine(const struct url *url, const char *target)
{
    struct ws_config config;
    ws_config_init(&config, take_random, NULL);
    config.max_frame = MAX_PAYLOAD;
    config.max_message = MAX_PAYLOAD;
    config.max_fragments = SIZE_MAX;
    config.max_output = (size_t)2 * MAX_PAYLOAD;
    config.max_controls_per_minute = SIZE_MAX;
    return ws_new(&config, &(struct ws_request){.host = url->host,
                                                .port = url->port,
                                                .is_plain = true,
                                                .target = target,
                                                .user_agent = "ws_conformance"});
}

static void take_closed(struct conversation *talk, const struct ws_event *event)
{
    talk->is_closed = true;
    talk->is_failed = !event->clean;
    talk->deadline_ms = now_ms() + PARTING_MS;
    if (event->type == WS_EVENT_REFUSED)
        (void)fprintf(stderr, "refused with HTTP %d\n", event->http_status);
}

/* After a failure our side ends at once (WS-65), else the server's is first (WS-64).
 * Either way what still comes is read and dropped: to close with unread bytes would reset
 * the connection, and our Close frame with it. */
static void part(struct conversation *talk)
{
    if (talk->is_failed)
        (void)shutdown(talk->fd, SHUT_WR);
    talk->is_failed = false;
}

static void take_events(struct conversation *talk)
{
    for (struct ws_event event; ws_next(talk->ws, &event);) {
        if (event.type == WS_EVENT_TEXT || event.type == WS_EVENT_BINARY)
            talk->on_message(talk->ws, &event, talk->user);
        else if (event.type == WS_EVENT_CLOSED || event.type == WS_EVENT_REFUSED)
            take_closed(talk, &event);
    }
}

static void read_some(struct conversation *talk)
{
    ssize_t size = recv(talk->fd, talk->buffer, READ_SIZE, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size > 0) {
        ws_feed(talk->ws, now_ms(), talk->buffer, (size_t)size);
    } else {
        ws_finish(talk->ws);
        talk->is_over = true;
    }
    take_events(talk);
}

static void write_some(struct conversation *talk)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    while (ws_output(talk->ws, &data, &size)) {
        ssize_t sent = send(talk->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            talk->is_over |= errno != EAGAIN && errno != EINTR;
            return;
        }
        ws_sent(talk->ws, (size_t)sent);
    }
}

static void wait_and_move(struct conversation *talk)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    bool has_output = ws_output(talk->ws, &data, &size);
    uint64_t now = now_ms();
    if (talk->is_closed && !has_output)
        part(talk);
    struct pollfd poller = {.fd = talk->fd,
                            .events = (short)(POLLIN | (has_output ? POLLOUT : 0))};
    int left = talk->deadline_ms > now ? (int)(talk->deadline_ms - now) : 0;
    if (poll(&poller, 1, left) == 0)
        talk->is_over = true;
    if ((poller.revents & POLLOUT) != 0)
        write_some(talk);
    if ((poller.revents & ~POLLOUT) != 0)
        read_some(talk);
}

/* One connection from the request to the end of the stream. False: it did not come about
 * or did not end in time. */
static bool talk_about(const struct url *url, const char *target, message_fn *on_message,
                       void *user)
{
    struct conversation talk = {.fd = connect_to(url),
                                .ws = make_machine(url, target),
                                .buffer = malloc(READ_SIZE),
                                .deadline_ms = now_ms() + CASE_MS,
                                .on_message = on_message,
                                .user = user};
    bool is_ready = talk.fd >= 0 && talk.ws != NULL && talk.buffer != NULL;
    while (is_ready && !talk.is_over) {
        write_some(&talk);
        wait_and_move(&talk);
    }
    ws_free(talk.ws);
    free(talk.buffer);
    if (talk.fd >= 0)
        (void)close(talk.fd);
    if (!is_ready || !talk.is_closed)
        (void)fprintf(stderr, "%s: no connection, or no end of it\n", target);
    return is_ready && talk.is_closed;
}

static void echo(struct ws *ws, const struct ws_event *event, void *user)
{
    (void)user;
    if (event->type == WS_EVENT_TEXT)
        (void)ws_send_text(ws, (const char *)event->data, event->size);
    else
        (void)ws_send_binary(ws, event->data, event->size);
}

static void read_count(struct ws *ws, const struct ws_event *event, void *user)
{
    (void)ws;
    unsigned long *count = user;
    *count = strtoul((const char *)event->data, NULL, 10);
}

/* Whatever the name is made of, the suite reads it back from the query. */
static void encode(const char *text, char *out)
{
    static const char kept[] = "-._~";
    for (; *text != '\0'; text++) {
        bool is_kept = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                       (*text >= '0' && *text <= '9') || strchr(kept, *text) != NULL;
        out += is_kept ? sprintf(out, "%c", *text)
                       : sprintf(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
    *out = '\0';
}

static int run(const struct url *url, const char *name)
{
    char agent[3 * MAX_NAME + 1];
    char target[sizeof agent + 64];
    encode(name, agent);
    unsigned long count = 0;
    bool is_good = talk_about(url, "/getCaseCount", read_count, &count) && count > 0;
    for (unsigned long i = 1; i <= count; i++) {
        (void)snprintf(target, sizeof target, "/runCase?case=%lu&agent=%s", i, agent);
        is_good = talk_about(url, target, echo, NULL) && is_good;
    }
    (void)snprintf(target, sizeof target, "/updateReports?agent=%s", agent);
    is_good = talk_about(url, target, echo, NULL) && is_good;
    printf("%lu cases\n", count);
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **arguments)
{
    static const char usage[] = "usage: ws_conformance ws://HOST:PORT AGENT\n";
    struct url url;
    if (count == 2 && strcmp(arguments[1], "--help") == 0) {
        (void)fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (count != 3 || url_parse(arguments[1], &url) != URL_OK || url.scheme != URL_WS ||
        strlen(arguments[2]) > MAX_NAME) {
        (void)fputs(usage, stderr);
        return 2;
    }
    return run(&url, arguments[2]);
}
