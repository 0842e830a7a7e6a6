/* Splits a URL and decides whether a service may send us there.
 *
 * Sequence: url_parse() over a text, then url_check() of the result against a policy. Both
 * are pure and allocate nothing; a `struct url` borrows the text it was parsed from.
 *
 * Strict on purpose, since a URL that two parsers read differently is a way around an
 * allow-list (F-147): no white space, no control characters, no backslash before the path,
 * host names in ASCII (punycode) only, addresses only in their canonical form. Nothing is
 * decoded or folded: path and query stay as written. The fragment is dropped.
 *
 * Limits: URL_MAX_SIZE for any URL of the service, URL_MAX_NOTIFICATION_SIZE for a
 * notificationUrl (failure-model 7); the policy says which. RFC 3986.
 */
#ifndef PROTOCOL_URL_H
#define PROTOCOL_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"

enum {
    URL_MAX_SIZE = 16 * 1024,
    URL_MAX_NOTIFICATION_SIZE = 4 * 1024,
    URL_MAX_HOST_SIZE = 253 /* RFC 1035, 2.3.4, without the last dot */
};

enum url_scheme { URL_HTTP, URL_HTTPS, URL_WS, URL_WSS };

/* A run of bytes in the parsed text. */
struct url_part {
    const char *text;
    size_t size;
};

struct url {
    enum url_scheme scheme;
    char host[URL_MAX_HOST_SIZE + 1]; /* lower case, no last dot, no brackets */
    bool is_address;                  /* the host is an IP address ... */
    bool is_ipv6;                     /* ... and needs brackets in a URL */
    bool is_loopback;                 /* localhost, *.localhost, 127.0.0.0/8, ::1 */
    bool has_userinfo;
    uint16_t port;         /* as given, or the scheme's own */
    size_t size;           /* of the whole text */
    struct url_part path;  /* from its slash; size 0 when there is none */
    struct url_part query; /* behind the question mark; size 0 also when there is none */
};

enum url_verdict {
    URL_OK = 0,

    /* From url_parse(). */
    URL_TOO_LONG, /* also from url_check(), by the policy's own limit */
    URL_BAD_CHARACTER,
    URL_UNKNOWN_SCHEME, /* also when there is none */
    URL_BAD_HOST,
    URL_BAD_PORT,
    URL_NO_MEMORY, /* only from functions that allocate */

    /* From url_check(). */
    URL_SCHEME_REFUSED,
    URL_USERINFO_REFUSED,
    URL_ADDRESS_REFUSED,
    URL_HOST_REFUSED,
    URL_PORT_REFUSED
};

/* Words for people, never NULL and without any part of the URL, which may be a secret. */
const char *url_verdict_text(enum url_verdict verdict);

/* Splits `text`. `out` is written on URL_OK only and borrows `text`. */
enum url_verdict url_parse(const char *text, struct url *out);

/* Where URLs of one kind may lead. A zeroed policy refuses everything.
 *
 * A host passes when one of these holds:
 *  - it is at or below one of `suffixes`, is a name and not an address, and the port is
 *    the scheme's own (or `any_port`);
 *  - it equals `own_host`: the host of a graph_url that is none of the known clouds', at
 *    any port;
 *  - `loopback` is set, which is right when graph_url is itself on a loopback address, and
 *    the host is any loopback name or address, at any port. */
struct url_policy {
    bool plain_text_allowed;     /* http and ws too; for test tools */
    bool web_socket_allowed;     /* wss beside https */
    const char *const *suffixes; /* without a leading dot; borrowed */
    size_t suffix_count;
    const char *own_host; /* may be NULL; borrowed */
    bool loopback;
    bool any_port;
    size_t size_limit; /* 0: URL_MAX_SIZE */
};

/* Judges a parsed URL. The first broken rule is the answer. */
enum url_verdict url_check(const struct url *url, const struct url_policy *policy);

/* Whether two host names are the same: case and one last dot do not count. */
bool url_host_equals(const char *host, const char *other);

/* Whether `host` is `suffix` or ends in it at a label boundary: x.svc.ms is below svc.ms,
 * evilsvc.ms and svc.ms.evil.example are not. Case and one last dot do not count. */
bool url_host_matches_suffix(const char *host, const char *suffix);

/* Same scheme, host and port: where a bearer token may go along (the paging links of
 * Graph). */
bool url_same_origin(const struct url *url, const struct url *other);

/* https or wss. */
bool url_is_secure(const struct url *url);

/* Appends one path segment, percent-encoded but for letters, digits and
 * - . _ ~ ! $ & ' ( ) * + , ; = : @ (RFC 3986, 3.3). False: limit or memory of `out`, or
 * the segment is `.` or `..`, which no encoding saves from being folded. */
bool url_append_segment(struct bytes *out, const char *segment, size_t size);

#endif
