/* Inside sync/mirror only.
 *
 *   mirror.c         the contract: birth, wishes, words of a person, end
 *   mirror_open.c    which drive, which folder, recovery
 *   mirror_rounds.c  when a round begins, and what its end means
 *   mirror_wishes.c  what people asked for, and their answers
 *   mirror_check.c   what people change here: watched, and checked
 *   mirror_sample.c  what changes without a trace, by samples
 *   mirror_show.c    status, counts, v_problems, v_channel, arrivals
 */
#ifndef AGENT_SYNC_MIRROR_PARTS_H
#define AGENT_SYNC_MIRROR_PARTS_H

#include "agent/sync/batch.h"
#include "agent/sync/check.h"
#include "agent/sync/context.h"
#include "agent/sync/mirror.h"
#include "agent/sync/pace.h"
#include "agent/sync/preview.h"
#include "agent/sync/proof.h"
#include "agent/sync/reclaim.h"
#include "agent/sync/refilter.h"
#include "agent/sync/round.h"
#include "agent/sync/row.h"
#include "protocol/graph_url.h"

/* One request of mirror_sync(). */
struct wish {
    struct mirror_request request;
    struct wish *next;
};

enum mirror_timer {
    MIRROR_TIMER_PACE,   /* the next round begins */
    MIRROR_TIMER_POLL,   /* safety poll */
    MIRROR_TIMER_LOOK,   /* the feed may lag behind its event */
    MIRROR_TIMER_RETRY,  /* the queue, the root or the drive once more */
    MIRROR_TIMER_REST,   /* work is over: the store tidies up */
    MIRROR_TIMER_STATUS, /* status is told not more often than some times a second */
    MIRROR_TIMERS,
};

enum mirror_check {
    MIRROR_CHECK_QUIET, /* beside everything else */
    MIRROR_CHECK_FIRST, /* comes before the round that was asked for, and restores */
    MIRROR_CHECK_PLAN,  /* the same, but only looks: a plan was asked for */
    MIRROR_CHECK_LOST,  /* changes were missed: no round until it ends (F-33) */
};

/* Of the sample that runs, or ran last (sync/mirror_sample.c). */
struct mirror_sample {
    int64_t at; /* wall-clock ms when it began; 0 not known */
    int64_t last_key;
    int64_t shares; /* of the keys up to that one: a file of each */
    int64_t next;   /* share */
    int64_t bytes_left;
    bool is_running;
};

/* Of `problem`: none, and that which the last run has left. */
enum { MIRROR_NO_PROBLEM = -1, MIRROR_OLD_PROBLEM = -2 };

struct mirror {
    struct mirror_environment environment;
    const struct config_mirror *config;
    struct mirror_callbacks callbacks;
    void *user;

    struct sync_context context;
    struct row row;
    struct mirror_status status;
    struct graph_drive drive;

    uv_timer_t timers[MIRROR_TIMERS];
    size_t open_handles;
    struct batch *batch;
    struct round *round;
    struct check *check;
    struct reclaim *reclaim;      /* no round before it has ended */
    struct refilter *refilter;    /* nor before that */
    struct preview *preview;      /* the same; its end answers `running` */
    enum mirror_check check_kind; /* of the one under way */
    uint64_t checked_at_ms;
    struct mirror_sample sample;
    struct link *link;
    struct service_operation *asking; /* which drive it is */

    bool is_drive_known;  /* confirmed in this run */
    bool is_open;         /* the root is ready */
    bool is_reclaimed;    /* what an interruption had left without a record has one */
    bool is_checked;      /* the local check of this run is done or under way */
    bool is_check_wanted; /* changes were missed, or not all was looked at */
    bool needs_recovery;  /* a step failed half-way */
    bool is_paused;
    bool is_closing;
    bool is_parts_closed;
    bool is_adopting;   /* a person said that the folder is the right one */
    bool is_reopening;  /* the root is closed when nobody works in it any more */
    bool is_confirming; /* whether the root is the right one again */

    struct pace pace;
    const char *trigger; /* of the round that is wanted */
    int64_t notified_at;
    const char *running_trigger;
    struct wish *waiting;
    struct wish *running;
    size_t looks;        /* after the last event, beyond the first */
    unsigned failures;   /* rounds in a row that ended with trouble */
    unsigned recoveries; /* in a row that did not succeed */
    int problem;         /* number of the one in v_problems, or what stands for none */
    bool is_enumeration_due;
    bool is_only_listing; /* the round that runs, or ran last */
    bool wants_next_set;  /* the set that was listed may be old already */

