#include <stdio.h>
#include <string.h>

#include "protocol/graph_page.h"
#include "protocol/graph_reply.h"
#include "tests/support/table.h"

#define BODY(text) (const uint8_t *)(text), strlen(text)

static const struct error_case {
    const char *name;
    const char *body;
    enum graph_error_code code;
    const char *text;
} errors[] = {
    {"plain",                                                   "{\"error\":{\"code\":\"itemNotFound\"}}", GRAPH_ERROR_ITEM_NOT_FOUND,
     "itemNotFound"                                                                                                                                                    },
    {"case does not count",                                     "{\"error\":{\"code\":\"ItemNOTfound\"}}",
     GRAPH_ERROR_ITEM_NOT_FOUND,                                                                                                       "ItemNOTfound"                  },
    {"the most specific known code wins",
     "{\"error\":{\"code\":\"resyncRequired\",\"innerError\":{\"code\":"
     "\"resyncChangesUploadDifferences\"}}}",                                                              GRAPH_ERROR_RESYNC_UPLOAD,  "resyncChangesUploadDifferences"},
    {"the other spelling of the inner error",
     "{\"error\":{\"code\":\"x\",\"innererror\":{\"code\":\"malwareDetected\"}}}",                         GRAPH_ERROR_MALWARE,        "malwareDetected"               },
    {"an unknown inner code does not hide a known one (F-123)",
     "{\"error\":{\"code\":\"accessDenied\",\"innerError\":{\"code\":\"brandNew\"}}}",                     GRAPH_ERROR_ACCESS_DENIED,  "accessDenied"                  },
    {"an unknown code is shown (F-123)",                        "{\"error\":{\"code\":\"brandNew\"}}",
     GRAPH_ERROR_OTHER,                                                                                                                "brandNew"                      },
    {"no code",                                                 "{\"error\":{}}",                          GRAPH_ERROR_OTHER,          ""                              },
    {"not JSON (F-122)",                                        "<html>",                                  GRAPH_ERROR_OTHER,          ""                              },
    {"nothing",                                                 "",                                        GRAPH_ERROR_OTHER,          ""                              },
    {"an array",                                                "[]",                                      GRAPH_ERROR_OTHER,          ""                              },
    {"a code with a DEL is made harmless (F-47)",               "{\"error\":{\"code\":\"a\\u007fb\"}}",
     GRAPH_ERROR_OTHER,                                                                                                                "a b"                           },
    {"a code with an escape sequence is made harmless (F-47)",
     "{\"error\":{\"code\":\"a\\u001b[2Jb\"}}",                                                            GRAPH_ERROR_OTHER,          "a [2Jb"                        },
};

static void reads_one_error(const struct error_case *row)
{
    struct graph_error error;
    graph_error_parse(BODY(row->body), &error);
    assert_int_equal(error.code, row->code);
    assert_string_equal(error.code_text, row->text);
}

static void errors_are_read_at_every_level(void **state)
{
    (void)state;
    CASES(errors, reads_one_error);
}

static void an_endless_chain_of_inner_errors_ends(void **state)
{
    (void)state;
    char body[4096] = "{\"error\":";
    for (int i = 0; i < 40; i++)
        strcat(body, "{\"innerError\":");
    strcat(body, "{}");
    for (int i = 0; i < 41; i++)
        strcat(body, "}");
    struct graph_error error;
    graph_error_parse(BODY(body), &error);
    assert_int_equal(error.code, GRAPH_ERROR_OTHER);
}

static void an_error_names_the_request_and_its_first_message(void **state)
{
    (void)state;
    struct graph_error error;
    graph_error_parse(BODY("{\"error\":{\"message\":\"outer\",\"innerError\":{\"message\":"
                           "\"inner\",\"request-id\":\"r-1\"}}}"),
                      &error);
    assert_string_equal(error.message, "outer");
    assert_string_equal(error.request_id, "r-1");
}

static void an_error_of_more_than_4_kib_is_not_looked_at(void **state)
{
    (void)state;
    char body[4200];
    int size =
        snprintf(body, sizeof body, "{\"error\":{\"code\":\"itemNotFound\"}}%*s",
                 (int)(4096 - strlen("{\"error\":{\"code\":\"itemNotFound\"}}")), "");
    struct graph_error error;
    graph_error_parse((const uint8_t *)body, (size_t)size, &error);
    assert_int_equal(error.code, GRAPH_ERROR_ITEM_NOT_FOUND);
    body[size] = ' ';
    graph_error_parse((const uint8_t *)body, (size_t)size + 1, &error);
    assert_int_equal(error.code, GRAPH_ERROR_OTHER);
}

