/* Work in proportion to the drive, on the loop, in slices of some milliseconds: what comes
 * from the network and the disk is served between them.
 *
 * slices_start() … `step` again and again until it answers false, then `done`, then the
 * slices are gone. Neither is called inside slices_start(). slices_cancel() ends it
 * without.
 */
#ifndef AGENT_SYNC_SLICES_H
#define AGENT_SYNC_SLICES_H

#include <stdbool.h>
#include <uv.h>

/* When work that is too long for one turn of the loop goes on, in ms. A timer of 0 that is
 * started by a timer is due at once: libuv before 1.48 would run it in the same turn, again
 * and again, and serve nothing else. */
enum { SLICES_NEXT_TURN = 1 };

struct slices;

/* A little of the work, a millisecond or two. False: that was all. May not cancel. */
typedef bool slices_step_fn(void *user);
typedef void slices_done_fn(void *user);

/* NULL: out of memory. */
struct slices *slices_start(uv_loop_t *loop, slices_step_fn *step, slices_done_fn *done,
                            void *user);
/* Accepts NULL. */
void slices_cancel(struct slices *slices);

#endif
