#include "protocol/json_token.h"

#include <string.h>

#include "protocol/hex.h"
#include "protocol/utf8.h"

/* One byte in each of the eight of a word. */
#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))
#define TOP_BITS         EACH_BYTE(0x80)

static const uint64_t fnv_start = UINT64_C(0xCBF29CE484222325);
static const uint64_t fnv_prime = UINT64_C(0x00000100000001B3);

/* Not zero when one of the bytes of a word is. */
static uint64_t find_zero(uint64_t word)
{
    return (word - EACH_BYTE(1)) & ~word & TOP_BITS;
}

/* Whether a word holds a quote, a backslash or a control character. */
static bool is_special(uint64_t word)
{
    return (find_zero(word ^ EACH_BYTE('"')) | find_zero(word ^ EACH_BYTE('\\')) |
            ((word - EACH_BYTE(0x20)) & ~word & TOP_BITS)) != 0;
}

/* Skips ordinary characters, eight at a time where possible, and collects their bits in
 * `bits`, so that one look tells whether all were ASCII. */
static size_t skip_ordinary(const char *text, size_t size, size_t at, uint64_t *bits)
{
    uint64_t word = 0;
    for (; size - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        if (is_special(word))
            break;
        *bits |= word;
    }
    for (; at < size; at++) {
        unsigned char byte = (unsigned char)text[at];
        if (byte == '"' || byte == '\\' || byte < 0x20)
            break;
        *bits |= byte;
    }
    return at;
}

/* Reads `\uXXXX`; false when it is not one. */
static bool read_unit(const char *text, size_t size, uint32_t *out)
{
    uint32_t unit = 0;
    if (size < 6 || text[0] != '\\' || text[1] != 'u')
        return false;
    for (size_t i = 2; i < 6; i++) {
        int digit = hex_value(text[i]);
        if (digit < 0)
            return false;
        unit = unit << 4 | (uint32_t)digit;
    }
    *out = unit;
    return true;
}

static bool is_high_surrogate(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(uint32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* The character that an escape stands for, and how many bytes the escape takes; 0 when it
 * is not one. A lone surrogate is answered as itself. */
static size_t read_escape(const char *text, size_t size, uint32_t *out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (size >= 2 && text[1] != 'u') {
        const char *found = text[1] == 0 ? NULL : strchr(names, text[1]);
        if (found == NULL)
            return 0;
        *out = (uint32_t)meanings[found - names];
        return 2;
    }
    uint32_t low = 0;
    if (!read_unit(text, size, out))
        return 0;
    if (!is_high_surrogate(*out) || !read_unit(text + 6, size - 6, &low) ||
        !is_low_surrogate(low))
        return 6;
    *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

static enum json_verdict judge_character(uint32_t character)
{
    if (character == 0)
        return JSON_NUL;
    if (is_high_surrogate(character) || is_low_surrogate(character))
        return JSON_LONE_SURROGATE;
    return JSON_OK;
}

enum json_verdict json_read_string(const char *text, size_t size, size_t limit,
                                   struct json_token *out)
{
    struct json_token token = {0};
    uint64_t bits = 0;
    size_t at = skip_ordinary(text, size, 1, &bits);
    for (; at < size && text[at] != '"'; at = skip_ordinary(text, size, at, &bits)) {
        if (text[at] != '\\')
            return JSON_CONTROL_CHARACTER;
        uint32_t character = 0;
        size_t escape_size = read_escape(text + at, size - at, &character);
        if (escape_size == 0)
            return size - at < 6 ? JSON_CUT_OFF : JSON_BAD_ESCAPE;
        if (token.content == JSON_OK)
            token.content = judge_character(character);
        token.has_escape = true;
        at += escape_size;
    }
    if (at >= size)
        return JSON_CUT_OFF;
    if (at - 1 > limit)
        return JSON_STRING_TOO_LONG;
    if ((bits & TOP_BITS) != 0 && !utf8_is_valid((const uint8_t *)text + 1, at - 1))
        token.content = JSON_BAD_UTF8;
    token.size = at + 1;
    *out = token;
    return JSON_OK;
}

static uint64_t hash_bytes(uint64_t hash, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * fnv_prime;
    return hash;
}

/* Writes a character as UTF-8; a lone surrogate takes the form that it would have. */
static size_t encode(uint32_t character, char out[4])
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    size_t size = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (character & 0x3F));
        character >>= 6;
    }
    out[0] = (char)((0xF00U >> size & 0xFFU) | character);
    return size;
}

