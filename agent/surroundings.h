/* What goes on around `agent run`: sleep, the clock, addresses, thrift; and the way to tell
 * the person. Everything is optional: what the machine lacks is silent.
 */
#ifndef AGENT_SURROUNDINGS_H
#define AGENT_SURROUNDINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "agent/config.h"
#include "agent/desktop/launch.h"
#include "agent/desktop/notify.h"

struct surroundings;

struct surroundings_callbacks {
    /* The machine woke, after `slept_ms` (0: not known), or only its clock was set. */
    void (*on_clock)(void *user, bool woke, uint64_t slept_ms);
    /* Addresses came or went. */
    void (*on_addresses)(void *user, bool appeared);
    /* Be thrifty for this reason; NULL: no need any more. */
    void (*on_thrift)(void *user, const char *reason);
    /* A person chose an action of a notification; texts borrowed. */
    notify_action_fn *on_action;
};

/* NULL: no memory. `callbacks` is copied. */
struct surroundings *surroundings_new(uv_loop_t *loop,
                                      const struct surroundings_callbacks *callbacks,
                                      void *user);
/* Takes up what [desktop] says; again after a reload. */
void surroundings_configure(struct surroundings *surroundings, const struct config *config);
void surroundings_close(struct surroundings *surroundings);

/* All that wants a person now (notify.h); nothing is shown where [desktop] forbids it. */
void surroundings_tell(struct surroundings *surroundings,
                       const struct notify_notice *notices, size_t count);
/* For what a person chose; NULL where there is no memory. Borrowed. */
struct launch *surroundings_launch(struct surroundings *surroundings);

#endif
