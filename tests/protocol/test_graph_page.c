#include <string.h>

#include "protocol/graph_page.h"
#include "tests/support/table.h"

static enum graph_page_status open_text(const char *text, bool optional,
                                        struct graph_page **out)
{
    return graph_page_open((const uint8_t *)text, strlen(text), optional, out);
}

#define DELTA ",\"@odata.deltaLink\":\"https://g/d?token=1\"}"
#define NEXT  ",\"@odata.nextLink\":\"https://g/d?token=2\"}"

/* The frame. */

static const struct frame_case {
    const char *name;
    const char *body;
    bool links_optional;
    enum graph_page_status want;
} frames[] = {
    {"an empty set with a delta link is a page (F-78)", "{\"value\":[]" DELTA,                                     false,
     GRAPH_PAGE_OK                                                                                                                            },
    {"an empty page with a next link is a page (F-78)", "{\"value\":[]" NEXT,                                      false,
     GRAPH_PAGE_OK                                                                                                                            },
    {"{} is not `no changes` (F-79)",                   "{}",                                                      false, GRAPH_PAGE_BAD_SHAPE},
    {"an error body is not a page (F-79)",              "{\"error\":{\"code\":\"x\"}}",                            false,
     GRAPH_PAGE_BAD_SHAPE                                                                                                                     },
    {"value of another kind (F-79)",                    "{\"value\":{}" DELTA,                                     false, GRAPH_PAGE_BAD_SHAPE},
    {"value null (F-79)",                               "{\"value\":null" DELTA,                                   false, GRAPH_PAGE_BAD_SHAPE},
    {"no link at all (F-77)",                           "{\"value\":[]}",                                          false, GRAPH_PAGE_BAD_SHAPE},
    {"both links (F-77)",                               "{\"value\":[],\"@odata.nextLink\":\"https://g/a\"" DELTA, false,
     GRAPH_PAGE_BAD_SHAPE                                                                                                                     },
    {"a link of another kind (F-77)",                   "{\"value\":[],\"@odata.deltaLink\":7}",                   false,
     GRAPH_PAGE_BAD_SHAPE                                                                                                                     },
    {"an empty link (F-77)",                            "{\"value\":[],\"@odata.deltaLink\":\"\"}",                false,
     GRAPH_PAGE_BAD_SHAPE                                                                                                                     },
    {"children need no link",                           "{\"value\":[]}",                                          true,  GRAPH_PAGE_OK       },
    {"a next link of another kind (F-77)",              "{\"value\":[],\"@odata.nextLink\":7}",                    false,
     GRAPH_PAGE_BAD_SHAPE                                                                                                                     },
    {"a next link that is null is none (F-76)",
     "{\"value\":[],\"@odata.nextLink\":null" DELTA,                                                               false, GRAPH_PAGE_OK       },
    {"a delta link that is null is none (F-76)",
     "{\"value\":[],\"@odata.deltaLink\":null" NEXT,                                                               false, GRAPH_PAGE_OK       },
    {"two links that are null (F-77)",
     "{\"value\":[],\"@odata.deltaLink\":null,\"@odata.nextLink\":null}",                                          false,
     GRAPH_PAGE_BAD_SHAPE                                                                                                                     },
    {"children with both links (F-77)",
     "{\"value\":[],\"@odata.nextLink\":\"https://g/a\"" DELTA,                                                    true,  GRAPH_PAGE_BAD_SHAPE},
    {"an array",                                        "[]",                                                      false, GRAPH_PAGE_BAD_SHAPE},
    {"HTML (F-122)",                                    "<html></html>",                                           false, GRAPH_PAGE_BAD_JSON },
    {"nothing (F-122)",                                 "",                                                        false, GRAPH_PAGE_BAD_JSON },
    {"duplicate keys (F-122)",                          "{\"value\":[],\"value\":[]" DELTA,                        false,
     GRAPH_PAGE_BAD_JSON                                                                                                                      },
    {"a cut body",                                      "{\"value\":[",                                            false, GRAPH_PAGE_BAD_JSON },
};

