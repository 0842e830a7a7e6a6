/* Hashes of the kinds that a listing names. */
#include <string.h>

#include "agent/place/hash.h"
#include "protocol/graph_page.h"
#include "tests/support/table.h"

static const struct hash_case {
    const char *name;
    uint8_t kind;
    uint8_t want_kind;
    const char *hex; /* of "abc" */
} cases[] = {
    {"QuickXorHash",                   GRAPH_HASH_QUICKXOR, GRAPH_HASH_QUICKXOR,
     "6110c31800000000000000000300000000000000"                                                                            },
    {"none is QuickXorHash",           GRAPH_HASH_NONE,     GRAPH_HASH_QUICKXOR,
     "6110c31800000000000000000300000000000000"                                                                            },
    {"an unknown one is QuickXorHash", 200,                 GRAPH_HASH_QUICKXOR,
     "6110c31800000000000000000300000000000000"                                                                            },
    {"SHA-1",                          GRAPH_HASH_SHA1,     GRAPH_HASH_SHA1,     "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"SHA-256",                        GRAPH_HASH_SHA256,   GRAPH_HASH_SHA256,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"                                                    },
};

static struct store_hash hash_of(uint8_t kind, const char *one, const char *two)
{
    struct hash *hash = hash_new(kind);
    assert_non_null(hash);
    hash_update(hash, one, strlen(one));
    hash_update(hash, two, strlen(two));
    return hash_finish(hash);
}

static void check_hash(const struct hash_case *row)
{
    char hex[2 * STORE_MAX_HASH + 1];
    struct store_hash hash = hash_of(row->kind, "a", "bc");
    for (size_t i = 0; i < hash.size; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", hash.bytes[i]);
    assert_int_equal(hash.kind, row->want_kind);
    assert_string_equal(hex, row->hex);
}

static void computes_every_kind(void **state)
{
    (void)state;
    CASES(cases, check_hash);
}

static void equal_means_known_and_the_same(void **state)
{
    (void)state;
    struct store_hash one = hash_of(GRAPH_HASH_QUICKXOR, "abc", "");
    struct store_hash same = hash_of(GRAPH_HASH_QUICKXOR, "", "abc");
    struct store_hash other = hash_of(GRAPH_HASH_QUICKXOR, "abd", "");
    struct store_hash other_kind = one;
    struct store_hash none = {.kind = 0};
    other_kind.kind = GRAPH_HASH_SHA1;
    assert_true(hash_equal(&one, &same));
    assert_false(hash_equal(&one, &other));
    assert_false(hash_equal(&one, &other_kind));
    assert_false(hash_equal(&none, &none));
}

static void may_be_given_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        hash_free(hash_new(cases[i].kind));
    hash_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(computes_every_kind),
        TABLE_TEST(equal_means_known_and_the_same),
        TABLE_TEST(may_be_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
