/* The certificates to trust, as PEM: the system's bundle and what `ca_file` adds.
 *
 * libcurl wants a path and keeps what it parsed only for a path (a directory or a blob is
 * parsed again for each connection); mbedTLS wants the bytes. So this gives both.
 */
#ifndef AGENT_NET_TRUST_BUNDLE_H
#define AGENT_NET_TRUST_BUNDLE_H

#include "agent/failure.h"
#include "protocol/bytes.h"

/* The system's bundle, in the place of the first distribution that has one; NULL: none. */
const char *trust_bundle_system_path(void);

/* Appends the system's bundle and `ca_file` (NULL: none) to `out`. FAILURE_CONFIG where
 * there is nothing to trust, or `ca_file` cannot be read. */
enum failure_kind trust_bundle_read(const char *ca_file, struct bytes *out,
                                    struct failure *failure);

/* A path for libcurl, valid while `*out_fd` is open: the system's bundle itself, with
 * `*out_fd` -1, or the bundle together with `ca_file` in memory behind `*out_fd`, which
 * the caller closes. */
enum failure_kind trust_bundle_open(const char *ca_file, char *out_path, size_t path_size,
                                    int *out_fd, struct failure *failure);

#endif
