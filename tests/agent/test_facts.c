#include "agent/sync/facts.h"
#include "tests/support/table.h"

static const struct store_hash one = {.kind = 1, .size = 1, .bytes = {1}};
static const struct store_hash two = {.kind = 1, .size = 1, .bytes = {2}};
static const struct store_hash none = {.kind = 0};

static const struct content_case {
    const char *name;
    const struct store_hash *listed;
    const struct store_hash *now;
    const char *etag;
    const char *ctag;
    int64_t size; /* 5 was listed, with the version "e1" */
    bool is_same;
} content_cases[] = {
    {"the same hash",                                        &one,  &one,  "e1", NULL, 5, true },
    {"the same hash, and a cTag that the feed did not name", &one,  &one,  "e1", "c1", 5,
     true                                                                                      },
    {"the same hash, another name",                          &one,  &one,  "e2", NULL, 5, true },
    {"F-92 another hash",                                    &one,  &two,  "e2", NULL, 5, false},
    {"F-92 another size",                                    &one,  &one,  "e2", NULL, 6, false},
    {"no hash, the same tag",                                &none, &none, "e1", NULL, 5, true },
    {"no hash, the same tag beside a cTag",                  &none, &none, "e1", "c1", 5, true },
    {"no hash, other tags",                                  &none, &none, "e2", "c1", 5, false},
    {"a hash that came later",                               &none, &one,  "e1", NULL, 5, false},
};

static void tells_the_content(const struct content_case *row)
{
    const struct store_remote remote = {
        .etag = row->etag, .ctag = row->ctag, .size = row->size, .hash = *row->now};
    assert_int_equal(facts_is_content(&remote, "e1", 5, row->listed), row->is_same);
}

static void contents(void **state)
{
    (void)state;
    CASES(content_cases, tells_the_content);
}

static const struct change_case {
    const char *name;
    const char *base_version;
    const char *etag;
    const char *ctag;
    bool differs;
} change_cases[] = {
    {"the same cTag",                           "c1", "e2", "c1", false},
    {"another cTag",                            "c1", "e1", "c2", true },
    {"fetched by its eTag, which it still has", "e1", "e1", "c1", false},
    {"fetched by its eTag, which has changed",  "e1", "e2", "c1", true },
};

static void tells_a_change(const struct change_case *row)
{
    const struct store_base base = {.ctag = row->base_version, .size = 5, .mtime_ms = 1};
    const struct store_remote remote = {
        .etag = row->etag, .ctag = row->ctag, .size = 5, .mtime_ms = 1};
    assert_int_equal(facts_content_differs(&base, &remote), row->differs);
}

static void changes_without_a_hash(void **state)
{
    (void)state;
    CASES(change_cases, tells_a_change);
}

#define HASH(kind, byte)                                                                   \
    {                                                                                      \
        kind, 20,                                                                          \
        {                                                                                  \
            byte                                                                           \
        }                                                                                  \
    }

static const struct compare_case {
    const char *name;
    struct store_base base;
    struct store_remote remote;
    bool want;
} compare_cases[] = {
    {"the same hash",
     {.hash = HASH(1, 1), .size = 1},
     {.hash = HASH(1, 1), .size = 2},
     false                                                                                                                                  },
    {"another hash",
     {.hash = HASH(1, 1), .size = 1},
     {.hash = HASH(1, 2), .size = 1},
     true                                                                                                                                   },
    {"another hash, though the tag is the same",
     {.hash = HASH(1, 1), .ctag = "c1"},
     {.hash = HASH(1, 2), .ctag = "c1"},
     true                                                                                                                                   },
    {"hashes of two kinds, the same tag",
     {.hash = HASH(1, 1), .ctag = "c1"},
     {.hash = HASH(2, 2), .ctag = "c1"},
     false                                                                                                                                  },
    {"no hash, another tag",                                           {.hash = HASH(1, 1), .ctag = "c1"}, {.ctag = "c2"},             true },
    {"no tag, the same eTag",                                          {.hash = HASH(1, 1), .ctag = "e1"}, {.etag = "e1"},             false},
    {"nothing but size and time",
     {.size = 5, .mtime_ms = 7},
     {.size = 5, .mtime_ms = 7},
     false                                                                                                                                  },
    {"another size",                                                   {.size = 5, .mtime_ms = 7},         {.size = 6, .mtime_ms = 7}, true },
    {"another time",                                                   {.size = 5, .mtime_ms = 7},         {.size = 5, .mtime_ms = 8}, true },
    {"F-99 differs from the listing, and the listing has not changed",
     {.hash = HASH(1, 1), .listed = HASH(1, 9), .flags = STORE_BASE_DIFFERS},
     {.hash = HASH(1, 9)},
     false                                                                                                                                  },
    {"F-99 differs from the listing, and the listing has changed",
     {.hash = HASH(1, 1), .listed = HASH(1, 9), .flags = STORE_BASE_DIFFERS},
     {.hash = HASH(1, 8)},
     true                                                                                                                                   },
};