static void reads_one_frame(const struct frame_case *row)
{
    struct graph_page *page = NULL;
    assert_int_equal(open_text(row->body, row->links_optional, &page), row->want);
    assert_int_equal(page != NULL, row->want == GRAPH_PAGE_OK);
    graph_page_close(page);
}

static void refuses_what_is_no_page(void **state)
{
    (void)state;
    CASES(frames, reads_one_frame);
}

static void gives_the_links(void **state)
{
    (void)state;
    struct graph_page *page = NULL;
    assert_int_equal(open_text("{\"value\":[]" NEXT, false, &page), GRAPH_PAGE_OK);
    assert_string_equal(graph_page_next_link(page), "https://g/d?token=2");
    assert_null(graph_page_delta_link(page));
    graph_page_close(page);
    assert_int_equal(open_text("{\"value\":[]" DELTA, false, &page), GRAPH_PAGE_OK);
    assert_string_equal(graph_page_delta_link(page), "https://g/d?token=1");
    assert_null(graph_page_next_link(page));
    graph_page_close(page);
}

/* Items. */

static const struct item_case {
    const char *name;
    const char *json;
    enum graph_kind kind;
    enum graph_flaw flaw;
    bool deleted;
    int64_t size;
} items[] = {
    {"a file",                                   "{\"id\":\"1\",\"name\":\"a\",\"size\":5,\"file\":{}}",      GRAPH_KIND_FILE,
     GRAPH_FLAW_NONE,                                                                                                                              false, 5            },
    {"a folder's size is not used",
     "{\"id\":\"1\",\"name\":\"a\",\"size\":-5,\"folder\":{}}",                                               GRAPH_KIND_FOLDER,
     GRAPH_FLAW_NONE,                                                                                                                              false, GRAPH_UNKNOWN},
    {"the root is no ordinary folder",           "{\"id\":\"1\",\"root\":{},\"folder\":{}}",
     GRAPH_KIND_ROOT,                                                                                                             GRAPH_FLAW_NONE, false, GRAPH_UNKNOWN},
    {"a tombstone without a name",               "{\"id\":\"1\",\"deleted\":{}}",                             GRAPH_KIND_UNKNOWN,
     GRAPH_FLAW_NONE,                                                                                                                              true,  GRAPH_UNKNOWN},
    {"deleted null is not deleted",
     "{\"id\":\"1\",\"name\":\"a\",\"deleted\":null,\"file\":{}}",                                            GRAPH_KIND_FILE,
     GRAPH_FLAW_NONE,                                                                                                                              false, GRAPH_UNKNOWN},
    {"a notebook",
     "{\"id\":\"1\",\"name\":\"a\",\"size\":1,\"package\":{\"type\":\"oneNote\"}}",                           GRAPH_KIND_PACKAGE, GRAPH_FLAW_NONE, false, 1            },
    {"a shortcut is not a folder",
     "{\"id\":\"1\",\"name\":\"a\",\"remoteItem\":{},\"folder\":{}}",                                         GRAPH_KIND_LINK,
     GRAPH_FLAW_NONE,                                                                                                                              false, GRAPH_UNKNOWN},
    {"no facet",                                 "{\"id\":\"1\",\"name\":\"a\"}",                             GRAPH_KIND_UNKNOWN, GRAPH_FLAW_NONE,
     false,                                                                                                                                               GRAPH_UNKNOWN},
    {"no id (F-146)",                            "{\"name\":\"a\",\"file\":{}}",                              GRAPH_KIND_FILE,    GRAPH_FLAW_ID,   false,
     GRAPH_UNKNOWN                                                                                                                                                     },
    {"an element that is no object",             "7",                                                         GRAPH_KIND_UNKNOWN, GRAPH_FLAW_ID,   false,
     GRAPH_UNKNOWN                                                                                                                                                     },
    {"no name (F-38)",                           "{\"id\":\"1\",\"file\":{}}",                                GRAPH_KIND_FILE,    GRAPH_FLAW_NAME,
     false,                                                                                                                                               GRAPH_UNKNOWN},
    {"an empty name (F-38)",                     "{\"id\":\"1\",\"name\":\"\",\"file\":{}}",                  GRAPH_KIND_FILE,
     GRAPH_FLAW_NAME,                                                                                                                              false, GRAPH_UNKNOWN},
    {"a lone surrogate (F-40)",                  "{\"id\":\"1\",\"name\":\"a\\ud800b\",\"file\":{}}",
     GRAPH_KIND_FILE,                                                                                                             GRAPH_FLAW_TEXT, false, GRAPH_UNKNOWN},
    {"a NUL in the name (F-38)",                 "{\"id\":\"1\",\"name\":\"a\\u0000b\",\"file\":{}}",
     GRAPH_KIND_FILE,                                                                                                             GRAPH_FLAW_TEXT, false, GRAPH_UNKNOWN},
    {"an escape before a lone surrogate (F-40)",
     "{\"id\":\"1\",\"name\":\"a\\n\\udc00b\",\"file\":{}}",                                                  GRAPH_KIND_FILE,
     GRAPH_FLAW_TEXT,                                                                                                                              false, GRAPH_UNKNOWN},
    {"an escape of text beside one (F-40)",
     "{\"id\":\"1\",\"name\":\"\\u0041\\udc00b\",\"file\":{}}",                                               GRAPH_KIND_FILE,
     GRAPH_FLAW_TEXT,                                                                                                                              false, GRAPH_UNKNOWN},
    {"a tombstone's name is not needed (F-40)",
     "{\"id\":\"1\",\"name\":\"\\udc00b\",\"deleted\":{}}",                                                   GRAPH_KIND_UNKNOWN,
     GRAPH_FLAW_NONE,                                                                                                                              true,  GRAPH_UNKNOWN},
    {"a tombstone's size is not needed (F-144)",
     "{\"id\":\"1\",\"size\":-1,\"file\":{},\"deleted\":{}}",                                                 GRAPH_KIND_FILE,
     GRAPH_FLAW_NONE,                                                                                                                              true,  GRAPH_UNKNOWN},
    {"a notebook's size is not needed (F-144)",
     "{\"id\":\"1\",\"name\":\"a\",\"size\":-1,\"package\":{}}",                                              GRAPH_KIND_PACKAGE,
     GRAPH_FLAW_NONE,                                                                                                                              false, GRAPH_UNKNOWN},
    {"a number beyond all (F-144)",
     "{\"id\":\"1\",\"name\":\"a\",\"size\":1e999,\"file\":{}}",                                              GRAPH_KIND_FILE,
     GRAPH_FLAW_SIZE,                                                                                                                              false, GRAPH_UNKNOWN},
    {"an empty id (F-146)",                      "{\"id\":\"\",\"name\":\"a\",\"file\":{}}",                  GRAPH_KIND_FILE,
     GRAPH_FLAW_ID,                                                                                                                                false, GRAPH_UNKNOWN},
    {"bad UTF-8 (F-40)",                         "{\"id\":\"1\",\"name\":\"a\xff\",\"file\":{}}",             GRAPH_KIND_FILE,
     GRAPH_FLAW_TEXT,                                                                                                                              false, GRAPH_UNKNOWN},
    {"a negative size (F-144)",                  "{\"id\":\"1\",\"name\":\"a\",\"size\":-1,\"file\":{}}",
     GRAPH_KIND_FILE,                                                                                                             GRAPH_FLAW_SIZE, false, GRAPH_UNKNOWN},
    {"a fractional size (F-144)",                "{\"id\":\"1\",\"name\":\"a\",\"size\":1.5,\"file\":{}}",
     GRAPH_KIND_FILE,                                                                                                             GRAPH_FLAW_SIZE, false, GRAPH_UNKNOWN},
    {"a size above all limits (F-144)",
     "{\"id\":\"1\",\"name\":\"a\",\"size\":1e300,\"file\":{}}",                                              GRAPH_KIND_FILE,
     GRAPH_FLAW_SIZE,                                                                                                                              false, GRAPH_UNKNOWN},
    {"a size as text (F-144)",                   "{\"id\":\"1\",\"name\":\"a\",\"size\":\"12\",\"file\":{}}",
     GRAPH_KIND_FILE,                                                                                                             GRAPH_FLAW_NONE, false, 12           },
    {"a size of words (F-144)",
     "{\"id\":\"1\",\"name\":\"a\",\"size\":\"big\",\"file\":{}}",                                            GRAPH_KIND_FILE,
     GRAPH_FLAW_SIZE,                                                                                                                              false, GRAPH_UNKNOWN},
};

