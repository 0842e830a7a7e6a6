/* What the kernel tells of a folder, in the words of sync/watch.h; a real inotify. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/sync/watch.h"
#include "tests/support/table.h"
#include "tests/support/temp_dir.h"

enum { SEEN_MAX = 16, FOLDER = 7, OTHER = 8 };

struct world {
    uv_loop_t loop;
    struct watch *watch;
    struct temp_dir dir;
    unsigned overflows;
    size_t count;
    struct watch_event seen[SEEN_MAX];
    char names[SEEN_MAX][32];
};

static void on_event(void *user, const struct watch_event *event)
{
    struct world *world = user;
    world->overflows += event->kind == WATCH_OVERFLOW;
    if (world->count == SEEN_MAX)
        return;
    world->seen[world->count] = *event;
    (void)snprintf(world->names[world->count++], sizeof *world->names, "%s", event->name);
}

static int add(struct world *world, const char *name, bool only_self)
{
    char path[PATH_MAX];
    int folder = open(temp_dir_path(&world->dir, name, path), O_RDONLY | O_DIRECTORY);
    assert_true(folder >= 0);
    int result = watch_add(watch_begin(world->watch), folder, only_self);
    (void)close(folder);
    return result;
}

static void follow(struct world *world, const char *name, int64_t key, bool only_self)
{
    struct failure failure;
    assert_true(watch_put(world->watch, add(world, name, only_self), key, &failure));
    assert_int_equal(failure.kind, FAILURE_NONE);
    watch_end(world->watch);
}

static void open_world(struct world *world)
{
    struct failure failure;
    *world = (struct world){.count = 0};
    temp_dir_make(&world->dir);
    temp_dir_mkdir(&world->dir, "in");
    temp_dir_mkdir(&world->dir, "in/sub");
    temp_dir_mkdir(&world->dir, "out");
    temp_dir_write(&world->dir, "in/old", "text");
    assert_int_equal(uv_loop_init(&world->loop), 0);
    world->watch = watch_new(&world->loop, on_event, world, &failure);
    assert_non_null(world->watch);
}

static void close_world(struct world *world)
{
    watch_close(world->watch);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    temp_dir_remove(&world->dir);
}

/* Takes what waits; the kernel has it when the call that caused it returns. */
static void turn(struct world *world)
{
    for (int i = 0; i < 4; i++)
        (void)uv_run(&world->loop, UV_RUN_NOWAIT);
}

static void move(struct world *world, const char *from, const char *to)
{
    char from_path[PATH_MAX];
    char to_path[PATH_MAX];
    assert_int_equal(rename(temp_dir_path(&world->dir, from, from_path),
                            temp_dir_path(&world->dir, to, to_path)),
                     0);
}

static void write_file(struct world *world)
{
    temp_dir_write(&world->dir, "in/old", "other");
}

static void read_file(struct world *world)
{
    char text[16];
    (void)temp_dir_read(&world->dir, "in/old", text, sizeof text);
}

static void remove_file(struct world *world)
{
    char path[PATH_MAX];
    assert_int_equal(unlink(temp_dir_path(&world->dir, "in/old", path)), 0);
}

static void make_folder(struct world *world)
{
    temp_dir_mkdir(&world->dir, "in/new");
}

static void move_out(struct world *world)
{
    move(world, "in/old", "out/old");
}

static void move_in(struct world *world)
{
    move(world, "out", "in/out");
}

static void move_folder(struct world *world)
{
    move(world, "in", "away");
}

static void write_elsewhere(struct world *world)
{
    temp_dir_write(&world->dir, "in/sub/deeper", "text");
}

