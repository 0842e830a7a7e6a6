/* A mirror's root in a temporary folder, and steps to carry out in it.
 *
 *     struct place_world world;
 *     place_world_open(&world, disk_system());
 *     place_world_base(&world, 7, "a.txt", "old", &base);
 *     place_world_file(&step, 7, "", "a.txt", "new"); place_world_expect(&step, &base);
 *     place_world_run(&world, &step, 1);
 *     place_world_close(&world);
 *
 * The mirror is world.dir/mirror; beside it, world.dir/data is XDG_DATA_HOME and
 * world.dir/outside a canary.
 */
#ifndef TESTS_SUPPORT_PLACE_WORLD_H
#define TESTS_SUPPORT_PLACE_WORLD_H

#include "agent/place/hash.h"
#include "agent/place/name.h"
#include "agent/place/place.h"
#include "tests/support/temp_dir.h"

#define PLACE_WORLD_MARKER "drive-agent 1\ndrive d\n"
#define PLACE_WORLD_FOLDER 1000 /* key of whatever folder something stands in */
#define PLACE_WORLD_MTIME  INT64_C(1600000000000) /* of all that the drive holds */

enum { PLACE_WORLD_BASES = 8 };

struct place_world {
    struct temp_dir dir;    /* the whole */
    struct temp_dir mirror; /* the root in it */
    struct place_root *root;
    /* What the state holds, for recovery. */
    struct {
        struct store_base base;
        char folder[256];
        char name[256];
    } bases[PLACE_WORLD_BASES];
    size_t base_count;
    bool wants_partials;
    int64_t wanted_stage; /* key, 0 none */
    unsigned recorded;    /* batches that a test has recorded as done */
    size_t kept;          /* conflict copies that recovery has reported */
    bool may_recover_again;
    bool has_lost_state; /* the recovery cannot read or write it */
};

static inline enum failure_kind place_world_start(struct place_world *world,
                                                  const struct disk *disk,
                                                  struct failure *failure)
{
    struct place_identity identity = {.marker = PLACE_WORLD_MARKER, .known = true};
    world->root = NULL;
    return place_open(disk, world->mirror.path, &identity, PLACE_WORLD_MARKER, &world->root,
                      failure);
}

static inline void place_world_make(struct place_world *world)
{
    *world = (struct place_world){.root = NULL};
    temp_dir_make(&world->dir);
    char path[PATH_MAX];
    assert_int_equal(setenv("XDG_DATA_HOME", temp_dir_path(&world->dir, "data", path), 1),
                     0);
    temp_dir_mkdir(&world->dir, "outside");
    temp_dir_write(&world->dir, "outside/canary", "canary");
    (void)snprintf(world->mirror.path, sizeof world->mirror.path, "%.80s/mirror",
                   world->dir.path);
}

/* A new mirror, opened with `disk`. */
static inline void place_world_open(struct place_world *world, const struct disk *disk)
{
    struct place_identity identity = {.marker = NULL};
    struct failure failure = {.kind = FAILURE_NONE};
    place_world_make(world);
    if (place_open(disk, world->mirror.path, &identity, PLACE_WORLD_MARKER, &world->root,
                   &failure) != FAILURE_NONE)
        fail_msg("place_open: %s", failure.text);
}

static inline void place_world_close(struct place_world *world)
{
    char text[16];
    place_close(world->root);
    assert_string_equal(temp_dir_read(&world->dir, "outside/canary", text, sizeof text),
                        "canary"); /* I-7 */
    temp_dir_remove(&world->dir);
}

static inline struct store_hash place_world_hash(const char *text)
{
    struct hash *hash = hash_new(0);
    assert_non_null(hash);
    hash_update(hash, text, strlen(text));
    return hash_finish(hash);
}

static inline struct store_print place_world_print(const struct place_world *world,
                                                   const char *path)
{
    char full[PATH_MAX];
    struct stat found;
    assert_int_equal(lstat(temp_dir_path(&world->mirror, path, full), &found), 0);
    return (struct store_print){
        .device = found.st_dev,
        .inode = found.st_ino,
        .size = found.st_size,
        .mtime_ns = (int64_t)found.st_mtim.tv_sec * 1000000000 + found.st_mtim.tv_nsec,
        .ctime_ns = (int64_t)found.st_ctim.tv_sec * 1000000000 + found.st_ctim.tv_nsec,
    };
}

static inline void place_world_set_time(const struct place_world *world, const char *path,
                                        int64_t mtime_ms)
{
    char full[PATH_MAX];
    const struct timespec times[2] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = (time_t)(mtime_ms / 1000)},
    };
    assert_int_equal(utimensat(AT_FDCWD, temp_dir_path(&world->mirror, path, full), times,
                               AT_SYMLINK_NOFOLLOW),
                     0);
}

/* Puts a file there as the agent would have, and records it. `path` has at most one
 * folder. */