static void reads_one_item(const struct item_case *row)
{
    char body[512];
    /* A good neighbour on either side: a flaw holds up nothing else. */
    (void)snprintf(body, sizeof body,
                   "{\"value\":[{\"id\":\"x\",\"name\":\"x\",\"file\":{}},%s,"
                   "{\"id\":\"y\",\"name\":\"y\",\"file\":{}}]" DELTA,
                   row->json);
    struct graph_page *page = NULL;
    assert_int_equal(open_text(body, false, &page), GRAPH_PAGE_OK);
    assert_int_equal(graph_page_count(page), 3);
    struct graph_item item;
    assert_true(graph_page_next(page, &item));
    assert_string_equal(item.id, "x");
    assert_true(graph_page_next(page, &item));
    assert_int_equal(item.kind, row->kind);
    assert_int_equal(item.flaw, row->flaw);
    assert_int_equal(item.deleted, row->deleted);
    assert_true(item.size == row->size);
    if (row->flaw != GRAPH_FLAW_ID)
        assert_string_equal(item.id, "1");
    assert_true(graph_page_next(page, &item));
    assert_string_equal(item.id, "y");
    assert_int_equal(item.flaw, GRAPH_FLAW_NONE);
    assert_false(graph_page_next(page, &item));
    graph_page_close(page);
}

