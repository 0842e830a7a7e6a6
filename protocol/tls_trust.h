/* The certificates to trust, parsed once and shared by all connections of a program, with
 * the rules of verification and the random generator. RFC 5280; WS-24, WS-26, F-126.
 *
 * Sequence: tls_trust_new(), tls_trust_add_pem() for each bundle, tls_trust_add_crl() for
 * each revocation list, then connections (tls.h), which it must outlive, then
 * tls_trust_free(). Adding later is possible and makes saved sessions worthless. Who does
 * not know how long another will keep it shares it: the last one to free it does.
 *
 * The rules: TLS 1.2 at least, authenticated ciphers with forward secrecy, SHA-256 at
 * least, RSA of 2,048 bits at least, ALPN http/1.1, always verified.
 */
#ifndef PROTOCOL_TLS_TRUST_H
#define PROTOCOL_TLS_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/tls_status.h"

struct tls_trust;

/* NULL: no memory or no randomness. */
struct tls_trust *tls_trust_new(void);
/* One owner more; answers `trust`. Takes NULL. */
struct tls_trust *tls_trust_share(struct tls_trust *trust);
/* One owner less. Takes NULL. */
void tls_trust_free(struct tls_trust *trust);

/* Adds the certificates of a bundle; those that mbedTLS cannot read are skipped. TLS_OK,
 * TLS_BAD_PEM when there is none that can be read, TLS_NO_MEMORY. Call it before the
 * first connection or between two, not while one is in its handshake. */
enum tls_status tls_trust_add_pem(struct tls_trust *trust, const uint8_t *bytes,
                                  size_t size);

/* Adds a revocation list, under the same conditions. */
enum tls_status tls_trust_add_crl(struct tls_trust *trust, const uint8_t *bytes,
                                  size_t size);

/* Fills `out` from the generator of the trust set given as `user`. Fits ws_random_fn. */
bool tls_random(void *user, uint8_t *out, size_t size);

/* For tls.c: the rules as mbedTLS wants them, borrowed as long as the trust set. */
struct mbedtls_ssl_config;
const struct mbedtls_ssl_config *tls_trust_config(const struct tls_trust *trust);

/* For tls.c: a number that no other content of any trust set has had. */
uint64_t tls_trust_stamp(const struct tls_trust *trust);

#endif
