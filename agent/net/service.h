/* One account's Graph: every request with its token, its waits and its retries.
 *
 * What is common to all requests happens here and nowhere else: the token and its renewal
 * (F-112), the wait that the service asks for, for all requests of the account together
 * (F-110), growing delays with full jitter (F-111), redirects (F-121), the check of every
 * address (F-147), captive portals (F-127), the HTTP/1.1 fall-back (F-130).
 *
 * Transient failures are retried for ever with growing delay; service_watch() tells how
 * long we have been in trouble and when the next try is. One-pass commands give up by
 * cancelling. What cannot be mended by waiting is delivered: a status, or a failure.
 *
 * An operation lives to its done callback, called exactly once and never inside the start
 * call; service_cancel() ends it silently: `done` is not called.
 */
#ifndef AGENT_NET_SERVICE_H
#define AGENT_NET_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "agent/config.h"
#include "agent/failure.h"
#include "agent/net/auth.h"
#include "agent/net/http.h"
#include "protocol/graph_reply.h"

struct service;
struct service_operation;

struct service *service_new(uv_loop_t *loop, const struct config *config, struct http *http,
                            struct auth *auth);
void service_close(struct service *service);

/* Borrowed for the callback. `status` 2xx: body is it; else `error` is filled. */
struct service_answer {
    int status;
    const uint8_t *body;
    size_t size;
    int64_t date_ms; /* Date header, INT64_MIN absent */
    struct graph_error error;
};

/* `failure` NULL: an answer came that waiting would not change (2xx, 400, 403, 404, 405,
 * 409, 410, 412, 416, 423, 501 …). Else FAILURE_SIGN_IN, FAILURE_PROTOCOL (after a few
 * tries), FAILURE_CONFIG, FAILURE_INTERNAL. */
typedef void service_done_fn(void *user, const struct service_answer *answer,
                             const struct failure *failure);

enum service_class {
    SERVICE_CLASS_PAGE,    /* delta pages, with the Prefer headers */
    SERVICE_CLASS_CHANNEL, /* the notification endpoint: few tries, then delivered */
    SERVICE_CLASS_ITEM,    /* one item, a list, a drive: 404 tried 4 times (eventual) */
    SERVICE_CLASS_ONCE,    /* no retry but the token's: for short commands */
};

/* `path_or_link` begins with "/" (relative to graph_url) or is a link from the service,
 * accepted only on Graph's own origin and sent byte for byte. NULL: `failure` says why. */
struct service_operation *service_get(struct service *service, enum service_class class,
                                      const char *path_or_link, service_done_fn *done,
                                      void *user, struct failure *failure);
void service_cancel(struct service_operation *operation);

/* Whether a link from the service would be accepted; else `failure` says why. */
bool service_takes_link(const struct service *service, const char *link,
                        struct failure *failure);

/* A download of one file's content. */
struct service_download {
    const char *drive_id;
    const char *item_id;
    const char *fresh_url; /* @microsoft.graph.downloadUrl of a moment ago, or NULL */
    uint64_t offset;       /* bytes held already: asks for the rest (F-102, F-103) */
    const char *if_range;  /* strong ETag of the content host, or NULL */
    uint64_t max_size;     /* stop beyond it (F-100); 0: Content-Length decides */
};

/* The content host's head came (2xx): `offset` is where the bytes that follow belong: the
 * one asked for, or 0 when the whole is sent again. `total` is the promised length of the
 * whole, -1 unknown. Return false to stop. May be called again when a broken transfer is
 * repeated from the start. */
typedef bool service_head_fn(void *user, uint64_t offset, int64_t total, const char *etag);
typedef enum http_flow service_sink_fn(void *user, const uint8_t *bytes, size_t size);

struct service_fetch_callbacks {
    service_head_fn *head;
    service_sink_fn *sink;
    service_done_fn *done; /* FAILURE_CANCELLED: head or sink said stop */
};

/* `failure` NULL and `answer->status` 2xx: the body is complete as promised. Another
 * status: the item cannot be had (403, 404, 423 …). FAILURE_TRANSIENT: cut short, stalled,
 * reset, throttled: what was delivered so far may be kept and asked for again with
 * `offset`. Address expiry (401, 403, 404, 410 of the content host) is mended inside with a
 * new address, at most 3 times (F-101). The token never goes to the content host (I-8). */
struct service_operation *service_fetch(struct service *service,
                                        const struct service_download *download,
                                        const struct service_fetch_callbacks *callbacks,
                                        void *user, struct failure *failure);
void service_resume(struct service_operation *operation);

/* Trouble of the account as a whole: `since_ms` on clock_now_ms(), 0 when all is well;
 * `next_ms` when the next try is due; `failure` the last one. Called on changes. */
typedef void service_trouble_fn(void *user, uint64_t since_ms, uint64_t next_ms,
                                const struct failure *failure);
void service_watch(struct service *service, service_trouble_fn *fn, void *user);

/* How many requests may run at once just now: 1 … transfers; shrinks under throttling and
 * ramps up again. */
int service_slots(const struct service *service);

/* The network is back, or the machine woke: try at once what waits for time (not what the
 * service told to wait). */
void service_wake(struct service *service);

/* Counts since start, for status and tests. */
struct service_counts {
    uint64_t requests;
    uint64_t retries;
    uint64_t throttled;
    uint64_t bytes_in;
};
struct service_counts service_counts(const struct service *service);

#endif
