/* When the next round may begin: one runs, at most one waits (Notifications, 5.5). Pure.
 *
 * The first trigger after quiet starts at once. More than five triggers within a second
 * are a storm: while it lasts rounds begin at least one second apart, doubling to thirty
 * (F-135).
 *
 * Sequence: pace_trigger() for every notification, pace_want() and pace_ask() for other
 * reasons to look; pace_due() says when to begin;
 * pace_begin() and pace_end() around each round. Times are clock_now_ms().
 */
#ifndef AGENT_SYNC_PACE_H
#define AGENT_SYNC_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACE_STORM_TRIGGERS = 5, PACE_STORM_WINDOW_MS = 1000, PACE_MAX_DISTANCE_MS = 30000 };

#define PACE_NEVER UINT64_MAX

/* Zero is the start. */
struct pace {
    bool is_running;
    bool is_wanted;
    bool is_asked;                          /* by a person: no distance is kept */
    uint64_t triggers[PACE_STORM_TRIGGERS]; /* the last ones, a ring */
    size_t oldest;
    uint64_t storm_at; /* last sign of a storm */
    uint64_t distance_ms;
    uint64_t begun_at;
};

void pace_trigger(struct pace *pace, uint64_t now_ms);
/* A reason of our own: the start, a poll, the next set. No sign of a storm. */
void pace_want(struct pace *pace);
/* A person waits for the next round: it begins as soon as none runs, and is no sign of a
 * storm. */
void pace_ask(struct pace *pace);
/* When the next round is to begin: maybe in the past, PACE_NEVER while one runs or none is
 * wanted. */
uint64_t pace_due(const struct pace *pace);
void pace_begin(struct pace *pace, uint64_t now_ms);
void pace_end(struct pace *pace);

#endif
