/* Where Graph may send us: the hosts of contents and of notifications, from the built-in
 * lists, `extra_hosts` and `graph_url` (F-147; Graph notes: host allow-lists).
 *
 * Sequence: allow_init(), url_check() against its policies, allow_clear(). The
 * configuration is borrowed until then.
 */
#ifndef AGENT_NET_ALLOW_H
#define AGENT_NET_ALLOW_H

#include <stdbool.h>

#include "agent/config.h"
#include "protocol/url.h"

struct allow {
    struct url_policy content;
    struct url_policy channel;
    struct url graph;           /* of graph_url */
    const char **content_hosts; /* owned arrays of borrowed texts */
    const char **channel_hosts;
};

/* False: no memory, or graph_url is no URL. `out` is written on true only; it must not be
 * copied or moved. */
bool allow_init(struct allow *out, const struct config *config);
void allow_clear(struct allow *allow);

#endif
