#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "tests/support/temp_dir.h"

/* Every error of one load, joined by newlines. */
struct errors {
    char text[8192];
    size_t count;
};

static void on_error(void *user, const char *line)
{
    struct errors *errors = user;
    size_t used = strlen(errors->text);
    (void)snprintf(errors->text + used, sizeof errors->text - used, "%s\n", line);
    errors->count++;
}

/* Loads `text` as a file of its own. */
static enum failure_kind load(const struct temp_dir *dir, const char *text,
                              struct errors *errors, struct config **out)
{
    char file[PATH_MAX];
    char state[PATH_MAX];
    const struct config_places places = {.config_file =
                                             temp_dir_path(dir, "config.ini", file),
                                         .state_dir = temp_dir_path(dir, "state", state)};
    struct failure failure = {0};
    temp_dir_write(dir, "config.ini", text);
    *errors = (struct errors){0};
    *out = NULL;
    return config_load(&places, on_error, errors, out, &failure);
}

static const struct bad_case {
    const char *name;
    const char *text;
    const char *wants; /* part of the first error */
} bad[] = {
    {"an unknown key, with the near one",  "[sync]\ntransfer = 8\n",
     "config.ini:2: unknown key transfer; did you mean transfers?"                                                                          },
    {"a key of another section",           "[sync]\nfolder = /x\n",
     "config.ini:2: the key folder belongs into the section [mirror NAME]"                                                                  },
    {"a bad number",                       "[sync]\n\ntransfers = many\n",
     "config.ini:3: transfers expects a number from 1 to 256, not \"many\""                                                                 },
    {"a number with a rest",               "[sync]\ntransfers = 8x\n",                        ":2: transfers"                               },
    {"an unknown section",                 "[synch]\n",
     ":1: unknown section [synch]; did you mean [sync]?"                                                                                    },
    {"a key before any section",           "trash = yes\n",                                   ":1: the key trash stands before any"         },
    {"a key twice",                        "[sync]\ntrash = yes\n[sync]\ntrash = no\n",
     ":4: the key trash is given twice"                                                                                                     },
    {"a value that goes on",               "[account]\ntenant = a\n  b\n",
     ":3: the key tenant is given twice"                                                                                                    },
    {"neither key nor section",            "[sync]\nhello\n",                                 ":2: neither KEY = VALUE"                     },
    {"a section without its end",          "[sync\ntrash = yes\n",                            ":1: a section begins with ["                 },
    {"a control character",                "[sync]\ntrash = yes\a\n",                         ":2: this line has a control"                 },
    {"a relative folder (F-159)",          "[mirror a]\nfolder = here\n",
     ":2: folder expects an absolute"                                                                                                       },
    {"a folder with ..",                   "[mirror a]\nfolder = /a/../b\n",
     ":2: folder expects an absolute"                                                                                                       },
    {"the root of the file system",        "[mirror a]\nfolder = /\n",
     ":1: the folder of mirror a, /, is the root"                                                                                           },
    {"the home folder",                    "[mirror a]\nfolder = ~\n",                        "is the home folder"                          },
    {"what holds the home folder",         "[mirror a]\nfolder = /home\n",                    "holds the home folder"                       },
    {"a file as the folder",               "[mirror a]\nfolder = /etc/passwd\n",              "is not a folder"                             },
    {"no folder",                          "[mirror a]\ndrive = me\n",                        ":1: the mirror a needs a line: folder"       },
    {"a mirror without a name",            "[mirror]\nfolder = /tmp/x\n",                     ":1: a mirror needs a name"                   },
    {"two mirrors of one name",            "[mirror a]\nfolder = /tmp/x\n[mirror a]\n",
     ":3: there is a mirror of this name already"                                                                                           },
    {"two mirrors in one folder (F-96)",
     "[mirror a]\nfolder = /tmp/x\n[mirror b]\nfolder = /tmp//x/\n",                          ":3: the mirrors a and b have the same folder"},
    {"one mirror inside the other (F-96)",
     "[mirror a]\nfolder = /tmp/x\n[mirror b]\nfolder = /tmp/x/y\n",                          ":3: the mirrors a and b overlap"             },
    {"no form of a drive",                 "[mirror a]\nfolder = /tmp/x\ndrive = mine\n",
     ":3: drive expects me"                                                                                                                 },
    {"plain http",                         "[service]\ngraph_url = http://localhost/v1.0\n",
     ":2: graph_url expects"                                                                                                                },
    {"a query in the address",             "[service]\nlogin_url = https://a.example/?x=1\n",
     ":2: login_url expects"                                                                                                                },
    {"a proxy of no known kind",           "[service]\nproxy = ftp://proxy.example\n",
     ":2: proxy expects"                                                                                                                    },
    {"a proxy without a host",             "[service]\nproxy = http://\n",                    ":2: proxy expects"                           },
    {"an unknown cloud",                   "[service]\ncloud = mars\n",                       ":2: cloud expects global"                    },
    {"a duration without a unit",          "[sync]\ndelta_interval = 15\n",
     ":2: delta_interval expects a duration"                                                                                                },
    {"a duration of nothing",              "[sync]\ndelta_interval = 0s\n",
     ":2: delta_interval expects"                                                                                                           },
    {"a rule of 25 o'clock",               "[sync]\nbandwidth_limit = 25:00-26:00=1M\n",
     ":2: bandwidth_limit"                                                                                                                  },
    {"neither yes nor no",                 "[desktop]\nnotifications = maybe\n",
     ":2: notifications expects yes or no"                                                                                                  },
    {"a folder list that leads upwards",   "[mirror a]\nfolder = /tmp/x\nfolders = a/../b\n",
     ":3: folders expects"                                                                                                                  },
};

