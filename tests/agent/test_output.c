#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/output.h"
#include "agent/cli/progress.h"
#include "tests/support/table.h"

static const char *const names[] = {"path", "size", "note"};
static const char types[] = "tit";

static const char *const rows[][3] = {
    {"a.txt",          "5",    NULL       },
    {"日本/b\n.txt", "1024", "say \"x\""},
};

/* What output writes for the rows above. */
static char *written(enum output_format format, unsigned width, size_t row_count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    struct output *output = output_open(stream, format, width);
    for (size_t i = 0; i < row_count; i++)
        assert_true(output_row(output, 3, names, rows[i], types));
    assert_int_equal(output_count(output), row_count);
    assert_true(output_close(output));
    assert_int_equal(fclose(stream), 0);
    return text;
}

static const struct format_case {
    const char *name;
    enum output_format format;
    unsigned width;
    size_t row_count;
    const char *want;
} formats[] = {
    {"a table",                    OUTPUT_TABLE, 0,  2,
     "path            size  note\n"
     "a.txt              5  \n"
     "日本/b\\x0A.txt  1024  say \"x\"\n"                                            },
    {"a table on a narrow screen", OUTPUT_TABLE, 24, 2,
     "path       size  note\n"
     "a.txt         5  \n"
     "日本/b\\x…  1024  say \"x\"\n"                                               },
    {"a table of nothing",         OUTPUT_TABLE, 0,  0, ""                             },
    {"JSON",                       OUTPUT_JSON,  0,  2,
     "[\n{\"path\":\"a.txt\",\"size\":5,\"note\":null},\n"
     "{\"path\":\"日本/b\\u000a.txt\",\"size\":1024,\"note\":\"say \\\"x\\\"\"}\n]\n"},
    {"JSON of nothing",            OUTPUT_JSON,  0,  0, "[]\n"                         },
    {"CSV",                        OUTPUT_CSV,   0,  2,
     "path,size,note\r\na.txt,5,\r\n\"日本/b\n.txt\",1024,\"say \"\"x\"\"\"\r\n"     },
};

static void is_written(const struct format_case *row)
{
    char *text = written(row->format, row->width, row->row_count);
    assert_string_equal(text, row->want);
    free(text);
}

static void rows_are_written_in_each_format(void **state)
{
    (void)state;
    CASES(formats, is_written);
}

/* SQLite says "Inf", which no reader of JSON takes. */
static void a_number_beyond_all_is_json_too(void **state)
{
    (void)state;
    static const char *const head[] = {"most", "least", "text"};
    static const char *const row[] = {"Inf", "-Inf", "Inf"};
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    struct output *output = output_open(stream, OUTPUT_JSON, 0);
    assert_true(output_row(output, 3, head, row, "fft"));
    assert_true(output_close(output));
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(text, "[\n{\"most\":1e999,\"least\":-1e999,\"text\":\"Inf\"}\n]\n");
    free(text);
}

static void a_table_beyond_its_sample_goes_on(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    struct output *output = output_open(stream, OUTPUT_TABLE, 20);
    for (int i = 0; i < 1000; i++)
        assert_true(output_row(output, 3, names, rows[i % 2], types));
    assert_true(output_close(output));
    assert_int_equal(fclose(stream), 0);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 1001);
    free(text);
}

static const struct cell_case {
    const char *name;
    const char *text;
    unsigned width;
    const char *want;
} cells[] = {
    {"one that fits",                      "abc",                      5,          "abc  |"                         },
    {"one that is cut",                    "abcdef",                   4,          "abc…|"                        },
    {"a wide one is not halved",           "日本語",                4,          "日… |"                       },
    {"a mark stays with its letter",       "e\u0301e\u0301e\u0301",    2,          "e\u0301…|"                    },
    {"one from right to left",             "\u05E9\u05DC.txt",         8,          "\u2068\u05E9\u05DC.txt\u2069  |"},
    {"one from right to left that is cut", "\u05E9\u05DC\u05D5\u05DD", 3,
     "\u2068\u05E9\u05DC…\u2069|"                                                                                 },
    {"one from right to left on a pipe",   "\u05E9\u05DC",             UINT32_MAX, "\u05E9\u05DC|"                  },
};

