#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/log_text.h"
#include "tests/support/table.h"

static const struct text_case {
    const char *name;
    const char *text;
    const char *want;
} escapes[] = {
    {"plain text stays",            "a/b c.txt",          "a/b c.txt"           },
    {"letters of the world stay",   "Übung 試験 🙂", "Übung 試験 🙂"  },
    {"a newline",                   "a\nb",               "a\\x0Ab"             },
    {"escape and bell",             "\033[31m\a",         "\\x1B[31m\\x07"      },
    {"delete",                      "\x7F",               "\\x7F"               },
    {"a right-to-left override",
     "a\xE2\x80\xAE"
     "b",                                                 "a\\u{202E}b"         },
    {"a C1 control",                "\xC2\x9B",           "\\u{009B}"           },
    {"a blank of no width",         "\xE2\x80\x8B",       "\\u{200B}"           },
    {"a joiner stays",              "\xE2\x80\x8D",       "\xE2\x80\x8D"        },
    {"a line separator",            "\xE2\x80\xA8",       "\\u{2028}"           },
    {"not UTF-8",                   "a\xFF\xFE",          "a\\xFF\\xFE"         },
    {"an overlong slash",           "\xC0\xAF",           "\\xC0\\xAF"          },
    {"a surrogate",                 "\xED\xA0\x80",       "\\xED\\xA0\\x80"     },
    {"a character that is cut off", "a\xE2\x80",          "a\\xE2\\x80"         },
    {"beyond Unicode",              "\xF4\x90\x80\x80",   "\\xF4\\x90\\x80\\x80"},
};

static void is_escaped(const struct text_case *row)
{
    char out[128];
    assert_string_equal(log_escape(row->text, out, sizeof out), row->want);
    char twice[256];
    assert_string_equal(log_escape(out, twice, sizeof twice), row->want);
}

static void names_are_shown_without_control_characters(void **state) /* F-47, F-152 */
{
    (void)state;
    CASES(escapes, is_escaped);
}

static void every_size_is_cut_at_a_character(void **state)
{
    (void)state;
    static const char text[] = "añ\n🙂z";
    for (size_t size = 1; size < 32; size++) {
        char out[64];
        char again[128];
        memset(out, 'X', sizeof out);
        (void)log_escape(text, out, size);
        assert_true(strlen(out) < size);
        assert_string_equal(log_escape(out, again, sizeof again), out);
    }
    char out[8];
    assert_string_equal(log_escape("abcdefghij", out, sizeof out), "abcd…");
}

static const struct text_case secrets[] = {
    {"nothing secret",            "asked https://graph.microsoft.com/v1.0/me for it",
     "asked https://graph.microsoft.com/v1.0/me for it"                                                                       },
    {"the query of a URL",        "get https://x.example/a?tempauth=SECRET&b=1 failed",
     "get https://x.example/a?…redacted… failed"                                                                          },
    {"a query without a key",     "wss://push.example/cb?SECRET.",
     "wss://push.example/cb?…redacted…"                                                                                   },
    {"a fragment",                "https://x.example/#SECRET",                           "https://x.example/#…redacted…"  },
    {"user info",                 "proxy http://me:SECRET@proxy:8080/",
     "proxy http://…redacted…@proxy:8080/"                                                                                },
    {"a query without its host",  "GET /delta?token=SECRET",                             "GET /delta?…redacted…"          },
    {"a question stays one",      "really? yes",                                         "really? yes"                        },
    {"a bearer token",            "Authorization: Bearer SECRETSECRETSECRET",
     "Authorization: …redacted…"                                                                                          },
    {"a bearer alone",            "sent bearer SECRETSECRETSECRET to it",
     "sent bearer …redacted… to it"                                                                                       },
    {"a bearer in a sentence",    "the bearer token is old",                             "the bearer token is old"            },
    {"a form",                    "body grant_type=x&refresh_token=SECRET&code=SECRET2",
     "body grant_type=x&refresh_token=…redacted…"                                                                         },
    {"JSON",                      "{\"access_token\":\"SECRET\",\"expires_in\":3600}",
     "{\"access_token\":\"…redacted…\",\"expires_in\":3600}"                                                              },
    {"JSON with a blank",         "\"device_code\": \"SECRET\"",                         "\"device_code\": \"…redacted…\""},
    {"an error code is none",     "ended with code: 5",                                  "ended with code: 5"                 },
    {"a word that holds a field", "barcode=7",                                           "barcode=7"                          },
    {"a signed token",            "got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln here",
     "got …redacted… here"                                                                                                },
};

static const struct text_case jsons[] = {
    {"plain",       "abc",     "\"abc\""        },
    {"quotes",      "a\"b\\c", "\"a\\\"b\\\\c\""},
    {"a control",   "a\nb",    "\"a\\u000ab\""  },
    {"not UTF-8",   "a\xFF",   "\"a\\ufffd\""   },
    {"UTF-8 stays", "é",      "\"é\""         },
};

