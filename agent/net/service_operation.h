/* Inside service: what service.c (life, queue, slots), service_graph.c (answers of Graph)
 * and service_fetch.c (contents) share. Nobody else includes this.
 *
 *   WAITING -> TOKEN      service_pump: due, gate open, a slot free
 *   TOKEN -> GRAPH        a token came
 *   GRAPH -> WAITING      to be tried again, or a content's address came
 *   WAITING -> CONTENT    service_pump: the address is known, its host's gate is open
 *   CONTENT -> WAITING    another address is needed
 *   any -> gone           service_finish, service_cancel
 *
 * WAITING holds nothing; TOKEN and GRAPH hold one slot of the gate; CONTENT holds none.
 */
#ifndef AGENT_NET_SERVICE_OPERATION_H
#define AGENT_NET_SERVICE_OPERATION_H

#include "agent/net/allow.h"
#include "agent/net/service.h"
#include "agent/net/service_gate.h"
#include "agent/net/service_verdict.h"

struct service {
    const struct config *config;
    struct http *http;
    struct auth *auth;
    uv_timer_t timer; /* the next operation that is due */
    struct allow allow;
    struct service_gate gate;
    struct service_hosts hosts;
    struct service_operation *operations; /* oldest first */
    struct service_operation *sinking;    /* whose sink is running just now */
    uint64_t trouble_since_ms;
    service_trouble_fn *watch;
    void *watch_user;
    struct service_counts counts;
    bool is_clock_known_wrong; /* said already (F-124) */
    bool is_closing;
};

enum service_stage {
    SERVICE_STAGE_WAITING,
    SERVICE_STAGE_TOKEN,
    SERVICE_STAGE_GRAPH,
    SERVICE_STAGE_CONTENT,
};

struct service_fetch;

struct service_operation {
    struct service *service;
    struct service_operation *previous;
    struct service_operation *next;
    enum service_stage stage;
    enum service_class class;
    char *url;   /* the request to Graph */
    char *token; /* in use or used last; wiped */
    uint64_t due_ms;
    uint64_t ticket; /* TOKEN */
    struct http_operation *http;
    bool is_cancelled;
    int token_renewals;
    int not_found;
    int redirects;
    uint32_t attempts;           /* failures in a row */
    uint64_t asked_ms;           /* when the answer under way was asked for */
    struct service_fetch *fetch; /* NULL: the body is the answer */
    service_done_fn *done;
    void *user;
};

/* service.c */

/* Starts what may start, and sets the timer for the rest. */
void service_pump(struct service *service);
/* To be tried again at `due_ms`. */
void service_wait(struct service_operation *operation, uint64_t due_ms);
/* Ends it with `answer` or `failure`; the operation is gone on return. */
void service_finish(struct service_operation *operation,
                    const struct service_answer *answer, const struct failure *failure);
/* Ends it with an answer as it came. */
void service_deliver(struct service_operation *operation, const struct http_answer *answer);
/* Another try after a growing delay, or the end, as the class and the kind say. */
void service_try_again(struct service_operation *operation, const struct failure *failure);
void service_note_trouble(struct service *service, uint64_t next_ms,
                          const struct failure *failure);
void service_note_success(const struct service_operation *operation);
struct service_operation *service_operation_new(struct service *service, const char *url,
                                                struct failure *failure);

/* service_graph.c */

/* Takes the slot and asks for a token, then for `url`. */
void service_graph_start(struct service_operation *operation);

/* service_fetch.c */

/* Whether the address is known; then when its host may be asked. */
bool service_fetch_is_ready(const struct service_operation *operation, uint64_t *out_ms);
void service_fetch_start(struct service_operation *operation);
/* For the GRAPH stage of a fetch. */
enum http_flow service_fetch_sink(void *user, const struct http_answer_head *head,
                                  const uint8_t *bytes, size_t size);
/* Graph named an address. */
void service_fetch_take_address(struct service_operation *operation, const char *url);
/* Graph sent the content itself, or began to. */
void service_fetch_end_direct(struct service_operation *operation,
                              const struct http_answer *answer,
                              const struct failure *failure);
bool service_fetch_has_begun(const struct service_operation *operation);
void service_fetch_free(struct service_fetch *fetch);

#endif
