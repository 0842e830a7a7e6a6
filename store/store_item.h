/* The records of each item: the remote record is what the drive last said, the base
 * record is what the folder last held; and the queue of what is still to do.
 *
 * Every item has an integer key for life; ids of the service appear only at the edge.
 * Both records form a tree by key: paths are derived, so that renaming a folder is one
 * row. A parent that the service has not told about yet has a row of kind
 * STORE_KIND_PENDING (F-73, F-74).
 *
 * The queue: store_put_remote() adds an item whenever something that the folder shows has
 * changed, in the same transaction; store_drop_todo() takes it out when the folder agrees.
 * An item in the queue may carry a problem: why it failed, and when to try again.
 */
#ifndef STORE_STORE_ITEM_H
#define STORE_STORE_ITEM_H

#include "store/store.h"

enum store_kind {
    STORE_KIND_PENDING, /* named as a parent, not yet told about */
    STORE_KIND_FILE,
    STORE_KIND_FOLDER,
    STORE_KIND_ROOT,
    STORE_KIND_OTHER, /* notebook, album, shortcut, unknown facet: recorded, not mirrored */
};

enum { STORE_MAX_HASH = 32 };

/* A content hash. `kind` numbers are those of the caller, 0 = none; two hashes of
 * different kinds say nothing about each other. */
struct store_hash {
    uint8_t kind;
    uint8_t size;
    uint8_t bytes[STORE_MAX_HASH];
};

#define STORE_UNKNOWN INT64_MIN /* a size or time that is not known */
/* Pseudo-parent of a base record whose object stands in the staging folder. */
#define STORE_STAGE ((int64_t)0)

/* What the drive said last. Texts: on put borrowed from the caller (NULL = the service
 * sent none: the old value stays, but for `gone`); on get owned by the store until the
 * next call that returns a record of the same kind. */
struct store_remote {
    int64_t key;           /* 0 on put: found by id, or made */
    const char *id;        /* on put needed when key is 0 */
    const char *parent_id; /* on put; on get NULL */
    int64_t parent;        /* on get; 0 for the root or while not known */
    const char *name;
    enum store_kind kind;
    int flaw;  /* F-number why it can never be placed as it is, 0 if it can */
    bool gone; /* deleted on the drive (or swept); kept until the folder agrees */
    bool malware;
    int64_t size;
    int64_t mtime_ms;
    const char *etag;
    const char *ctag;
    const char *editor;
    struct store_hash hash;
    int64_t generation;
};

/* What a put meant. */
struct store_change {
    int64_t key;
    bool is_new;
    bool changed; /* something that the folder shows: now in the queue */
    bool moved;   /* the drive has it at another place than before */
};

/* Records what the drive says of one item; the last one of an id wins (F-72). `force`
 * puts it into the queue even when nothing has changed. Inside the page's transaction.
 *
 * Changed is: a new file or folder; another name, parent, kind, deletion, flaw or malware
 * mark of one; another content or time of a file. Content is compared by hash where both
 * records have one of a kind, else by cTag where both have one, else by size, time and
 * eTag. Anything else is recorded and changes nothing (S-4). What the service leaves out
 * stays (F-76), but for hash, size, time and cTag of a content that is no longer there. A
 * changed item whose entry was held or waiting is due again.
 *
 * Nothing is stored of a deletion of what is not known (F-89: the key is 0), of the root
 * (F-93: the key says which) or of a pending parent. A parent that is not known becomes a
 * pending one; an item that names itself has none (F-84). */
enum store_status store_put_remote(struct store *store, int64_t mirror,
                                   const struct store_remote *remote, bool force,
                                   struct store_change *out);
enum store_status store_get_remote(struct store *store, int64_t key,
                                   struct store_remote *out);
enum store_status store_find_remote(struct store *store, int64_t mirror, const char *id,
                                    struct store_remote *out);
