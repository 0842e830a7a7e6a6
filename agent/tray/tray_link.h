/* The tray's ear at the running agent: the lines of `watch` (control.h), again whenever an
 * agent is there.
 *
 * Nothing polls: while no agent listens, the folder of its socket is watched (inotify), and
 * a new socket is tried a few times, since its agent may not listen yet.
 */
#ifndef AGENT_TRAY_TRAY_LINK_H
#define AGENT_TRAY_TRAY_LINK_H

#include <stdbool.h>
#include <uv.h>

struct tray_link;

struct tray_link_callbacks {
    /* One line of JSON, borrowed. */
    void (*on_line)(void *user, const char *json);
    /* The agent has ended, or none was there at the start. */
    void (*on_gone)(void *user);
};

/* `socket_path` is copied. The callbacks come from the loop. NULL: no memory. */
struct tray_link *tray_link_new(uv_loop_t *loop, const char *socket_path,
                                const struct tray_link_callbacks *callbacks, void *user);
void tray_link_close(struct tray_link *link);

/* Passes a request on and does not wait for its answer: what it changes comes as a line.
 * False: no agent listens. */
bool tray_link_ask(struct tray_link *link, const char *request);

#endif
