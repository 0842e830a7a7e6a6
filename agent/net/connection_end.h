/* Why a notification connection ended, and what that means for the next one. Pure: facts
 * of the layers in, one judgement out. WS-14 to WS-18, Notifications, Strategy 5 to 8.
 */
#ifndef AGENT_NET_CONNECTION_END_H
#define AGENT_NET_CONNECTION_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/failure.h"
#include "protocol/channel.h"
#include "protocol/tls_status.h"
#include "protocol/ws.h"

enum { CONNECTION_DETAIL_SIZE = 256 };

/* A plain value. */
struct connection_end {
    struct failure failure;            /* retry_after_ms: the server asked for it (WS-17) */
    bool url_is_refused;               /* ask for a new one (WS-16, 44) */
    enum channel_variant next_variant; /* to try next with this host */
    /* What the channel says beside `failure`, such as the server's reason for a refusal:
     * UTF-8, cut to fit, to be escaped. Empty: nothing. */
    char detail[CONNECTION_DETAIL_SIZE];
};

/* TLS ended before the WebSocket did; `host` is for the message. */
void connection_end_of_tls(const char *host, enum tls_status status,
                           struct connection_end *out);

/* REFUSED or CLOSED of the WebSocket. `wall_ms` is what a Retry-After date is held
 * against. */
void connection_end_of_ws(const struct ws_event *event, enum channel_variant variant,
                          int64_t wall_ms, struct connection_end *out);

/* ENDED of the channel. */
void connection_end_of_channel(const struct channel_event *event,
                               struct connection_end *out);

#endif
