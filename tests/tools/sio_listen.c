/* Listens at any Socket.IO endpoint with the agent's own connection machine, as the
 * official client's io(URL) would, and prints one JSON line for each change and event.
 * `usage` below says how.
 *
 * When the server wants another protocol generation it is tried once; any other end ends
 * the tool, but for --again.
 */
#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "agent/clock.h"
#include "agent/net/connection.h"
#include "agent/net/trust_bundle.h"
#include "protocol/http_request.h"
#include "protocol/tls_trust.h"

enum { SIGNALS = 2, MAX_BUNDLE = 8 * 1024 * 1024, MAX_ATTACHMENTS = 2 * 1024 * 1024 };

static const char usage[] =
    "usage: sio_listen URL [OPTION VALUE]...\n"
    "\n"
    "URL is what io(URL) would be given: http, https, ws or wss, any host; its path is "
    "the\n"
    "namespace. Prints a line of JSON for each change of state (\"phase\", \"live\", "
    "\"end\")\n"
    "and for each event (\"notification\", \"other\"). SIGINT and SIGTERM end it.\n"
    "\n"
    "  --ca FILE      certificates to trust beside the system's\n"
    "  --proxy URL    http://[NAME:PASSWORD@]HOST:PORT instead of the environment's\n"
    "  --again MS     connect again, so long after an end\n"
    "  --leave MS     how long a farewell may last (5000)\n"
    "  --min-ping MS  the shortest ping times that are believed (1000)\n"
    "  --variant N    begin with EIO=4 (0), EIO=4 and / joined first (1), EIO=3 (2)\n"
    "\n"
    "Exit code: 0 ended by a signal, 1 by the server or the network, 2 usage.\n";

struct listener {
    uv_loop_t loop;
    uv_signal_t signals[SIGNALS];
    uv_timer_t pause;
    struct connection_config config;
    struct channel_url url;
    struct connection *connection;
    struct tls_session *session; /* to resume */
    const char *ca_file;
    bool connects_again;
    uint32_t pause_ms; /* before it does */
    uint32_t leave_ms;
    const char *address;
    bool is_over;
    int exit_code;
};

/* Takes `line` over. */
static void print(cJSON *line)
{
    cJSON_AddNumberToObject(line, "time", (double)clock_wall_ms());
    char *text = cJSON_PrintUnformatted(line);
    if (text != NULL)
        (void)puts(text);
    (void)fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(line);
}

static cJSON *new_line(const char *what)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "what", what);
    return line;
}

static void add_text(cJSON *line, const char *name, const char *text, size_t size)
{
    char *copy = text == NULL ? NULL : strndup(text, size);
    if (copy != NULL)
        cJSON_AddStringToObject(line, name, copy);
    free(copy);
}

/* As the server wrote it, so that nothing is lost; white space that would end our line is
 * the only thing that changes. */
static void add_json(cJSON *line, const char *name, const char *text, size_t size)
{
    char *copy = text == NULL ? NULL : strndup(text, size);
    for (char *at = copy; at != NULL && *at != '\0'; at++)
        if (*at == '\n' || *at == '\r')
            *at = ' ';
    if (copy != NULL)
        cJSON_AddRawToObject(line, name, copy);
    free(copy);
}

/* In base64, in the order of the placeholders. */
static void add_attachments(cJSON *line, const struct channel_event *event)
{
    struct bytes text;
    if (event->attachment_count == 0)
        return;
    cJSON *list = cJSON_AddArrayToObject(line, "attachments");
    bytes_init(&text, MAX_ATTACHMENTS);
    for (size_t i = 0; i < event->attachment_count; i++) {
        const struct sio_attachment *attachment = &event->attachments[i];
        bytes_consume(&text, bytes_count(&text));
        if (http_append_base64(&text, attachment->data, attachment->size))
            cJSON_AddItemToArray(list, cJSON_CreateString(bytes_text(&text)));
    }
    bytes_clear(&text);
}

static void finish(struct listener *listener, int exit_code)
{
    listener->is_over = true;
    listener->exit_code = exit_code;
    connection_leave(listener->connection, listener->leave_ms);
    listener->connection = NULL;
    uv_close((uv_handle_t *)&listener->pause, NULL);
    for (int i = 0; i < SIGNALS; i++) {
        int number = listener->signals[i].signum;
        uv_close((uv_handle_t *)&listener->signals[i], NULL);
        (void)signal(number, SIG_IGN); /* the farewell has its limit */
    }
}

