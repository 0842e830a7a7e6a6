/* Inside sync/content only: one item on its way, and who does what with it.
 *
 *   content.c           the window, the lanes, the end of a pass
 *   content_decide.c    what is to be done with an item
 *   content_ask.c       what the drive says of one item now
 *   content_download.c  its bytes: fetch, judge, ask again
 *   content_rival.c     two items of the drive at one place
 *   content_place.c     its place: folders, files, times, what is in the way
 *
 * Stages of a transfer:
 *
 *   BETWEEN   two of the others
 *   WAITING   its folder is being made; decided anew when that has ended
 *   LOOKING   the eyes are at its place
 *   READY     wants bytes, in one of the lanes
 *   FETCHING  opens its partial, or bytes come
 *   ASKING    the drive is asked about the item once more
 *   PARKED    has what it needs, but the hands may not be used now
 *   PLACING   the hands are at work
 */
#ifndef AGENT_SYNC_CONTENT_PARTS_H
#define AGENT_SYNC_CONTENT_PARTS_H

#include "agent/sync/batch.h"
#include "agent/sync/content.h"
#include "agent/sync/fetch.h"
#include "agent/sync/tree.h"

enum {
    CONTENT_WINDOW = 1024,
    CONTENT_REPEATS = 4, /* of one item with fresh facts (F-20, F-28, F-92) */
};

/* Bodies of small files in memory, together. */
#define CONTENT_MEMORY ((int64_t)16 * 1024 * 1024)

enum transfer_stage {
    TRANSFER_BETWEEN,
    TRANSFER_WAITING,
    TRANSFER_LOOKING,
    TRANSFER_READY,
    TRANSFER_FETCHING,
    TRANSFER_ASKING,
    TRANSFER_PARKED,
    TRANSFER_PLACING,
};

struct transfer {
    struct content *content;
    struct transfer *next; /* in its lane */
    size_t slot;           /* in the window */
    int64_t key;
    int64_t waits_for; /* WAITING: key of the folder */
    enum transfer_stage stage;
    bool is_folder;
    bool is_large;
    bool is_update; /* the folder held another version */
    bool whole;     /* begin the partial anew */
    int64_t memory; /* counted for its bytes */

    /* The version that is fetched. */
    char *id;
    char *name;
    char *version;
    int64_t size;
    int64_t mtime_ms;
    struct store_hash listed;

    const struct batch_job *job; /* PLACING: the last of those that the hands have */

    bool is_suspect; /* in hand (sync/suspect.h) */
    struct fetch *fetch;
    uint64_t counted; /* bytes that are here, in flying_bytes of the status */
    char *address;    /* that came with the listing, or NULL: a secret (F-101) */
    struct service_operation *asking;
    int64_t asked;    /* ASKING: key of the item, which may be a rival */
    char *asked_etag; /* of its record by then */
    void (*on_told)(struct transfer *transfer, int status);
    unsigned tries;   /* complete downloads */
    unsigned stalls;  /* broken ones in a row without a byte */
    int64_t held;     /* bytes of a partial when the last one broke */
    unsigned repeats; /* of placing, and of asking anew (F-92) */
    struct store_hash earlier;
    int64_t earlier_size;

    /* What came. */
    uint8_t *bytes;
    char partial[256];
    int64_t got_size;
    struct store_hash got;
    unsigned flags;
};

struct lane {
    struct transfer *first;
    struct transfer **end;
    size_t waiting;
    size_t running;
};

struct content {
    uv_timer_t turn; /* goes on with the queue when the loop has had its turn */
    struct sync_context *context;
    struct content_callbacks callbacks;
    void *user;
    enum content_mode mode;
    bool restore;
    bool is_pumping;
    bool is_stopped; /* by trouble, until the next mode */
    bool is_closing;
    int64_t after_key; /* in the queue */
    bool is_at_end;
    unsigned rewinds; /* of the queue, in this mode */
    bool wants_again; /* something was passed over that may be possible by now */
    bool has_moved;   /* something was done since the front of the queue */
    struct transfer *window[CONTENT_WINDOW];
    size_t count;
    size_t jobs;    /* with the hands */
    size_t waiting; /* transfers in stage WAITING */
    int64_t memory; /* of small files, fetched or being fetched */
    struct lane small;
    struct lane large;
};

/* content.c */

/* NULL: out of memory, or the window is full. */
struct transfer *content_begin(struct content *content, int64_t key);
struct transfer *content_find(const struct content *content, int64_t key);
/* It is done with, one way or the other. */
void content_end(struct transfer *transfer);
/* The same, and it is to be decided anew from the front of the queue. */
void content_again(struct transfer *transfer);
void content_ready(struct transfer *transfer);
/* A lane has room: what is ready is begun. */
void content_lane_freed(struct content *content);
/* Ends it and stops the pump. */
void content_trouble(struct transfer *transfer, const struct failure *failure);
/* It is decided anew when the folder's own transfer has ended. */
void content_wait(struct transfer *transfer, int64_t folder);
void content_go_on(struct transfer *transfer);
bool content_is_open(const struct content *content);

/* content_decide.c */

/* The record of an object. False: the state cannot be read, which is not to be taken for
 * having no record, as what stands there would then be a person's (F-12). */
bool content_read_base(const struct sync_context *context, int64_t key,
                       struct store_base *out, bool *out_has_base);
/* Looks up what the queue has named and begins what is to be done. */
void content_decide(struct content *content, int64_t key);
/* Decides a transfer that has waited for its folder. */
void content_decide_again(struct transfer *transfer);

/* The version to fetch: copies what must outlive the store's next answer. False: no
 * memory. */
bool content_take_version(struct transfer *transfer, const struct store_remote *remote);

/* content_leave.c */

/* The item is not mirrored, by wish or by its kind: what stands of it is given to the
 * person, its queue entry goes. A folder waits for what is in it. */
void content_leave(struct content *content, int64_t key, bool has_base);

/* content_ask.c */

enum { CONTENT_OUTDATED = 0 }; /* instead of a status */

/* Asks the drive about an item: the transfer's, or one in its way. `on_told` is called when
 * its record has what the drive says, with the status of the answer; OUTDATED where a page
 * has told of it meanwhile, and the record has that. False: it has no address. */
bool content_ask(struct transfer *transfer, int64_t key,
                 void (*on_told)(struct transfer *transfer, int status));

/* content_download.c */

void content_download(struct transfer *transfer);
void content_stop_download(struct transfer *transfer);

/* content_rival.c */

/* While a set comes in two items may be said to be at one place, or be sent there one after
 * the other. Whether the hands have another one for it, or had it and it could not be
 * written down, which the recovery sets right: to this one that would look like a
 * person's. */
bool content_is_being_taken(const struct transfer *transfer,
                            const struct store_remote *place);
/* Asks the drive whether `rival`, which stands at the place of the new item, is still
 * there. */
void content_ask_rival(struct content *content, int64_t key, int64_t rival);

/* content_place.c */

void content_make_folder(struct transfer *transfer);
/* Gives what was fetched to the hands, or parks it. */
void content_place(struct transfer *transfer);
/* Sets the time of a file that is as we left it. `print` is what was seen. */
void content_set_time(struct transfer *transfer, const struct look_answer *seen);
/* Makes a conflict copy of what stands in the way, then decides anew. */
void content_set_aside(struct transfer *transfer);

#endif
