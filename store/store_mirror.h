/* Mirrors: one row per registered folder, with its identity and its position in the
 * drive's change feed. */
#ifndef STORE_STORE_MIRROR_H
#define STORE_STORE_MIRROR_H

#include "store/store.h"

/* Where a mirror stands in the change feed. */
enum store_feed {
    STORE_FEED_NEW,         /* never enumerated */
    STORE_FEED_ENUMERATING, /* `link` is the next page of a full enumeration, or NULL for
                               its first page; records of older generations are candidates
                               for deletion when it ends (F-81, F-82) */
    STORE_FEED_LISTING,     /* `link` is the next page of a change set */
    STORE_FEED_CURRENT,     /* `link` is the delta link of the last complete set */
};

/* A plain value. Texts are borrowed: on put from the caller, on get until the next call
 * to this header. NULL stands for "not known". Times are wall-clock milliseconds since
 * 1970, 0 for never. */
struct store_mirror {
    int64_t key; /* > 0; 0 lets store_put_mirror choose */
    const char *name;
    const char *folder;   /* absolute path, for people and for the next start */
    const char *drive;    /* the word of the config */
    const char *drive_id; /* resolved */
    const char *account;  /* id of the account, or NULL */
    const char *marker;   /* the identity written into FOLDER/.drive-agent/ (F-57) */
    const char *filters;  /* the filters in force, as text, to notice a change (F-162) */
    uint64_t root_device;
    uint64_t root_inode;
    int64_t root_item; /* key of the drive's root item, 0 while unknown */
    enum store_feed feed;
    const char *link;
    const char *fallback_link;  /* the last delta link, kept while the new set is paged */
    int64_t generation;         /* of the running or last full enumeration */
    bool keep_missing;          /* this enumeration deletes nothing (resync "upload
                                   differences", rebuild; F-61, F-81) */
    int64_t enumerated_at;      /* end of the last complete enumeration */
    int64_t synced_at;          /* the last time folder and records agreed */
    int64_t approved_deletions; /* a person's word for at most that many, 0 none (F-90) */
    int64_t held_deletions;     /* waiting for it */
    const char *state;          /* one word for v_mirrors: new, syncing, idle, guard, … */
};

/* Writes a mirror row whole; `mirror->key` 0 makes a new row and sets it. */
enum store_status store_put_mirror(struct store *store, struct store_mirror *mirror);

/* By name. STORE_NONE: not there. */
enum store_status store_get_mirror(struct store *store, const char *name,
                                   struct store_mirror *out);

/* Forgets a mirror and every record of it. */
enum store_status store_drop_mirror(struct store *store, int64_t key);

/* The position alone, in the caller's transaction: (S-1). `link` NULL is allowed for
 * STORE_FEED_NEW and the first page of STORE_FEED_ENUMERATING. */
enum store_status store_put_position(struct store *store, int64_t mirror,
                                     enum store_feed feed, const char *link,
                                     int64_t generation);

/* The channel row of v_channel. Written only on a change of state, an event or a round. */
struct store_channel {
    const char *state; /* off, asking, connecting, joining, live, renewing, … */
    int64_t since;
    int generation; /* Engine.IO protocol, 0 unknown */
    int64_t ping_interval_ms;
    int64_t ping_timeout_ms;
    int64_t last_event;
    int64_t expires;
    int64_t renewals;
    int64_t reconnects;
    int64_t events;
    int64_t found_by_event; /* changes found by a round that an event started */
    int64_t found_by_poll;
    const char *last_error;
};
enum store_status store_put_channel(struct store *store, int64_t mirror,
                                    const struct store_channel *channel);
enum store_status store_get_channel(struct store *store, int64_t mirror,
                                    struct store_channel *out);

/* Small facts that outlive a run: "paused_until", "account". NULL value drops it. */
enum store_status store_put_setting(struct store *store, const char *name,
                                    const char *value);
/* Copies into `out`. STORE_NONE: not set. */
enum store_status store_get_setting(struct store *store, const char *name, char *out,
                                    size_t out_size);

#endif
