/* What a notificationUrl means for the connection: where to connect, what to ask for, what
 * to join. Its path is not a path of HTTP but the Socket.IO namespace; its query goes into
 * the request (Socket.IO: the client's io(url)).
 *
 * Sequence: channel_url_init() on a URL of the service, reads of the fields,
 * channel_url_clear(). The texts are secrets: clearing overwrites them, and none of them
 * belongs in a log but `host`.
 *
 * Query: verbatim, not re-encoded as the official clients do, so that a token arrives as
 * it was made. The pairs EIO, transport, sid, t and b64 are ours to set and dropped;
 * bytes that may not stand in a request line are percent-encoded. Path: verbatim likewise;
 * a comma, which would end the namespace in a packet, is sent as %2C.
 *
 * Limits: URL 4 KiB, namespace 1 KiB (SIO_MAX_NAMESPACE).
 */
#ifndef PROTOCOL_CHANNEL_URL_H
#define PROTOCOL_CHANNEL_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/url.h"

struct channel_url {
    char host[URL_MAX_HOST_SIZE + 1]; /* for TCP, TLS and Host; IPv6 without brackets */
    uint16_t port;
    bool is_plain;     /* ws instead of wss; only where the policy allows it */
    char *target;      /* request target of the Engine.IO 4 variants; owned */
    char *target_eio3; /* request target of CHANNEL_EIO3; owned */
    char *name_space;  /* "/notifications", "/" for an empty path; owned */
    char *query;       /* for the CONNECT packet of CHANNEL_EIO3, may be empty; owned */
};

/* Parses and checks `text`, with URL_MAX_NOTIFICATION_SIZE whatever the policy's own
 * limit. `out` is written on URL_OK only. Beyond the verdicts of url_check():
 * URL_TOO_LONG for the namespace, URL_NO_MEMORY. */
enum url_verdict channel_url_init(const char *text, const struct url_policy *policy,
                                  struct channel_url *out);

/* Overwrites and frees the texts. A zeroed or cleared one may be cleared again. */
void channel_url_clear(struct channel_url *url);

#endif
