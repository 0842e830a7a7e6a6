/* agent/sync/notice.h: what a look means for the record. What is noted already, and what is
 * as the agent left it, is not written again: its own writes come back as events, and make
 * no work (F-36, I-6). */
#include "agent/sync/notice.h"
#include "tests/store/state.h"
#include "tests/support/table.h"

static const struct store_hash hashed = {
    .kind = 1, .size = 2, .bytes = {1, 2}
};

static const struct notice_case {
    const char *name;
    unsigned flags;
    enum look_fact seen;
    bool was_hashed;
    bool is_gone; /* on the drive */
    enum notice_fact want;
    unsigned want_flags;
    bool writes;
} cases[] = {
    {"our own write (F-36)",                          0,                  LOOK_AS_LEFT,    false, false, NOTICE_NOTHING, 0,                  false},
    {"the same, looked at closely",                   0,                  LOOK_AS_LEFT,    true,  false, NOTICE_NOTHING, 0,                  false},
    {"racy, by its print (F-37)",                     STORE_BASE_RACY,    LOOK_AS_LEFT,    false, false,
     NOTICE_NOTHING,                                                                                                     STORE_BASE_RACY,    false},
    {"racy, and hashed: not to be hashed again",      STORE_BASE_RACY,    LOOK_AS_LEFT,    true,  false,
     NOTICE_NOTHING,                                                                                                     0,                  true },
    {"edited (F-25)",                                 0,                  LOOK_EDITED,     true,  false, NOTICE_EDITED,  STORE_BASE_EDITED,  true },
    {"edited, as noted before",                       STORE_BASE_EDITED,  LOOK_EDITED,     true,  false, NOTICE_EDITED,
     STORE_BASE_EDITED,                                                                                                                      false},
    {"another kind, as noted before",                 STORE_BASE_EDITED,  LOOK_OTHER_KIND, false, false,
     NOTICE_EDITED,                                                                                                      STORE_BASE_EDITED,  false},
    {"the edit taken back",                           STORE_BASE_EDITED,  LOOK_AS_LEFT,    true,  false, NOTICE_STANDS,  0,
     true                                                                                                                                         },
    {"removed, and there again",                      STORE_BASE_REMOVED, LOOK_AS_LEFT,    false, false,
     NOTICE_STANDS,                                                                                                      0,                  true },
    {"removed (F-31)",                                0,                  LOOK_MISSING,    false, false, NOTICE_MISSING, 0,                  false},
    {"removed, as noted before",                      STORE_BASE_REMOVED, LOOK_MISSING,    false, false,
     NOTICE_NOTHING,                                                                                                     STORE_BASE_REMOVED, false},
    {"removed by us, since the drive has it no more", 0,                  LOOK_MISSING,    false, true,
     NOTICE_NOTHING,                                                                                                     0,                  false},
    {"unreadable (F-16)",                             0,                  LOOK_UNKNOWN,    false, false, NOTICE_NOTHING, 0,                  false},
};

/* A file with a record that has these flags. */
static int64_t make_file(struct state *state, unsigned flags)
{
    int64_t key = state_put(state, said_file("file-id", "root-id", "a.txt")).key;
    const struct store_base base = {
        .key = key,
        .parent = state->root,
        .name = "a.txt",
        .kind = STORE_KIND_FILE,
        .flags = flags,
        .hash = hashed,
        .print = {.inode = 7, .size = 10}
    };
    assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
    return key;
}

/* Changes with each commit of another connection. */
static int data_version(sqlite3 *observer)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(observer, "pragma data_version", -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int version = sqlite3_column_int(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return version;
}

static void check_notice(const struct notice_case *row)
{
    struct state state;
    struct store_base base;
    state_make(&state);
    int64_t key = make_file(&state, row->flags);
    if (row->is_gone)
        (void)state_put(&state, said_gone("file-id"));
    const struct sync_context context = {
        .store = state.store, .mirror = state.mirror, .root_item = state.root};
    struct batch_job *job = notice_look(&context, key, NULL, NULL);
    assert_non_null(job);
    job->answer.fact = row->seen;
    job->answer.print = job->base.print;
    if (row->was_hashed)
        job->answer.hash = hashed;
    sqlite3 *observer = state_look(&state, SQLITE_OPEN_READONLY);
    int before = data_version(observer);
    assert_int_equal(notice_take(&context, job), row->want);
    assert_int_equal(data_version(observer) != before, row->writes);
    assert_int_equal(store_get_base(state.store, key, &base), STORE_OK);
    assert_int_equal(base.flags, row->want_flags);
    assert_int_equal(sqlite3_close(observer), SQLITE_OK);
    batch_job_free(job);
    state_remove(&state);
}

static void a_look_is_noted_when_it_is_news(void **state)
{
    (void)state;
    CASES(cases, check_notice);
}

/* Other work has gone on since the look began. */
static void a_look_at_another_record_says_nothing(void **user)
{
    struct state *state = *user;
    struct store_base base;
    int64_t key = make_file(state, 0);
    const struct sync_context context = {
        .store = state->store, .mirror = state->mirror, .root_item = state->root};
    struct batch_job *job = notice_look(&context, key, NULL, NULL);
    assert_non_null(job);
    job->answer.fact = LOOK_EDITED;
    assert_int_equal(store_get_base(state->store, key, &base), STORE_OK);
    base.print.inode = 8;
    assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
    assert_int_equal(notice_take(&context, job), NOTICE_NOTHING);
    assert_int_equal(store_get_base(state->store, key, &base), STORE_OK);
    assert_int_equal(base.flags, 0);
    batch_job_free(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(a_look_is_noted_when_it_is_news),
        STATE_TEST(a_look_at_another_record_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
