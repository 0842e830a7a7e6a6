/* The file system of a simulated machine, in memory, with what it has made durable.
 *
 * The engine sees it through sim_disk_table(); each call asks sim_refuses() first. The
 * person at the machine and the checks use the functions below, which never fail.
 *
 * Times move in ticks of 4 ms, so that two writes can carry the same one (F-37).
 *
 * Power cut: a file has the content of its last sync beside the one it shows; names are
 * changed by operations (one or two places each), remembered until a folder that they
 * touched is synced. sim_disk_cut() takes away what a cut may take: any of those
 * operations, the later one of two at a place first; of an unsynced file the last version,
 * its bytes, or its end (failure-model 6.4).
 */
#ifndef TESTS_SIM_SIM_DISK_H
#define TESTS_SIM_SIM_DISK_H

#include <sys/stat.h>

#include "agent/place/disk.h"
#include "tests/sim/sim.h"

enum { SIM_NAME_SIZE = 256, SIM_FILES = 256, SIM_PATH_SIZE = 4096 };

struct sim_node;

struct sim_entry {
    char name[SIM_NAME_SIZE];
    struct sim_node *node;
};

struct sim_content {
    uint8_t *data;
    size_t size;
};

struct sim_node {
    struct sim_node *next; /* of all there ever were */
    uint64_t inode;
    mode_t mode;
    unsigned names;
    unsigned writers; /* programs of the person that have it open */
    struct sim_content shown;
    struct sim_content durable;
    bool is_durable; /* both are the same */
    int64_t mtime_ns;
    int64_t ctime_ns;
    struct sim_entry *entries; /* of a folder */
    size_t count;
    size_t room;
    bool is_touched; /* the person made, changed or moved it */
    bool is_visited; /* he did so with something in this folder */
    unsigned moves;  /* how often he moved it, or a folder above */
    bool is_checked; /* its content was held against what it may be */
};

/* What one operation did to one place. */
struct sim_place {
    struct sim_node *folder;
    char name[SIM_NAME_SIZE];
    struct sim_node *before; /* NULL: nothing */
    struct sim_node *after;
};

struct sim_operation {
    struct sim_place places[2];
    size_t count;
};

struct sim_file { /* an open descriptor */
    struct sim_node *node;
    size_t offset;
    unsigned moves; /* of the node, when it was opened */
};

struct sim_disk {
    struct sim *sim;
    struct disk table;
    struct sim_node *root;
    struct sim_node *nodes;
    uint64_t next_inode;
    bool lacks_exchange;   /* of what a file system can do (F-18) */
    bool reuses_inodes;    /* of what is gone, as most do at once */
    bool has_coarse_times; /* whole seconds, and every other of them, as vfat (F-37) */
    uint64_t changes;      /* counts them */
    struct sim_file files[SIM_FILES];
    struct sim_operation *operations; /* not durable yet */
    size_t operation_count;
    size_t operation_room;
};

void sim_disk_init(struct sim_disk *disk, struct sim *sim);
void sim_disk_clear(struct sim_disk *disk);
const struct disk *sim_disk_table(struct sim_disk *disk);

/* By absolute path, not through links; NULL: none. */
struct sim_node *sim_disk_find(const struct sim_disk *disk, const char *path);
struct sim_node *sim_disk_child(const struct sim_node *folder, const char *name);
/* Makes a folder and those above it. */
struct sim_node *sim_disk_make_path(struct sim_disk *disk, const char *path);

/* What a person's programs do. */
struct sim_node *sim_disk_make(struct sim_disk *disk, struct sim_node *folder,
                               const char *name, mode_t mode);
void sim_disk_write(struct sim_disk *disk, struct sim_node *file, size_t offset,
                    const void *data, size_t size);
void sim_disk_truncate(struct sim_disk *disk, struct sim_node *file, size_t size);
/* As rename(2) does it; 0 or an errno. */
int sim_disk_rename(struct sim_disk *disk, struct sim_node *from, const char *from_name,
                    struct sim_node *to, const char *to_name, unsigned flags);
int sim_disk_remove(struct sim_disk *disk, struct sim_node *folder, const char *name);
/* He has moved it, with all in it. */
void sim_disk_note_move(struct sim_node *node);

/* The process is gone: its descriptors are closed. */
void sim_disk_close_all(struct sim_disk *disk);
/* fsync of a file, or of a folder. */
void sim_disk_sync(struct sim_disk *disk, struct sim_node *node);
void sim_disk_sync_all(struct sim_disk *disk);

/* His programs have synced what they did: no cut takes away the operations from the one
 * with the index `since` on, his bytes, or a folder that they are in. */
void sim_disk_keep(struct sim_disk *disk, size_t since);

/* Answers a number below `limit`. */
typedef unsigned sim_choose_fn(void *user, unsigned limit);
void sim_disk_cut(struct sim_disk *disk, sim_choose_fn *choose, void *user);

#endif
