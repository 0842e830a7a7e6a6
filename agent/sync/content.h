/* Brings contents to the folder: works through the queue, a bounded window of items at a
 * time, in two lanes, so that small files do not wait behind large ones (F-108).
 *
 *   queue -> decide -> look -> plan_decide -> fetch -> verdict -> place -> record
 *
 * It makes folders and files that are new, and changes files that stand at their place.
 * Items that have to change their place or to go are left to sync/structure.h.
 *
 * Modes: EARLY, while pages still come in: only what is new, and nothing is reported as
 * held yet (F-80). FULL: all that is due. HALTED: nothing new is begun and no job is given
 * to the hands; downloads under way go on and wait (for sync/structure.h to work).
 *
 * on_idle() is called, in FULL mode, whenever nothing is left that could be done now.
 */
#ifndef AGENT_SYNC_CONTENT_H
#define AGENT_SYNC_CONTENT_H

#include "agent/sync/context.h"

struct content;

enum content_mode { CONTENT_HALTED, CONTENT_EARLY, CONTENT_FULL };

struct content_callbacks {
    void (*on_idle)(void *user);
    /* Something that concerns more than one item stands in the way (sign-in, protocol,
     * disk full …): no further download is begun until content_set_mode(). */
    void (*on_trouble)(void *user, const struct failure *failure);
    /* An address was taken out of sync/fresh.h: there may be room for a page. */
    void (*on_room)(void *user);
};

struct content *content_new(struct sync_context *context,
                            const struct content_callbacks *callbacks, void *user);
/* Ends downloads (their partials stay for another run) and frees. No job of it may be
 * pending with the hands: close sync/batch.h first. */
void content_free(struct content *content);

/* Begins at the front of the queue. */
void content_set_mode(struct content *content, enum content_mode mode);
/* What a person removed comes back (F-31). */
void content_set_restore(struct content *content, bool restore);
/* Ends all downloads; partials stay. In mode HALTED only. */
void content_abandon(struct content *content);
/* There may be more in the queue. */
void content_pump(struct content *content);
/* Whether no job of it is with the hands. */
bool content_is_still(const struct content *content);

#endif
