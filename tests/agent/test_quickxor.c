/* The vectors of QuickXorHash, whole and split at every place. */
#include <stdlib.h>
#include <string.h>

#include "agent/place/quickxor.h"
#include "tests/support/table.h"

enum { INPUT_MAX = 1024 * 1024 };

struct vector {
    const char *name;
    void (*fill)(uint8_t *out, size_t size); /* NULL: `text` */
    const char *text;
    size_t size;
    const char *hex;
};

static void fill_zeros(uint8_t *out, size_t size)
{
    memset(out, 0, size);
}

static void fill_ones(uint8_t *out, size_t size)
{
    memset(out, 0xFF, size);
}

static void fill_letters(uint8_t *out, size_t size)
{
    memset(out, 'a', size);
}

static void fill_counting(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)i;
}

static void fill_modulo(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(i % 251);
}

static const struct vector vectors[] = {
    {"empty",                 NULL,          "",                                            0,         "0000000000000000000000000000000000000000"},
    {"one zero byte",         fill_zeros,    NULL,                                          1,         "0000000000000000000000000100000000000000"},
    {"a",                     NULL,          "a",                                           1,         "6100000000000000000000000100000000000000"},
    {"abc",                   NULL,          "abc",                                         3,         "6110c31800000000000000000300000000000000"},
    {"hello world",           NULL,          "hello world",                                 11,        "6828031bd8f00610dce10d726b03190000000000"},
    {"a sentence",            NULL,          "The quick brown fox jumps over the lazy dog", 43,
     "6cc4a56f2b26c492fa4bbe57c1f31c4193a972be"                                                                                                  },
    {"20 bytes of ones",      fill_ones,     NULL,                                          20,        "1ce738c739ce717efce31fffecc73ffef18f7ffc"},
    {"one period",            fill_counting, NULL,                                          160,       "ffe1062e59d08b4755b39384ad75a1127cf9c20e"},
    {"all bytes",             fill_counting, NULL,                                          256,       "4241847d28ac65c03b93e14287bd6bd9d6c26b26"},
    {"one period and a byte", fill_letters,  NULL,                                          161,
     "9effffffffffffffffffffff5effffffffffffff"                                                                                                  },
    {"1000 letters",          fill_letters,  NULL,                                          1000,      "7080031ce0000738c0010e7068001c8108442002"},
    {"1 MiB of zeros",        fill_zeros,    NULL,                                          INPUT_MAX,
     "0000000000000000000000000000100000000000"                                                                                                  },
    {"many periods",          fill_modulo,   NULL,                                          327681,    "085c632d59566db3d31196f5f4a892931f812e92"},
};

static void to_hex(const struct quickxor *hash, char out[2 * QUICKXOR_SIZE + 1])
{
    uint8_t bytes[QUICKXOR_SIZE];
    quickxor_final(hash, bytes);
    for (size_t i = 0; i < QUICKXOR_SIZE; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* In pieces of `piece` bytes. */
static void check_in_pieces(const struct vector *row, const uint8_t *input, size_t piece)
{
    struct quickxor hash;
    char hex[2 * QUICKXOR_SIZE + 1];
    quickxor_init(&hash);
    for (size_t at = 0; at < row->size; at += piece)
        quickxor_update(&hash, input + at, row->size - at < piece ? row->size - at : piece);
    to_hex(&hash, hex);
    assert_string_equal(hex, row->hex);
}

static void check_vector(const struct vector *row)
{
    /* Behind the first byte, so that words are not aligned. */
    uint8_t *input = malloc(INPUT_MAX + 1);
    assert_non_null(input);
    if (row->fill != NULL)
        row->fill(input + 1, row->size);
    else
        memcpy(input + 1, row->text, row->size);
    static const size_t pieces[] = {INPUT_MAX, 1, 7, 8, 159, 160, 161, 320, 4096};
    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        check_in_pieces(row, input + 1, pieces[i]);
    free(input);
}

static void agrees_with_the_vectors(void **state)
{
    (void)state;
    CASES(vectors, check_vector);
}

static void does_not_care_where_the_input_is_split(void **state)
{
    (void)state;
    uint8_t input[500];
    char whole[2 * QUICKXOR_SIZE + 1];
    char split[2 * QUICKXOR_SIZE + 1];
    struct quickxor hash;
    fill_modulo(input, sizeof input);
    quickxor_init(&hash);
    quickxor_update(&hash, input, sizeof input);
    to_hex(&hash, whole);
    for (size_t at = 0; at <= sizeof input; at++) {
        quickxor_init(&hash);
        quickxor_update(&hash, input, at);
        quickxor_update(&hash, input + at, sizeof input - at);
        to_hex(&hash, split);
        assert_string_equal(split, whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(agrees_with_the_vectors),
        TABLE_TEST(does_not_care_where_the_input_is_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
