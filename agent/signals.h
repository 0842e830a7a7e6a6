/* The signals of `agent run`, as events of the loop (F-155, F-156). */
#ifndef AGENT_SIGNALS_H
#define AGENT_SIGNALS_H

#include <uv.h>

struct signals;

/* `number`: SIGTERM, SIGINT, SIGHUP or SIGUSR1. */
typedef void signals_fn(void *user, int number);

/* NULL: no memory. After the close their default meaning is back. */
struct signals *signals_new(uv_loop_t *loop, signals_fn *fn, void *user);
void signals_close(struct signals *signals);

/* A peer that goes away is an error of that write and no reason to die (F-132). For the
 * whole process, for good. */
void signals_ignore_broken_pipes(void);

#endif
