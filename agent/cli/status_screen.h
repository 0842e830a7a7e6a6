/* The status as people see it: one calm screen, and the text form of Prometheus. */
#ifndef AGENT_CLI_STATUS_SCREEN_H
#define AGENT_CLI_STATUS_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

struct cJSON;

struct status_style {
    bool color;    /* the stream is a terminal that may be coloured */
    bool is_brief; /* of each mirror only how it stands, its trouble and its work */
};

void status_print(FILE *stream, const struct cJSON *status, struct status_style style);

/* Prometheus exposition format 0.0.4. */
void status_print_metrics(FILE *stream, const struct cJSON *status);

/* An "arrival" event as one line: "20:52:21  Ana changed Budget.xlsx, here 0.4 s later",
 * with the mirror's name where `names_mirror`. Escaped for a terminal (F-47). */
void status_format_arrival(const struct cJSON *event, bool names_mirror, char *out,
                           size_t out_size);

#endif
