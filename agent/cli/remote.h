/* Asks the running agent, line by line (control.h). */
#ifndef AGENT_CLI_REMOTE_H
#define AGENT_CLI_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/failure.h"

struct cJSON;

/* What a line means for the wait: GO leaves the deadline, MOVED sets it anew, STOP hangs
 * up (the answer then has code 0). */
enum remote_next { REMOTE_GO, REMOTE_MOVED, REMOTE_STOP };

/* `object` is the line, parsed and borrowed; `text` the same as it came. */
typedef enum remote_next remote_line_fn(void *user, const struct cJSON *object,
                                        const char *text);

struct remote_answer {
    bool running; /* false: nobody listens, nothing else is filled */
    int code;
    char message[512]; /* "" none */
};

/* A request to be filled; freed by remote_ask(). NULL: no memory. */
struct cJSON *remote_request(const char *command);

/* How to wait for the answer; a plain value. */
struct remote_wait {
    uint64_t timeout_ms; /* give up when nothing has moved for so long; 0: never */
    bool is_for_work;    /* which may depend on the service; an answer never does */
    remote_line_fn *on_line;
    void *user;
    /* Called whenever `wake_fd` can be read between two lines; NULL: no such thing. */
    enum remote_next (*on_wake)(void *user);
    int wake_fd;
};

/* Sends `request` and gives every line but the last to `on_line`, if there is one.
 * FAILURE_TRANSIENT: nothing has moved for too long; FAILURE_RESOURCE: the agent went
 * away, or does not answer. */
enum failure_kind remote_ask(const struct config *config, struct cJSON *request,
                             const struct remote_wait *wait, struct remote_answer *out,
                             struct failure *failure);

/* Prints what the last line says, if it says anything, and gives its exit code. */
int remote_end(const struct remote_answer *answer);

/* For commands that only pass a word on: prints what the agent says against it. False:
 * nobody listens. `*out_code` is the exit code otherwise. */
bool remote_tell(const struct config *config, struct cJSON *request, int *out_code);

/* The same, for who has more to say where the agent has nothing against it. */
bool remote_tell_word(const struct config *config, struct cJSON *request,
                      struct remote_answer *out);

#endif
