/* All parts that keep mirrors in step, put together and taken apart in one place.
 *
 * Order: loop, state, trust, account, mirrors; and back. Used by `agent run` (agent.c),
 * which adds socket, signals and supervisor, and by one pass (once.c).
 *
 * Sequence: assembly_open(), assembly_start(), runs of the loop, assembly_close(). Taking
 * apart runs the loop itself, so it is never called from a callback.
 */
#ifndef AGENT_ASSEMBLY_H
#define AGENT_ASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "agent/account.h"
#include "agent/config.h"
#include "agent/failure.h"
#include "agent/net/turn.h"
#include "agent/sync/mirror.h"
#include "store/store.h"

struct tls_trust;

struct assembly_mirror {
    struct mirror *mirror;
    const struct config *config; /* the one that `entry` is part of */
    const struct config_mirror *entry;
};

/* A plain value for its owner; filled by assembly_open(). */
struct assembly {
    uv_loop_t loop;
    bool has_loop;
    bool with_link;
    bool is_careful;         /* set before assembly_start() (F-07) */
    struct config *config;   /* owned; the one in force */
    struct config **retired; /* owned; replaced, but still used by some part */
    size_t retired_count;
    const struct config *shared_config; /* the one that account and trust were built from */
    struct store *store;
    struct tls_trust *trust; /* NULL without links */
    struct turns turns;      /* of the links */
    struct account account;
    struct mirror_environment environment; /* what the mirrors borrow */
    struct assembly_mirror mirrors[CONFIG_MAX_MIRRORS];
    size_t mirror_count;
    struct mirror_callbacks callbacks;
    void *user;
    size_t closing;      /* mirrors that have not ended yet */
    uv_timer_t patience; /* while the loop runs out */
};

/* Takes `config` over in any case. Nothing moves before assembly_start(). On failure
 * assembly_close() is still to be called. */
enum failure_kind assembly_open(struct assembly *out, struct config *config, bool with_link,
                                const struct mirror_callbacks *callbacks, void *user,
                                struct failure *failure);

/* Makes and starts the mirrors named in `names` (count 0: all). What a mirror can show by
 * itself (a guard, a disk that is full) is left to it; FAILURE_USAGE for a name that is
 * not there, FAILURE_HELD and FAILURE_INTERNAL end the start. */
enum failure_kind assembly_start(struct assembly *assembly, const char *const *names,
                                 size_t name_count, struct failure *failure);

/* Changes over to a new configuration, which is taken over: mirrors that are as before go
 * on undisturbed, unless what all share has changed. */
enum failure_kind assembly_reload(struct assembly *assembly, struct config *config,
                                  struct failure *failure);

/* Borrowed until the next start, reload or stop. NULL: no such mirror. */
const struct assembly_mirror *assembly_find(const struct assembly *assembly,
                                            const char *name);

/* Whether a choice of mirrors takes this one in: a list of names, count 0 for all. */
bool assembly_is_named(const char *name, const char *const *names, size_t name_count);

/* Ends all mirrors in good order (F-155), running the loop meanwhile. */
void assembly_stop(struct assembly *assembly);
/* Ends the rest. Every other handle of the loop has been closed before. False: all is done,
 * but with links the loop is given half a second only, and something is left in it: the
 * farewell of a connection, or a look-up, which nobody can call off. The process must end
 * with _exit() then, since libuv would wait for it. */
bool assembly_close(struct assembly *assembly);

#endif
