/* agent/sync/verify.h beside an agent at work: the disk is ahead of the records for the
 * length of a batch, and that is no finding (failure-model 3.1, F-03). */
#include <pthread.h>
#include <sys/inotify.h>

#include "agent/place/hash.h"
#include "agent/sync/verify.h"
#include "store/store_intent.h"
/* the table before what uses cmocka */
#include "tests/support/table.h"
/* clang-format off */
#include "tests/store/state.h"
/* clang-format on */

/* A mirror with one file, whose record says `recorded`. */
struct trial {
    struct state state;
    int64_t key;
    int watch; /* tells when somebody has read the file */
    size_t findings;
    enum verify_fact fact;
};

static struct store_base record(const struct trial *trial, const char *content)
{
    struct hash *hash = hash_new(0);
    assert_non_null(hash);
    hash_update(hash, content, strlen(content));
    return (struct store_base){.key = trial->key,
                               .parent = trial->state.root,
                               .name = "a.txt",
                               .kind = STORE_KIND_FILE,
                               .mtime_ms = STORE_UNKNOWN,
                               .size = (int64_t)strlen(content),
                               .listed_size = STORE_UNKNOWN,
                               .hash = hash_finish(hash)};
}

static void begin(struct trial *trial, const char *on_disk, const char *recorded)
{
    char path[PATH_MAX];
    *trial = (struct trial){.findings = 0};
    state_make(&trial->state);
    temp_dir_mkdir(&trial->state.dir, "Drive");
    temp_dir_write(&trial->state.dir, "Drive/a.txt", on_disk);
    struct store_mirror mirror;
    assert_int_equal(store_get_mirror(trial->state.store, "documents", &mirror), STORE_OK);
    mirror.folder = temp_dir_path(&trial->state.dir, "Drive", path);
    assert_int_equal(store_put_mirror(trial->state.store, &mirror), STORE_OK);
    trial->key = state_put(&trial->state, said_file("id", "root-id", "a.txt")).key;
    const struct store_base base = record(trial, recorded);
    assert_int_equal(store_put_base(trial->state.store, trial->state.mirror, &base),
                     STORE_OK);
    trial->watch = inotify_init1(IN_CLOEXEC);
    assert_true(trial->watch >= 0);
    assert_true(inotify_add_watch(trial->watch,
                                  temp_dir_path(&trial->state.dir, "Drive/a.txt", path),
                                  IN_CLOSE_NOWRITE) >= 0);
}

static void end(struct trial *trial)
{
    assert_int_equal(close(trial->watch), 0);
    state_remove(&trial->state);
}

static void begin_placing(struct trial *trial)
{
    const struct store_intent intent = {.key = trial->key,
                                        .kind = STORE_INTENT_PLACE,
                                        .parent = trial->state.root,
                                        .name = "a.txt",
                                        .size = 3};
    assert_int_equal(store_put_intent(trial->state.store, trial->state.mirror, &intent),
                     STORE_OK);
}

static void until_read(const struct trial *trial)
{
    char events[sizeof(struct inotify_event) + NAME_MAX + 1];
    assert_true(read(trial->watch, events, sizeof events) > 0);
}

/* The agent's part, once the file has been looked at: record and intent go together. */
static void *record_when_read(void *user)
{
    struct trial *trial = user;
    until_read(trial);
    const struct store_base base = record(trial, "new");
    if (store_begin(trial->state.store) == STORE_OK &&
        store_put_base(trial->state.store, trial->state.mirror, &base) == STORE_OK &&
        store_drop_intent(trial->state.store, trial->key) == STORE_OK)
        (void)store_commit(trial->state.store, true);
    return NULL;
}

static void on_finding(void *user, const struct verify_finding *finding)
{
    struct trial *trial = user;
    trial->findings++;
    trial->fact = finding->fact;
    assert_string_equal(finding->path, "a.txt");
}

static bool on_progress(void *user, uint64_t files, uint64_t bytes)
{
    (void)user;
    (void)files;
    (void)bytes;
    return true;
}

static void verify(struct trial *trial)
{
    static const struct verify_callbacks callbacks = {.on_finding = on_finding,
                                                      .on_progress = on_progress};
    struct store *reader = NULL;
    struct failure failure = {0};
    char text[256] = "";
    assert_int_equal(store_open_reader(trial->state.dir.path, &reader, text, sizeof text),
                     STORE_OK);
    assert_int_equal(verify_mirror(reader, "documents", &callbacks, trial, &failure),
                     FAILURE_NONE);
    store_close(reader);
}

static void what_is_being_placed_is_waited_for(void **user)
{
    (void)user;
    struct trial trial;
    pthread_t agent;
    begin(&trial, "new", "old");
    begin_placing(&trial);
    assert_int_equal(pthread_create(&agent, NULL, record_when_read, &trial), 0);
    verify(&trial);
    assert_int_equal(pthread_join(agent, NULL), 0);
    assert_int_equal(trial.findings, 0);
    end(&trial);
}

static void what_differs_with_nobody_at_work_is_found_at_once(void **user)
{
    (void)user;
    struct trial trial;
    begin(&trial, "not", "old");
    verify(&trial);
    assert_int_equal(trial.findings, 1);
    assert_int_equal(trial.fact, VERIFY_DIFFERS);
    end(&trial);
}

/* An intent that nobody carries out is what a killed agent leaves. */
static void what_differs_for_good_is_found_all_the_same(void **user)
{
    (void)user;
    struct trial trial;
    begin(&trial, "not", "old");
    begin_placing(&trial);
    verify(&trial);
    assert_int_equal(trial.findings, 1);
    assert_int_equal(trial.fact, VERIFY_DIFFERS);
    end(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(what_is_being_placed_is_waited_for),
        TABLE_TEST(what_differs_with_nobody_at_work_is_found_at_once),
        TABLE_TEST(what_differs_for_good_is_found_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