static void on_phase(void *user, enum connection_phase phase)
{
    static const char *const names[] = {
        [CONNECTION_DIALING] = "dialing",   [CONNECTION_TUNNELING] = "tunneling",
        [CONNECTION_SECURING] = "securing", [CONNECTION_UPGRADING] = "upgrading",
        [CONNECTION_JOINING] = "joining",   [CONNECTION_LIVE] = "live",
        [CONNECTION_LEAVING] = "leaving",
    };
    struct listener *listener = user;
    cJSON *line = new_line("phase");
    cJSON_AddStringToObject(line, "phase", names[phase]);
    if (phase == CONNECTION_LIVE) {
        const struct eio_heartbeat *beat = connection_heartbeat(listener->connection);
        cJSON_AddNumberToObject(line, "generation", beat->generation);
        cJSON_AddNumberToObject(line, "pingInterval", beat->interval_ms);
        cJSON_AddNumberToObject(line, "pingTimeout", beat->timeout_ms);
    }
    print(line);
}

static void on_event(void *user, const struct channel_event *event)
{
    const char *what = event->type == CHANNEL_EVENT_LIVE           ? "live"
                       : event->type == CHANNEL_EVENT_NOTIFICATION ? "notification"
                                                                   : "other";
    cJSON *line = new_line(what);
    (void)user;
    add_text(line, "namespace", event->name_space, event->name_space_size);
    add_json(line, "data", event->text, event->text_size);
    add_attachments(line, event);
    print(line);
}

static void on_end(void *user, const struct connection_end *end);

static void connect_now(struct listener *listener)
{
    static const struct connection_callbacks callbacks = {on_phase, on_event, on_end};
    struct failure failure = {0};
    listener->connection = connection_open(&listener->loop, &listener->config,
                                           &listener->url, &callbacks, listener, &failure);
    if (listener->connection != NULL)
        return;
    (void)fprintf(stderr, "sio_listen: %s\n", failure.text);
    finish(listener, 1);
}

static void on_pause_over(uv_timer_t *timer)
{
    connect_now(timer->data);
}

static void print_end(const struct connection_end *end)
{
    cJSON *line = new_line("end");
    cJSON_AddStringToObject(line, "why", end->failure.text);
    if (end->detail[0] != 0)
        cJSON_AddStringToObject(line, "detail", end->detail);
    cJSON_AddNumberToObject(line, "number", end->failure.number);
    cJSON_AddNumberToObject(line, "retryAfter", (double)end->failure.retry_after_ms);
    cJSON_AddBoolToObject(line, "urlRefused", end->url_is_refused);
    cJSON_AddNumberToObject(line, "nextVariant", end->next_variant);
    print(line);
}

static void on_end(void *user, const struct connection_end *end)
{
    struct listener *listener = user;
    bool is_other = end->next_variant > listener->config.channel.variant;
    print_end(end);
    if (!is_other && !listener->connects_again) {
        finish(listener, 1);
        return;
    }
    connection_leave(listener->connection, listener->leave_ms);
    listener->connection = NULL;
    listener->config.channel.variant = end->next_variant;
    (void)uv_timer_start(&listener->pause, on_pause_over, is_other ? 0 : listener->pause_ms,
                         0);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct listener *listener = handle->data;
    (void)number;
    if (!listener->is_over)
        finish(listener, 0);
}

static struct tls_trust *read_trust(const char *ca_file)
{
    struct bytes bundle;
    struct failure failure = {0};
    struct tls_trust *trust = tls_trust_new();
    bytes_init(&bundle, MAX_BUNDLE);
    enum tls_status status = TLS_BAD_PEM;
    if (trust_bundle_read(ca_file, &bundle, &failure) != FAILURE_NONE)
        (void)fprintf(stderr, "sio_listen: %s\n", failure.text);
    else if ((status = tls_trust_add_pem(trust, bytes_front(&bundle),
                                         bytes_count(&bundle))) != TLS_OK)
        (void)fprintf(stderr, "sio_listen: %s: %s\n", ca_file, tls_status_text(status));
    bytes_clear(&bundle);
    /* Who named a file wants no connection without it. */
    if (status == TLS_OK || ca_file == NULL)
        return trust;
    tls_trust_free(trust);
    return NULL;
}

static bool read_number(const char *text, uint32_t highest, uint32_t *out)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);
    *out = (uint32_t)number;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= highest;
}

