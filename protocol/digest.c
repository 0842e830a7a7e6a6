#include "protocol/digest.h"

#include <mbedtls/md.h>
#include <stdlib.h>

/* The generic layer of mbedTLS: its calls are the same in 2.28 and 3.x, those of the
 * single algorithms are not. */
struct digest {
    mbedtls_md_context_t context;
    size_t size; /* of the result */
};

static const mbedtls_md_type_t types[] = {
    [DIGEST_SHA1] = MBEDTLS_MD_SHA1,
    [DIGEST_SHA256] = MBEDTLS_MD_SHA256,
};

struct digest *digest_new(enum digest_kind kind)
{
    struct digest *digest = malloc(sizeof *digest);
    if (digest == NULL)
        return NULL;
    mbedtls_md_init(&digest->context);
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(types[kind]);
    if (info == NULL || mbedtls_md_setup(&digest->context, info, 0) != 0 ||
        mbedtls_md_starts(&digest->context) != 0) {
        digest_free(digest);
        return NULL;
    }
    digest->size = mbedtls_md_get_size(info);
    return digest;
}

void digest_update(struct digest *digest, const void *data, size_t size)
{
    /* Fails only for a context that was not set up. */
    (void)mbedtls_md_update(&digest->context, data, size);
}

size_t digest_finish(struct digest *digest, uint8_t out[DIGEST_MAX_SIZE])
{
    size_t size = digest->size;
    (void)mbedtls_md_finish(&digest->context, out);
    digest_free(digest);
    return size;
}

void digest_free(struct digest *digest)
{
    if (digest == NULL)
        return;
    mbedtls_md_free(&digest->context);
    free(digest);
}