static void is_refused(const struct bad_case *row)
{
    struct temp_dir dir;
    struct errors errors;
    struct config *config = NULL;
    temp_dir_make(&dir);
    assert_int_equal(load(&dir, row->text, &errors, &config), FAILURE_CONFIG);
    assert_null(config);
    if (strstr(errors.text, row->wants) == NULL)
        fail_msg("got: %s", errors.text);
    assert_false(temp_dir_has(&dir, "state"));
    temp_dir_remove(&dir);
}

static void what_is_wrong_is_named_with_its_line(void **state) /* F-159 */
{
    (void)state;
    assert_int_equal(setenv("HOME", "/home/person", 1), 0);
    CASES(bad, is_refused);
}

/* What the agent writes would be what it mirrors. */
static void a_mirror_does_not_hold_the_state(void **state) /* F-96 */
{
    (void)state;
    static const char *const below[] = {"", "/state", "/state/deeper"};
    struct temp_dir dir;
    struct errors errors;
    char text[PATH_MAX];
    struct config *config = NULL;
    temp_dir_make(&dir);
    for (size_t i = 0; i < COUNT_OF(below); i++) {
        (void)snprintf(text, sizeof text, "[mirror a]\nfolder = %s%s\n", dir.path,
                       below[i]);
        assert_int_equal(load(&dir, text, &errors, &config), FAILURE_CONFIG);
        assert_non_null(strstr(errors.text, "overlaps the agent's state folder"));
    }
    temp_dir_remove(&dir);
}

static void all_errors_come_at_once(void **state) /* F-159 */
{
    (void)state;
    struct temp_dir dir;
    struct errors errors;
    struct config *config = NULL;
    temp_dir_make(&dir);
    (void)load(&dir, "[sync]\ntransfers = x\nnonsense\n[odd]\na = b\n[mirror m]\n", &errors,
               &config);
    assert_int_equal(errors.count, 4);
    temp_dir_remove(&dir);
}

