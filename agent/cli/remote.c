#include "agent/cli/remote.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/cli/cmd.h"
#include "agent/clock.h"
#include "agent/control.h"
#include "agent/scope.h"
#include "agent/words.h"
#include "store/store.h"

enum {
    REMOTE_MAX_LINE = 1024 * 1024, /* a status of many mirrors */
    REMOTE_TELL_MS = 60 * 1000,
    REMOTE_RETRY_MS = 50,
    REMOTE_PATIENCE_MS = 3000
};

struct cJSON *remote_request(const char *command)
{
    cJSON *request = cJSON_CreateObject();
    if (cJSON_AddStringToObject(request, "command", command) != NULL)
        return request;
    cJSON_Delete(request);
    return NULL;
}

/* The last line: code and message. */
static void take_end(const cJSON *object, struct remote_answer *out)
{
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(object, "code");
    const char *message =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "message"));
    out->code = cJSON_IsNumber(code) ? code->valueint : 1;
    (void)snprintf(out->message, sizeof out->message, "%s", message == NULL ? "" : message);
}

static enum failure_kind fail_silence(const struct remote_wait *wait, bool timed_out,
                                      struct failure *failure)
{
    uint64_t timeout_ms = wait->timeout_ms;
    if (timed_out && !wait->is_for_work)
        return failure_set(failure, FAILURE_RESOURCE, 0,
                           "the running agent has not answered for %" PRIu64
                           " s: see its log, or stop and start it",
                           timeout_ms / 1000);
    if (timed_out)
        return failure_set(failure, FAILURE_TRANSIENT, 0,
                           "gave up after %" PRIu64 " s in which nothing moved: see agent "
                           "status",
                           timeout_ms / 1000);
    return failure_set(failure, FAILURE_RESOURCE, 0,
                       "the running agent went away before the end: see its log");
}

/* Milliseconds until the deadline, 0 when it has passed. */
static uint64_t time_left(const struct remote_wait *wait, uint64_t moved_at)
{
    uint64_t waited = clock_now_ms() - moved_at;
    return waited >= wait->timeout_ms ? 0 : wait->timeout_ms - waited;
}

/* Lets `on_wake` look while no line is there. False: it wants an end. */
static bool watch_both(int fd, const struct remote_wait *wait)
{
    struct pollfd both[] = {
        {.fd = fd,            .events = POLLIN},
        {.fd = wait->wake_fd, .events = POLLIN}
    };
    while (both[0].revents == 0) {
        if (poll(both, 2, -1) < 0)
            continue;
        if (both[1].revents != 0 && wait->on_wake(wait->user) == REMOTE_STOP)
            return false;
    }
    return true;
}

/* Whether another line came into `line`; `*out_late` says why not. */
static bool next_line(int fd, const struct remote_wait *wait, uint64_t moved_at, char *line,
                      bool *out_late)
{
    uint64_t left = time_left(wait, moved_at);
    *out_late = wait->timeout_ms > 0 && left == 0;
    if (*out_late)
        return false;
    if (control_read(fd, line, REMOTE_MAX_LINE, (unsigned)left))
        return true;
    *out_late = wait->timeout_ms > 0 && time_left(wait, moved_at) == 0;
    return false;
}

static enum failure_kind read_lines(int fd, const struct remote_wait *wait,
                                    struct remote_answer *out, struct failure *failure)
{
    SCOPED(scope_free) char *line = malloc(REMOTE_MAX_LINE);
    if (line == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    uint64_t moved_at = clock_now_ms();
    bool late = false;
    for (;;) {
        if (wait->on_wake != NULL && !watch_both(fd, wait))
            return FAILURE_NONE;
        if (!next_line(fd, wait, moved_at, line, &late))
            break;
        cJSON *object = cJSON_Parse(line);
        bool done = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "done"));
        enum remote_next next = REMOTE_GO;
        if (done)
            take_end(object, out);
        else if (wait->on_line != NULL)
            next = wait->on_line(wait->user, object, line);
        cJSON_Delete(object);
        if (done || next == REMOTE_STOP)
            return FAILURE_NONE;
        if (next == REMOTE_MOVED)
            moved_at = clock_now_ms();
    }
    return fail_silence(wait, late, failure);
}

/* The agent of a session listens in the runtime folder, that of the system's service
 * manager in the state folder: one state, so at most one of them. */
static enum failure_kind connect_now(const struct config *config, const char *request,
                                     int *out_fd, struct failure *failure)
{
    enum failure_kind kind = control_connect(config->socket_path, request, out_fd, failure);
    if (kind == FAILURE_NONE && *out_fd < 0)
        kind = control_connect(config->state_socket_path, request, out_fd, failure);
    return kind;
}

/* An agent that is just starting holds its state before it listens. */
static enum failure_kind connect_patiently(const struct config *config, const char *request,
                                           int *out_fd, struct failure *failure)
{
    static const struct timespec pause = {.tv_nsec = REMOTE_RETRY_MS * 1000000L};
    uint64_t end = clock_now_ms() + REMOTE_PATIENCE_MS;
    enum failure_kind kind = connect_now(config, request, out_fd, failure);
    while (kind == FAILURE_NONE && *out_fd < 0 && clock_now_ms() < end &&
           store_holder(config->state_dir) != 0) {
        (void)nanosleep(&pause, NULL);
        kind = connect_now(config, request, out_fd, failure);
    }
    return kind;
}

enum failure_kind remote_ask(const struct config *config, struct cJSON *request,
                             const struct remote_wait *wait, struct remote_answer *out,
                             struct failure *failure)
{
    *out = (struct remote_answer){0};
    SCOPED(scope_free) char *text = cJSON_PrintUnformatted(request);
    cJSON_Delete(request);
    if (text == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    SCOPED(scope_close) int fd = -1;
    enum failure_kind kind = connect_patiently(config, text, &fd, failure);
    if (kind != FAILURE_NONE || fd < 0)
        return kind;
    out->running = true;
    return read_lines(fd, wait, out, failure);
}

int remote_end(const struct remote_answer *answer)
{
    if (answer->message[0] != '\0')
        cmd_note(answer->code == 0 ? "%s" : N_("error %s"), answer->message);
    return answer->code;
}

bool remote_tell_word(const struct config *config, struct cJSON *request,
                      struct remote_answer *out)
{
    static const struct remote_wait wait = {.timeout_ms = REMOTE_TELL_MS};
    struct failure failure = {0};
    if (remote_ask(config, request, &wait, out, &failure) != FAILURE_NONE) {
        out->code = cmd_fail(&failure);
        return true;
    }
    (void)remote_end(out);
    return out->running;
}

bool remote_tell(const struct config *config, struct cJSON *request, int *out_code)
{
    struct remote_answer answer;
    bool is_heard = remote_tell_word(config, request, &answer);
    *out_code = answer.code;
    return is_heard;
}
