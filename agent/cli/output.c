#include "agent/cli/output.h"

#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/log_text.h"
#include "agent/scope.h"

enum {
    OUTPUT_SAMPLE = 200, /* rows that decide the widths of a table */
    OUTPUT_GAP = 2,
    OUTPUT_LEAST = 6,       /* no column is shrunk below that */
    OUTPUT_MAX_CELL = 4096, /* bytes of a cell in a table */
};

struct output {
    FILE *stream;
    enum output_format format;
    unsigned width;
    int columns;
    char *names[OUTPUT_MAX_COLUMNS];
    bool numeric[OUTPUT_MAX_COLUMNS];
    unsigned widths[OUTPUT_MAX_COLUMNS];
    bool varies[OUTPUT_MAX_COLUMNS]; /* its cells are not all of one width, as times are */
    char ***kept;                    /* rows of a table until the widths are known */
    size_t kept_count;
    bool begun; /* the head has been written */
    bool lacks_memory;
    uint64_t count;
};

bool output_parse_format(const char *text, enum output_format *out)
{
    static const char *const names[] = {"table", "json", "csv"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text == NULL ? "table" : text, names[i]) == 0) {
            *out = (enum output_format)i;
            return true;
        }
    }
    return false;
}

struct output *output_open(FILE *stream, enum output_format format, unsigned width)
{
    struct output *output = calloc(1, sizeof *output);
    if (output == NULL)
        return NULL;
    output->stream = stream;
    output->format = format;
    output->width = width;
    if (format == OUTPUT_TABLE)
        output->kept = calloc(OUTPUT_SAMPLE, sizeof *output->kept);
    if (format == OUTPUT_TABLE && output->kept == NULL) {
        free(output);
        return NULL;
    }
    return output;
}

uint64_t output_count(const struct output *output)
{
    return output->count;
}

static void free_row(char **row, int columns)
{
    for (int i = 0; row != NULL && i < columns; i++)
        free(row[i]);
    free(row);
}

/* Copies a row with its texts escaped. */
static char **copy_row(const char *const *values, int columns)
{
    char **row = columns > 0 ? calloc((size_t)columns, sizeof *row) : NULL;
    for (int i = 0; row != NULL && i < columns; i++) {
        char shown[OUTPUT_MAX_CELL];
        row[i] =
            strdup(log_escape(values[i] == NULL ? "" : values[i], shown, sizeof shown));
        if (row[i] == NULL) {
            free_row(row, columns);
            return NULL;
        }
    }
    return row;
}

static void widen(struct output *output, char *const *row)
{
    for (int i = 0; i < output->columns; i++) {
        unsigned width = output_width(row[i]);
        unsigned before = output->widths[i];
        output->varies[i] =
            output->varies[i] || (before != 0 && width != 0 && width != before);
        if (width > before)
            output->widths[i] = width;
    }
}

/* The widest column that can give: one of texts first, then any. -1: none. */
static int find_giver(const struct output *output, bool only_varying)
{
    int giver = -1;
    for (int i = 0; i < output->columns; i++) {
        if (output->widths[i] > OUTPUT_LEAST && (output->varies[i] || !only_varying) &&
            (giver < 0 || output->widths[i] > output->widths[giver]))
            giver = i;
    }
    return giver < 0 && only_varying ? find_giver(output, false) : giver;
}

/* Takes from the widest column until the row fits into the terminal. */
static void shrink(struct output *output)
{
    if (output->width == 0)
        return;
    unsigned total = 0;
    for (int i = 0; i < output->columns; i++)
        total += output->widths[i] + (i > 0 ? OUTPUT_GAP : 0);
    for (; total > output->width; total--) {
        int giver = find_giver(output, true);
        if (giver < 0)
            return;
        output->widths[giver]--;
    }
}

static void write_table_row(const struct output *output, char *const *row)
{
    for (int i = 0; i < output->columns; i++) {
        bool last = i == output->columns - 1;
        unsigned width = output->widths[i];
        if (output->numeric[i]) {
            unsigned own = output_width(row[i]);
            (void)fprintf(output->stream, "%*s", own < width ? (int)(width - own) : 0, "");
        }
        /* Without a terminal a long cell beyond the sample is not cut either. */
        output_cell(output->stream, row[i], output->width == 0 ? UINT32_MAX : width, false);
        unsigned own = output_width(row[i]);
        unsigned pad = !output->numeric[i] && own < width ? width - own : 0;
        if (!last)
            (void)fprintf(output->stream, "%*s", (int)(pad + OUTPUT_GAP), "");
    }
    (void)fputc('\n', output->stream);
}

