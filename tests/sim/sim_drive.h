/* The drive of a simulated service: a tree of items, its feed of changes, the contents.
 *
 * Items are known by number; 0 is the root. A content is a number too: its bytes follow
 * from it, "<C" number … ">", so that a test can tell a complete version from any other
 * (sim_content_is_whole()).
 *
 * The feed: every change has a position. A set of changes is what lies between two of them,
 * whatever else has happened to an item since: else it would tell of a folder's deletion,
 * and not that something had left it before (F-87). Its pages show the items as they are
 * when asked for, in no order, some twice (F-72 … F-75, F-80).
 */
#ifndef TESTS_SIM_SIM_DRIVE_H
#define TESTS_SIM_SIM_DRIVE_H

#include "protocol/bytes.h"
#include "store/store_item.h"
#include "tests/sim/sim.h"

enum {
    SIM_ITEMS = 400,
    SIM_CONTENTS = 2000,
    SIM_CHANGES = 8192,
    SIM_SETS = 64,
    SIM_ITEM_NAME = 300,
    SIM_ROOT_ITEM = 0,
};

#define SIM_DRIVE_ID "b!simulated"
#define SIM_ORIGIN   "https://graph.sim"

struct sim_item {
    int parent;
    char name[SIM_ITEM_NAME];
    bool is_folder;
    bool is_gone;
    bool is_silent; /* its deletion is never told but by an enumeration */
    int content;    /* of a file */
    int64_t mtime_ms;
    uint64_t changed;    /* position in the feed */
    uint64_t visible_us; /* from when on the feed shows it */
    unsigned fetches;    /* of the content it has now */
};

/* A listing that is being paged through. */
struct sim_set {
    bool is_enumeration;
    uint64_t from;
    uint64_t to;
    int items[SIM_ITEMS * 2];
    size_t count;
};

struct sim_drive {
    struct sim *sim;
    struct sim_item items[SIM_ITEMS];
    size_t count;
    uint64_t position;
    int feed[SIM_CHANGES]; /* the item of each position */
    uint64_t oldest;       /* positions before it are refused with 410 (F-81) */
    bool wants_kept;       /* what an enumeration misses: resyncChangesUploadDifferences */
    uint64_t listed_from;  /* where it was when it was last listed from the beginning */
    int contents;
    size_t sizes[SIM_CONTENTS];
    struct sim_set sets[SIM_SETS]; /* the last ones */
    size_t set_count;
    /* How this service is. */
    bool has_hashes;
    bool tells_children; /* of a deleted folder */
    bool has_names;      /* of deleted items */
    size_t page_size;
    uint64_t lag_us;
    int without_feed;   /* the status that says so (Graph: 4.11); 0: it has one */
    uint64_t feed_from; /* the position at which it gets one after all; 0 never */
};

void sim_drive_init(struct sim_drive *drive, struct sim *sim);

/* What other devices do. A name that is taken makes them answer -1 or false. */
int sim_drive_make(struct sim_drive *drive, int parent, const char *name, bool is_folder,
                   size_t size);
void sim_drive_edit(struct sim_drive *drive, int item, size_t size);
void sim_drive_touch(struct sim_drive *drive, int item);
bool sim_drive_move(struct sim_drive *drive, int item, int parent, const char *name);
void sim_drive_swap(struct sim_drive *drive, int one, int other);
void sim_drive_delete(struct sim_drive *drive, int item);
/* One of all of these, by chance. */
void sim_drive_change(struct sim_drive *drive);

/* By path relative to the root; -1. */
int sim_drive_find(const struct sim_drive *drive, const char *path);
int sim_drive_child(const struct sim_drive *drive, int parent, const char *name);
/* By the id in a request; -1. */
int sim_drive_by_id(const struct sim_drive *drive, const char *id);
bool sim_drive_has_feed(const struct sim_drive *drive);
bool sim_drive_lies_in(const struct sim_drive *drive, int item, int folder);

/* Bytes of a content, to be freed. */
uint8_t *sim_content(const struct sim_drive *drive, int content);
struct store_hash sim_content_hash(const struct sim_drive *drive, int content);
/* Whether it is, from the first to the last byte, a content of this drive. */
bool sim_content_is_whole(const struct sim_drive *drive, const uint8_t *data, size_t size);

/* sim_page.c: what the service answers. Status, and the body appended. */
int sim_page_delta(struct sim_drive *drive, const char *address, struct bytes *out);
int sim_page_item(struct sim_drive *drive, int item, struct bytes *out);
int sim_page_children(struct sim_drive *drive, int folder, const char *address,
                      struct bytes *out);

#endif
