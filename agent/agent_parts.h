/* The inside of `agent run`, shared by agent.c (life), agent_requests.c (what the control
 * socket asks), agent_status.c and agent_arrivals.c (what it tells there) and
 * agent_notices.c (what it tells on the desktop). Nobody else includes this.
 */
#ifndef AGENT_AGENT_PARTS_H
#define AGENT_AGENT_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "agent/assembly.h"
#include "agent/config.h"
#include "agent/control.h"
#include "agent/signals.h"
#include "agent/state.h"
#include "agent/supervisor.h"
#include "agent/surroundings.h"
#include "agent/sync_job.h"
#include "agent/throttle.h"

/* What a client of the control socket waits for. */
enum agent_client_kind {
    AGENT_CLIENT_WATCH,   /* a status whenever something changes */
    AGENT_CLIENT_MONITOR, /* events */
    AGENT_CLIENT_SYNC,    /* a sync job */
    AGENT_CLIENT_RELOAD,  /* the end of a reload */
};

struct agent_client {
    struct agent_client *next;
    struct control_client *client;
    enum agent_client_kind kind;
    struct sync_job *job; /* of AGENT_CLIENT_SYNC, NULL once it is over */
    char *forget;         /* of AGENT_CLIENT_RELOAD: a mirror to forget after it */
};

/* Trouble of the whole account, as service_watch() tells it. */
struct agent_trouble {
    int64_t since; /* wall-clock ms, 0: none */
    int64_t next_try;
    struct failure failure;
};

enum { AGENT_ARRIVALS = 16 };

/* A change that arrived in a folder. Its operation is static; texts may be NULL. */
struct agent_arrival {
    int64_t at; /* wall-clock ms */
    char *mirror;
    const char *operation;
    char *path;
    char *editor;
    int64_t latency_ms; /* since the notification, -1 where none told of it */
};

struct agent {
    struct assembly assembly;
    const struct config_places *places;
    struct control *control;
    struct signals *signals;
    struct supervisor *supervisor;
    struct throttle *throttle;
    struct surroundings *surroundings;
    uv_timer_t pause_timer; /* ends a pause */
    uv_timer_t stop_timer;  /* ends a stop that takes too long */
    bool has_timers;
    struct agent_client *clients;
    struct state_pause pause;  /* a person's */
    const char *thrift_reason; /* why work rests by itself, NULL: it does not */
    bool thrift_overruled;     /* a person said `agent resume` meanwhile */
    struct agent_trouble trouble;
    struct failure sign_in; /* why the sign-in lapsed, kind NONE while it is good */
    struct agent_arrival arrivals[AGENT_ARRIVALS]; /* the last ones, a ring … */
    uint64_t arrival_count;                        /* … of all that there were */
    uint64_t crashes;                              /* before this run (F-07) */
    int64_t started;                               /* wall-clock ms */
    bool reload_wanted;
    bool stop_wanted;
    struct failure end; /* what the run ends with */
};

/* agent.c: asked for by signals and requests; done when the loop has come back. */
void agent_want_stop(struct agent *agent);
void agent_want_reload(struct agent *agent);
/* Pauses or resumes everything, durably. */
enum failure_kind agent_set_pause(struct agent *agent, const struct state_pause *pause,
                                  struct failure *failure);
/* Whether all work rests, by a person's word or to be thrifty; `*out_why` (may be NULL)
 * gets the reason for people, static. */
bool agent_rests(const struct agent *agent, const char **out_why);

/* agent_requests.c */
const struct control_callbacks *agent_requests(void);
/* The reload is over: tells those who asked for it. */
void agent_requests_reloaded(struct agent *agent, const struct failure *failure);
/* Whether a client hears what happens for as long as it likes. */
bool agent_client_listens(const struct agent_client *client);
/* Tells those who listen how the agent has ended, and frees what is kept of clients; their
 * sockets are closed by control_close(). */
void agent_requests_clear(struct agent *agent);

/* agent_notices.c: shows and ends what wants a person, and does what they choose. */
void agent_notices_update(struct agent *agent);
notify_action_fn agent_notices_action;

/* agent_status.c. The text is the caller's, to be freed with free(); NULL: no memory. */
char *agent_status_json(struct agent *agent);
/* Tells watchers, monitors, sync jobs and the supervisor that a mirror's status, or with
 * NULL that of the account, has changed. */
void agent_status_changed(struct agent *agent, struct mirror *mirror);

/* agent_arrivals.c. Tells watchers, monitors and sync jobs, and remembers; `operation` is
 * static. */
void agent_arrivals_add(struct agent *agent, const struct mirror *mirror,
                        const char *operation, const char *path, const char *editor,
                        int64_t latency_ms);
/* Tells a new watcher what came last, the oldest first. */
void agent_arrivals_replay(const struct agent *agent, struct control_client *client);
void agent_arrivals_clear(struct agent *agent);

#endif
