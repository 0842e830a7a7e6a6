/* What happens to the open database: others hold it (F-67), it is damaged (F-61). */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/store/state.h"

enum { HELD_MS = 100, ITEMS = 300, PAGE = 4096 };

static sqlite3 *hold(const struct state *state)
{
    sqlite3 *holder = state_look(state, SQLITE_OPEN_READWRITE);
    assert_int_equal(sqlite3_exec(holder, "begin immediate", NULL, NULL, NULL), SQLITE_OK);
    return holder;
}

static void *let_go_soon(void *user)
{
    sqlite3 *holder = user;
    const struct timespec wait = {.tv_nsec = HELD_MS * 1000000L};
    (void)nanosleep(&wait, NULL);
    (void)sqlite3_exec(holder, "commit", NULL, NULL, NULL);
    return NULL;
}

static void another_program_is_waited_for(void **user)
{
    struct state *state = *user;
    sqlite3 *holder = hold(state);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, let_go_soon, holder), 0);
    assert_int_equal(store_put_setting(state->store, "a", "1"), STORE_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sqlite3_close(holder), SQLITE_OK);
}

/* Overwrites the first page of the index of ids, which no start looks at by itself. */
static void spoil(const struct state *state)
{
    char path[128];
    char bytes[PAGE];
    char page[16];
    memset(bytes, 0x5a, sizeof bytes);
    state_ask(state, "select rootpage from sqlite_schema where name = 'id_small'", page,
              sizeof page);
    off_t at = (strtol(page, NULL, 10) - 1) * PAGE;
    assert_true(at > 0);
    (void)snprintf(path, sizeof path, "%s/state.db", state->dir.path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, at), sizeof bytes);
    assert_int_equal(close(fd), 0);
}

/* A clean stop must not hide from the next start what was seen before it. */
static void damage_seen_at_work_is_found_again_at_the_next_start(void **user)
{
    struct state *state = *user;
    char id[16];
    char text[256] = "";
    for (int i = 0; i < ITEMS; i++) {
        (void)snprintf(id, sizeof id, "id-%d", i);
        (void)state_put(state, said_file(id, "root-id", id));
    }
    assert_int_equal(store_checkpoint(state->store), STORE_OK);
    spoil(state);
    struct store_remote remote;
    assert_int_equal(store_find_remote(state->store, state->mirror, "id-7", &remote),
                     STORE_DAMAGED);
    assert_int_equal(store_failed(state->store), STORE_DAMAGED);
    state_close(state);
    struct store *store = NULL;
    assert_int_equal(store_open(state->dir.path, &store, NULL, text, sizeof text),
                     STORE_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(another_program_is_waited_for),
        STATE_TEST(damage_seen_at_work_is_found_again_at_the_next_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