static void a_subscription_needs_only_its_address(void **state)
{
    (void)state;
    struct graph_subscription found;
    assert_true(graph_subscription_parse(
        BODY("{\"notificationUrl\":\"https://x.svc.ms/n?t=1\",\"expirationDateTime\":"
             "\"1970-01-01T00:00:02.1234567Z\",\"resource\":null}"),
        &found));
    assert_string_equal(found.url, "https://x.svc.ms/n?t=1");
    assert_int_equal(found.expires_ms, 2123);
    assert_true(graph_subscription_parse(BODY("{\"notificationUrl\":\"u\"}"), &found));
    assert_true(found.expires_ms == GRAPH_UNKNOWN);
    assert_false(graph_subscription_parse(BODY("{}"), &found));
    assert_false(graph_subscription_parse(BODY("{\"notificationUrl\":7}"), &found));
    assert_false(graph_subscription_parse(BODY("<html>"), &found));
}

static const struct drive_case {
    const char *name;
    const char *id;
    const char *want;
} drives[] = {
    {"a business id stays",                 "b!WSWl_x-Y",        "b!WSWl_x-Y"       },
    {"a personal id is padded",             "24470056F5C3E43",   "024470056f5c3e43" },
    {"a personal id is in lower case",      "024470056F5C3E43",  "024470056f5c3e43" },
    {"no digit at all stays",               "x",                 "x"                },
    {"seventeen digits are no personal id", "024470056F5C3E430", "024470056F5C3E430"},
};

static void reads_one_drive(const struct drive_case *row)
{
    char body[256];
    (void)snprintf(body, sizeof body,
                   "{\"id\":\"%s\",\"driveType\":\"personal\",\"owner\":{\"user\":{"
                   "\"displayName\":\"Ana\"}},\"quota\":{\"used\":7}}",
                   row->id);
    struct graph_drive_info info;
    assert_true(graph_drive_info_parse(BODY(body), &info));
    assert_string_equal(info.id, row->want);
    assert_string_equal(info.owner, "Ana");
    assert_string_equal(info.type, "personal");
    assert_int_equal(info.used, 7);
}

static void drive_ids_are_normalised(void **state)
{
    (void)state;
    CASES(drives, reads_one_drive);
    struct graph_drive_info info;
    assert_true(graph_drive_info_parse(
        BODY("{\"id\":\"g\",\"owner\":{\"group\":{\"displayName\":\"Team\"}}}"), &info));
    assert_string_equal(info.owner, "Team");
    assert_false(graph_drive_info_parse(BODY("{\"name\":\"x\"}"), &info));
}

static void ids_name_the_same_drive(void **state)
{
    (void)state;
    char long_id[600];
    memset(long_id, 'x', sizeof long_id);
    long_id[sizeof long_id - 1] = 0;
    assert_true(graph_same_drive("24470056F5c3e43", "024470056f5c3e43"));
    assert_true(graph_same_drive("b!aB", "b!aB"));
    assert_true(graph_same_drive(long_id, long_id));
    assert_false(graph_same_drive("b!aB", "b!ab"));
    assert_false(graph_same_drive("24470056F5c3e43", "24470056f5c3e44"));
    assert_false(graph_same_drive(long_id, "x"));
}

static void remember_name(void *user, const struct graph_named *named)
{
    char *names = user;
    strcat(names, named->name);
    strcat(names, ";");
}

static void lists_give_their_usable_entries(void **state)
{
    (void)state;
    char names[256] = "";
    char next[64] = "?";
    assert_true(graph_named_parse(
        BODY("{\"value\":[{\"id\":\"1\",\"name\":\"n\"},{\"name\":\"no id\"},7,"
             "{\"id\":\"2\",\"name\":\"n\",\"displayName\":\"d\"}],"
             "\"@odata.nextLink\":\"https://g/n\"}"),
        next, sizeof next, remember_name, names));
    assert_string_equal(names, "n;d;");
    assert_string_equal(next, "https://g/n");
    assert_true(graph_named_parse(
        BODY("{\"value\":[{\"id\":\"3\",\"name\":\"t\",\"driveType\":\"personal\"}]}"),
        next, sizeof next, remember_name, names));
    assert_string_equal(next, "");
    assert_true(
        graph_named_parse(BODY("{\"value\":[]}"), next, sizeof next, remember_name, names));
    assert_false(graph_named_parse(BODY("{}"), next, sizeof next, remember_name, names));
}

