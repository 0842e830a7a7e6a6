#include "agent/sync/facts.h"

#include <string.h>

#include "agent/place/hash.h"

enum { RETRY_FIRST_MS = 15 * 1000, RETRY_DOUBLINGS = 12, RETRY_LAST_MS = 24 * 3600 * 1000 };

static bool is_same_text(const char *one, const char *other)
{
    return one != NULL && other != NULL && strcmp(one, other) == 0;
}

bool facts_content_differs(const struct store_base *base, const struct store_remote *remote)
{
    bool differs_from_listing = (base->flags & STORE_BASE_DIFFERS) != 0;
    const struct store_hash *hash = differs_from_listing ? &base->listed : &base->hash;
    int64_t size = differs_from_listing ? base->listed_size : base->size;
    if (hash->kind != 0 && hash->kind == remote->hash.kind)
        return !hash_equal(hash, &remote->hash);
    if (is_same_text(base->ctag, remote->etag))
        return false; /* fetched when no cTag was listed yet */
    if (base->ctag != NULL && remote->ctag != NULL)
        return strcmp(base->ctag, remote->ctag) != 0;
    return (remote->size != STORE_UNKNOWN && remote->size != size) ||
           remote->mtime_ms != base->mtime_ms;
}

enum plan_remote facts_remote(const struct store_base *base,
                              const struct store_remote *remote)
{
    if (remote->gone)
        return PLAN_REMOTE_GONE;
    if (base == NULL)
        return PLAN_REMOTE_NEW;
    return facts_content_differs(base, remote) ? PLAN_REMOTE_CHANGED : PLAN_REMOTE_SAME;
}

bool facts_is_at_place(const struct store_base *base, const struct store_remote *remote)
{
    bool is_moved_here = (base->flags & STORE_BASE_MOVED) != 0;
    bool is_same_place = base->parent == remote->parent && remote->name != NULL &&
                         strcmp(base->name, remote->name) == 0;
    return base->kind == remote->kind && (is_moved_here || is_same_place);
}

bool facts_is_mirrored(const struct store_remote *remote)
{
    return remote->kind == STORE_KIND_FILE || remote->kind == STORE_KIND_FOLDER;
}

const char *facts_version(const struct store_remote *remote)
{
    return remote->ctag != NULL ? remote->ctag : remote->etag;
}

bool facts_is_content(const struct store_remote *remote, const char *version, int64_t size,
                      const struct store_hash *hash)
{
    if (remote->size != size || remote->hash.kind != hash->kind)
        return false;
    if (hash->kind != 0)
        return hash_equal(&remote->hash, hash);
    return is_same_text(version, remote->ctag) || is_same_text(version, remote->etag);
}

int64_t facts_retry_delay_ms(int attempts)
{
    int doublings = attempts < RETRY_DOUBLINGS ? attempts : RETRY_DOUBLINGS;
    int64_t delay = (int64_t)RETRY_FIRST_MS << (doublings < 0 ? 0 : doublings);
    return delay < RETRY_LAST_MS ? delay : RETRY_LAST_MS;
}