static void compares_one(const struct compare_case *row)
{
    assert_int_equal(facts_content_differs(&row->base, &row->remote), row->want);
}

static void contents_are_compared_by_hash_then_tag(void **state)
{
    (void)state;
    CASES(compare_cases, compares_one);
}

static const struct place_case {
    const char *name;
    int64_t parent;
    const char *stands_as;
    enum store_kind kind;
    unsigned flags;
    bool want;
} place_cases[] = {
    {"where the drive has it",            1, "a", STORE_KIND_FILE,   0,                true },
    {"under another name",                1, "b", STORE_KIND_FILE,   0,                false},
    {"in another folder",                 2, "a", STORE_KIND_FILE,   0,                false},
    {"a person put it there (F-32)",      2, "b", STORE_KIND_FILE,   STORE_BASE_MOVED, true },
    {"of another kind",                   1, "a", STORE_KIND_FOLDER, 0,                false},
    {"of another kind, and moved (F-86)", 2, "b", STORE_KIND_FOLDER, STORE_BASE_MOVED,
     false                                                                                  },
};

static void compares_place(const struct place_case *row)
{
    const struct store_remote remote = {.parent = 1, .name = "a", .kind = STORE_KIND_FILE};
    const struct store_base base = {.parent = row->parent,
                                    .name = row->stands_as,
                                    .kind = row->kind,
                                    .flags = row->flags};
    assert_int_equal(facts_is_at_place(&base, &remote), row->want);
}

static void places_are_the_drives_or_a_persons(void **state)
{
    (void)state;
    CASES(place_cases, compares_place);
}

static void the_drives_side_follows_from_the_records(void **state)
{
    (void)state;
    const struct store_base base = {.hash = HASH(1, 1)};
    const struct store_remote same = {.hash = HASH(1, 1)};
    const struct store_remote changed = {.hash = HASH(1, 2)};
    const struct store_remote gone = {.hash = HASH(1, 1), .gone = true};
    assert_int_equal(facts_remote(&base, &same), PLAN_REMOTE_SAME);
    assert_int_equal(facts_remote(&base, &changed), PLAN_REMOTE_CHANGED);
    assert_int_equal(facts_remote(&base, &gone), PLAN_REMOTE_GONE);
    assert_int_equal(facts_remote(NULL, &same), PLAN_REMOTE_NEW);
}

static void retries_come_later_and_later(void **state)
{
    (void)state;
    int64_t last = 0;
    for (int attempts = 0; attempts < 100; attempts++) { /* I-11 */
        int64_t delay = facts_retry_delay_ms(attempts);
        assert_true(delay >= last);
        assert_in_range(delay, 15000, 86400000);
        last = delay;
    }
    assert_true(facts_retry_delay_ms(3) > facts_retry_delay_ms(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(contents),
        TABLE_TEST(changes_without_a_hash),
        TABLE_TEST(contents_are_compared_by_hash_then_tag),
        TABLE_TEST(places_are_the_drives_or_a_persons),
        TABLE_TEST(the_drives_side_follows_from_the_records),
        TABLE_TEST(retries_come_later_and_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