static void is_a_cell(const struct cell_case *row)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    output_cell(stream, row->text, row->width, row->width != UINT32_MAX);
    (void)fputc('|', stream);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(text, row->want);
    free(text);
}

static void cells_keep_their_columns(void **state)
{
    (void)state;
    CASES(cells, is_a_cell);
}

static const struct width_case {
    const char *name;
    const char *text;
    unsigned width;
} widths[] = {
    {"letters",                "abc",                        3},
    {"wide characters",        "日本",                     4},
    {"a combining one",        "e\xCC\x81",                  1},
    {"nothing",                "",                           0},
    {"bad bytes",              "\xFF",                       1},
    {"an emoji",               "\U0001F600",                 2},
    {"a joined emoji",         "\U0001F468\u200D\U0001F469", 4},
    {"Hebrew",                 "\u05E9\u05DC\u05D5\u05DD",   4},
    {"Arabic with its vowels", "\u0645\u064F\u062D\u064E",   2},
};

static void is_so_wide(const struct width_case *row)
{
    assert_int_equal(output_width(row->text), row->width);
}

static void width_is_that_on_the_screen(void **state)
{
    (void)state;
    CASES(widths, is_so_wide);
}

static const struct number_case {
    const char *name;
    uint64_t value;
    const char *bytes;
    const char *period; /* of as many milliseconds */
} numbers[] = {
    {"nothing",  0,                   "0 B",      "0 ms"     },
    {"small",    999,                 "999 B",    "0.9 s"    },
    {"a minute", 60000,               "58.5 KiB", "1 min"    },
    {"an hour",  3700000,             "3.5 MiB",  "1 h 1 min"},
    {"two days", UINT64_C(176400000), "168 MiB",  "2 d 1 h"  },
};

static void is_for_people(const struct number_case *row)
{
    char out[32];
    assert_string_equal(output_bytes(row->value, out), row->bytes);
    assert_string_equal(output_period(row->value, out), row->period);
}

static void numbers_are_for_people(void **state)
{
    (void)state;
    CASES(numbers, is_for_people);
}

static const struct bar_case {
    const char *name;
    uint64_t done;
    uint64_t total;
    const char *want;
} bars[] = {
    {"nothing to do", 0,  0,   "[..........]"},
    {"the beginning", 0,  7,   "[..........]"},
    {"half",          5,  10,  "[#####.....]"},
    {"not yet all",   99, 100, "[#########.]"},
    {"all",           7,  7,   "[##########]"},
    {"more than all", 9,  7,   "[##########]"},
};

static void is_drawn(const struct bar_case *row)
{
    char out[64];
    assert_string_equal(progress_bar(row->done, row->total, 12, out), row->want);
}

static void bars_are_drawn(void **state)
{
    (void)state;
    CASES(bars, is_drawn);
}

static void there_is_no_progress_on_a_pipe(void **state)
{
    (void)state;
    FILE *stream = fopen("/dev/null", "w");
    assert_non_null(stream);
    assert_null(progress_new(stream));
    progress_clear(NULL);
    progress_free(NULL);
    assert_int_equal(fclose(stream), 0);
}

int main(void)
{
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        TABLE_TEST(rows_are_written_in_each_format),
        TABLE_TEST(a_number_beyond_all_is_json_too),
        TABLE_TEST(a_table_beyond_its_sample_goes_on),
        TABLE_TEST(cells_keep_their_columns),
        TABLE_TEST(width_is_that_on_the_screen),
        TABLE_TEST(numbers_are_for_people),
        TABLE_TEST(bars_are_drawn),
        TABLE_TEST(there_is_no_progress_on_a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