static void reads_items_and_holds_the_bad_ones(void **state)
{
    (void)state;
    CASES(items, reads_one_item);
}

static void reads_every_property(void **state)
{
    (void)state;
    static const char body[] =
        "{\"value\":[{\"id\":\"024470056f5c3e43!s01\",\"name\":\"h.txt\",\"size\":11,"
        "\"eTag\":\"\\\"{A},2\\\"\",\"cTag\":\"c\","
        "\"parentReference\":{\"driveId\":\"b!x\",\"id\":\"024470056f5c3e43!root\"},"
        "\"file\":{\"mimeType\":\"text/plain\","
        "\"hashes\":{\"quickXorHash\":\"aCgDG9jwBhDc4Q1yawMZAAAAAAA=\"}},"
        "\"fileSystemInfo\":{\"lastModifiedDateTime\":\"1970-01-01T00:00:01.5Z\"},"
        "\"lastModifiedBy\":{\"user\":{\"displayName\":\"Ana\"}},"
        "\"malware\":{},\"pendingOperations\":{\"pendingContentUpdate\":{}},"
        "\"@microsoft.graph.downloadUrl\":\"https://c/x\",\"unknown\":{}}]" DELTA;
    struct graph_page *page = NULL;
    struct graph_item item;
    assert_int_equal(open_text(body, false, &page), GRAPH_PAGE_OK);
    assert_true(graph_page_next(page, &item));
    /* The prefix of a personal id comes in either case for the same item. */
    assert_string_equal(item.id, "024470056F5C3E43!s01");
    assert_string_equal(item.parent_id, "024470056F5C3E43!root");
    assert_string_equal(item.drive_id, "b!x");
    assert_string_equal(item.etag, "\"{A},2\"");
    assert_string_equal(item.ctag, "c");
    assert_string_equal(item.mime_type, "text/plain");
    assert_string_equal(item.editor, "Ana");
    assert_string_equal(item.download_url, "https://c/x");
    assert_int_equal(item.mtime_ms, 1500);
    assert_int_equal(item.hash_kind, GRAPH_HASH_QUICKXOR);
    assert_int_equal(item.hash[0], 0x68);
    assert_int_equal(item.hash[14], 0x19);
    assert_true(item.malware);
    assert_true(item.pending_content);
    graph_page_close(page);
}

