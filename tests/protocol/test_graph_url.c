#include <string.h>

#include "protocol/graph_url.h"
#include "tests/support/table.h"

static const struct word_case {
    const char *name;
    const char *word;
    const char *drive; /* NULL: refused */
    const char *socketio;
} words[] = {
    {"me",                                               "me",                   "/me/drive",                     "/me/drive/root/subscriptions/socketIo"               },
    {"a drive by id",                                    "drive:b!x-Y",          "/drives/b!x-Y",
     "/drives/b!x-Y/root/subscriptions/socketIo"                                                                                                                        },
    {"a drive by its list",                              "drive-list:b!x",       "/drives/b!x",
     "/drives/b!x/list/subscriptions/socketIo"                                                                                                                          },
    {"a group",                                          "group:11-22",          "/groups/11-22/drive",
     "/groups/11-22/drive/root/subscriptions/socketIo"                                                                                                                  },
    {"a site's library",                                 "site:host,1,2/list:L", "/sites/host,1,2/lists/L/drive",
     "/sites/host,1,2/lists/L/drive/root/subscriptions/socketIo"                                                                                                        },
    {"an id with odd characters is one segment (F-146)", "drive:a b?c#d%",
     "/drives/a%20b%3Fc%23d%25",                                                                                  "/drives/a%20b%3Fc%23d%25/root/subscriptions/socketIo"},
    {"no word",                                          "",                     NULL,                            NULL                                                  },
    {"another word",                                     "mine",                 NULL,                            NULL                                                  },
    {"no id",                                            "drive:",               NULL,                            NULL                                                  },
    {"a slash in an id",                                 "group:a/b",            NULL,                            NULL                                                  },
    {"a site without a list",                            "site:a",               NULL,                            NULL                                                  },
    {"a site with an empty list",                        "site:a/list:",         NULL,                            NULL                                                  },
    {"a list without a site",                            "site:/list:b",         NULL,                            NULL                                                  },
    {"a list with a path",                               "site:a/list:b/c",      NULL,                            NULL                                                  },
};

static void makes_one_form(const struct word_case *row)
{
    struct graph_drive drive;
    char path[GRAPH_URL_SIZE];
    assert_int_equal(graph_drive_parse(row->word, &drive), row->drive != NULL);
    if (row->drive == NULL)
        return;
    assert_true(graph_url_drive(path, &drive));
    assert_string_equal(path, row->drive);
    assert_true(graph_url_socketio(path, &drive));
    assert_string_equal(path, row->socketio);
}

static void the_five_forms_give_drive_and_endpoint(void **state)
{
    (void)state;
    CASES(words, makes_one_form);
}

static void an_id_has_at_most_512_bytes(void **state)
{
    (void)state;
    struct graph_drive drive;
    char word[600] = "drive:";
    memset(word + 6, 'x', 512);
    assert_true(graph_drive_parse(word, &drive));
    word[6 + 512] = 'x';
    assert_false(graph_drive_parse(word, &drive));
}

static void a_path_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    char path[GRAPH_URL_SIZE];
    struct graph_drive drive = {.form = GRAPH_DRIVE_GROUP};
    assert_false(graph_url_drive(path, &drive));
    assert_false(graph_url_socketio(path, &drive));
    /* Each byte of this id takes three in the path. */
    drive.form = GRAPH_DRIVE_SITE_LIST;
    memset(drive.id, ' ', 512);
    memset(drive.list_id, ' ', 512);
    assert_true(graph_url_drive(path, &drive));
    assert_true(strlen(path) > 3072);
    char item[1400];
    memset(item, ' ', sizeof item - 1);
    item[sizeof item - 1] = 0;
    assert_false(graph_url_item(path, "d", item));
}

static void items_are_addressed_by_id(void **state)
{
    (void)state;
    char path[GRAPH_URL_SIZE];
    assert_true(graph_url_item(path, "d", "A!1"));
    assert_string_equal(path, "/drives/d/items/A!1");
    assert_true(graph_url_content(path, "d", "i/../j"));
    assert_string_equal(path, "/drives/d/items/i%2F..%2Fj/content");
    assert_false(graph_url_item(path, "d", ""));
    assert_false(graph_url_item(path, "..", "i"));
    assert_false(graph_url_item(path, "d", "."));
    assert_true(graph_url_item(path, ".d", "i."));
    assert_string_equal(path, "/drives/.d/items/i.");
}