/* A live remote child by exact name, lowest key first; STORE_NONE. `other_than` is left
 * out of the search (0: none). */
enum store_status store_find_remote_child(struct store *store, int64_t parent,
                                          const char *name, int64_t other_than,
                                          struct store_remote *out);
/* The remote children of a folder in turn, gone ones too; `*after_key` starts at 0. As
 * with all next_ calls, records may change, come and go between two of them. */
enum store_status store_next_remote_child(struct store *store, int64_t parent,
                                          int64_t *after_key, struct store_remote *out);
/* Pending parents (F-74) in turn. */
enum store_status store_next_pending(struct store *store, int64_t mirror,
                                     int64_t *after_key, struct store_remote *out);

/* At the end of a full enumeration: up to `max` keys above `*after_key` of live items that
 * neither `generation` nor a later one has seen. Looks through all records: better by a
 * reader, elsewhere. STORE_NONE: there are no more. */
enum store_status store_find_unseen(struct store *store, int64_t mirror, int64_t generation,
                                    int64_t *after_key, int64_t *keys, size_t max,
                                    size_t *out_count);
/* Marks gone and queues those of `keys` that are still live and unseen. In the transaction
 * that stores the delta link. `*out_count` is their number. */
enum store_status store_sweep(struct store *store, int64_t mirror, int64_t generation,
                              const int64_t *keys, size_t count, uint64_t *out_count);

/* Where a local object was when its content was last known (fingerprint). */
struct store_print {
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t mtime_ns;
    int64_t ctime_ns;
};

enum store_base_flag {
    STORE_BASE_RACY = 1,     /* changed less than 2 s before its print: hash (F-37) */
    STORE_BASE_EDITED = 2,   /* locally changed; nothing newer on the drive (F-25) */
    STORE_BASE_REMOVED = 4,  /* locally removed; not restored unasked (F-31) */
    STORE_BASE_WEAK = 8,     /* placed without a hash to hold it against (F-104) */
    STORE_BASE_DIFFERS = 16, /* verified, but not what the listing says (F-99) */
    STORE_BASE_MOVED = 32,   /* a person moved it to where it stands (F-32) */
    /* Not seen since it was a deleted item's at its place, or its folder came back. */
    STORE_BASE_DOUBTFUL = 64,
    STORE_BASE_LOCAL = STORE_BASE_EDITED | STORE_BASE_REMOVED | STORE_BASE_MOVED,
};

/* What the folder held when both sides last agreed. */
struct store_base {
    int64_t key;      /* the item's */
    int64_t parent;   /* key of the folder it stands in, STORE_STAGE while staged */
    const char *name; /* local name; while staged the decimal key */
    enum store_kind kind;
    int64_t mtime_ms;         /* as set from the drive; STORE_UNKNOWN */
    int64_t size;             /* of the content on disk */
    struct store_hash hash;   /* of the content on disk */
    struct store_hash listed; /* what the listing said, where STORE_BASE_DIFFERS */
    int64_t listed_size;
    const char *ctag; /* version that this content is, or NULL */
    struct store_print print;
    unsigned flags;
};

/* Writes a base record whole: only after the disk durably holds it (I-3). STORE_CONFLICT:
 * another record has that place (S-3). */
enum store_status store_put_base(struct store *store, int64_t mirror,
                                 const struct store_base *base);
enum store_status store_get_base(struct store *store, int64_t key, struct store_base *out);
/* Who stands at a place on disk. STORE_NONE: nobody we know. */
enum store_status store_find_base(struct store *store, int64_t mirror, int64_t parent,
                                  const char *name, struct store_base *out);
/* The base children of a folder in turn; `*after_key` starts at 0. */
enum store_status store_next_base_child(struct store *store, int64_t mirror, int64_t parent,
                                        int64_t *after_key, struct store_base *out);