    struct store_channel channel;
    struct proof proof;
    uint64_t rate_at_ms; /* for bytes_per_second */
    uint64_t rate_bytes;

    void (*closed)(void *user);
    void *closed_user;
};

/* mirror.c */

/* The deletions that are held now may go on (F-90). */
void mirror_release_deletions(struct mirror *mirror);

/* mirror_open.c */

/* Goes on with opening: drive, then root, then records. Safe to call at any time. */
void mirror_open_go_on(struct mirror *mirror);
/* Opens the root where the drive is known from an earlier run. */
enum failure_kind mirror_open_root(struct mirror *mirror, struct failure *failure);
/* Closes the root, as soon as nothing works in it, and opens what stands there now. */
void mirror_reopen(struct mirror *mirror);
void mirror_open_stop(struct mirror *mirror);
/* What an interruption, or a step that failed, has left (sync/recover.h). */
enum failure_kind mirror_recover(struct mirror *mirror, struct failure *failure);
/* Whether rounds may run: drive and folder are known, and the records are as the filters
 * want them. */
bool mirror_is_ready(const struct mirror *mirror);

/* mirror_rounds.c */

/* A reason to look. `notified_at`: wall clock, 0 where no event is behind it. */
void mirror_want_round(struct mirror *mirror, const char *trigger, int64_t notified_at);
/* Begins what is due, or sets the timer. */
void mirror_arm(struct mirror *mirror);
void mirror_arm_poll(struct mirror *mirror);
/* Trouble of the mirror as a whole: state, next try, answers to wishes. */
void mirror_trouble(struct mirror *mirror, const struct failure *failure);
const struct round_callbacks *mirror_round_callbacks(void);
void mirror_on_stray(void *user);
void mirror_after_batch(void *user, const struct failure *failure);
void mirror_on_timer(struct mirror *mirror, enum mirror_timer which);
void mirror_start_timer(struct mirror *mirror, enum mirror_timer which, uint64_t delay_ms);

/* mirror_wishes.c */

/* Those that wait join those that a round before has not answered yet; answers what the
 * round has to do. */
struct round_request mirror_take_wishes(struct mirror *mirror);
/* The folder is as the drive was: shows the plan to those who asked for it, answers all,
 * begins the local check. */
void mirror_end_wishes(struct mirror *mirror);
/* Entries of the queue that could not be done. */
uint64_t mirror_count_failed(const struct mirror *mirror);
/* Ends `*wishes`, and with those that run a plan that is being shown. */
void mirror_answer(struct mirror *mirror, struct wish **wishes,
                   const struct failure *failure);
/* mirror_check.c */

/* False: out of memory. No other check is under way. */
bool mirror_check_start(struct mirror *mirror, enum mirror_check kind);
/* Whether rounds wait for the check that is under way. */
bool mirror_check_blocks(const struct mirror *mirror);
/* Watches and checks in the background, once in a run, when all else is done. */
void mirror_check_once(struct mirror *mirror);
/* Begins the check that is wanted, if it may. */
void mirror_check_go_on(struct mirror *mirror);
/* At a poll: whether what cannot be watched is to be looked at. */
void mirror_check_now_and_then(struct mirror *mirror);
/* Watches no more. */
void mirror_check_stop(struct mirror *mirror);

/* mirror_sample.c */

/* Whether a sample of the files may have to be held against their hashes. */
bool mirror_sample_is_due(const struct mirror *mirror);
/* Begins one, if it is due and nothing else goes on. */
void mirror_sample_begin(struct mirror *mirror);

/* mirror_show.c */

void mirror_set_state(struct mirror *mirror, enum mirror_state state);
/* Has v_problems say what keeps the whole mirror from its work, or that nothing does. */
void mirror_save_problem(struct mirror *mirror);
void mirror_show(struct mirror *mirror);
void mirror_show_now(struct mirror *mirror);
void mirror_on_arrival(void *user, const char *operation, const char *path,
                       const char *editor);
void mirror_on_progress(void *user);
void mirror_on_link_status(void *user, const struct link_status *status);
void mirror_count_round(struct mirror *mirror, uint64_t changed);

#endif
