/* agent/net/web_address.h: addresses as people paste them. */
#include <stdio.h>
#include <string.h>

#include "agent/net/web_address.h"
#include "tests/support/table.h"

#define HOST "https://contoso.sharepoint.com"
#define MY   "https://contoso-my.sharepoint.com"

static const struct parse_case {
    const char *name;
    const char *url;
    const char *site; /* NULL: a matter of the service */
    const char *path;
} parse_cases[] = {
    {"a site",                  HOST "/sites/team",                                        "/sites/contoso.sharepoint.com:/sites/team:",                  ""                                  },
    {"a site's front page",     HOST "/sites/team/SitePages/Home.aspx",
     "/sites/contoso.sharepoint.com:/sites/team:",                                                                                                        ""                                  },
    {"a library",               HOST "/sites/team/Shared%20Documents",
     "/sites/contoso.sharepoint.com:/sites/team:",                                                                                                        "/sites/team/Shared Documents"      },
    {"a library's page",        HOST "/sites/team/Shared%20Documents/Forms/AllItems.aspx",
     "/sites/contoso.sharepoint.com:/sites/team:",                                                                                                        "/sites/team/Shared Documents"      },
    {"a folder by its id",
     HOST
     "/sites/team/Shared%20Documents/Forms/AllItems.aspx?viewid=1&id=%2Fsites%2Fteam%2F"
     "Shared%20Documents%2FA%20%26%20B",                                                   "/sites/contoso.sharepoint.com:/sites/team:",                  "/sites/team/Shared Documents/A & B"},
    {"a folder by RootFolder",
     HOST "/sites/team/Docs/Forms/AllItems.aspx?RootFolder=/sites/team/Docs/x",
     "/sites/contoso.sharepoint.com:/sites/team:",                                                                                                        "/sites/team/Docs/x"                },
    {"a folder as a path",      HOST "/teams/t%20t/Docs/a/b/",
     "/sites/contoso.sharepoint.com:/teams/t%20t:",                                                                                                       "/teams/t t/Docs/a/b"               },
    {"a direct link",           HOST "/:f:/r/sites/team/Docs/a?csf=1&web=1",
     "/sites/contoso.sharepoint.com:/sites/team:",                                                                                                        "/sites/team/Docs/a"                },
    {"the own OneDrive",        MY "/personal/ana_contoso_com/_layouts/15/onedrive.aspx",
     "/sites/contoso-my.sharepoint.com:/personal/ana_contoso_com:",                                                                                       ""                                  },
    {"a folder of it",
     MY "/personal/ana_contoso_com/_layouts/15/"
        "onedrive.aspx?id=%2Fpersonal%2Fana_contoso_com%2F"
        "Documents%2FPhotos",                                                              "/sites/contoso-my.sharepoint.com:/personal/ana_contoso_com:",
     "/personal/ana_contoso_com/Documents/Photos"                                                                                                                                             },
    {"an id of something else", HOST "/sites/team/Docs?id=7",
     "/sites/contoso.sharepoint.com:/sites/team:",                                                                                                        "/sites/team/Docs"                  },
    {"the root site",           HOST "/Shared%20Documents/x",                              "/sites/contoso.sharepoint.com",
     "/Shared Documents/x"                                                                                                                                                                    },
    {"the root site itself",    HOST,                                                      "/sites/contoso.sharepoint.com",                               ""                                  },
    {"no name of a site",       HOST "/sites/",                                            "/sites/contoso.sharepoint.com",                               "/sites"                            },
    {"a sharing link",          HOST "/:f:/s/team/EabcDEF?e=x",                            NULL,                                                          ""                                  },
    {"a personal link",         "https://1drv.ms/f/s!AbC",                                 NULL,                                                          ""                                  },
    {"a personal page",         "https://onedrive.live.com/?id=A%21101&cid=B",             NULL,                                                          ""                                  },
    {"another host",            "https://files.example/x",                                 NULL,                                                          ""                                  },
};

static void is_read(const struct parse_case *row)
{
    struct web_address address;
    assert_true(web_address_parse(row->url, &address));
    assert_int_equal(address.is_share, row->site == NULL);
    assert_string_equal(address.site, row->site == NULL ? "" : row->site);
    assert_string_equal(address.path, row->path);
}

static void addresses(void **state)
{
    (void)state;
    CASES(parse_cases, is_read);
}

static const struct refuse_case {
    const char *name;
    const char *url;
} refuse_cases[] = {
    {"no address",       "me"                                       },
    {"plain http",       "http://contoso.sharepoint.com/sites/team" },
    {"a password in it", "https://a:b@contoso.sharepoint.com/sites/"},
    {"a bad escape",     "https://contoso.sharepoint.com/sites/%2"  },
    {"a site of dots",   "https://contoso.sharepoint.com/sites/.."  },
};

static void is_refused(const struct refuse_case *row)
{
    struct web_address address;
    assert_false(web_address_parse(row->url, &address));
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    CASES(refuse_cases, is_refused);
}

static void a_long_address_is_refused(void **state)
{
    (void)state;
    char url[2 * WEB_ADDRESS_PATH];
    struct web_address address;
    memset(url, 'x', sizeof url - 1);
    url[sizeof url - 1] = 0;
    memcpy(url, HOST "/sites/", strlen(HOST "/sites/"));
    assert_false(web_address_parse(url, &address));
    url[strlen(HOST) + WEB_ADDRESS_SITE] = 0;
    assert_false(web_address_parse(url, &address));
}

static const struct below_case {
    const char *name;
    const char *drive_url;
    const char *want; /* NULL: not below */
} below_cases[] = {
    {"its drive",            HOST "/sites/team/Shared%20Documents",       "A/b"},
    {"in another case",      HOST "/sites/Team/shared%20documents/",      "A/b"},
    {"itself",               HOST "/sites/team/Shared%20Documents/A/b",   ""   },
    {"another library",      HOST "/sites/team/Shared",                   NULL },
    {"a library below",      HOST "/sites/team/Shared%20Documents/A/b/c", NULL },
    {"another host",         MY "/sites/team/Shared%20Documents",         NULL },
    {"a drive with no path", HOST,                                        NULL },
    {"no address",           "",                                          NULL },
};

static void is_below(const struct below_case *row)
{
    struct web_address address;
    char folder[64];
    assert_true(web_address_parse(HOST "/sites/team/Shared%20Documents/A/b", &address));
    assert_int_equal(web_address_below(&address, row->drive_url, folder, sizeof folder),
                     row->want != NULL);
    if (row->want != NULL)
        assert_string_equal(folder, row->want);
    if (row->want != NULL && row->want[0] != 0)
        assert_false(web_address_below(&address, row->drive_url, folder, 2));
}

static void drives_hold_addresses(void **state)
{
    (void)state;
    CASES(below_cases, is_below);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(addresses),
        TABLE_TEST(what_is_no_address_is_refused),
        TABLE_TEST(a_long_address_is_refused),
        TABLE_TEST(drives_hold_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
