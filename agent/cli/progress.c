#include "agent/cli/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/output.h"
#include "agent/log.h"
#include "agent/words.h"

enum { PROGRESS_BAR = 32, PROGRESS_LEAST_BAR = 6 };

struct progress {
    FILE *stream;
    bool shown;
};

struct progress *progress_new(FILE *stream)
{
    if (!output_is_screen(stream))
        return NULL;
    struct progress *progress = calloc(1, sizeof *progress);
    if (progress != NULL)
        progress->stream = stream;
    return progress;
}

void progress_free(struct progress *progress)
{
    progress_clear(progress);
    free(progress);
}

void progress_clear(struct progress *progress)
{
    if (progress == NULL || !progress->shown)
        return;
    (void)fputs("\r\033[K", progress->stream);
    (void)fflush(progress->stream);
    progress->shown = false;
}

const char *progress_bar(uint64_t done, uint64_t total, unsigned width, char out[64])
{
    unsigned inner = width < 3 ? 1 : (width > 62 ? 60 : width - 2);
    double share = total == 0 ? 0.0 : (double)done / (double)total;
    unsigned full = share >= 1.0 ? inner : (unsigned)(share * inner);
    out[0] = '[';
    for (unsigned i = 0; i < inner; i++)
        out[i + 1] = i < full ? '#' : '.';
    out[inner + 1] = ']';
    out[inner + 2] = '\0';
    return out;
}

/* Counts, sizes, rate and time: all but the bar. */
static void format_counts(const struct progress_state *state, char *out, size_t out_size)
{
    char done[32];
    char total[32];
    char rate[32];
    char left[32];
    uint64_t rest =
        state->total_bytes > state->done_bytes ? state->total_bytes - state->done_bytes : 0;
    bool known = state->bytes_per_second > 0 && !state->listing;
    int used = snprintf(out, out_size, _("%" PRIu64 "/%" PRIu64 "%s  %s of %s"),
                        state->done_items, state->total_items, state->listing ? "+" : "",
                        output_bytes(state->done_bytes, done),
                        output_bytes(state->total_bytes, total));
    if (known && used > 0 && (size_t)used < out_size)
        (void)snprintf(out + used, out_size - (size_t)used, _("  %s/s  %s left"),
                       output_bytes(state->bytes_per_second, rate),
                       output_period(rest * 1000 / state->bytes_per_second, left));
}

/* The bar takes what the rest leaves. Bytes decide where there are many; else items do. */
static void format_work(const struct progress_state *state, unsigned width, char *out,
                        size_t out_size)
{
    char bar[64];
    char counts[256];
    format_counts(state, counts, sizeof counts);
    unsigned used = output_width(state->label) + output_width(counts) + 2;
    unsigned room = width > used + PROGRESS_LEAST_BAR ? width - used : PROGRESS_LEAST_BAR;
    bool by_bytes = state->total_bytes > 0;
    (void)progress_bar(by_bytes ? state->done_bytes : state->done_items,
                       by_bytes ? state->total_bytes : state->total_items,
                       room < PROGRESS_BAR ? room : PROGRESS_BAR, bar);
    (void)snprintf(out, out_size, "%s %s %s", state->label, bar, counts);
}

void progress_show(struct progress *progress, const struct progress_state *state)
{
    if (progress == NULL)
        return;
    char line[512];
    char current[256];
    unsigned width = output_terminal_width(progress->stream);
    if (state->total_items == 0)
        (void)snprintf(line, sizeof line,
                       words_count("%s: asking what changed, %" PRIu64 " item so far",
                                   "%s: asking what changed, %" PRIu64 " items so far",
                                   state->listed),
                       state->label, state->listed);
    else
        format_work(state, width, line, sizeof line);
    unsigned used = output_width(line);
    (void)fputs("\r", progress->stream);
    output_cell(progress->stream, line, width, false);
    if (state->current[0] != '\0' && used + 12 < width) {
        (void)fputs("  ", progress->stream);
        output_cell(progress->stream, log_escape(state->current, current, sizeof current),
                    width - used - 3, false);
    }
    (void)fputs("\033[K", progress->stream);
    (void)fflush(progress->stream);
    progress->shown = true;
}