static void a_line_longer_than_the_buffer_is_refused(void **state)
{
    (void)state;
    struct temp_dir dir;
    struct errors errors;
    struct config *config = NULL;
    temp_dir_make(&dir);
    for (int size = 194; size <= 198; size++) {
        char text[512];
        /* "client_id = " has 12 bytes. */
        (void)snprintf(text, sizeof text, "[account]\nclient_id = %0*d\n", size - 12, 7);
        enum failure_kind want = size <= 196 ? FAILURE_NONE : FAILURE_CONFIG;
        assert_int_equal(load(&dir, text, &errors, &config), want);
        if (config != NULL)
            assert_int_equal(strlen(config->client_id), (size_t)size - 12);
        config_free(config);
    }
    temp_dir_remove(&dir);
}

static void a_folder_that_is_none_is_said_once(void **state)
{
    (void)state;
    struct temp_dir dir;
    struct errors errors;
    struct config *config = NULL;
    temp_dir_make(&dir);
    assert_int_equal(load(&dir, "[mirror a]\nfolder = here\n", &errors, &config),
                     FAILURE_CONFIG);
    assert_int_equal(errors.count, 1);
    temp_dir_remove(&dir);
}

static void a_file_that_is_none_is_said(void **state) /* F-159 */
{
    (void)state;
    const struct config_places places = {.config_file = "/dev",
                                         .state_dir = "/nonexistent/state"};
    struct errors errors = {0};
    struct config *config = NULL;
    struct failure failure = {0};
    assert_int_equal(config_load(&places, on_error, &errors, &config, &failure),
                     FAILURE_CONFIG);
    assert_int_equal(failure.number, 159);
    assert_string_equal(failure.text,
                        "cannot read /dev: this is not a file; name another one");
}

static void a_proxy_may_have_a_scheme_or_none(void **state)
{
    (void)state;
    static const char *const proxies[] = {"proxy.example:3128", "http://a:b@10.0.0.1",
                                          "HTTPS://proxy.example", "socks5h://[::1]:9050"};
    struct temp_dir dir;
    struct errors errors;
    temp_dir_make(&dir);
    for (size_t i = 0; i < COUNT_OF(proxies); i++) {
        struct config *config = NULL;
        char text[128];
        (void)snprintf(text, sizeof text, "[service]\nproxy = %s\n", proxies[i]);
        assert_int_equal(load(&dir, text, &errors, &config), FAILURE_NONE);
        assert_string_equal(config->proxy, proxies[i]);
        config_free(config);
    }
    temp_dir_remove(&dir);
}

static void a_missing_file_is_an_empty_one(void **state)
{
    (void)state;
    const struct config_places places = {.config_file = "/nonexistent/c.ini",
                                         .state_dir = "/nonexistent/state",
                                         .may_be_missing = true};
    struct errors errors = {0};
    struct config *config = NULL;
    struct failure failure = {0};
    assert_int_equal(config_load(&places, on_error, &errors, &config, &failure),
                     FAILURE_NONE);
    assert_true(config->is_missing);
    assert_string_equal(config->graph_url, "https://graph.microsoft.com/v1.0");
    assert_string_equal(config->login_url, "https://login.microsoftonline.com");
    assert_string_equal(config->tenant, "common");
    assert_string_equal(config->socket_path, "/nonexistent/state/control.sock");
    assert_true(config->known_cloud);
    assert_true(config->trash);
    assert_false(config->read_write);
    assert_int_equal(config->transfers, 8);
    assert_int_equal(config->delta_interval_ms, 15 * 60 * 1000);
    assert_int_equal(config->reconcile_interval_ms, UINT64_C(7) * 24 * 3600 * 1000);
    assert_int_equal(config->big_delete_threshold, 1000);
    assert_int_equal(config->mirror_count, 0);
    config_free(config);
}

static void a_missing_file_that_was_named_is_said(void **state) /* F-159 */
{
    (void)state;
    const struct config_places places = {.config_file = "/nonexistent/c.ini",
                                         .state_dir = "/nonexistent/state"};
    struct errors errors = {0};
    struct config *config = NULL;
    struct failure failure = {0};
    assert_int_equal(config_load(&places, on_error, &errors, &config, &failure),
                     FAILURE_CONFIG);
    assert_int_equal(failure.number, 159);
    assert_non_null(strstr(failure.text, "no configuration file /nonexistent/c.ini:"));
    assert_null(config);
}

