#include <string.h>

#include "agent/sync/filter.h"
#include "tests/support/fixture.h"
#include "tests/support/table.h"

/* One list of patterns each, separated by spaces. */
static const struct filter_case {
    const char *name;
    const char *folders;
    const char *exclude;
    const char *include;
    const char *path;
    bool is_folder;
    bool want;
} filter_cases[] = {
    {"no filter lets everything in",            "",          "",                   "",               "a/b.txt",       false, true },
    {"a name anywhere",                         "",          "*.tmp",              "",               "a/b/c.tmp",     false, false},
    {"a name that only begins so",              "",          "*.tmp",              "",               "a/c.tmpx",      false, true },
    {"a star does not cross folders",           "",          "a/*.txt",            "",               "a/b/c.txt",     false, true },
    {"an anchored pattern",                     "",          "/a.txt",             "",               "a.txt",         false, false},
    {"an anchored pattern deeper down",         "",          "/a.txt",             "",               "b/a.txt",       false, true },
    {"a slash in the middle anchors",           "",          "b/a.txt",            "",               "c/b/a.txt",     false, true },
    {"two stars cross folders",                 "",          "**/cache/**",        "",               "a/b/cache/c/d", false, false},
    {"two stars in front fit nothing as well",  "",          "**/cache",           "",               "cache",         true,  false},
    {"two stars in the middle",                 "",          "a/**/z",             "",               "a/b/c/z",       false, false},
    {"two stars in the middle fit nothing",     "",          "a/**/z",             "",               "a/z",           false, false},
    {"two stars at the end need something",     "",          "a/**",               "",               "a",             true,  true },
    {"folders only",                            "",          "build/",             "",               "build",         false, true },
    {"folders only, and it is one",             "",          "build/",             "",               "build",         true,  false},
    {"what lies in an excluded folder",         "",          "build/",             "",               "x/build/a/b.o", false, false},
    {"the last match decides",                  "",          "*.log !keep.log",    "",               "a/keep.log",    false, true },
    {"include brings back",                     "",          "*.log",              "keep.log",       "a/keep.log",    false, true },
    {"include reaches into an excluded folder", "",          "/big/",              "/big/small.txt",
     "big/small.txt",                                                                                                 false, true },
    {"but not the rest of it",                  "",          "/big/",              "/big/small.txt", "big/other.txt", false,
     false                                                                                                                        },
    {"a chosen folder",                         "docs",      "",                   "",               "docs/a.txt",    false, true },
    {"outside the chosen folders",              "docs",      "",                   "",               "music/a.mp3",   false, false},
    {"a name that begins like a chosen folder", "docs",      "",                   "",               "docs2/a.txt",   false,
     false                                                                                                                        },
    {"on the way to a chosen folder",           "docs/work", "",                   "",               "docs",          true,  true },
    {"beside the way",                          "docs/work", "",                   "",               "docs/home",     true,  false},
    {"a question mark is one byte",             "",          "a?.txt",             "",               "ab.txt",        false, false},
    {"a set",                                   "",          "a[0-9].txt",         "",               "a7.txt",        false, false},
    {"a negated set",                           "",          "a[!0-9].txt",        "",               "a7.txt",        false, true },
    {"a bracket without end fits nothing",      "",          "a[",                 "",               "a[",            false, true },
    {"no ! reaches into an excluded folder",    "",          "/big/ !/big/a.txt",  "",               "big/a.txt",
     false,                                                                                                                  false},
    {"a chosen folder is no pattern",           "!new",      "",                   "",               "!new/a.txt",    false, true },
    {"a chosen folder is no comment",           "#1",        "",                   "",               "music/a.mp3",   false, false},
    {"an escaped star is a star",               "",          "a\\*",               "",               "ab",            false, true },
    {"many stars end soon",                     "",          "*a*a*a*a*a*a*a*a*b", "",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",                                                              false, true },
};

static struct config_list split(const char *text, char *buffer, char **texts)
{
    struct config_list list = {.texts = texts};
    (void)snprintf(buffer, 256, "%s", text);
    char *rest = buffer;
    for (char *word = strtok_r(buffer, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest))
        texts[list.count++] = word;
    return list;
}

static void filters_one(const struct filter_case *row)
{
    char buffers[3][256];
    char *texts[3][8];
    struct config_mirror config = {
        .folders = split(row->folders, buffers[0], texts[0]),
        .exclude = split(row->exclude, buffers[1], texts[1]),
        .include = split(row->include, buffers[2], texts[2]),
    };
    struct filter *filter;
    assert_true(filter_new(&config, &filter));
    assert_int_equal(filter_wants(filter, row->path, row->is_folder), row->want);
    filter_free(filter);
}

static void patterns_are_those_of_gitignore(void **state)
{
    (void)state;
    CASES(filter_cases, filters_one);
}

/* What git said of the same (tests/fixtures/gitignore.mjs). */
static void patterns_match_what_git_matches(void **state)
{
    (void)state;
    char *texts[8];
    struct config_mirror config = {.exclude = {.texts = texts}};
    size_t asked = 0;
    bool is_asking = false;
    char *fixture = fixture_read("gitignore.txt");
    char *rest = fixture;
    for (char *line = strtok_r(fixture, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] == 'P') {
            config.exclude.count = is_asking ? 0 : config.exclude.count;
            assert_true(config.exclude.count < COUNT_OF(texts));
            texts[config.exclude.count++] = line + 2;
        }
        is_asking = line[0] == 'Q';
        if (!is_asking)
            continue;
        struct filter *filter;
        assert_true(filter_new(&config, &filter));
        bool is_ignored = !filter_wants(filter, line + 6, line[2] == 'd');
        if (is_ignored != (line[4] == '1'))
            fail_msg("%s, after the pattern %s", line, texts[config.exclude.count - 1]);
        filter_free(filter);
        asked++;
    }
    free(fixture);
    assert_true(asked > 1000);
}

static void a_change_shows_in_the_text(void **state)
{
    (void)state;
    char *one[] = {(char[]){"*.tmp"}};
    char *other[] = {(char[]){"*.log"}};
    struct config_mirror config = {
        .exclude = {.texts = one, .count = 1}
    };
    struct filter *first;
    struct filter *second;
    assert_true(filter_new(&config, &first));
    config.exclude.texts = other;
    assert_true(filter_new(&config, &second));
    assert_string_not_equal(filter_text(first), filter_text(second)); /* F-162 */
    assert_string_equal(filter_text(NULL), "");
    filter_free(first);
    filter_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(patterns_are_those_of_gitignore),
        TABLE_TEST(patterns_match_what_git_matches),
        TABLE_TEST(a_change_shows_in_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
