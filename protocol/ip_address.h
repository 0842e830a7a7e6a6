/* Reads an IPv4 or IPv6 address from text, in the one strict form that everybody reads
 * alike: four decimal numbers without leading zeros, or RFC 4291, 2.2 without a zone.
 * Pure; no errors but "this is not an address".
 */
#ifndef PROTOCOL_IP_ADDRESS_H
#define PROTOCOL_IP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ip_address {
    uint8_t bytes[16]; /* network order */
    size_t size;       /* 4 or 16 */
};

/* Reads all of `text`, without brackets. False, and `out` untouched, for anything else. */
bool ip_parse(const char *text, struct ip_address *out);

/* 127.0.0.0/8 or ::1. */
bool ip_is_loopback(const struct ip_address *address);

#endif
