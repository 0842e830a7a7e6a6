/* Shows the lines of a sync job (sync_job.h) to whoever typed the command, wherever they
 * come from: the running agent or a pass of our own.
 */
#ifndef AGENT_CLI_SYNC_VIEW_H
#define AGENT_CLI_SYNC_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/cli/progress.h"
#include "agent/config.h"

struct cJSON;

/* How far one mirror is. */
struct sync_part {
    char mirror[80];
    bool listing;
    uint64_t listed;
    uint64_t done_items;
    uint64_t total_items;
    uint64_t done_bytes;
    uint64_t total_bytes;
    uint64_t bytes_per_second;
};

/* A plain value; all up to `progress` are set by the owner, the rest is zero. */
struct sync_view {
    bool json;                                  /* pass the lines on as they are */
    bool is_quiet;                              /* only what fails is told */
    bool dry_run;                               /* a plan was asked for, nothing is done */
    struct progress *progress;                  /* NULL: none */
    struct sync_part parts[CONFIG_MAX_MIRRORS]; /* one bar for all of them together */
    size_t part_count;
    uint64_t planned; /* steps of the plan so far */
    bool has_failed;  /* some mirror's failure has been printed */
};

/* Takes one line. True: something has moved since the last one. */
bool sync_view_line(struct sync_view *view, const struct cJSON *object, const char *text);

#endif
