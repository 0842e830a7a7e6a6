/* Rows for people and programs: a table aligned by display width, JSON, or CSV.
 *
 * Sequence: output_open(), output_row() for each row, output_close(). JSON is one array of
 * objects. A table takes its widths from the first rows, and on a terminal shrinks the
 * widest columns until a row fits; on a pipe nothing is cut. Texts are escaped for the
 * terminal (F-47) in tables, left as they are in JSON and CSV.
 */
#ifndef AGENT_CLI_OUTPUT_H
#define AGENT_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV };

enum { OUTPUT_MAX_COLUMNS = 32 };

/* "table", "json", "csv"; NULL is a table. False: none of them. */
bool output_parse_format(const char *text, enum output_format *out);

struct output;

/* `width`: columns of the terminal, 0 where nothing is cut. NULL: no memory. */
struct output *output_open(FILE *stream, enum output_format format, unsigned width);
/* All rows have the columns of the first one. `types` as in store_query.h; NULL values are
 * empty cells, and null in JSON. False: no memory, or nobody reads: no more rows. */
bool output_row(struct output *output, int count, const char *const *names,
                const char *const *values, const char *types);
/* Number of rows so far. */
uint64_t output_count(const struct output *output);
/* Writes what is kept back. False: there was no memory for a row; whether the stream took
 * everything, it says itself. */
bool output_close(struct output *output);
/* Lets go what is kept back so far, for `--follow`. */
void output_flush(struct output *output);

/* Display width of a text in columns; what cannot be shown counts as its bytes. */
unsigned output_width(const char *text);
/* Whether a terminal that can place text stands behind a stream. A pipe, a file and
 * TERM=dumb get plain lines: whole words, nothing cut, no colour and no redrawing. */
bool output_is_screen(FILE *stream);
/* The same, and NO_COLOR is not set. */
bool output_may_color(FILE *stream);
/* Columns of that screen, 0 where there is none. */
unsigned output_terminal_width(FILE *stream);
/* A text cut to at most `width` columns with "…" and padded to it (`pad`), written out; one
 * that runs from right to left is isolated. UINT32_MAX: as it is. */
void output_cell(FILE *stream, const char *text, unsigned width, bool pad);

/* A name or a text from outside, escaped, within a line; on a screen one that runs from
 * right to left is isolated. */
void output_name(FILE *stream, const char *name);

/* "1.2 GiB"; "50 ms", "0.4 s", "3 min", "2 h 5 min": for people, into `out` of at least 32
 * bytes. */
const char *output_bytes(uint64_t bytes, char out[32]);
const char *output_period(uint64_t ms, char out[32]);
/* "2026-11-23 20:52:21" local time, or "never" for 0. */
const char *output_time(int64_t wall_ms, char out[32]);

#endif