static void folders_are_listed_by_id(void **state)
{
    (void)state;
    char path[GRAPH_URL_SIZE];
    assert_true(graph_url_root(path, "b!1"));
    assert_string_equal(path, "/drives/b!1/root");
    assert_false(graph_url_root(path, ""));
    assert_true(graph_url_children(path, "d", "i/../j"));
    assert_string_equal(path, "/drives/d/items/i%2F..%2Fj/children?$top=200");
    assert_false(graph_url_children(path, "d", ".."));
}

static void delta_asks_for_what_we_read(void **state)
{
    (void)state;
    char path[GRAPH_URL_SIZE];
    assert_true(graph_url_delta(path, "d", false));
    assert_string_equal(path, "/drives/d/root/delta");
    assert_true(graph_url_delta(path, "d", true));
    static const char *const properties[] = {
        "id",     "name", "deleted", "parentReference", "@microsoft.graph.downloadUrl",
        "malware"};
    for (size_t i = 0; i < COUNT_OF(properties); i++)
        assert_non_null(strstr(path, properties[i]));
}

#define PLACE "?$select=id,name,size,folder,root,parentReference"

static const struct place_case {
    const char *name;
    const char *drive_id;
    const char *path;
    const char *want; /* NULL: refused */
} place_cases[] = {
    {"the root",           "b!x", "",        "/drives/b!x/root" PLACE              },
    {"a folder",           "b!x", "A b/c#d", "/drives/b!x/root:/A%20b/c%23d:" PLACE},
    {"a slash at the end", "b!x", "a/",      "/drives/b!x/root:/a:" PLACE          },
    {"no drive",           "",    "a",       NULL                                  },
    {"a way out (F-146)",  "b!x", "a/../b",  NULL                                  },
};

static void addresses_a_place(const struct place_case *row)
{
    char path[GRAPH_URL_SIZE];
    assert_int_equal(graph_url_place(path, row->drive_id, row->path), row->want != NULL);
    if (row->want != NULL)
        assert_string_equal(path, row->want);
}

static void places_are_addressed_by_path(void **state)
{
    (void)state;
    CASES(place_cases, addresses_a_place);
}

/* The limit is met within each of its parts. */
static void a_place_beyond_the_limit_is_refused(void **state)
{
    static const char rest[] = "/drives//root:/a/b:" PLACE;
    char drive[GRAPH_URL_SIZE + 8];
    (void)state;
    for (size_t size = 1; size < sizeof drive; size++) {
        char path[GRAPH_URL_SIZE];
        memset(drive, 'x', size);
        drive[size] = 0;
        assert_int_equal(graph_url_place(path, drive, "a/b"),
                         size + sizeof rest <= GRAPH_URL_SIZE);
    }
}

static const struct share_case {
    const char *name;
    const char *web_url;
    const char *want;
} share_cases[] = {
    {"without padding",     "https://a/b",  "/shares/u!aHR0cHM6Ly9hL2I/driveItem" PLACE},
    {"nothing",             "",             "/shares/u!/driveItem" PLACE               },
    {"the letters of URLs", "\xFB\xEF\xFF", "/shares/u!--__/driveItem" PLACE           },
};

static void names_a_share(const struct share_case *row)
{
    char path[GRAPH_URL_SIZE];
    assert_true(graph_url_share(path, row->web_url));
    assert_string_equal(path, row->want);
}

static void sharing_links_are_encoded(void **state)
{
    (void)state;
    char path[GRAPH_URL_SIZE];
    char long_url[GRAPH_URL_SIZE];
    memset(long_url, 'x', sizeof long_url - 1);
    long_url[sizeof long_url - 1] = 0;
    CASES(share_cases, names_a_share);
    assert_false(graph_url_share(path, long_url));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(the_five_forms_give_drive_and_endpoint),
        TABLE_TEST(an_id_has_at_most_512_bytes),
        TABLE_TEST(a_path_beyond_the_limit_is_refused),
        TABLE_TEST(items_are_addressed_by_id),
        TABLE_TEST(folders_are_listed_by_id),
        TABLE_TEST(delta_asks_for_what_we_read),
        TABLE_TEST(places_are_addressed_by_path),
        TABLE_TEST(a_place_beyond_the_limit_is_refused),
        TABLE_TEST(sharing_links_are_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