static const struct id_case {
    const char *name;
    const char *id;
    const char *want; /* NULL: none */
} ids[] = {
    {"a personal prefix is in upper case",      "0a!1",                                  "0A!1"},
    {"a personal GUID is in lower case",        "0a!SCCC09DF70B5F4290916BF66A63006A39",
     "0A!sccc09df70b5f4290916bf66a63006a39"                                                    },
    {"what is no GUID keeps its case",          "0A!SCCC09DF70B5F4290916BF66A63006A3G",
     "0A!SCCC09DF70B5F4290916BF66A63006A3G"                                                    },
    {"nor does a longer one change",            "0A!SCCC09DF70B5F4290916BF66A63006A390",
     "0A!SCCC09DF70B5F4290916BF66A63006A390"                                                   },
    {"digits without a mark stay",              "0a1b",                                  "0a1b"},
    {"a mark without digits stays",             "!ab",                                   "!ab" },
    {"seventeen digits are no personal prefix", "0123456789abcdef0!1",
     "0123456789abcdef0!1"                                                                     },
};

static void reads_one_id(const struct id_case *row)
{
    char body[256];
    struct graph_page *owner = NULL;
    struct graph_item item;
    (void)snprintf(body, sizeof body, "{\"id\":\"%s\",\"name\":\"a\"}", row->id);
    assert_int_equal(graph_item_parse((const uint8_t *)body, strlen(body), &owner, &item),
                     GRAPH_PAGE_OK);
    assert_string_equal(item.id, row->want);
    graph_page_close(owner);
}

static void personal_ids_are_compared_without_case(void **state)
{
    (void)state;
    CASES(ids, reads_one_id);
}

static void an_id_has_at_most_512_bytes(void **state) /* F-146 */
{
    (void)state;
    char body[1024];
    for (int size = GRAPH_MAX_ID; size <= GRAPH_MAX_ID + 1; size++) {
        struct graph_page *owner = NULL;
        struct graph_item item;
        (void)snprintf(body, sizeof body, "{\"id\":\"%0*d\",\"name\":\"a\"}", size, 1);
        assert_int_equal(
            graph_item_parse((const uint8_t *)body, strlen(body), &owner, &item),
            GRAPH_PAGE_OK);
        assert_int_equal(item.flaw, size > GRAPH_MAX_ID ? GRAPH_FLAW_ID : GRAPH_FLAW_NONE);
        graph_page_close(owner);
    }
}

static void the_hash_of_a_tombstone_is_not_used(void **state)
{
    (void)state;
    struct graph_page *page = NULL;
    struct graph_item item;
    assert_int_equal(
        open_text("{\"value\":[{\"id\":\"1\",\"deleted\":{},\"file\":{\"hashes\":{"
                  "\"quickXorHash\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}}}]" DELTA,
                  false, &page),
        GRAPH_PAGE_OK);
    assert_true(graph_page_next(page, &item));
    assert_int_equal(item.hash_kind, GRAPH_HASH_NONE);
    graph_page_close(page);
}

static const struct hash_case {
    const char *name;
    const char *hashes;
    enum graph_hash_kind want;
} hashes[] = {
    {"none",                                    "",                                                          GRAPH_HASH_NONE    },
    {"quickXor is preferred",
     "\"sha1Hash\":\"0123456789ABCDEF0123456789ABCDEF01234567\","
     "\"quickXorHash\":\"aCgDG9jwBhDc4Q1yawMZAAAAAAA=\"",                                                    GRAPH_HASH_QUICKXOR},
    {"sha1 alone",                              "\"sha1Hash\":\"0123456789abcdef0123456789ABCDEF01234567\"",
     GRAPH_HASH_SHA1                                                                                                            },
    {"sha256 before sha1",
     "\"sha1Hash\":\"0123456789ABCDEF0123456789ABCDEF01234567\",\"sha256Hash\":"
     "\"0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\"",                                 GRAPH_HASH_SHA256  },
    {"a hash cut short is none",                "\"quickXorHash\":\"aCgDG9jwBhA=\"",                         GRAPH_HASH_NONE    },
    {"a hash that is not base64 is none",       "\"quickXorHash\":\"!!!!\"",                                 GRAPH_HASH_NONE    },
    {"hex that is too short is none",           "\"sha1Hash\":\"0123\"",                                     GRAPH_HASH_NONE    },
    {"hex with a sign is none",                 "\"sha1Hash\":\"+123456789ABCDEF0123456789ABCDEF01234567\"",
     GRAPH_HASH_NONE                                                                                                            },
    {"hex with a sign second is none",
     "\"sha1Hash\":\"0@23456789ABCDEF0123456789ABCDEF01234567\"",                                            GRAPH_HASH_NONE    },
    {"hex with a small letter too far is none",
     "\"sha1Hash\":\"0g23456789ABCDEF0123456789ABCDEF01234567\"",                                            GRAPH_HASH_NONE    },
    {"hex with a letter too far is none",
     "\"sha1Hash\":\"0123456789ABCDEF0123456789ABCDEF0123456G\"",                                            GRAPH_HASH_NONE    },
};

