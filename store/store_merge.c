#include "store/store_merge.h"

#include <string.h>

#include "store/store_statement.h"

bool store_is_mirrored(enum store_kind kind)
{
    return kind == STORE_KIND_FILE || kind == STORE_KIND_FOLDER;
}

static bool are_both_known(int64_t a, int64_t b)
{
    return a != STORE_UNKNOWN && b != STORE_UNKNOWN;
}

static bool have_both(const char *a, const char *b)
{
    return a != NULL && b != NULL;
}

/* Whether the content is another one: by the surest sign that both records have. Only
 * files have content: the tags and the size of a folder follow what is below it. */
static bool is_other_content(const struct store_remote *old, const struct store_remote *now)
{
    if (old->kind != STORE_KIND_FILE || now->kind != STORE_KIND_FILE)
        return false;
    if (old->hash.kind != 0 && old->hash.kind == now->hash.kind)
        return !store_same_hash(&old->hash, &now->hash);
    if (have_both(old->ctag, now->ctag))
        return strcmp(old->ctag, now->ctag) != 0;
    return (are_both_known(old->size, now->size) && old->size != now->size) ||
           (are_both_known(old->mtime_ms, now->mtime_ms) &&
            old->mtime_ms != now->mtime_ms) ||
           (have_both(old->etag, now->etag) && strcmp(old->etag, now->etag) != 0);
}

struct store_remote store_merge(const struct store_remote *old,
                                const struct store_remote *said, int64_t parent,
                                bool *out_other_content)
{
    struct store_remote now = *said;
    now.key = old->key;
    now.id = old->id;
    now.parent_id = NULL;
    if (said->kind == STORE_KIND_PENDING || old->kind == STORE_KIND_ROOT)
        now.kind = old->kind;
    now.parent = said->parent_id != NULL ? parent : old->parent;
    if (now.kind == STORE_KIND_ROOT)
        now.parent = 0;
    if (said->name == NULL)
        now.name = old->name;
    if (said->editor == NULL)
        now.editor = old->editor;
    if (said->etag == NULL)
        now.etag = old->etag;
    if (said->generation <= 0)
        now.generation = old->generation;
    *out_other_content = is_other_content(old, &now);
    if (*out_other_content || now.kind != old->kind)
        return now;
    if (said->ctag == NULL)
        now.ctag = old->ctag;
    if (said->size == STORE_UNKNOWN)
        now.size = old->size;
    if (said->mtime_ms == STORE_UNKNOWN)
        now.mtime_ms = old->mtime_ms;
    if (said->hash.kind == 0)
        now.hash = old->hash;
    return now;
}

bool store_is_same_place(const struct store_remote *a, const struct store_remote *b)
{
    return a->parent == b->parent && store_same_text(a->name, b->name);
}

bool store_is_same_rest(const struct store_remote *a, const struct store_remote *b)
{
    return a->kind == b->kind && a->gone == b->gone && a->malware == b->malware &&
           a->flaw == b->flaw && a->size == b->size && a->mtime_ms == b->mtime_ms &&
           store_same_text(a->etag, b->etag) && store_same_text(a->ctag, b->ctag) &&
           store_same_text(a->editor, b->editor) && store_same_hash(&a->hash, &b->hash);
}

bool store_shows(const struct store_remote *old, const struct store_remote *now,
                 bool is_other_content)
{
    if (!store_is_mirrored(old->kind) && !store_is_mirrored(now->kind))
        return false;
    bool is_file = now->kind == STORE_KIND_FILE;
    return !store_is_same_place(old, now) || old->kind != now->kind ||
           old->gone != now->gone || is_other_content ||
           (is_file && old->mtime_ms != now->mtime_ms) || old->flaw != now->flaw ||
           old->malware != now->malware;
}