static inline const struct store_base *
place_world_base(struct place_world *world, int64_t key, const char *path, const char *text)
{
    assert_true(world->base_count < PLACE_WORLD_BASES);
    temp_dir_write(&world->mirror, path, text);
    place_world_set_time(world, path, PLACE_WORLD_MTIME);
    struct store_base *base = &world->bases[world->base_count].base;
    const char *slash = strrchr(path, '/');
    (void)snprintf(world->bases[world->base_count].folder, 256, "%.*s",
                   slash != NULL ? (int)(slash - path) : 0, path);
    (void)snprintf(world->bases[world->base_count].name, 256, "%s",
                   slash != NULL ? slash + 1 : path);
    *base = (struct store_base){
        .key = key,
        .parent = PLACE_WORLD_FOLDER,
        .kind = STORE_KIND_FILE,
        .size = (int64_t)strlen(text),
        .hash = place_world_hash(text),
        .print = place_world_print(world, path),
    };
    world->base_count++;
    return base;
}

static inline struct place_step place_world_step(enum place_op op, int64_t key,
                                                 const char *folder, const char *name)
{
    return (struct place_step){
        .op = op,
        .key = key,
        .folder = folder,
        .name = name,
        .mtime_ms = PLACE_WORLD_MTIME,
    };
}

static inline struct place_step place_world_file(int64_t key, const char *folder,
                                                 const char *name, const char *text)
{
    struct place_step step = place_world_step(PLACE_FILE, key, folder, name);
    step.content = text;
    step.size = (int64_t)strlen(text);
    step.hash = place_world_hash(text);
    return step;
}

static inline struct place_step place_world_move(int64_t key, const char *from_folder,
                                                 const char *from_name, const char *folder,
                                                 const char *name)
{
    struct place_step step = place_world_step(PLACE_MOVE, key, folder, name);
    step.from_folder = from_folder;
    step.from_name = from_name;
    return step;
}

static inline void place_world_expect(struct place_step *step,
                                      const struct store_base *base)
{
    step->expect_present = true;
    step->expect_print = base->print;
    step->expect_hash = base->hash;
    step->expect_size = base->size;
    step->expect_flags = base->flags;
}

static inline void place_world_run(struct place_world *world, struct place_step *steps,
                                   size_t count)
{
    struct failure failure = {.kind = FAILURE_NONE};
    if (place_run(world->root, steps, count, &failure) != FAILURE_NONE)
        fail_msg("place_run: %s", failure.text);
}

static inline void place_world_assert_text(const struct place_world *world,
                                           const char *path, const char *text)
{
    char found[4096];
    assert_string_equal(temp_dir_read(&world->mirror, path, found, sizeof found), text);
}

static inline void place_world_count_entry(void *user, const char *path,
                                           const struct stat *found)
{
    (void)found;
    const char *work = strstr(path, "/" NAME_WORKING_FOLDER "/");
    if (work != NULL && strcmp(work, "/" NAME_WORKING_FOLDER "/identity") != 0 &&
        strcmp(work, "/" NAME_WORKING_FOLDER "/lock") != 0)
        (*(size_t *)user)++;
}

/* Objects in the working folder beside marker and lock. */
static inline size_t place_world_leftovers(const struct place_world *world)
{
    size_t count = 0;
    temp_dir_walk(world->mirror.path, place_world_count_entry, &count);
    return count;
}

static inline bool place_world_base_of(void *user, int64_t key, struct store_base *out)
{
    const struct place_world *world = user;
    for (size_t i = 0; i < world->base_count; i++) {
        if (world->bases[i].base.key != key)
            continue;
        *out = world->bases[i].base;
        return true;
    }
    return false;
}

static inline bool place_world_place_of(void *user, int64_t key, char *out_folder,
                                        size_t folder_size, char *out_name,
                                        size_t name_size)
{
    const struct place_world *world = user;
    for (size_t i = 0; i < world->base_count; i++) {
        if (world->bases[i].base.key != key)
            continue;
        (void)snprintf(out_folder, folder_size, "%s", world->bases[i].folder);
        (void)snprintf(out_name, name_size, "%s", world->bases[i].name);
        return true;
    }
    return false;
}

static inline bool place_world_wants(void *user, int64_t key, bool staged)
{
    const struct place_world *world = user;
    return staged ? key == world->wanted_stage : world->wants_partials;
}

static inline void place_world_staged(void *user, int64_t key)
{
    struct place_world *world = user;
    world->wanted_stage = key;
}

static inline void place_world_kept(void *user, int64_t key, const char *folder,
                                    const char *copy_name)
{
    struct place_world *world = user;
    (void)key;
    (void)folder;
    (void)copy_name;
    world->kept++;
}

static inline bool place_world_is_sound(void *user)
{
    const struct place_world *world = user;
    return !world->has_lost_state;
}

static inline enum failure_kind place_world_recover(struct place_world *world,
                                                    struct failure *failure)
{
    const struct place_recovery recovery = {
        .base_of = place_world_base_of,
        .place_of = place_world_place_of,
        .wants = place_world_wants,
        .staged = place_world_staged,
        .is_sound = place_world_is_sound,
        .kept = place_world_kept,
        .is_last_try = !world->may_recover_again,
        .user = world,
    };
    return place_recover(world->root, &recovery, failure);
}

#endif
