#include "agent/ask.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/account.h"
#include "agent/scope.h"
#include "agent/state.h"
#include "agent/threads.h"

enum { ASK_MAX_BODY = 4 * 1024 * 1024 };

struct ask {
    uv_loop_t loop;
    struct account account;
    /* The question that is under way. */
    bool done;
    struct ask_answer *answer;
    struct failure *failure;
    enum failure_kind kind;
};

struct ask *ask_open(const struct config *config, struct failure *failure)
{
    /* A token that is renewed is saved. */
    if (state_check_folder(config, failure) != FAILURE_NONE ||
        threads_rehearse(failure) != FAILURE_NONE)
        return NULL;
    struct ask *ask = calloc(1, sizeof *ask);
    if (ask == NULL || uv_loop_init(&ask->loop) != 0) {
        free(ask);
        (void)failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
        return NULL;
    }
    if (account_open(&ask->account, &ask->loop, config, failure) == FAILURE_NONE)
        return ask;
    ask_close(ask);
    return NULL;
}

void ask_close(struct ask *ask)
{
    if (ask == NULL)
        return;
    account_close(&ask->account);
    (void)uv_run(&ask->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&ask->loop);
    assert(busy == 0);
    (void)busy;
    account_clear(&ask->account);
    free(ask);
}

void ask_answer_clear(struct ask_answer *answer)
{
    free(answer->body);
    *answer = (struct ask_answer){0};
}

static void take_failure(struct ask *ask, const struct failure *failure)
{
    ask->done = true;
    ask->kind = failure->kind;
    if (ask->failure != NULL)
        *ask->failure = *failure;
}

static void take_answer(struct ask *ask, int status, const uint8_t *body, size_t size)
{
    ask->done = true;
    ask->answer->status = status;
    ask->answer->body = malloc(size + 1);
    if (ask->answer->body == NULL) {
        ask->kind = failure_set(ask->failure, FAILURE_RESOURCE, 22, "no memory");
        return;
    }
    if (size > 0)
        memcpy(ask->answer->body, body, size);
    ask->answer->body[size] = 0;
    ask->answer->size = size;
}

static void on_graph(void *user, const struct service_answer *answer,
                     const struct failure *failure)
{
    struct ask *ask = user;
    if (failure != NULL) {
        take_failure(ask, failure);
        return;
    }
    ask->answer->date_ms = answer->date_ms;
    if (answer->status / 100 == 2) {
        take_answer(ask, answer->status, answer->body, answer->size);
        return;
    }
    take_answer(ask, answer->status, NULL, 0);
    (void)snprintf(ask->answer->text, sizeof ask->answer->text, "%d %s", answer->status,
                   answer->error.message[0] == '\0' ? answer->error.code_text
                                                    : answer->error.message);
}

static void on_address(void *user, const struct http_answer *answer,
                       const struct failure *failure)
{
    struct ask *ask = user;
    if (failure != NULL) {
        take_failure(ask, failure);
        return;
    }
    ask->answer->date_ms = answer->head.date_ms;
    take_answer(ask, answer->head.status, answer->body, answer->size);
}

static void begin(struct ask *ask, struct ask_answer *out, struct failure *failure)
{
    *out = (struct ask_answer){.date_ms = INT64_MIN};
    ask->answer = out;
    ask->failure = failure;
    ask->kind = FAILURE_NONE;
    ask->done = false;
}

static enum failure_kind wait_for_end(struct ask *ask, bool started)
{
    if (!started)
        return ask->failure == NULL ? FAILURE_INTERNAL : ask->failure->kind;
    while (!ask->done && uv_run(&ask->loop, UV_RUN_ONCE) != 0) {
    }
    if (!ask->done)
        return failure_set(ask->failure, FAILURE_INTERNAL, 0, "the question was lost");
    if (ask->kind != FAILURE_NONE)
        ask_answer_clear(ask->answer);
    return ask->kind;
}

enum failure_kind ask_graph(struct ask *ask, const char *path, struct ask_answer *out,
                            struct failure *failure)
{
    begin(ask, out, failure);
    return wait_for_end(ask, service_get(ask->account.service, SERVICE_CLASS_ONCE, path,
                                         on_graph, ask, failure) != NULL);
}

enum failure_kind ask_address(struct ask *ask, const char *url, struct ask_answer *out,
                              struct failure *failure)
{
    const struct http_request request = {.url = url, .max_body = ASK_MAX_BODY};
    begin(ask, out, failure);
    return wait_for_end(ask, http_start(ask->account.http, &request, NULL, on_address, ask,
                                        failure) != NULL);
}