/* Every base record of a mirror in turn of key, for checks; `*after_key` starts at 0. */
enum store_status store_next_base(struct store *store, int64_t mirror, int64_t *after_key,
                                  struct store_base *out);
/* What of a base record a stat can be held against. */
struct store_trace {
    int64_t key;
    const char *name;
    enum store_kind kind;
    struct store_print print;
    unsigned flags;
};
typedef void store_trace_fn(void *user, const struct store_trace *trace);

/* To look through all base records folder by folder, many in one question: first the next
 * folder above `*parent` (at first -1) that holds anything, of whatever mirror, then up to
 * `limit` of its children above `*after_key`, given to `each`, which calls nothing of the
 * store; the name is good until it returns. STORE_NONE: there are no more. */
enum store_status store_next_base_parent(struct store *store, int64_t *parent);
enum store_status store_trace_base_children(struct store *store, int64_t mirror,
                                            int64_t parent, int64_t *after_key,
                                            size_t limit, store_trace_fn *each, void *user);
/* Forgets what the folder held. An item that the drive has no more is forgotten with the
 * last of its base record, queue entry, intent and children. */
enum store_status store_drop_base(struct store *store, int64_t key);

/* Path of an item relative to the root, by the remote or the base tree, "" for the root.
 * STORE_NONE: some parent is missing, or it is deeper than 256 (F-42, F-84) or longer
 * than `out_size`; `out` then holds no text. */
enum store_status store_remote_path(struct store *store, int64_t key, char *out,
                                    size_t out_size);
enum store_status store_base_path(struct store *store, int64_t key, char *out,
                                  size_t out_size);

/* An entry of the queue. */
struct store_todo {
    int64_t key;
    int32_t attempts;
    int32_t failure;    /* F-number of the last failure, 0 none */
    int64_t not_before; /* wall-clock ms; 0 at once */
    const char *text;   /* why it is held; NULL */
    bool held;          /* waits for a cause to change or a person's word, not for time */
};

/* Entries whose key is above `*after_key`, due at `now_ms`, in turn of key. Held entries
 * are passed over unless `with_held`. */
enum store_status store_next_todo(struct store *store, int64_t mirror, int64_t now_ms,
                                  bool with_held, int64_t *after_key,
                                  struct store_todo *out);
/* The same, but only entries that change what stands (they have a base record); the rest
 * are creations. For the planner, which needs the former together. */
enum store_status store_next_structural(struct store *store, int64_t mirror, int64_t now_ms,
                                        bool with_held, int64_t *after_key,
                                        struct store_todo *out);
/* Adds or changes an entry. */
enum store_status store_put_todo(struct store *store, int64_t mirror,
                                 const struct store_todo *todo);
enum store_status store_drop_todo(struct store *store, int64_t key);
/* Makes due again what waits for time, and with `held` also what waits for a cause. */
enum store_status store_wake_todo(struct store *store, int64_t mirror, bool held);
/* The same for what waits for a later time than that; of what is held nothing. */
enum store_status store_wake_later(struct store *store, int64_t mirror, int64_t than_ms);

/* Counts for status; cheap enough for each change. */
struct store_counts {
    uint64_t items; /* live on the drive, without the root */
    uint64_t files;
    uint64_t bytes;         /* listed */
    uint64_t placed;        /* base records */
    uint64_t waiting;       /* in the queue, due or later, without the held ones */
    uint64_t waiting_bytes; /* listed, of the files among them */
    uint64_t held;
    uint64_t local_only; /* edited, removed or moved here */
};
enum store_status store_count(struct store *store, int64_t mirror,
                              struct store_counts *out);
/* Entries that could not be done, held or tried again later: how many v_problems shows. */
enum store_status store_count_failed(struct store *store, int64_t mirror, uint64_t *out);
/* Earliest time that an entry waits for, also if it has passed; 0 if none waits: when to
 * come again. */
enum store_status store_next_due(struct store *store, int64_t mirror, int64_t *out);

#endif
