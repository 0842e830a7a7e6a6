#include "agent/place/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/place/quickxor.h"
#include "protocol/digest.h"
#include "protocol/graph_page.h"

static_assert((int)GRAPH_MAX_HASH == (int)STORE_MAX_HASH, "every listed hash fits");

struct hash {
    uint8_t kind;
    struct quickxor quickxor;
    struct digest *digest; /* NULL: QuickXorHash */
};

struct hash *hash_new(uint8_t kind)
{
    struct hash *hash = malloc(sizeof *hash);
    if (hash == NULL)
        return NULL;
    *hash = (struct hash){.kind = kind};
    quickxor_init(&hash->quickxor);
    if (kind == GRAPH_HASH_SHA256 || kind == GRAPH_HASH_SHA1) {
        hash->digest = digest_new(kind == GRAPH_HASH_SHA256 ? DIGEST_SHA256 : DIGEST_SHA1);
        if (hash->digest == NULL) {
            free(hash);
            return NULL;
        }
    } else {
        hash->kind = GRAPH_HASH_QUICKXOR;
    }
    return hash;
}

void hash_update(struct hash *hash, const void *data, size_t size)
{
    if (hash->digest != NULL)
        digest_update(hash->digest, data, size);
    else
        quickxor_update(&hash->quickxor, data, size);
}

struct store_hash hash_finish(struct hash *hash)
{
    struct store_hash out = {.kind = hash->kind, .size = QUICKXOR_SIZE};
    if (hash->digest != NULL)
        out.size = (uint8_t)digest_finish(hash->digest, out.bytes);
    else
        quickxor_final(&hash->quickxor, out.bytes);
    free(hash);
    return out;
}

void hash_free(struct hash *hash)
{
    if (hash == NULL)
        return;
    digest_free(hash->digest);
    free(hash);
}

bool hash_equal(const struct store_hash *one, const struct store_hash *other)
{
    return one->kind != 0 && one->kind == other->kind && one->size == other->size &&
           memcmp(one->bytes, other->bytes, one->size) == 0;
}
