#include "agent/desktop/plain_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Size in bytes of what a first byte begins, 0: it begins nothing. */
static size_t size_of(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Reads one character; its size, or 0 where there is none. */
static size_t read_character(const char *text, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = size_of((unsigned char)text[0]);
    uint32_t value = (unsigned char)text[0] & (size == 1 ? 0x7fU : 0xffU >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xc0U) != 0x80)
            return 0;
        value = value << 6 | ((unsigned char)text[i] & 0x3fU);
    }
    bool is_good = size > 0 && value >= least[size] && value < 0x110000 &&
                   (value & 0xfffff800U) != 0xd800;
    *out = value;
    return is_good ? size : 0;
}

/* Characters that D-Bus does not carry. */
static bool is_forbidden(uint32_t value)
{
    return (value >= 0xfdd0 && value <= 0xfdef) || (value & 0xfffe) == 0xfffe;
}

static bool is_direction(uint32_t value)
{
    return value == 0x200e || value == 0x200f || (value >= 0x202a && value <= 0x202e) ||
           (value >= 0x2066 && value <= 0x2069);
}

static bool is_control(uint32_t value)
{
    return value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x2028 ||
           value == 0x2029;
}

/* What stands for a character; NULL: the character itself. */
static const char *replacement(uint32_t value, enum plain_text_for purpose)
{
    if (is_forbidden(value))
        return "?";
    if (is_direction(value))
        return "";
    if (is_control(value))
        return " ";
    if (purpose == PLAIN_TEXT_FOR_MENU)
        return value == '_' ? "__" : NULL;
    if (purpose != PLAIN_TEXT_FOR_MARKUP)
        return NULL;
    return value == '<' ? "&lt;" : value == '>' ? "&gt;" : value == '&' ? "&amp;" : NULL;
}

const char *plain_text(const char *text, enum plain_text_for purpose, char *out,
                       size_t out_size)
{
    size_t used = 0;
    while (*text != '\0') {
        uint32_t value = 0;
        size_t taken = read_character(text, &value);
        const char *piece = taken == 0 ? "?" : replacement(value, purpose);
        size_t size = piece == NULL ? taken : strlen(piece);
        if (used + size >= out_size)
            break;
        memcpy(out + used, piece == NULL ? text : piece, size);
        used += size;
        text += taken == 0 ? 1 : taken;
    }
    out[used] = '\0';
    return out;
}