/* The widths are decided now: head and rows kept back go out. */
static void begin_table(struct output *output)
{
    if (output->begun)
        return;
    output->begun = true;
    for (int i = 0; i < output->columns; i++) {
        unsigned width = output_width(output->names[i]);
        if (width > output->widths[i])
            output->widths[i] = width;
    }
    shrink(output);
    if (output->columns > 0)
        write_table_row(output, output->names);
    for (size_t i = 0; i < output->kept_count; i++) {
        write_table_row(output, output->kept[i]);
        free_row(output->kept[i], output->columns);
    }
    output->kept_count = 0;
}

static bool add_table_row(struct output *output, const char *const *values)
{
    char **row = copy_row(values, output->columns);
    if (row == NULL)
        return false;
    if (output->begun) {
        write_table_row(output, row);
        free_row(row, output->columns);
        return true;
    }
    widen(output, row);
    output->kept[output->kept_count++] = row;
    if (output->kept_count == OUTPUT_SAMPLE)
        begin_table(output);
    return true;
}

static bool write_json_text(FILE *stream, const char *text)
{
    size_t size = strlen(text) * 6 + 8;
    SCOPED(scope_free) char *quoted = malloc(size);
    if (quoted == NULL)
        return false;
    (void)fputs(log_json_text(text, quoted, size), stream);
    return true;
}

/* JSON has no infinity: a number beyond all others reads as one. */
static const char *json_number(const char *text)
{
    static const char *const infinities[][2] = {
        {"Inf",  "1e999" },
        {"-Inf", "-1e999"}
    };
    for (size_t i = 0; i < sizeof infinities / sizeof *infinities; i++) {
        if (strcmp(text, infinities[i][0]) == 0)
            return infinities[i][1];
    }
    return text;
}

static bool write_json_row(struct output *output, const char *const *values,
                           const char *types)
{
    (void)fputs(output->count == 0 ? "[\n{" : ",\n{", output->stream);
    for (int i = 0; i < output->columns; i++) {
        (void)fputs(i > 0 ? "," : "", output->stream);
        if (!write_json_text(output->stream, output->names[i]))
            return false;
        (void)fputc(':', output->stream);
        if (values[i] == NULL)
            (void)fputs("null", output->stream);
        else if (types[i] == 'i' || types[i] == 'f')
            (void)fputs(json_number(values[i]), output->stream);
        else if (!write_json_text(output->stream, values[i]))
            return false;
    }
    (void)fputc('}', output->stream);
    return true;
}

/* RFC 4180. */
static void write_csv_row(FILE *stream, const char *const *values, int columns)
{
    for (int i = 0; i < columns; i++) {
        const char *text = values[i] == NULL ? "" : values[i];
        (void)fputs(i > 0 ? "," : "", stream);
        if (strpbrk(text, ",\"\r\n") == NULL) {
            (void)fputs(text, stream);
            continue;
        }
        (void)fputc('"', stream);
        for (; *text != '\0'; text++) {
            if (*text == '"')
                (void)fputc('"', stream);
            (void)fputc(*text, stream);
        }
        (void)fputc('"', stream);
    }
    (void)fputs("\r\n", stream);
}

static bool take_head(struct output *output, int count, const char *const *names,
                      const char *types)
{
    int columns = count > OUTPUT_MAX_COLUMNS ? OUTPUT_MAX_COLUMNS : count;
    for (int i = 0; i < columns; i++) {
        output->names[i] = strdup(names[i]);
        if (output->names[i] == NULL)
            return false;
        output->columns++;
        output->numeric[i] = types[i] == 'i' || types[i] == 'f';
    }
    if (output->format == OUTPUT_CSV)
        write_csv_row(output->stream, names, columns);
    return true;
}

bool output_row(struct output *output, int count, const char *const *names,
                const char *const *values, const char *types)
{
    if (output->columns == 0 && !take_head(output, count, names, types))
        return false;
    bool good = true;
    switch (output->format) {
    case OUTPUT_TABLE:
        good = add_table_row(output, values);
        break;
    case OUTPUT_JSON:
        good = write_json_row(output, values, types);
        break;
    case OUTPUT_CSV:
        write_csv_row(output->stream, values, output->columns);
        break;
    }
    output->count++;
    output->lacks_memory = output->lacks_memory || !good;
    /* Where SIGPIPE is ignored, a reader that went away shows here alone. */
    return good && ferror(output->stream) == 0;
}

void output_flush(struct output *output)
{
    if (output->format == OUTPUT_TABLE && output->columns > 0)
        begin_table(output);
    (void)fflush(output->stream);
}

bool output_close(struct output *output)
{
    if (output == NULL)
        return false;
    if (output->format == OUTPUT_TABLE && output->count > 0)
        begin_table(output);
    if (output->format == OUTPUT_JSON)
        (void)fputs(output->count == 0 ? "[]\n" : "\n]\n", output->stream);
    (void)fflush(output->stream);
    bool good = !output->lacks_memory;
    for (int i = 0; i < output->columns; i++)
        free(output->names[i]);
    free(output->kept);
    free(output);
    return good;
}
