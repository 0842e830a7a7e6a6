/* The pure parts of sign-in: auth_scopes(), allow.h, loopback_query_value(); F-147. */
#include <string.h>

#include "agent/net/allow.h"
#include "agent/net/auth.h"
#include "agent/net/login_request.h"
#include "agent/net/loopback.h"
#include "tests/support/table.h"

static char graph_global[] = "https://graph.microsoft.com/v1.0";
static char graph_gov[] = "https://graph.microsoft.us/v1.0";
static char graph_sandbox[] = "https://localhost:8443/v1.0";
static char drive_me[] = "me";
static char drive_id[] = "drive:b!x";
static char drive_group[] = "group:02bd";

static const struct scope_case {
    const char *name;
    char *graph_url;
    bool known;
    bool read_write;
    bool all_drives;
    char *drive; /* of the one mirror; NULL: none configured */
    const char *want;
} scope_cases[] = {
    {"the least",            graph_global,  true,  false, false, NULL,        "Files.Read offline_access"},
    {"the own drive",        graph_global,  true,  false, false, drive_me,
     "Files.Read offline_access"                                                                         },
    {"another drive",        graph_global,  true,  false, false, drive_id,
     "Files.Read Files.Read.All offline_access"                                                          },
    {"a group's drive",      graph_global,  true,  false, false, drive_group,
     "Files.Read Files.Read.All Sites.Read.All offline_access"                                           },
    {"all drives, to write", graph_global,  true,  true,  true,  drive_me,
     "Files.ReadWrite Files.ReadWrite.All Sites.ReadWrite.All offline_access"                            },
    {"a national cloud",     graph_gov,     true,  false, false, drive_me,
     "https://graph.microsoft.us/Files.Read offline_access"                                              },
    {"a sandbox",            graph_sandbox, false, false, false, drive_me,
     "Files.Read offline_access"                                                                         },
};

static struct config make_config(char *graph_url, bool known)
{
    return (struct config){.graph_url = graph_url, .known_cloud = known};
}

static void asks_for_scopes(const struct scope_case *row)
{
    char scopes[256];
    struct config config = make_config(row->graph_url, row->known);
    struct config_mirror mirror = {.drive = row->drive};
    config.read_write = row->read_write;
    config.mirrors = &mirror;
    config.mirror_count = row->drive == NULL ? 0 : 1;
    assert_true(auth_scopes(&config, row->all_drives, scopes, sizeof scopes));
    assert_string_equal(scopes, row->want);
    assert_false(auth_scopes(&config, row->all_drives, scopes, strlen(row->want)));
}

static const struct allow_case {
    const char *name;
    char *graph_url;
    bool known;
    const char *url;
    bool content;
    bool channel;
} allow_cases[] = {
    {"SharePoint",                   graph_global,  true,  "https://x-my.sharepoint.com/a?b",           true,  false},
    {"push",                         graph_global,  true,  "https://w1.pushp.svc.ms/notifications?t=1", true,  true },
    {"push as wss",                  graph_global,  true,  "wss://w1.pushp.svc.ms/notifications",       false, true },
    {"a neighbour",                  graph_global,  true,  "https://evilsharepoint.com/",               false, false},
    {"plain",                        graph_global,  true,  "http://x.sharepoint.com/",                  false, false},
    {"an extra host",                graph_global,  true,  "https://a.extra.example/",                  true,  true },
    {"Graph itself",                 graph_global,  true,  "https://graph.microsoft.com/x",             false, false},
    {"loopback",                     graph_global,  true,  "https://127.0.0.1:4444/",                   false, false},
    {"loopback of a sandbox",        graph_sandbox, false, "https://127.0.0.1:4444/",                   true,  true },
    {"a sandbox does not reach out", graph_sandbox, false, "https://example.com/",                      false,
     false                                                                                                          },
};

static bool passes(const char *text, const struct url_policy *policy)
{
    struct url url;
    return url_parse(text, &url) == URL_OK && url_check(&url, policy) == URL_OK;
}

static void allows(const struct allow_case *row)
{
    static char extra[] = "extra.example";
    char *extras[] = {extra, NULL};
    struct config config = make_config(row->graph_url, row->known);
    config.extra_hosts = (struct config_list){extras, 1};
    struct allow allow;
    assert_true(allow_init(&allow, &config));
    assert_int_equal(passes(row->url, &allow.content), row->content);
    assert_int_equal(passes(row->url, &allow.channel), row->channel);
    allow_clear(&allow);
}

static const struct query_case {
    const char *name;
    const char *query;
    const char *want; /* of "code"; NULL: absent */
} query_cases[] = {
    {"alone",                          "code=abc",               "abc"            },
    {"among others",                   "state=x&code=abc&z=1",   "abc"            },
    {"decoded",                        "code=a%2Bb+c%7e",        "a+b c~"         },
    {"empty",                          "code=",                  NULL             },
    {"another name that ends alike",   "barcode=abc",            NULL             },
    {"another name that begins alike", "codex=abc",              NULL             },
    {"absent",                         "",                       NULL             },
    {"a cut escape",                   "code=a%2",               NULL             },
    {"a bare percent sign at the end", "code=a%",                NULL             },
    {"a bad escape",                   "code=a%zz",              NULL             },
    {"a zero byte",                    "code=a%00b",             NULL             },
    {"too long",                       "code=12345678901234567", NULL             },
    {"just fits",                      "code=123456789012345",   "123456789012345"},
};

static void finds_values(const struct query_case *row)
{
    char out[16];
    bool found = loopback_query_value(row->query, "code", out, sizeof out) && out[0] != 0;
    assert_int_equal(found, row->want != NULL);
    if (found)
        assert_string_equal(out, row->want);
}

static void scopes(void **state)
{
    (void)state;
    CASES(scope_cases, asks_for_scopes);
}

static void allow_lists(void **state)
{
    (void)state;
    CASES(allow_cases, allows);
}

static void queries(void **state)
{
    (void)state;
    CASES(query_cases, finds_values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(scopes),
        TABLE_TEST(allow_lists),
        TABLE_TEST(queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
