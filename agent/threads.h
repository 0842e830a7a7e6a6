/* Whether the threads that our libraries start can be had (F-22). libuv's pool and the
 * keyring's library abort the process where one cannot be started; so they are tried
 * before the first of these calls, when there is still an orderly way back.
 *
 *     if (threads_rehearse(failure) != FAILURE_NONE)
 *         return failure->kind;
 */
#ifndef AGENT_THREADS_H
#define AGENT_THREADS_H

#include "agent/failure.h"

/* Starts so many threads as will ever run at once, and ends them; the C library keeps
 * their stacks for those to come. FAILURE_RESOURCE: there is not enough memory, or a limit
 * on threads. */
enum failure_kind threads_rehearse(struct failure *failure);

#endif