static void is_quoted(const struct text_case *row)
{
    char out[64];
    assert_string_equal(log_json_text(row->text, out, sizeof out), row->want);
}

static void texts_become_json(void **state)
{
    (void)state;
    CASES(jsons, is_quoted);
}

/* Standard error of the log while `body` runs. */
static const char *captured(void (*body)(void), char *out, size_t size)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    int saved = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    body();
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    ssize_t length = read(ends[0], out, size - 1);
    out[length > 0 ? length : 0] = '\0';
    (void)close(saved);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return out;
}

static const char *said; /* by the next write_said() */

static void write_said(void)
{
    log_line(LOG_LEVEL_ERROR, 0, NULL, "%s", said);
}

static void loses_its_secret(const struct text_case *row)
{
    char out[256];
    assert_string_equal(log_redact(row->text, out, sizeof out), row->want);
    /* And none comes out that did not pass there. */
    char wanted[256];
    said = row->text;
    log_open(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    (void)snprintf(wanted, sizeof wanted, "error %s\n", row->want);
    assert_string_equal(captured(write_said, out, sizeof out), wanted);
}

static void no_secret_passes_the_writer(void **state) /* F-168 */
{
    (void)state;
    CASES(secrets, loses_its_secret);
}

static void write_one(void)
{
    log_line(LOG_LEVEL_WARNING, 26, "docs", "kept yours: %s", "a\nb");
    log_line(LOG_LEVEL_INFO, 0, NULL, "not shown");
}

static void a_line_has_level_number_and_mirror(void **state)
{
    (void)state;
    char out[4096];
    log_open(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
    assert_string_equal(captured(write_one, out, sizeof out),
                        "warning F-26 docs: kept yours: a\\x0Ab\n");
}

static void json_lines_say_the_same(void **state)
{
    (void)state;
    char out[4096];
    log_open(LOG_LEVEL_WARNING, LOG_FORMAT_JSON);
    (void)captured(write_one, out, sizeof out);
    assert_non_null(strstr(out, "\"level\":\"warning\",\"number\":26,\"mirror\":\"docs\""));
    assert_non_null(strstr(out, "\"text\":\"kept yours: a\\\\x0Ab\"}\n"));
}

static void write_flood(void)
{
    for (int i = 0; i < 1000; i++)
        log_line(LOG_LEVEL_WARNING, 0, NULL, "flood %d", i);
    log_line(LOG_LEVEL_WARNING, 0, NULL, "another kind");
}

static void a_flood_of_one_kind_leaves_room_for_others(void **state) /* F-169 */
{
    (void)state;
    char out[32768];
    log_open(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    (void)captured(write_flood, out, sizeof out);
    size_t lines = 0;
    for (const char *at = out; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_in_range(lines, 2, 50);
    assert_non_null(strstr(out, "another kind"));
}

static void write_failures(void)
{
    struct failure failure = {0};
    log_failure(NULL, &failure);
    (void)failure_set(&failure, FAILURE_CANCELLED, 0, "ended");
    log_failure(NULL, &failure);
    (void)failure_set(&failure, FAILURE_GUARD, 90, "many deletions");
    log_failure("docs", &failure);
}

static void failures_are_logged_by_their_class(void **state)
{
    (void)state;
    char out[4096];
    log_open(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    assert_string_equal(captured(write_failures, out, sizeof out),
                        "error F-90 docs: many deletions\n");
}

static void write_into_nothing(void)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int saved = dup(STDERR_FILENO);
    (void)dup2(full, STDERR_FILENO);
    log_line(LOG_LEVEL_ERROR, 0, NULL, "lost");
    (void)dup2(saved, STDERR_FILENO);
    (void)close(full);
    (void)close(saved);
    log_line(LOG_LEVEL_ERROR, 0, NULL, "there again");
}

static void lost_lines_are_counted(void **state) /* F-167 */
{
    (void)state;
    char out[4096];
    log_open(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    assert_string_equal(captured(write_into_nothing, out, sizeof out),
                        "warning F-167 1 line of the log was lost\nerror there again\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(names_are_shown_without_control_characters),
        TABLE_TEST(every_size_is_cut_at_a_character),
        TABLE_TEST(no_secret_passes_the_writer),
        TABLE_TEST(texts_become_json),
        TABLE_TEST(a_line_has_level_number_and_mirror),
        TABLE_TEST(json_lines_say_the_same),
        TABLE_TEST(a_flood_of_one_kind_leaves_room_for_others),
        TABLE_TEST(failures_are_logged_by_their_class),
        TABLE_TEST(lost_lines_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