static const struct event_case {
    const char *name;
    void (*act)(struct world *world);
    size_t count;
    enum watch_kind kind;
    const char *of;
} events[] = {
    {"a writer that closes",             write_file,      1, WATCH_TOUCHED, "old"},
    {"a reader is no news",              read_file,       0, WATCH_TOUCHED, ""   },
    {"a removal",                        remove_file,     1, WATCH_TOUCHED, "old"},
    {"a new folder",                     make_folder,     1, WATCH_TOUCHED, "new"},
    {"a move out",                       move_out,        1, WATCH_LEFT,    "old"},
    {"a move in",                        move_in,         1, WATCH_CAME,    "out"},
    {"the folder itself moves (F-59)",   move_folder,     1, WATCH_SELF,    ""   },
    {"what is not watched says nothing", write_elsewhere, 0, WATCH_TOUCHED, ""   },
};

static void check_event(const struct event_case *row)
{
    struct world world;
    open_world(&world);
    follow(&world, "in", FOLDER, false);
    row->act(&world);
    turn(&world);
    assert_int_equal(world.count, row->count);
    if (row->count > 0) {
        assert_int_equal(world.seen[0].kind, row->kind);
        assert_int_equal(world.seen[0].folder, FOLDER);
        assert_string_equal(world.names[0], row->of);
    }
    close_world(&world);
}

static void tells_where_to_look(void **state)
{
    (void)state;
    CASES(events, check_event);
}

static void both_ends_of_a_move_have_one_cookie(void **state) /* F-32 */
{
    (void)state;
    struct world world;
    open_world(&world);
    follow(&world, "in", FOLDER, false);
    follow(&world, "out", OTHER, false);
    move(&world, "in/old", "out/new");
    turn(&world);
    assert_int_equal(world.count, 2);
    assert_int_equal(world.seen[0].folder, FOLDER);
    assert_int_equal(world.seen[1].folder, OTHER);
    assert_int_equal(world.seen[0].cookie, world.seen[1].cookie);
    assert_string_equal(world.names[1], "new");
    close_world(&world);
}

static void events_wait_until_the_folder_is_known(void **state) /* F-35 */
{
    (void)state;
    struct world world;
    struct failure failure;
    open_world(&world);
    follow(&world, "out", OTHER, false);
    int result = add(&world, "in", false);
    write_file(&world);
    temp_dir_write(&world.dir, "out/x", "text");
    turn(&world);
    assert_int_equal(world.count, 0);
    assert_true(watch_put(world.watch, result, FOLDER, &failure));
    watch_end(world.watch);
    turn(&world);
    assert_int_equal(world.count, 3); /* written; made and written */
    assert_int_equal(world.seen[0].folder, FOLDER);
    assert_int_equal(world.seen[1].folder, OTHER);
    close_world(&world);
}

static void a_folder_is_forgotten_when_it_is_dropped_or_gone(void **state)
{
    (void)state;
    struct world world;
    char path[PATH_MAX];
    open_world(&world);
    follow(&world, "in", FOLDER, false);
    follow(&world, "in", FOLDER, false); /* again: still one */
    watch_drop(world.watch, FOLDER);
    write_file(&world);
    turn(&world);
    assert_int_equal(world.count, 0);
    follow(&world, "out", OTHER, true);
    temp_dir_write(&world.dir, "out/x", "text"); /* only_self */
    assert_int_equal(unlink(temp_dir_path(&world.dir, "out/x", path)), 0);
    assert_int_equal(rmdir(temp_dir_path(&world.dir, "out", path)), 0);
    turn(&world);
    assert_int_equal(world.count, 1);
    assert_int_equal(world.seen[0].kind, WATCH_SELF);
    close_world(&world);
}

/* Many folders, known by numbers that have nothing to do with the order of adding. */
static void tells_many_folders_apart(void **state)
{
    (void)state;
    enum { MANY = 300 };
    struct world world;
    char name[32];
    open_world(&world);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "in/%d", i);
        temp_dir_mkdir(&world.dir, name);
        follow(&world, name, 1000 - i, false);
        if (i % 3 == 0)
            watch_drop(world.watch, 1000 - i);
    }
    for (int i = 0; i < MANY; i += 50) {
        (void)snprintf(name, sizeof name, "in/%d/x", i);
        temp_dir_mkdir(&world.dir, name);
        world.count = 0;
        turn(&world);
        assert_int_equal(world.count, i % 3 == 0 ? 0 : 1);
        assert_true(world.count == 0 || world.seen[0].folder == 1000 - i);
    }
    close_world(&world);
}