static const char full_text[] = "\xEF\xBB\xBF; a comment\n"
                                "[service]\r\n"
                                "cloud = us-gov\n"
                                "graph_url = https://127.0.0.1:8443/v1.0/ ; inline\n"
                                "extra_hosts = a.example, b.example\n"
                                "ca_file = /etc/ca.pem\n"
                                "[account]\n"
                                "client_id = abc\n"
                                "access = read-write\n"
                                "token_store = file\n"
                                "[sync]\n"
                                "transfers: 3\n"
                                "bandwidth_limit = 08:00-18:00=2M 18:00-08:00=0\n"
                                "[mirror docs]\n"
                                "folder = ~/One Drive/\n"
                                "drive = site:a,b,c/list:d\n"
                                "folders = Work\n"
                                "folders = /Play/\n"
                                "exclude = *.tmp\n"
                                "  [Bb]uild/\n"
                                "  !keep\n"
                                "[mirror second]\n"
                                "folder = /srv/second\n";

static void every_key_is_read(void **state)
{
    (void)state;
    struct temp_dir dir;
    struct errors errors;
    struct config *config = NULL;
    temp_dir_make(&dir);
    assert_int_equal(setenv("HOME", "/home/person", 1), 0);
    (void)load(&dir, full_text, &errors, &config);
    assert_string_equal(errors.text, "");
    assert_string_equal(config->graph_url, "https://127.0.0.1:8443/v1.0");
    assert_string_equal(config->login_url, "https://login.microsoftonline.us");
    assert_false(config->known_cloud);
    assert_int_equal(config->extra_hosts.count, 2);
    assert_string_equal(config->extra_hosts.texts[1], "b.example");
    assert_true(config->read_write);
    assert_int_equal(config->token_store, CONFIG_TOKEN_FILE);
    assert_int_equal(config->transfers, 3);
    assert_int_equal(config->rate_count, 2);
    const struct config_mirror *docs = config_find_mirror(config, "docs");
    assert_string_equal(docs->folder, "/home/person/One Drive");
    assert_string_equal(docs->drive, "site:a,b,c/list:d");
    assert_int_equal(docs->line, 14);
    assert_int_equal(docs->folders.count, 2);
    assert_string_equal(docs->folders.texts[1], "Play");
    assert_int_equal(docs->exclude.count, 3);
    assert_string_equal(docs->exclude.texts[1], "[Bb]uild/");
    assert_string_equal(config_find_mirror(config, "second")->drive, "me");
    assert_null(config_find_mirror(config, "third"));
    config_free(config);
    temp_dir_remove(&dir);
}

static const struct duration_case {
    const char *name;
    const char *text;
    bool good;
    uint64_t ms;
} durations[] = {
    {"milliseconds",      "500ms",                  true,  500                },
    {"minutes",           "2m",                     true,  120000             },
    {"a sum",             "1h30m",                  true,  5400000            },
    {"days",              "7d",                     true,  UINT64_C(604800000)},
    {"no unit",           "5",                      false, 0                  },
    {"no number",         "m",                      false, 0                  },
    {"nothing",           "",                       false, 0                  },
    {"negative",          "-1s",                    false, 0                  },
    {"a rest",            "1s ",                    false, 0                  },
    {"too large",         "999999999999999999999d", false, 0                  },
    {"product too large", "99999999999999999d",     false, 0                  },
};

static void reads_duration(const struct duration_case *row)
{
    uint64_t ms = 0;
    assert_int_equal(config_parse_duration(row->text, &ms), row->good);
    assert_int_equal(ms, row->ms);
}

