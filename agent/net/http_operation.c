#include "agent/net/http_operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/words.h"

enum {
    CONNECT_TIMEOUT_S = 15, /* name, TCP and TLS (failure-model 7) */
    IDLE_TIMEOUT_S = 60,    /* first byte, and no progress after it (F-106, F-149) */
    IDLE_BYTES_PER_S = 1024,
    SINK_BUFFER = 64 * 1024
};

static bool is_success(const struct http_operation *operation)
{
    int status = operation->fields.head.status;
    return status >= 200 && status < 300;
}

/* What a callback of curl answers to end the transfer; `stop` says why. */
static size_t stop(struct http_operation *operation, enum failure_kind kind, int number,
                   const char *what)
{
    (void)failure_set(&operation->stop, kind, number, "%s: %s", operation->host, what);
    return CURL_WRITEFUNC_ERROR;
}

static size_t on_header(char *line, size_t one, size_t count, void *user)
{
    struct http_operation *operation = user;
    size_t size = one * count;
    if (!http_fields_take(&operation->fields, line, size))
        return stop(operation, FAILURE_PROTOCOL, 148, _("the answer's head is too large"));
    operation->has_head = true;
    if (line[0] == '\r' || line[0] == '\n')
        http_fields_finish(&operation->fields, clock_wall_ms());
    return size;
}

static size_t pass_on(struct http_operation *operation, const char *data, size_t size)
{
    if (operation->max_body > 0 && size > operation->max_body - operation->passed)
        return stop(operation, FAILURE_TRANSIENT, 100, _("more content than promised"));
    enum http_flow flow = operation->sink(operation->user, &operation->fields.head,
                                          (const uint8_t *)data, size);
    if (operation->done == NULL)
        return CURL_WRITEFUNC_ERROR; /* cancelled by the sink itself */
    switch (flow) {
    case HTTP_FLOW_GO:
        operation->passed += size;
        return size;
    case HTTP_FLOW_PAUSE:
        return CURL_WRITEFUNC_PAUSE;
    case HTTP_FLOW_STOP:
        break;
    }
    return stop(operation, FAILURE_CANCELLED, 0, "stopped");
}

/* Keeps the start of an error body for the message, and reads on for a while. */
static size_t keep_error(struct http_operation *operation, const char *data, size_t size)
{
    size_t kept = bytes_count(&operation->body);
    size_t room = HTTP_MAX_ERROR_BODY - kept;
    operation->passed += size;
    if (operation->passed > HTTP_MAX_ERROR_DRAIN)
        return CURL_WRITEFUNC_ERROR; /* `stop` stays empty: the answer counts as complete */
    (void)bytes_append(&operation->body, data, size < room ? size : room);
    return size;
}

static size_t on_body(char *data, size_t one, size_t count, void *user)
{
    struct http_operation *operation = user;
    size_t size = one * count;
    if (operation->done == NULL)
        return CURL_WRITEFUNC_ERROR;
    if (!is_success(operation))
        return keep_error(operation, data, size);
    if (operation->sink != NULL)
        return pass_on(operation, data, size);
    if (!bytes_append(&operation->body, data, size))
        return stop(operation, FAILURE_PROTOCOL, 142, _("the answer is too large"));
    return size;
}

/* A field value from outside must not begin another field. */
static bool is_field_value(const char *text)
{
    for (; *text != 0; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool add_header(struct http_operation *operation, const char *name,
                       const char *value)
{
    struct bytes line;
    bytes_init(&line, HTTP_MAX_FIELDS_SIZE);
    struct curl_slist *list = NULL;
    if (is_field_value(value) && bytes_append_format(&line, "%s%s", name, value) &&
        bytes_text(&line) != NULL)
        list = curl_slist_append(operation->headers, bytes_text(&line));
    bytes_wipe(&line);
    if (list == NULL)
        return false;
    operation->headers = list;
    return true;
}

static bool add_headers(struct http_operation *operation,
                        const struct http_request *request)
{
    bool is_json = request->json != NULL || request->says_json;
    return add_header(operation,
                      "Accept: ", operation->sink == NULL ? "application/json" : "*/*") &&
           add_header(operation, "Expect:", "") &&
           (request->compressed ||
            add_header(operation, "Accept-Encoding: ", "identity")) &&
           (!is_json || add_header(operation, "Content-Type: ", "application/json")) &&
           (request->bearer == NULL ||
            add_header(operation, "Authorization: Bearer ", request->bearer)) &&
           (request->prefer == NULL ||
            add_header(operation, "Prefer: ", request->prefer)) &&
           (request->if_range == NULL ||
            add_header(operation, "If-Range: ", request->if_range));
}

static bool set_text(CURL *easy, CURLoption option, const char *text)
{
    return curl_easy_setopt(easy, option, text) == CURLE_OK;
}

static bool set_number(CURL *easy, CURLoption option, long number)
{
    return curl_easy_setopt(easy, option, number) == CURLE_OK;
}

static bool set_callbacks(struct http_operation *operation)
{
    CURL *easy = operation->easy;
    return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, operation) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, operation) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, operation) == CURLE_OK;
}

