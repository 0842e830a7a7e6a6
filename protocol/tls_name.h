/* Whether a certificate's name covers the host that was asked for. RFC 9525, 6; WS-25.
 * Pure.
 */
#ifndef PROTOCOL_TLS_NAME_H
#define PROTOCOL_TLS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/ip_address.h"

enum { TLS_NAME_MAX = 253 }; /* RFC 1035, 2.3.4 */

struct tls_name {
    char host[TLS_NAME_MAX + 1]; /* without a trailing dot */
    bool is_address;
    struct ip_address address; /* where it is one */
};

/* Reads a host name or address literal (IPv6 without brackets). False, and `out` of no
 * use, for what cannot be one. */
bool tls_name_init(struct tls_name *out, const char *host);

/* Whether a dNSName covers the host: equal in any case, or a wildcard as its whole
 * leftmost label in front of at least two others. Never for an address. */
bool tls_name_is_covered(const struct tls_name *name, const uint8_t *pattern, size_t size);

/* Whether an iPAddress is the host. */
bool tls_name_is_address(const struct tls_name *name, const uint8_t *bytes, size_t size);

#endif