uint64_t json_hash_string(const char *text, const struct json_token *token)
{
    const char *at = text + 1;
    const char *end = text + token->size - 1;
    if (!token->has_escape)
        return hash_bytes(fnv_start, at, (size_t)(end - at));
    uint64_t hash = fnv_start;
    while (at < end) {
        char encoded[4] = {*at};
        uint32_t character = 0;
        size_t taken = 1;
        size_t size = 1;
        if (*at == '\\') {
            taken = read_escape(at, (size_t)(end - at), &character);
            size = encode(character, encoded);
        }
        hash = hash_bytes(hash, encoded, size);
        at += taken;
    }
    return hash;
}

static size_t skip_digits(const char *text, size_t size, size_t at)
{
    while (at < size && text[at] >= '0' && text[at] <= '9')
        at++;
    return at;
}

/* Reads `[eE][+-]digits`; false when digits are missing. The value stops growing long
 * before it overflows. */
static bool read_exponent(const char *text, size_t size, size_t *at, long *out)
{
    enum { ENOUGH = 100000 };
    size_t i = *at + 1;
    bool is_negative = i < size && text[i] == '-';
    if (i < size && (text[i] == '-' || text[i] == '+'))
        i++;
    size_t start = i;
    long value = 0;
    for (; i < size && text[i] >= '0' && text[i] <= '9'; i++)
        value = value < ENOUGH ? value * 10 + (text[i] - '0') : value;
    *at = i;
    *out = is_negative ? -value : value;
    return i > start;
}

/* The power of ten of the first digit that is not zero: 2 for 123, -2 for 0.05. False for
 * zero. `end` is behind the last digit of the fraction. */
static bool find_magnitude(const char *text, size_t point, size_t end, long *out)
{
    size_t first = text[0] == '-';
    size_t i = first;
    while (i < end && (text[i] == '0' || text[i] == '.'))
        i++;
    *out = i < point ? (long)(point - i) - 1 : (long)point - (long)i;
    return i < end;
}

/* The end of a number that ends in the text, or of the text: what is wrong with it. */
static enum json_verdict bad_number(size_t at, size_t size)
{
    return at == size ? JSON_CUT_OFF : JSON_BAD_NUMBER;
}

enum json_verdict json_read_number(const char *text, size_t size, struct json_token *out)
{
    enum { HIGHEST_POWER = 307 };
    size_t start = text[0] == '-';
    size_t point = skip_digits(text, size, start);
    if (point == start)
        return bad_number(point, size);
    if (text[start] == '0' && point > start + 1)
        return JSON_BAD_NUMBER;
    size_t at = point;
    if (at < size && text[at] == '.') {
        at = skip_digits(text, size, point + 1);
        if (at == point + 1)
            return bad_number(at, size);
    }
    long magnitude = 0;
    long exponent = 0;
    bool is_zero = !find_magnitude(text, point, at, &magnitude);
    if (at < size && (text[at] == 'e' || text[at] == 'E') &&
        !read_exponent(text, size, &at, &exponent))
        return bad_number(at, size);
    bool is_too_large =
        (!is_zero && magnitude + exponent > HIGHEST_POWER) || at > JSON_MAX_NUMBER_SIZE;
    *out = (struct json_token){.size = at,
                               .content = is_too_large ? JSON_NUMBER_TOO_LARGE : JSON_OK};
    return JSON_OK;
}
