/* The validator against a plain decoder that looks at one code point at a time; whole and
 * cut in the middle. */
#include <stdint.h>
#include <stdlib.h>

#include "protocol/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The size of the code point at the start, 0 when there is none. */
static size_t measure(const uint8_t *bytes, size_t size)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes[0];
    size_t length = first < 0x80           ? 1
                    : (first >> 5) == 0x06 ? 2
                    : (first >> 4) == 0x0E ? 3
                    : (first >> 3) == 0x1E ? 4
                                           : 0;
    if (length <= 1 || length > size)
        return length == 1;
    uint32_t code = first & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3FU);
    }
    bool is_good =
        code >= lowest[length] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    return is_good ? length : 0;
}

static bool is_valid(const uint8_t *bytes, size_t size)
{
    size_t length = 1;
    for (size_t at = 0; at < size && length > 0; at += length) {
        length = measure(bytes + at, size - at);
        if (length == 0)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool want = is_valid(data, size);
    struct utf8 utf8 = {0};
    bool cut = utf8_feed(&utf8, data, size / 2) &&
               utf8_feed(&utf8, data + size / 2, size - size / 2) &&
               utf8_is_complete(&utf8);
    if (utf8_is_valid(data, size) != want || cut != want)
        abort();
    return 0;
}
