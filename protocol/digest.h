/* SHA-1 and SHA-256 of bytes that come in pieces (FIPS 180-4).
 *
 * Sequence: digest_new(), digest_update() any number of times, then digest_finish(), which
 * also frees; or digest_free(). Errors: only memory, at digest_new().
 */
#ifndef PROTOCOL_DIGEST_H
#define PROTOCOL_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum digest_kind { DIGEST_SHA1, DIGEST_SHA256 };
enum { DIGEST_MAX_SIZE = 32 };

struct digest;

/* NULL: no memory. */
struct digest *digest_new(enum digest_kind kind);
void digest_update(struct digest *digest, const void *data, size_t size);

/* Writes the 20 or 32 bytes, answers how many, and frees `digest`. */
size_t digest_finish(struct digest *digest, uint8_t out[DIGEST_MAX_SIZE]);

/* Accepts NULL. */
void digest_free(struct digest *digest);

#endif
