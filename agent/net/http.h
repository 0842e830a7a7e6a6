/* HTTP over libcurl's multi interface on the libuv loop: one request in, one answer out.
 *
 * Knows nothing of tokens, retries or Graph: net/service.h does. Never follows a redirect.
 * TLS is always verified (F-126), with one parsed trust store for all connections; the
 * Authorization header travels only when the request has a bearer, and `http_config`
 * names the only origin that may see one (I-8): anything else is FAILURE_INTERNAL.
 *
 * Lifetimes: http_new() … http_close(). An operation lives from http_start() to its done
 * callback, called exactly once and never from inside http_start(); http_cancel() ends it
 * with FAILURE_CANCELLED inside the call. After http_close() no callback runs.
 */
#ifndef AGENT_NET_HTTP_H
#define AGENT_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "agent/config.h"
#include "agent/failure.h"

struct http;
struct http_operation;

struct http_config {
    const char *ca_file; /* extra PEM bundle, NULL none */
    const char *proxy;   /* NULL: the environment's */
    const char *user_agent;
    const char *graph_url; /* the only place where a bearer may go */
    const char *login_url; /* the only place where form bodies may go */
    int max_connections;   /* to one host */
};

/* A plain value; everything is copied by http_start(). */
struct http_request {
    const char *url;      /* https only */
    const char *bearer;   /* token, NULL none */
    const char *form;     /* POST body of a form; NULL: GET. Wiped after use */
    const char *json;     /* POST body of JSON; NULL none */
    const char *prefer;   /* Prefer header, NULL none */
    const char *if_range; /* NULL none */
    uint64_t range_from;  /* first byte wanted; 0: the whole */
    bool compressed;      /* ask for gzip: JSON only, never content (F-107) */
    bool says_json;       /* Content-Type on a GET: the notification endpoint wants it */
    size_t max_body;      /* collected in memory; for a sink the most passed on, 0 = any */
};

/* The answer's head. Texts are borrowed for the callback, "" where absent. */
struct http_answer_head {
    int status;
    bool http2;
    const char *location;
    const char *content_type;
    const char *content_encoding;
    const char *etag;
    const char *www_authenticate;
    const char *request_id;
    int64_t content_length;  /* -1 unknown */
    int64_t range_first;     /* Content-Range, -1 absent or unreadable */
    int64_t range_total;     /* -1 */
    uint64_t retry_after_ms; /* 0 none; seconds, fractions or a date; 1 s … 1 h */
    int64_t date_ms;         /* Date header, wall clock; INT64_MIN absent */
};

/* A complete answer. Borrowed for the callback. */
struct http_answer {
    struct http_answer_head head;
    const uint8_t
        *body; /* what was collected; for a sink the body of a non-2xx, <= 4 KiB */
    size_t size;
};

enum http_flow { HTTP_FLOW_GO, HTTP_FLOW_PAUSE, HTTP_FLOW_STOP };

/* Body of a 2xx answer as it comes. PAUSE: the same bytes come again after http_resume().
 * STOP ends the operation with FAILURE_CANCELLED. */
typedef enum http_flow http_sink_fn(void *user, const struct http_answer_head *head,
                                    const uint8_t *bytes, size_t size);

/* `failure` is NULL when an answer came, whatever its status; else `answer` may be NULL. */
typedef void http_done_fn(void *user, const struct http_answer *answer,
                          const struct failure *failure);

/* How we name ourselves to Graph, in the form that it asks of clients. */
const char *http_user_agent(void);

/* What the configuration says of it; texts borrowed. */
struct http_config http_config_from(const struct config *config, int max_connections);

struct http *http_new(uv_loop_t *loop, const struct http_config *config,
                      struct failure *failure);
void http_close(struct http *http);

/* `sink` NULL: the body is collected. NULL on failure (no memory, a URL or bearer that may
 * not be): then `done` is not called and `failure` says why. */
struct http_operation *http_start(struct http *http, const struct http_request *request,
                                  http_sink_fn *sink, http_done_fn *done, void *user,
                                  struct failure *failure);
void http_cancel(struct http_operation *operation);
void http_resume(struct http_operation *operation);

/* Bytes a second over all operations together, 0 no limit. */
void http_set_rate(struct http *http, uint64_t bytes_per_second);

/* Drops all connections and known names, after resume or a change of network (F-131,
 * F-154). Operations under way end with FAILURE_TRANSIENT, number 131, from the loop. */
void http_drop_connections(struct http *http);

#endif
