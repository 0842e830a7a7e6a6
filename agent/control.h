/* The control socket: one request, a stream of answers, one last answer (F-170).
 *
 * A request is one line of JSON, {"command":"status", …}; every answer is one line of
 * JSON; the last one has "done":true and "code":N (an exit code of product.md) and maybe
 * "message". At most 64 KiB a line; the peer must have our uid.
 *
 * Commands and their members; names of mirrors are those of the configuration:
 *
 *   status                        one status (mirror_json.h, version 1), then the end
 *   watch                         a status at once and after every change, and "arrival"
 *                                 events: the last ones at once, then as they come
 *   monitor                       events alone: "mirror" (how one stands and what it does),
 *                                 "account", "arrival"; this and `watch` have their last
 *                                 line when the agent stops
 *   sync-now  mirrors [NAME…], full, dry_run, allow_big_delete, no_wait
 *                                 events of the job (sync_job.h), then its code
 *   pause     for_ms              resume
 *   approve   mirror              refuse  mirror
 *   reload    forget              reads the configuration anew, then forgets a mirror
 *   repair    mirror, items [KEY…]
 *   login                         the stored tokens have changed
 *   stop
 *
 * An arrival: {"event":"arrival","at":MS,"mirror":…,"operation":…,"path":…,"editor":…,
 * "latency_ms":…}; editor and latency may be null. Members may be added; what is not known
 * is to be passed over.
 */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "agent/failure.h"

enum { CONTROL_MAX_LINE = 64 * 1024, CONTROL_MAX_CLIENTS = 32 };

struct control;
struct control_client; /* a request being answered; valid until `on_gone` */

struct control_callbacks {
    /* `json` is the whole request line, valid JSON object text; borrowed. */
    void (*on_request)(void *user, struct control_client *client, const char *json);
    /* The client hung up or was ended: forget it. */
    void (*on_gone)(void *user, struct control_client *client);
};

/* Listens at `path` (its folder 0700, the socket 0600). A stale socket is replaced. */
struct control *control_listen(uv_loop_t *loop, const char *path,
                               const struct control_callbacks *callbacks, void *user,
                               struct failure *failure);
void control_close(struct control *control);

/* Sends one line (without its end). A client that does not read is dropped at 1 MiB. */
void control_answer(struct control_client *client, const char *json);
/* Sends the last line and hangs up. */
void control_finish(struct control_client *client, int code, const char *message);

/* For short commands: blocking. Connects and sends one request. FAILURE_NONE with
 * `*out_fd` -1: nobody listens there. */
enum failure_kind control_connect(const char *path, const char *request, int *out_fd,
                                  struct failure *failure);
/* Whether somebody listens there. */
bool control_probe(const char *path);
/* Reads the next answer line into `out`; false: the agent went away or `timeout_ms` (0 =
 * for ever) passed. */
bool control_read(int fd, char *out, size_t out_size, unsigned timeout_ms);

#endif
