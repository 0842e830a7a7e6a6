#include "agent/sync/verdict.h"

#include <string.h>
#include <strings.h>

#include "agent/place/hash.h"

/* Live photos, Office files, PDF and web pages in libraries. */
static const char *const rewritten_endings[] = {
    ".heic", ".heif", ".doc",  ".docx", ".docm", ".dot",  ".dotx", ".dotm",
    ".xls",  ".xlsx", ".xlsm", ".xlsb", ".xlt",  ".xltx", ".xltm", ".ppt",
    ".pptx", ".pptm", ".pps",  ".ppsx", ".ppsm", ".pot",  ".potx", ".potm",
    ".vsd",  ".vsdx", ".pub",  ".pdf",  ".htm",  ".html", ".aspx",
};

bool verdict_is_rewritten(const char *name)
{
    const char *ending = strrchr(name, '.');
    if (ending == NULL)
        return false;
    for (size_t i = 0; i < sizeof rewritten_endings / sizeof *rewritten_endings; i++) {
        if (strcasecmp(ending, rewritten_endings[i]) == 0)
            return true;
    }
    return false;
}

bool verdict_is_empty(int64_t listed_size, const struct store_hash *listed_hash)
{
    if (listed_size != 0)
        return false;
    if (listed_hash->kind == 0)
        return true;
    struct hash *hash = hash_new(listed_hash->kind);
    if (hash == NULL)
        return false; /* asking is the safe way */
    struct store_hash empty = hash_finish(hash);
    return hash_equal(&empty, listed_hash);
}

enum verdict verdict_judge(const struct verdict_facts *facts)
{
    if (facts->listed_hash.kind != 0) {
        if (hash_equal(&facts->hash, &facts->listed_hash))
            return VERDICT_ACCEPT; /* whatever the listed size */
    } else if (facts->listed_size == STORE_UNKNOWN || facts->listed_size == facts->size) {
        return VERDICT_ACCEPT_WEAK;
    }
    bool agrees = facts->earlier_hash.kind != 0 && facts->earlier_size == facts->size &&
                  hash_equal(&facts->earlier_hash, &facts->hash);
    if (agrees)
        return verdict_is_rewritten(facts->name) ? VERDICT_ACCEPT_DIFFERS : VERDICT_HOLD;
    return facts->tries < VERDICT_MAX_TRIES ? VERDICT_AGAIN : VERDICT_HOLD;
}