static void a_lost_event_is_told(void **state) /* F-33 */
{
    (void)state;
    struct world world;
    char paths[2][PATH_MAX];
    open_world(&world);
    temp_dir_write(&world.dir, "in/other", "text");
    follow(&world, "in", FOLDER, false);
    long limit = 16384;
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
    if (file != NULL) {
        assert_int_equal(fscanf(file, "%ld", &limit), 1);
        (void)fclose(file);
    }
    (void)temp_dir_path(&world.dir, "in/old", paths[0]);
    (void)temp_dir_path(&world.dir, "in/other", paths[1]);
    /* One after the other: equal events in a row are one. */
    for (long i = 0; i < limit + 10; i++)
        assert_int_equal(close(open(paths[i % 2], O_WRONLY | O_CLOEXEC)), 0);
    do {
        world.count = 0;
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    } while (world.count > 0);
    assert_int_equal(world.overflows, 1);
    write_file(&world); /* and it goes on */
    turn(&world);
    assert_int_equal(world.count, 1);
    close_world(&world);
}

static void the_limit_is_told_once(void **state) /* F-34 */
{
    (void)state;
    struct world world;
    struct failure failure;
    open_world(&world);
    assert_true(watch_has_room(world.watch));
    for (int i = 0; i < 2; i++) {
        (void)watch_begin(world.watch);
        assert_false(watch_put(world.watch, -ENOSPC, FOLDER, &failure));
        watch_end(world.watch);
        assert_int_equal(failure.number, i == 0 ? 34 : 0);
        assert_false(watch_has_room(world.watch));
    }
    close_world(&world);
}

static void a_folder_that_cannot_be_opened_is_no_limit(void **state)
{
    (void)state;
    struct world world;
    struct failure failure;
    open_world(&world);
    (void)watch_begin(world.watch);
    assert_false(watch_put(world.watch, -ENOENT, FOLDER, &failure));
    watch_end(world.watch);
    assert_int_equal(failure.kind, FAILURE_NONE);
    assert_true(watch_has_room(world.watch));
    close_world(&world);
}

static void stays_open_until_the_pool_has_done_with_it(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    int descriptor = watch_begin(world.watch);
    struct watch *watch = world.watch;
    watch_close(watch);
    (void)uv_run(&world.loop, UV_RUN_DEFAULT);
    assert_true(fcntl(descriptor, F_GETFD) >= 0);
    watch_end(watch);
    assert_int_equal(fcntl(descriptor, F_GETFD), -1);
    assert_int_equal(uv_loop_close(&world.loop), 0);
    temp_dir_remove(&world.dir);
}

static void without_descriptors_it_says_why(void **state) /* F-21, F-34 */
{
    (void)state;
    struct failure failure = {.kind = FAILURE_NONE};
    struct rlimit old;
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    const struct rlimit none = {.rlim_cur = 3, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct watch *watch = watch_new(&loop, on_event, NULL, &failure);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_null(watch);
    assert_int_equal(failure.number, 34);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(tells_where_to_look),
        TABLE_TEST(both_ends_of_a_move_have_one_cookie),
        TABLE_TEST(events_wait_until_the_folder_is_known),
        TABLE_TEST(a_folder_is_forgotten_when_it_is_dropped_or_gone),
        TABLE_TEST(tells_many_folders_apart),
        TABLE_TEST(a_lost_event_is_told),
        TABLE_TEST(the_limit_is_told_once),
        TABLE_TEST(a_folder_that_cannot_be_opened_is_no_limit),
        TABLE_TEST(stays_open_until_the_pool_has_done_with_it),
        TABLE_TEST(without_descriptors_it_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