static const struct time_case {
    const char *name;
    const char *text;
    int64_t want;
} times[] = {
    {"the epoch",                        "1970-01-01T00:00:00Z",            0            },
    {"two digits of a second",           "1970-01-01T00:00:00.67Z",         670          },
    {"seven digits",                     "2026-10-01T12:00:00.1234567Z",    1790856000123},
    {"an offset",                        "1970-01-01T02:00:00+02:00",       0            },
    {"a negative offset",                "1969-12-31T23:00:00-01:00",       0            },
    {"a leap day",                       "2024-02-29T00:00:00Z",            1709164800000},
    {"a leap second counts as the next", "1970-01-01T00:00:60Z",            60000        },
    {"no leap day",                      "2023-02-29T00:00:00Z",            GRAPH_UNKNOWN},
    {"year 1",                           "0001-01-01T00:00:00Z",            GRAPH_UNKNOWN},
    {"before 1970",                      "1969-12-31T23:59:59Z",            GRAPH_UNKNOWN},
    {"the last second",                  "2199-12-31T23:59:59Z",            7258118399000},
    {"2200",                             "2200-01-01T00:00:00Z",            GRAPH_UNKNOWN},
    {"year 9999",                        "9999-12-31T23:59:59Z",            GRAPH_UNKNOWN},
    {"no zone",                          "2026-01-01T00:00:00",             GRAPH_UNKNOWN},
    {"a dot without digits",             "2026-01-01T00:00:00.Z",           GRAPH_UNKNOWN},
    {"month 13",                         "2026-13-01T00:00:00Z",            GRAPH_UNKNOWN},
    {"hour 24",                          "2026-01-01T24:00:00Z",            GRAPH_UNKNOWN},
    {"a space",                          "2026-01-01 00:00:00Z",            GRAPH_UNKNOWN},
    {"something behind",                 "2026-01-01T00:00:00Zx",           GRAPH_UNKNOWN},
    {"nothing",                          "",                                GRAPH_UNKNOWN},
    {"absent",                           NULL,                              GRAPH_UNKNOWN},
    {"year 0",                           "0000-01-01T00:00:00Z",            GRAPH_UNKNOWN},
    {"a leap day of a century",          "2000-02-29T00:00:00Z",            951782400000 },
    {"no leap day in 2100",              "2100-02-29T00:00:00Z",            GRAPH_UNKNOWN},
    {"a letter in the year",             "2O26-01-01T00:00:00Z",            GRAPH_UNKNOWN},
    {"a sign in the year",               "-026-01-01T00:00:00Z",            GRAPH_UNKNOWN},
    {"no hyphen behind the year",        "2026/01-01T00:00:00Z",            GRAPH_UNKNOWN},
    {"a letter in the month",            "2026-0x-01T00:00:00Z",            GRAPH_UNKNOWN},
    {"no hyphen behind the month",       "2026-01/01T00:00:00Z",            GRAPH_UNKNOWN},
    {"a letter in the day",              "2026-01-0xT00:00:00Z",            GRAPH_UNKNOWN},
    {"month 0",                          "2026-00-01T00:00:00Z",            GRAPH_UNKNOWN},
    {"day 0",                            "2026-01-00T00:00:00Z",            GRAPH_UNKNOWN},
    {"a letter in the hour",             "2026-01-01Tx0:00:00Z",            GRAPH_UNKNOWN},
    {"no colon behind the hour",         "2026-01-01T00.00:00Z",            GRAPH_UNKNOWN},
    {"a letter in the minute",           "2026-01-01T00:x0:00Z",            GRAPH_UNKNOWN},
    {"no colon behind the minute",       "2026-01-01T00:00.00Z",            GRAPH_UNKNOWN},
    {"a letter in the second",           "2026-01-01T00:00:x0Z",            GRAPH_UNKNOWN},
    {"minute 60",                        "2026-01-01T00:60:00Z",            GRAPH_UNKNOWN},
    {"second 61",                        "2026-01-01T00:00:61Z",            GRAPH_UNKNOWN},
    {"ten digits of a second",           "1970-01-01T00:00:00.1234567890Z", GRAPH_UNKNOWN},
    {"a letter in the fraction",         "1970-01-01T00:00:00.1xZ",         GRAPH_UNKNOWN},
    {"a sign in the fraction",           "1970-01-01T00:00:00.1+Z",         GRAPH_UNKNOWN},
    {"an offset without minutes",        "2026-01-01T00:00:00+02",          GRAPH_UNKNOWN},
    {"an offset of letters",             "2026-01-01T00:00:00+xx:00",       GRAPH_UNKNOWN},
    {"an offset of half letters",        "2026-01-01T00:00:00+02:xx",       GRAPH_UNKNOWN},
    {"an offset beyond all zones",       "2026-01-01T00:00:00+15:00",       GRAPH_UNKNOWN},
    {"an offset of 60 minutes",          "2026-01-01T00:00:00+02:60",       GRAPH_UNKNOWN},
};