static void reads_one_hash(const struct hash_case *row)
{
    char body[512];
    (void)snprintf(body, sizeof body,
                   "{\"id\":\"1\",\"name\":\"a\",\"file\":{\"hashes\":{%s}}}", row->hashes);
    struct graph_page *owner = NULL;
    struct graph_item item;
    assert_int_equal(graph_item_parse((const uint8_t *)body, strlen(body), &owner, &item),
                     GRAPH_PAGE_OK);
    assert_int_equal(item.hash_kind, row->want);
    graph_page_close(owner);
}

static void reads_the_best_hash(void **state)
{
    (void)state;
    CASES(hashes, reads_one_hash);
}

static void one_item_alone_is_judged_as_strictly(void **state)
{
    (void)state;
    struct graph_page *owner = NULL;
    struct graph_item item;
    static const char array[] = "[1]";
    static const char cut[] = "{\"id\":";
    static const char flawed[] = "{\"id\":\"1\",\"name\":\"\\udfff\",\"file\":{}}";
    assert_int_equal(
        graph_item_parse((const uint8_t *)array, sizeof array - 1, &owner, &item),
        GRAPH_PAGE_BAD_SHAPE);
    assert_int_equal(graph_item_parse((const uint8_t *)cut, sizeof cut - 1, &owner, &item),
                     GRAPH_PAGE_BAD_JSON);
    assert_null(owner);
    assert_int_equal(
        graph_item_parse((const uint8_t *)flawed, sizeof flawed - 1, &owner, &item),
        GRAPH_PAGE_OK);
    assert_int_equal(item.flaw, GRAPH_FLAW_TEXT);
    graph_page_close(owner);
}

static void a_page_holds_at_most_5000_items(void **state)
{
    (void)state;
    for (size_t count = GRAPH_MAX_PAGE_ITEMS; count <= GRAPH_MAX_PAGE_ITEMS + 1; count++) {
        size_t capacity = count * 3 + 128;
        char *body = test_malloc(capacity);
        size_t size = (size_t)snprintf(body, capacity, "{\"value\":[{}");
        for (size_t i = 1; i < count; i++) {
            memcpy(body + size, ",{}", 3);
            size += 3;
        }
        size += (size_t)snprintf(body + size, capacity - size, "]" DELTA);
        struct graph_page *page = NULL;
        assert_int_equal(graph_page_open((const uint8_t *)body, size, false, &page),
                         count > GRAPH_MAX_PAGE_ITEMS ? GRAPH_PAGE_TOO_MANY
                                                      : GRAPH_PAGE_OK);
        graph_page_close(page);
        test_free(body);
    }
}

static void every_status_has_words(void **state)
{
    (void)state;
    for (int i = GRAPH_PAGE_OK; i <= GRAPH_PAGE_NO_MEMORY; i++)
        assert_true(strlen(graph_page_status_text((enum graph_page_status)i)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(refuses_what_is_no_page),
        TABLE_TEST(gives_the_links),
        TABLE_TEST(reads_items_and_holds_the_bad_ones),
        TABLE_TEST(reads_every_property),
        TABLE_TEST(personal_ids_are_compared_without_case),
        TABLE_TEST(an_id_has_at_most_512_bytes),
        TABLE_TEST(the_hash_of_a_tombstone_is_not_used),
        TABLE_TEST(reads_the_best_hash),
        TABLE_TEST(one_item_alone_is_judged_as_strictly),
        TABLE_TEST(a_page_holds_at_most_5000_items),
        TABLE_TEST(every_status_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