static const struct duration_case sizes[] = {
    {"bytes",     "17",           true,  17               },
    {"kilobytes", "4K",           true,  4096             },
    {"small",     "2m",           true,  2 * 1024 * 1024  },
    {"gigabytes", "1G",           true,  UINT64_C(1) << 30},
    {"a rest",    "1Gx",          false, 0                },
    {"nothing",   "",             false, 0                },
    {"too large", "99999999999T", false, 0                },
};

static void reads_size(const struct duration_case *row)
{
    uint64_t bytes = 0;
    assert_int_equal(config_parse_size(row->text, &bytes), row->good);
    assert_int_equal(bytes, row->ms);
}

static void durations_and_sizes_are_read_to_their_end(void **state)
{
    (void)state;
    CASES(durations, reads_duration);
    CASES(sizes, reads_size);
}

static void rates_hold_by_the_clock_also_over_midnight(void **state)
{
    (void)state;
    struct config config = {
        .rates = {{8 * 60, 18 * 60, 100}, {22 * 60, 6 * 60, 200}},
          .rate_count = 2
    };
    assert_int_equal(config_rate_at(&config, 8 * 60), 100);
    assert_int_equal(config_rate_at(&config, 18 * 60), 0);
    assert_int_equal(config_rate_at(&config, 23 * 60), 200);
    assert_int_equal(config_rate_at(&config, 0), 200);
    assert_int_equal(config_rate_at(&config, 6 * 60), 0);
    config.rates[0] = (struct config_rate){0, 0, 7};
    assert_int_equal(config_rate_at(&config, 12 * 60), 7);
}

static void places_follow_option_environment_and_xdg(void **state)
{
    (void)state;
    struct errors errors = {0};
    struct config *config = NULL;
    struct failure failure = {0};
    const struct config_places none = {0};
    assert_int_equal(unsetenv("AGENT_CONFIG") | unsetenv("AGENT_STATE_DIR"), 0);
    assert_int_equal(setenv("HOME", "/home/person", 1), 0);
    assert_int_equal(unsetenv("XDG_CONFIG_HOME") | unsetenv("XDG_STATE_HOME"), 0);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", "/run/user/7", 1), 0);
    assert_int_equal(config_load(&none, on_error, &errors, &config, &failure),
                     FAILURE_NONE);
    assert_string_equal(config->path, "/home/person/.config/drive-agent/config.ini");
    assert_false(config->is_missing);
    assert_string_equal(config->state_dir, "/home/person/.local/state/drive-agent");
    assert_string_equal(config->socket_path, "/run/user/7/drive-agent/control.sock");
    assert_string_equal(config->state_socket_path,
                        "/home/person/.local/state/drive-agent/control.sock");
    config_free(config);
    assert_int_equal(setenv("AGENT_STATE_DIR", "/srv/state", 1), 0);
    assert_int_equal(config_load(&none, on_error, &errors, &config, &failure),
                     FAILURE_NONE);
    assert_string_equal(config->socket_path, "/srv/state/control.sock");
    assert_string_equal(config->state_socket_path, "/srv/state/control.sock");
    config_free(config);
    assert_int_equal(unsetenv("AGENT_STATE_DIR"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(what_is_wrong_is_named_with_its_line),
        TABLE_TEST(a_mirror_does_not_hold_the_state),
        TABLE_TEST(all_errors_come_at_once),
        TABLE_TEST(a_line_longer_than_the_buffer_is_refused),
        TABLE_TEST(a_missing_file_is_an_empty_one),
        TABLE_TEST(a_missing_file_that_was_named_is_said),
        TABLE_TEST(a_folder_that_is_none_is_said_once),
        TABLE_TEST(a_file_that_is_none_is_said),
        TABLE_TEST(a_proxy_may_have_a_scheme_or_none),
        TABLE_TEST(every_key_is_read),
        TABLE_TEST(durations_and_sizes_are_read_to_their_end),
        TABLE_TEST(rates_hold_by_the_clock_also_over_midnight),
        TABLE_TEST(places_follow_option_environment_and_xdg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
