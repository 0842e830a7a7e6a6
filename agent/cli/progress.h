/* A progress line on a terminal; on anything else nothing at all. */
#ifndef AGENT_CLI_PROGRESS_H
#define AGENT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress;

/* NULL where `stream` is no terminal that can rewrite a line; the others take NULL. */
struct progress *progress_new(FILE *stream);
void progress_free(struct progress *progress);

/* A plain value. Texts are borrowed and raw. */
struct progress_state {
    const char *label;   /* the mirror */
    const char *current; /* path that is being worked on, or "" */
    bool listing;        /* the total still grows */
    uint64_t listed;
    uint64_t done_items;
    uint64_t total_items;
    uint64_t done_bytes;
    uint64_t total_bytes;
    uint64_t bytes_per_second;
};
/* Redraws the line. */
void progress_show(struct progress *progress, const struct progress_state *state);
/* Takes the line away, before something else is printed. */
void progress_clear(struct progress *progress);

/* "[#####.....]", `width` columns with its brackets, into `out`. Pure. */
const char *progress_bar(uint64_t done, uint64_t total, unsigned width, char out[64]);

#endif
