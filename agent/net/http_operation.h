/* One HTTP operation inside http.c: its curl handle, what has come, how it ended.
 *
 * Only http.c includes this. Sequence: http_operation_new(), the caller runs `easy` in its
 * multi handle, http_operation_deliver() when curl or the caller has ended it,
 * http_operation_free().
 */
#ifndef AGENT_NET_HTTP_OPERATION_H
#define AGENT_NET_HTTP_OPERATION_H

#include <curl/curl.h>

#include "agent/net/http.h"
#include "agent/net/http_fields.h"
#include "protocol/bytes.h"
#include "protocol/url.h"

enum {
    HTTP_MAX_ERROR_BODY = 4 * 1024,  /* kept for messages */
    HTTP_MAX_ERROR_DRAIN = 64 * 1024 /* read on, to keep the connection usable */
};

/* What all operations have in common; owned by http.c. */
struct http_setup {
    CURLSH *share;
    char ca_path[256];
    char *proxy; /* NULL: the environment's */
    char *user_agent;
    char *graph_url;
    char *login_url;
};

enum http_state {
    HTTP_STATE_FRESH, /* not yet given to curl */
    HTTP_STATE_RUNNING,
    HTTP_STATE_FAILED, /* `stop` says why; to be delivered from the loop */
    HTTP_STATE_DEAD,   /* nobody waits for it any more; to be freed from the loop */
};

struct http_operation {
    struct http *http;
    struct http_operation *previous;
    struct http_operation *next;
    enum http_state state;
    bool is_in_multi;
    CURL *easy;
    struct curl_slist *headers; /* wiped: one may hold the token */
    char *body_out;             /* what a POST sends; wiped */
    char host[URL_MAX_HOST_SIZE + 1];

    struct http_fields fields;
    struct bytes body;
    uint64_t passed; /* bytes given to the sink */
    uint64_t max_body;
    bool has_head;
    bool resume_wanted;

    http_sink_fn *sink;
    http_done_fn *done; /* NULL once called, or when it may not be */
    void *user;
    struct failure stop; /* why we ended it ourselves; kind NONE: we did not */
};

/* Refuses what may not be sent where the request says. NULL: `failure` says why. */
struct http_operation *http_operation_new(const struct http_setup *setup,
                                          const struct http_request *request,
                                          http_sink_fn *sink, bool http1,
                                          struct failure *failure);
void http_operation_free(struct http_operation *operation);

/* Takes `done` and calls it with the outcome of the transfer. */
void http_operation_deliver(struct http_operation *operation, CURLcode code);

bool http_operation_is_http2_error(CURLcode code);

/* What a code of curl means; the host is named, never the URL. */
void http_failure_of_curl(const struct http_operation *operation, CURLcode code,
                          struct failure *out);

#endif