static bool take_option(struct listener *listener, const char *name, const char *value)
{
    struct channel_config *channel = &listener->config.channel;
    uint32_t number = 0;
    if (strcmp(name, "--ca") == 0) {
        listener->ca_file = value;
        return true;
    }
    if (strcmp(name, "--proxy") == 0) {
        listener->config.proxy = value;
        return true;
    }
    if (strcmp(name, "--variant") == 0) {
        bool is_good = read_number(value, CHANNEL_EIO3, &number);
        channel->variant = (enum channel_variant)number;
        return is_good;
    }
    if (strcmp(name, "--min-ping") == 0) {
        bool is_good = read_number(value, INT32_MAX, &number);
        channel->min_ping_interval_ms = number;
        channel->min_ping_timeout_ms = number;
        return is_good;
    }
    if (strcmp(name, "--leave") == 0)
        return read_number(value, INT32_MAX, &listener->leave_ms);
    listener->connects_again = strcmp(name, "--again") == 0;
    return listener->connects_again && read_number(value, INT32_MAX, &listener->pause_ms);
}

/* Options may stand on either side of the address. */
static bool read_words(struct listener *listener, char **words)
{
    channel_config_init(&listener->config.channel, CHANNEL_EIO4);
    listener->config.user_agent = "sio_listen";
    listener->config.session = &listener->session;
    listener->leave_ms = CONNECTION_CLOSE_MS;
    for (; *words != NULL; words++) {
        if (words[0][0] != '-' && listener->address == NULL) {
            listener->address = words[0];
            continue;
        }
        if (words[1] == NULL || !take_option(listener, words[0], words[1])) {
            (void)fprintf(stderr, "sio_listen: unusable: %s %s\n%s", words[0],
                          words[1] == NULL ? "" : words[1], usage);
            return false;
        }
        words++;
    }
    if (listener->address == NULL)
        (void)fputs(usage, stderr);
    return listener->address != NULL;
}

/* As io(URL) does, which drops a name and a password without a word. */
static char *without_user(const char *address)
{
    char *copy = strdup(address);
    char *authority = copy == NULL ? NULL : strstr(copy, "://");
    if (authority == NULL)
        return copy;
    authority += 3;
    char *end = authority + strcspn(authority, "/?#");
    for (char *at = end; at > authority; at--) {
        if (at[-1] != '@')
            continue;
        memmove(authority, at, strlen(at) + 1);
        break;
    }
    return copy;
}

static bool read_address(struct listener *listener)
{
    struct url_policy policy = {
        .plain_text_allowed = true,
        .web_socket_allowed = true,
        .loopback = true,
        .any_port = true,
    };
    struct url parsed;
    enum url_verdict verdict = URL_NO_MEMORY;
    char *address = without_user(listener->address);
    /* Whatever host it is, it is the one that was asked for. */
    if (address != NULL && url_parse(address, &parsed) == URL_OK)
        policy.own_host = parsed.host;
    if (address != NULL)
        verdict = channel_url_init(address, &policy, &listener->url);
    free(address);
    if (verdict != URL_OK)
        (void)fprintf(stderr, "sio_listen: %s\n%s", url_verdict_text(verdict), usage);
    return verdict == URL_OK;
}

static void start(struct listener *listener)
{
    static const int numbers[SIGNALS] = {SIGINT, SIGTERM};
    (void)uv_loop_init(&listener->loop);
    (void)uv_timer_init(&listener->loop, &listener->pause);
    listener->pause.data = listener;
    for (int i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&listener->loop, &listener->signals[i]);
        listener->signals[i].data = listener;
        (void)uv_signal_start(&listener->signals[i], on_signal, numbers[i]);
    }
    connect_now(listener);
}

int main(int count, char **words)
{
    struct listener listener = {0};
    if (count == 2 && strcmp(words[1], "--help") == 0) {
        (void)fputs(usage, stdout);
        return 0;
    }
    if (!read_words(&listener, words + 1) || !read_address(&listener))
        return 2;
    listener.config.trust = read_trust(listener.ca_file);
    if (listener.config.trust == NULL) {
        channel_url_clear(&listener.url);
        return 1;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    start(&listener);
    (void)uv_run(&listener.loop, UV_RUN_DEFAULT);
    channel_url_clear(&listener.url);
    tls_session_free(listener.session);
    tls_trust_free(listener.config.trust);
    if (uv_loop_close(&listener.loop) != 0) {
        (void)fputs("sio_listen: the loop is not empty\n", stderr);
        return 1;
    }
    return listener.exit_code;
}
