/* Escaping for logs, terminals and messages (F-47, F-152). */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "agent/log.h"
#include "agent/log_text.h"

/* Reads one UTF-8 character; answers its length, 0 where the bytes are not UTF-8. */
static size_t read_character(const unsigned char *text, uint32_t *out)
{
    static const struct {
        unsigned char mask;
        unsigned char lead;
        uint32_t least; /* a smaller value is an overlong form */
    } forms[] = {
        {0x80, 0x00, 0      },
        {0xE0, 0xC0, 0x80   },
        {0xF0, 0xE0, 0x800  },
        {0xF8, 0xF0, 0x10000}
    };
    for (size_t more = 0; more < sizeof forms / sizeof *forms; more++) {
        if ((text[0] & forms[more].mask) != forms[more].lead)
            continue;
        uint32_t value = text[0] & (unsigned char)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((text[i] & 0xC0) != 0x80) /* also stops at the zero */
                return 0;
            value = value << 6 | (text[i] & 0x3F);
        }
        bool surrogate = value >= 0xD800 && value <= 0xDFFF;
        if (value < forms[more].least || value > 0x10FFFF || surrogate)
            return 0;
        *out = value;
        return more + 1;
    }
    return 0;
}

/* Characters that are not seen, or change how others are shown: bidirectional marks, line
 * and paragraph separators, C1 controls, zero-width blanks, annotations, the byte order
 * mark. Joiners stay: Persian and emoji need them. */
static bool is_unseen(uint32_t character)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } ranges[] = {
        {0x80,   0x9F  },
        {0x61C,  0x61C },
        {0x200B, 0x200B},
        {0x200E, 0x200F},
        {0x2028, 0x202E},
        {0x2060, 0x2064},
        {0x2066, 0x2069},
        {0xFEFF, 0xFEFF},
        {0xFFF9, 0xFFFB}
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    }
    return false;
}

/* One character of `text` in its shown form; answers how many bytes were read. */
static size_t escape_one(const char *text, char out[16])
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t character = 0;
    size_t size = read_character(bytes, &character);
    if (size == 0 || character < 0x20 || character == 0x7F) {
        (void)snprintf(out, 16, "\\x%02X", bytes[0]);
        return 1;
    }
    if (is_unseen(character)) {
        (void)snprintf(out, 16, "\\u{%04X}", (unsigned)character);
        return size;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return size;
}

const char *log_escape(const char *text, char *out, size_t out_size)
{
    static const char ellipsis[] = "…";
    size_t used = 0;
    size_t cut = 0; /* the last place where the ellipsis would still fit */
    while (*text != '\0') {
        char shown[16];
        size_t read = escape_one(text, shown);
        size_t size = strlen(shown);
        if (used + size + 1 > out_size) {
            used = cut;
            if (cut + sizeof ellipsis <= out_size) {
                memcpy(out + cut, ellipsis, sizeof ellipsis - 1);
                used += sizeof ellipsis - 1;
            }
            break;
        }
        memcpy(out + used, shown, size);
        used += size;
        text += read;
        if (used + sizeof ellipsis <= out_size)
            cut = used;
    }
    if (out_size > 0)
        out[used] = '\0';
    return out;
}

const char *log_json_text(const char *text, char *out, size_t out_size)
{
    size_t used = 0;
    out[used++] = '"';
    while (*text != '\0') {
        char shown[16];
        uint32_t character = 0;
        size_t read = read_character((const unsigned char *)text, &character);
        if (read == 0)
            (void)snprintf(shown, sizeof shown, "\\ufffd");
        else if (character == '"' || character == '\\')
            (void)snprintf(shown, sizeof shown, "\\%c", (int)character);
        else if (character < 0x20)
            (void)snprintf(shown, sizeof shown, "\\u%04x", (unsigned)character);
        else
            (void)snprintf(shown, sizeof shown, "%.*s", (int)read, text);
        size_t size = strlen(shown);
        if (used + size + 2 > out_size) /* the quote and the zero */
            break;
        memcpy(out + used, shown, size);
        used += size;
        text += read == 0 ? 1 : read;
    }
    out[used++] = '"';
    out[used] = '\0';
    return out;
}
