/* The examination of `agent doctor`: what each check finds, and its mend.
 *
 * A finding is a row of the command's table. `what` and `mend` are in the person's
 * language or are commands to type; "" is no mend. Everything is only looked at.
 */
#ifndef AGENT_CLI_DOCTOR_H
#define AGENT_CLI_DOCTOR_H

#include "agent/config.h"
#include "agent/failure.h"

struct output;

struct doctor {
    const struct config *config;
    struct output *output;
    int code; /* of the command, so far */
};

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN };

void doctor_report(struct doctor *doctor, enum doctor_verdict verdict, const char *what,
                   const char *finding, const char *mend);
/* Something that has to be mended; `kind` gives the exit code. */
void doctor_fail(struct doctor *doctor, enum failure_kind kind, const char *what,
                 const char *finding, const char *mend);

/* On this computer: configuration, folders, disks, database, limits, the agent itself. */
void doctor_check_here(struct doctor *doctor);
/* Beyond it: the network, TLS, the clock, the sign-in. */
void doctor_check_service(struct doctor *doctor);

#endif
