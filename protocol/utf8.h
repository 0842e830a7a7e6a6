/* Incremental validation of UTF-8: RFC 3629, 4; RFC 6455, 8.1.
 *
 * Sequence: a struct utf8 of zeros stands between two code points; utf8_feed() for each
 * piece of the text; utf8_is_complete() at its end. A code point may straddle pieces
 * (WS-51). Overlong forms, surrogates and everything above U+10FFFF are refused at the
 * first byte that cannot be right (WS-50, WS-52); U+0000, noncharacters and a BOM pass.
 */
#ifndef PROTOCOL_UTF8_H
#define PROTOCOL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct utf8 {
    uint8_t missing; /* continuation bytes still to come, 0 to 3 */
    uint8_t lowest;  /* of the next byte; holds while `missing` is not 0 */
    uint8_t highest;
};

/* Goes on with the next piece. False at the first bad byte; the state is of no use then. */
bool utf8_feed(struct utf8 *utf8, const uint8_t *bytes, size_t size);

/* Whether the text may end here. */
bool utf8_is_complete(const struct utf8 *utf8);

/* Whether all of a text is valid. */
bool utf8_is_valid(const uint8_t *bytes, size_t size);

#endif
