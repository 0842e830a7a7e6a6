/* Applies `bandwidth_limit =` by the clock: the limit of now, and a wake-up at the next
 * minute at which another one begins (none where one limit holds all day).
 */
#ifndef AGENT_THROTTLE_H
#define AGENT_THROTTLE_H

#include <uv.h>

#include "agent/config.h"
#include "agent/net/http.h"

struct throttle;

/* NULL: no memory; the other functions take NULL. */
struct throttle *throttle_new(uv_loop_t *loop);
void throttle_close(struct throttle *throttle);

/* Applies the limit of now; both are used until the next call, NULL `http`: none. Also to
 * be called when the clock has jumped. */
void throttle_apply(struct throttle *throttle, const struct config *config,
                    struct http *http);

#endif