/* One file and no folder of certificates: with a folder set, curl would parse the trust
 * store again for each connection. */
static bool set_trust(CURL *easy, const struct http_setup *setup)
{
    bool done = set_text(easy, CURLOPT_CAINFO, setup->ca_path) &&
                set_text(easy, CURLOPT_CAPATH, NULL) &&
                set_text(easy, CURLOPT_PROXY_CAINFO, setup->ca_path) &&
                set_text(easy, CURLOPT_PROXY_CAPATH, NULL) &&
                set_number(easy, CURLOPT_SSL_VERIFYPEER, 1) &&
                set_number(easy, CURLOPT_SSL_VERIFYHOST, 2) &&
                set_number(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    return done && curl_easy_setopt(easy, CURLOPT_SHARE, setup->share) == CURLE_OK;
}

static bool set_manners(struct http_operation *operation, const struct http_setup *setup,
                        bool http1)
{
    CURL *easy = operation->easy;
    bool has_sink = operation->sink != NULL;
    return set_number(easy, CURLOPT_NOSIGNAL, 1) &&
           /* Without it the end of an operation would wait for a slow name look-up. */
           set_number(easy, CURLOPT_QUICK_EXIT, 1) &&
           set_text(easy, CURLOPT_PROTOCOLS_STR, "https") &&
           set_number(easy, CURLOPT_FOLLOWLOCATION, 0) &&
           set_number(easy, CURLOPT_NETRC, CURL_NETRC_IGNORED) &&
           set_number(easy, CURLOPT_PATH_AS_IS, 1) &&
           set_number(easy, CURLOPT_HTTP_VERSION,
                      http1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS) &&
           /* Small answers share a connection; contents would slow each other down. */
           set_number(easy, CURLOPT_PIPEWAIT, has_sink ? 0 : 1) &&
           set_number(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S) &&
           set_number(easy, CURLOPT_LOW_SPEED_LIMIT, IDLE_BYTES_PER_S) &&
           set_number(easy, CURLOPT_LOW_SPEED_TIME, IDLE_TIMEOUT_S) &&
           set_number(easy, CURLOPT_TCP_KEEPALIVE, 1) &&
           (!has_sink || set_number(easy, CURLOPT_BUFFERSIZE, SINK_BUFFER)) &&
           (setup->proxy == NULL || set_text(easy, CURLOPT_PROXY, setup->proxy)) &&
           set_text(easy, CURLOPT_USERAGENT, setup->user_agent);
}

static bool set_post(struct http_operation *operation, const struct http_request *request)
{
    const char *text = request->form != NULL ? request->form : request->json;
    if (text == NULL)
        return true;
    operation->body_out = strdup(text);
    /* Our own copy, so that it can be wiped. */
    return operation->body_out != NULL && set_number(operation->easy, CURLOPT_POST, 1) &&
           set_number(operation->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(text)) &&
           set_text(operation->easy, CURLOPT_POSTFIELDS, operation->body_out);
}

static bool set_range(CURL *easy, const struct http_request *request)
{
    char range[32];
    if (request->range_from == 0)
        return true;
    (void)snprintf(range, sizeof range, "%llu-", (unsigned long long)request->range_from);
    return set_text(easy, CURLOPT_RANGE, range);
}

static bool prepare(struct http_operation *operation, const struct http_setup *setup,
                    const struct http_request *request, bool http1)
{
    operation->easy = curl_easy_init();
    return operation->easy != NULL && set_callbacks(operation) &&
           set_trust(operation->easy, setup) && set_manners(operation, setup, http1) &&
           set_text(operation->easy, CURLOPT_URL, request->url) &&
           set_post(operation, request) && set_range(operation->easy, request) &&
           (!request->compressed ||
            set_text(operation->easy, CURLOPT_ACCEPT_ENCODING, "gzip")) &&
           add_headers(operation, request) &&
           curl_easy_setopt(operation->easy, CURLOPT_HTTPHEADER, operation->headers) ==
               CURLE_OK;
}

static bool is_at_origin(const struct url *url, const char *base)
{
    struct url origin;
    return base != NULL && url_parse(base, &origin) == URL_OK &&
           url_same_origin(url, &origin);
}

/* I-8: where a token or a form may go is decided here, whoever asks. */
static bool may_be_sent(const struct http_setup *setup, const struct http_request *request,
                        const struct url *url, struct failure *failure)
{
    const char *what = NULL;
    if (url->scheme != URL_HTTPS || url->has_userinfo)
        what = _("a request without TLS, or with a name in its URL");
    else if (request->bearer != NULL && !is_at_origin(url, setup->graph_url))
        what = _("a token for another host than Graph's");
    else if (request->form != NULL && !is_at_origin(url, setup->login_url))
        what = _("a sign-in for another host than the sign-in's");
    if (what != NULL)
        (void)failure_set(failure, FAILURE_INTERNAL, 147, "%s was not sent: %s", what,
                          url->host);
    return what == NULL;
}

struct http_operation *http_operation_new(const struct http_setup *setup,
                                          const struct http_request *request,
                                          http_sink_fn *sink, bool http1,
                                          struct failure *failure)
{
    struct url url;
    enum url_verdict verdict = url_parse(request->url, &url);
    if (verdict != URL_OK) {
        (void)failure_set(failure, FAILURE_PROTOCOL, 147, "an unusable address: %s",
                          _(url_verdict_text(verdict)));
        return NULL;
    }
    if (!may_be_sent(setup, request, &url, failure))
        return NULL;
    struct http_operation *operation = calloc(1, sizeof *operation);
    if (operation == NULL) {
        (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
        return NULL;
    }
    memcpy(operation->host, url.host, sizeof operation->host);
    operation->sink = sink;
    operation->max_body = request->max_body;
    http_fields_init(&operation->fields);
    bytes_init(&operation->body, request->max_body > HTTP_MAX_ERROR_BODY
                                     ? request->max_body
                                     : HTTP_MAX_ERROR_BODY);
    if (prepare(operation, setup, request, http1))
        return operation;
    (void)failure_set(failure, FAILURE_RESOURCE, 0, "%s: the request cannot be made",
                      url.host);
    http_operation_free(operation);
    return NULL;
}

void http_operation_free(struct http_operation *operation)
{
    if (operation == NULL)
        return;
    curl_easy_cleanup(operation->easy);
    for (struct curl_slist *one = operation->headers; one != NULL; one = one->next)
        bytes_wipe_memory(one->data, strlen(one->data));
    curl_slist_free_all(operation->headers);
    bytes_wipe_text(operation->body_out);
    http_fields_clear(&operation->fields);
    bytes_wipe(&operation->body); /* an answer of the sign-in holds tokens */
    free(operation);
}

bool http_operation_is_http2_error(CURLcode code)
{
    return code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

/* An error body that was cut off on purpose is as good as a whole one. */
static bool is_answered(const struct http_operation *operation, CURLcode code)
{
    return code == CURLE_OK ||
           (code == CURLE_WRITE_ERROR && operation->has_head && !is_success(operation));
}

void http_operation_deliver(struct http_operation *operation, CURLcode code)
{
    http_done_fn *done = operation->done;
    struct failure failure = operation->stop;
    struct http_answer answer = {
        .head = operation->fields.head,
        .body = bytes_front(&operation->body),
        .size = bytes_count(&operation->body),
    };
    operation->done = NULL;
    if (done == NULL)
        return;
    if (failure.kind == FAILURE_NONE && is_answered(operation, code)) {
        done(operation->user, &answer, NULL);
        return;
    }
    if (failure.kind == FAILURE_NONE)
        http_failure_of_curl(operation, code, &failure);
    done(operation->user, NULL, &failure);
}
