#include "protocol/ip_address.h"

#include <string.h>

#include "protocol/hex.h"

enum { GROUPS = 8, BYTES = 2 * GROUPS };

/* Reads one decimal number of an IPv4 address; NULL when there is none. A leading zero is
 * refused, since some readers take it for octal. */
static const char *read_octet(const char *text, uint8_t *out)
{
    unsigned value = 0;
    size_t count = 0;
    for (; text[count] >= '0' && text[count] <= '9'; count++) {
        if (count == 3 || (count == 1 && value == 0))
            return NULL;
        value = value * 10 + (unsigned)(text[count] - '0');
    }
    if (count == 0 || value > UINT8_MAX)
        return NULL;
    *out = (uint8_t)value;
    return text + count;
}

static bool parse_ipv4(const char *text, uint8_t out[4])
{
    for (size_t i = 0; i < 4; i++) {
        if (i > 0 && *text++ != '.')
            return false;
        text = read_octet(text, &out[i]);
        if (text == NULL)
            return false;
    }
    return *text == 0;
}

/* Reads one to four hexadecimal digits; NULL when there are none or more. */
static const char *read_group(const char *text, uint8_t out[2])
{
    unsigned value = 0;
    size_t count = 0;
    for (; hex_value(text[count]) >= 0; count++) {
        if (count == 4)
            return NULL;
        value = value << 4 | (unsigned)hex_value(text[count]);
    }
    if (count == 0)
        return NULL;
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return text + count;
}

/* Reads groups separated by single colons until `::` or the end. An IPv4 address may take
 * the place of the last two groups. */
static const char *read_groups(const char *text, uint8_t *out, size_t limit,
                               size_t *out_count)
{
    size_t count = 0;
    while (count < limit) {
        if (count + 2 <= limit && parse_ipv4(text, out + 2 * count)) {
            *out_count = count + 2;
            return text + strlen(text);
        }
        text = read_group(text, out + 2 * count);
        if (text == NULL)
            return NULL;
        count++;
        if (count == limit || text[0] != ':' || text[1] == ':')
            break;
        text++;
    }
    *out_count = count;
    return text;
}

/* The groups before `::` stand at the front, those behind it at the end. */
static bool parse_ipv6(const char *text, uint8_t out[16])
{
    uint8_t tail[BYTES] = {0};
    size_t head_count = 0;
    size_t tail_count = 0;
    memset(out, 0, BYTES);
    if (strncmp(text, "::", 2) != 0)
        text = read_groups(text, out, GROUPS, &head_count);
    if (text == NULL)
        return false;
    if (strncmp(text, "::", 2) != 0)
        return *text == 0 && head_count == GROUPS;
    text += 2;
    if (*text != 0 && head_count < GROUPS - 1)
        text = read_groups(text, tail, GROUPS - 1 - head_count, &tail_count);
    if (text == NULL || *text != 0 || head_count + tail_count >= GROUPS)
        return false;
    memcpy(out + 2 * (GROUPS - tail_count), tail, 2 * tail_count);
    return true;
}

bool ip_parse(const char *text, struct ip_address *out)
{
    struct ip_address address = {.size = 4};
    if (!parse_ipv4(text, address.bytes)) {
        address.size = 16;
        if (!parse_ipv6(text, address.bytes))
            return false;
    }
    *out = address;
    return true;
}

bool ip_is_loopback(const struct ip_address *address)
{
    static const uint8_t loopback[16] = {[15] = 1};
    if (address->size == 4)
        return address->bytes[0] == 127;
    return memcmp(address->bytes, loopback, sizeof loopback) == 0;
}