static void reads_one_time(const struct time_case *row)
{
    assert_true(graph_time_parse(row->text) == row->want);
}

static void times_are_read_strictly(void **state) /* F-145 */
{
    (void)state;
    CASES(times, reads_one_time);
}

#define IN(path) "\"parentReference\":{\"driveId\":\"b!x\",\"path\":\"" path "\"}"

static const struct place_case {
    const char *name;
    const char *body;
    const char *path; /* NULL: refused */
    bool is_folder;
    int64_t children;
    int64_t size;
} places[] = {
    {"a folder",
     "{\"name\":\"c\",\"size\":7,\"folder\":{\"childCount\":3}," IN(
         "/drives/b!x/root:/a%20b") "}",
     "a b/c",                                                                                             true,  3,             7            },
    {"at the top",             "{\"name\":\"c 1\",\"folder\":{}," IN("/drive/root:") "}",          "c 1", true,
     GRAPH_UNKNOWN,                                                                                                             GRAPH_UNKNOWN},
    {"a file",                 "{\"name\":\"c\",\"size\":0,\"file\":{}," IN("/drive/root:/a") "}", "a/c",
     false,                                                                                                      GRAPH_UNKNOWN, 0            },
    {"the root",
     "{\"name\":\"root\",\"root\":{},\"folder\":{\"childCount\":0},\"parentReference\":{"
     "\"driveId\":\"b!x\"}}",                                                                      "",    true,  0,             GRAPH_UNKNOWN},
    {"no drive",               "{\"name\":\"c\",\"parentReference\":{\"path\":\"/drive/root:\"}}", NULL,
     false,                                                                                                      0,             0            },
    {"no path",                "{\"name\":\"c\",\"parentReference\":{\"driveId\":\"b!x\"}}",       NULL,  false,
     0,                                                                                                                         0            },
    {"no name",                "{" IN("/drive/root:") "}",                                         NULL,  false, 0,             0            },
    {"an empty name",          "{\"name\":\"\"," IN("/drive/root:") "}",                           NULL,  false, 0,             0            },
    {"a path of another kind", "{\"name\":\"c\"," IN("/a/b") "}",                                  NULL,  false, 0,             0            },
    {"a bad escape",           "{\"name\":\"c\"," IN("/drive/root:/%2") "}",                       NULL,  false, 0,             0            },
    {"no object",              "[]",                                                               NULL,  false, 0,             0            },
};

static void reads_a_place(const struct place_case *row)
{
    struct graph_place place;
    assert_int_equal(graph_place_parse(BODY(row->body), &place), row->path != NULL);
    if (row->path == NULL)
        return;
    assert_string_equal(place.drive_id, "b!x");
    assert_string_equal(place.path, row->path);
    assert_int_equal(place.is_folder, row->is_folder);
    assert_int_equal(place.children, row->children);
    assert_int_equal(place.size, row->size);
}

static void a_place_has_its_drive_and_path(void **state)
{
    (void)state;
    CASES(places, reads_a_place);
}

static void a_place_too_deep_is_refused(void **state)
{
    (void)state;
    char name[2040];
    char body[4096];
    struct graph_place place;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    (void)snprintf(body, sizeof body, "{\"name\":\"%s\"," IN("/drive/root:/abcdefgh") "}",
                   name);
    assert_false(graph_place_parse(BODY(body), &place));
}

static void remember_type(void *user, const struct graph_named *named)
{
    char *types = user;
    strcat(types, named->type);
    strcat(types, ";");
}

static void shared_folders_are_told_from_files(void **state)
{
    (void)state;
    char next[64];
    char types[64] = "";
    assert_true(graph_named_parse(
        BODY("{\"value\":[{\"id\":\"1\",\"remoteItem\":{\"folder\":{}}},"
             "{\"id\":\"2\",\"folder\":{}},{\"id\":\"3\",\"remoteItem\":{\"file\":{}}}]}"),
        next, sizeof next, remember_type, types));
    assert_string_equal(types, "folder;folder;;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(errors_are_read_at_every_level),
        TABLE_TEST(an_endless_chain_of_inner_errors_ends),
        TABLE_TEST(an_error_names_the_request_and_its_first_message),
        TABLE_TEST(an_error_of_more_than_4_kib_is_not_looked_at),
        TABLE_TEST(a_subscription_needs_only_its_address),
        TABLE_TEST(drive_ids_are_normalised),
        TABLE_TEST(ids_name_the_same_drive),
        TABLE_TEST(lists_give_their_usable_entries),
        TABLE_TEST(times_are_read_strictly),
        TABLE_TEST(a_place_has_its_drive_and_path),
        TABLE_TEST(a_place_too_deep_is_refused),
        TABLE_TEST(shared_folders_are_told_from_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
