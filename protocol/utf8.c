#include "protocol/utf8.h"

#include <string.h>

/* Most text is ASCII: eight bytes at a time, as long as no top bit is set. */
static size_t count_ascii(const uint8_t *bytes, size_t size)
{
    size_t i = 0;
    uint64_t word = 0;
    for (; size - i >= sizeof word; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        if ((word & 0x8080808080808080U) != 0)
            break;
    }
    while (i < size && bytes[i] < 0x80)
        i++;
    return i;
}

/* RFC 3629, 4: the first byte decides how many follow and which range the second has. */
static bool take_first(struct utf8 *utf8, uint8_t byte)
{
    utf8->lowest = 0x80;
    utf8->highest = 0xBF;
    if (byte >= 0xC2 && byte <= 0xDF) {
        utf8->missing = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
        utf8->missing = 2;
        if (byte == 0xE0)
            utf8->lowest = 0xA0;
        if (byte == 0xED)
            utf8->highest = 0x9F;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
        utf8->missing = 3;
        if (byte == 0xF0)
            utf8->lowest = 0x90;
        if (byte == 0xF4)
            utf8->highest = 0x8F;
    } else {
        return false;
    }
    return true;
}

static bool take_continuation(struct utf8 *utf8, uint8_t byte)
{
    if (byte < utf8->lowest || byte > utf8->highest)
        return false;
    utf8->lowest = 0x80;
    utf8->highest = 0xBF;
    utf8->missing--;
    return true;
}

bool utf8_feed(struct utf8 *utf8, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (utf8->missing > 0) {
            if (!take_continuation(utf8, bytes[i]))
                return false;
            continue;
        }
        i += count_ascii(bytes + i, size - i);
        if (i < size && !take_first(utf8, bytes[i]))
            return false;
    }
    return true;
}

bool utf8_is_complete(const struct utf8 *utf8)
{
    return utf8->missing == 0;
}

bool utf8_is_valid(const uint8_t *bytes, size_t size)
{
    struct utf8 utf8 = {0};
    return utf8_feed(&utf8, bytes, size) && utf8_is_complete(&utf8);
}
