/* Asks a Graph service through agent/net alone, without store and mirror: for trying the
 * sandbox's faults by hand and from scripts.
 *
 *   graph_probe --graph URL --login URL --client-id ID [--ca FILE] --state-dir DIR
 *               [--parallel N] [--once] COMMAND
 *   login [browser]              signs in
 *   get PATH                     N times at once
 *   fetch DRIVE ITEM [OFFSET]    content to standard output, the rest to standard error
 *   link PATH [FALLBACK]         the notification channel, until SIGINT or SIGTERM; SIGUSR1
 *                                wakes it as a resume would
 *
 * One line for each event. The exit code is that of the last failure, 0 without.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/net/link.h"
#include "agent/net/service.h"
#include "agent/net/signin.h"
#include "agent/net/trust_bundle.h"
#include "protocol/tls_trust.h"

enum { SIGNALS = 3, MAX_BUNDLE = 8 * 1024 * 1024 };

struct probe {
    uv_loop_t loop;
    struct config config;
    struct token_store *store;
    struct http *http;
    struct auth *auth;
    struct service *service;
    struct signin *signin;
    struct link *link;
    struct tls_trust *trust;
    uv_signal_t signals[SIGNALS];
    enum service_class class;
    int parallel;
    int open;
    int exit_code;
    uint64_t started_ms;
};

static void say(const struct probe *probe, const char *what, const char *text)
{
    (void)fprintf(stderr, "%6" PRIu64 " ms %s %s\n", clock_now_ms() - probe->started_ms,
                  what, text);
}

static void note_failure(struct probe *probe, const struct failure *failure)
{
    char text[640];
    (void)snprintf(text, sizeof text, "%s F-%d %s", failure_kind_text(failure->kind),
                   failure->number, failure->text);
    say(probe, "failure", text);
    probe->exit_code = failure_exit_code(failure->kind);
}

static void on_trouble(void *user, uint64_t since_ms, uint64_t next_ms,
                       const struct failure *failure)
{
    struct probe *probe = user;
    char text[640];
    if (since_ms == 0) {
        say(probe, "trouble", "is over");
        return;
    }
    (void)snprintf(text, sizeof text, "next try in %" PRId64 " ms: F-%d %s",
                   (int64_t)(next_ms - clock_now_ms()), failure->number, failure->text);
    say(probe, "trouble", text);
}

static void close_all(struct probe *probe)
{
    service_close(probe->service);
    auth_close(probe->auth);
    http_close(probe->http);
    probe->service = NULL;
    probe->auth = NULL;
    probe->http = NULL;
}

static void on_answer(void *user, const struct service_answer *answer,
                      const struct failure *failure)
{
    struct probe *probe = user;
    char text[640];
    if (failure != NULL) {
        note_failure(probe, failure);
    } else {
        (void)snprintf(text, sizeof text, "%d, %zu bytes %s", answer->status, answer->size,
                       answer->error.code_text);
        say(probe, "answer", text);
    }
    if (--probe->open == 0)
        close_all(probe);
}

static bool on_head(void *user, uint64_t offset, int64_t total, const char *etag)
{
    char text[640];
    (void)snprintf(text, sizeof text, "from %" PRIu64 " of %" PRId64 " %s", offset, total,
                   etag);
    say(user, "head", text);
    return true;
}

static enum http_flow on_bytes(void *user, const uint8_t *bytes, size_t size)
{
    (void)user;
    return fwrite(bytes, 1, size, stdout) == size ? HTTP_FLOW_GO : HTTP_FLOW_STOP;
}

static void on_prompt(void *user, const struct signin_prompt *prompt)
{
    say(user, prompt->user_code == NULL ? "open" : prompt->user_code,
        prompt->user_code == NULL ? prompt->browser_url : prompt->verification_uri);
}

static void on_signed_in(void *user, const char *name, const struct failure *failure)
{
    struct probe *probe = user;
    if (failure != NULL)
        note_failure(probe, failure);
    else
        say(probe, "signed in", name == NULL ? "(no name)" : name);
    signin_close(probe->signin);
}

static bool start_service(struct probe *probe, struct failure *failure)
{
    struct http_config http_config = {
        .ca_file = probe->config.ca_file,
        .user_agent = http_user_agent(),
        .graph_url = probe->config.graph_url,
        .login_url = probe->config.login_url,
        .max_connections = 8,
    };
    probe->http = http_new(&probe->loop, &http_config, failure);
    if (probe->http == NULL)
        return false;
    probe->auth = auth_new(&probe->loop, &probe->config, probe->http, probe->store);
    probe->service = service_new(&probe->loop, &probe->config, probe->http, probe->auth);
    service_watch(probe->service, on_trouble, probe);
    return true;
}

static bool start_login(struct probe *probe, char **words, struct failure *failure)
{
    struct signin_request request = {
        .way = words[1] == NULL ? SIGNIN_DEVICE_CODE : SIGNIN_BROWSER,
        .prompt = on_prompt,
        .done = on_signed_in,
    };
    probe->signin =
        signin_start(&probe->loop, &probe->config, probe->store, &request, probe, failure);
    return probe->signin != NULL;
}

static bool start_get(struct probe *probe, char **words, struct failure *failure)
{
    bool good = start_service(probe, failure);
    for (int i = 0; good && i < probe->parallel; i++) {
        good = service_get(probe->service, probe->class, words[1], on_answer, probe,
                           failure) != NULL;
        probe->open += good;
    }
    return good;
}

static bool start_fetch(struct probe *probe, char **words, struct failure *failure)
{
    struct service_download download = {
        .drive_id = words[1],
        .item_id = words[2],
        .offset = words[3] == NULL ? 0 : strtoull(words[3], NULL, 10),
    };
    struct service_fetch_callbacks callbacks = {on_head, on_bytes, on_answer};
    probe->open = 1;
    return start_service(probe, failure) &&
           service_fetch(probe->service, &download, &callbacks, probe, failure) != NULL;
}

static void on_link_live(void *user)
{
    say(user, "live", "run a delta");
}

static void on_link_changed(void *user)
{
    say(user, "changed", "");
}

static void on_link_status(void *user, const struct link_status *status)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "%s at %s, generation %d, events %" PRIu64 ", renewals %" PRIu64
                   ", reconnects %" PRIu64 " %s",
                   link_state_text(status->state), status->host, status->generation,
                   status->events, status->renewals, status->reconnects,
                   status->last_failure.kind == FAILURE_NONE ? ""
                                                             : status->last_failure.text);
    say(user, "status", text);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct probe *probe = handle->data;
    if (number == SIGUSR1) {
        link_wake(probe->link);
        service_wake(probe->service);
        return;
    }
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&probe->signals[i], NULL);
    link_close(probe->link);
    close_all(probe);
}

static void start_signals(struct probe *probe)
{
    static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGUSR1};
    (void)signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&probe->loop, &probe->signals[i]);
        probe->signals[i].data = probe;
        (void)uv_signal_start(&probe->signals[i], on_signal, numbers[i]);
    }
}

static bool read_trust(struct probe *probe, struct failure *failure)
{
    struct bytes bundle;
    bytes_init(&bundle, MAX_BUNDLE);
    probe->trust = tls_trust_new();
    bool done =
        trust_bundle_read(probe->config.ca_file, &bundle, failure) == FAILURE_NONE &&
        tls_trust_add_pem(probe->trust, bytes_front(&bundle), bytes_count(&bundle)) ==
            TLS_OK;
    bytes_clear(&bundle);
    return done;
}

static bool start_link(struct probe *probe, char **words, struct failure *failure)
{
    static const struct link_callbacks callbacks = {on_link_live, on_link_changed,
                                                    on_link_status};
    struct link_config link_config = {
        .path = words[1], .fallback_path = words[2], .mirror = "probe"};
    if (!read_trust(probe, failure) || !start_service(probe, failure))
        return false;
    struct link_parts parts = {
        .config = &probe->config, .service = probe->service, .trust = probe->trust};
    probe->link = link_new(&probe->loop, &parts, &link_config, &callbacks, probe, failure);
    if (probe->link == NULL)
        return false;
    start_signals(probe);
    link_start(probe->link);
    return true;
}

static bool run_command(struct probe *probe, char **words, struct failure *failure)
{
    if (words[0] != NULL && strcmp(words[0], "login") == 0)
        return start_login(probe, words, failure);
    if (words[0] != NULL && strcmp(words[0], "get") == 0 && words[1] != NULL)
        return start_get(probe, words, failure);
    if (words[0] != NULL && strcmp(words[0], "link") == 0 && words[1] != NULL)
        return start_link(probe, words, failure);
    if (words[0] != NULL && strcmp(words[0], "fetch") == 0 && words[1] != NULL &&
        words[2] != NULL)
        return start_fetch(probe, words, failure);
    (void)failure_set(failure, FAILURE_USAGE, 0, "no such command");
    return false;
}

/* Reads the options; answers where the command begins. */
static char **read_options(struct probe *probe, char **words)
{
    static char tenant[] = "common";
    struct config *config = &probe->config;
    const struct {
        const char *name;
        char **value;
    } options[] = {
        {"--graph",     &config->graph_url},
        {"--login",     &config->login_url},
        {"--ca",        &config->ca_file  },
        {"--client-id", &config->client_id},
        {"--state-dir", &config->state_dir},
    };
    config->tenant = tenant;
    config->transfers = 8;
    probe->parallel = 1;
    while (words[0] != NULL && strncmp(words[0], "--", 2) == 0) {
        if (strcmp(words[0], "--once") == 0) {
            probe->class = SERVICE_CLASS_ONCE;
            words++;
            continue;
        }
        if (words[1] == NULL)
            break;
        if (strcmp(words[0], "--parallel") == 0)
            probe->parallel = (int)strtol(words[1], NULL, 10);
        for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
            if (strcmp(words[0], options[i].name) == 0)
                *options[i].value = words[1];
        words += 2;
    }
    return words;
}

int main(int count, char **words)
{
    struct probe probe = {.class = SERVICE_CLASS_ITEM};
    struct failure failure = {0};
    (void)count;
    char **command = read_options(&probe, words + 1);
    if (probe.config.graph_url == NULL || probe.config.login_url == NULL ||
        probe.config.state_dir == NULL) {
        (void)fputs("usage: see the head of tests/tools/graph_probe.c\n", stderr);
        return 2;
    }
    log_open(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    (void)uv_loop_init(&probe.loop);
    probe.store = token_store_new(&probe.config);
    probe.started_ms = clock_now_ms();
    if (!run_command(&probe, command, &failure)) {
        note_failure(&probe, &failure);
        close_all(&probe);
    }
    (void)uv_run(&probe.loop, UV_RUN_DEFAULT);
    token_store_free(probe.store);
    tls_trust_free(probe.trust);
    if (uv_loop_close(&probe.loop) != 0) {
        (void)fputs("the loop is not empty\n", stderr);
        return 1;
    }
    return probe.exit_code;
}
