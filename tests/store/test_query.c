/* Questions from people: they may read everything and write nothing. */
#include "store/store_query.h"
#include "tests/store/state.h"

struct answer {
    int rows;
    int stop_after;
    char text[512];
    char types[64];
};

static bool take_row(void *user, int count, const char *const *names,
                     const char *const *values, const char *types)
{
    struct answer *answer = user;
    for (int i = 0; i < count; i++) {
        size_t size = strlen(answer->text);
        (void)snprintf(answer->text + size, sizeof answer->text - size, "%s=%s;", names[i],
                       values[i] == NULL ? "NULL" : values[i]);
    }
    (void)snprintf(answer->types, sizeof answer->types, "%s", types);
    answer->rows++;
    return answer->rows != answer->stop_after;
}

static enum store_status ask(struct state *state, const char *sql, struct answer *answer)
{
    memset(answer, 0, sizeof *answer);
    return store_query(state->store, sql, NULL, 0, take_row, answer);
}

static void values_come_as_texts_with_their_types(void **user)
{
    struct state *state = *user;
    struct answer answer;
    assert_int_equal(
        ask(state, "select 1 as i, 1.5 as f, 'a' as t, x'00ff' as b, null as n", &answer),
        STORE_OK);
    assert_string_equal(answer.text, "i=1;f=1.5;t=a;b=00ff;n=NULL;");
    assert_string_equal(answer.types, "iftbn");
}

static void parameters_are_bound_as_texts(void **user)
{
    struct state *state = *user;
    struct answer answer = {0};
    const char *const values[] = {"documents", NULL};
    assert_int_equal(store_query(state->store,
                                 "select mirror, ?2 as x from v_mirrors where mirror = ?1",
                                 values, 2, take_row, &answer),
                     STORE_OK);
    assert_string_equal(answer.text, "mirror=documents;x=NULL;");
    assert_int_equal(store_query(state->store, "select 1", values, 1, take_row, &answer),
                     STORE_MISUSE);
}

static void the_asker_may_stop(void **user)
{
    struct state *state = *user;
    struct answer answer = {.stop_after = 2};
    assert_int_equal(
        store_query(state->store, "values(1), (2), (3)", NULL, 0, take_row, &answer),
        STORE_OK);
    assert_int_equal(answer.rows, 2);
    /* Nothing of it stays open. */
    assert_int_equal(store_begin(state->store), STORE_OK);
    assert_int_equal(store_commit(state->store, true), STORE_OK);
}

static const struct question_case {
    const char *name;
    const char *sql;
    enum store_status want;
} questions[] = {
    {"a view",                               "select * from v_items",                    STORE_OK      },
    {"a view with a walk",                   "select path from v_pending",               STORE_OK      },
    {"a table",                              "select * from item",                       STORE_OK      },
    {"a trailing semicolon",                 "select 1 ; ",                              STORE_OK      },
    {"an explanation",                       "explain query plan select * from v_items", STORE_OK      },
    {"columns of a table",                   "pragma table_info(item)",                  STORE_OK      },
    {"the schema",                           "select sql from sqlite_schema",            STORE_OK      },
    {"the version",                          "pragma user_version",                      STORE_OK      },
    {"an integrity check",                   "pragma integrity_check",                   STORE_OK      },
    {"insert",                               "insert into setting values('a', 'b')",     STORE_READONLY},
    {"update",                               "update mirror set name = 'x'",             STORE_READONLY},
    {"delete",                               "delete from item",                         STORE_READONLY},
    {"delete behind a with",                 "with x as (select 1) delete from item",    STORE_READONLY},
    {"create",                               "create table t(x)",                        STORE_READONLY},
    {"create temporary",                     "create temp table t(x)",                   STORE_READONLY},
    {"drop",                                 "drop view v_items",                        STORE_READONLY},
    {"alter",                                "alter table item rename to thing",         STORE_READONLY},
    {"vacuum",                               "vacuum",                                   STORE_READONLY},
    {"vacuum into a file",                   "vacuum into '/tmp/agent-test-never'",      STORE_READONLY},
    {"attach",                               "attach '/tmp/agent-test-never' as other",  STORE_READONLY},
    {"detach",                               "detach main",                              STORE_READONLY},
    {"begin",                                "begin immediate",                          STORE_READONLY},
    {"commit",                               "commit",                                   STORE_READONLY},
    {"savepoint",                            "savepoint a",                              STORE_READONLY},
    {"setting the version",                  "pragma user_version = 7",                  STORE_READONLY},
    {"changing the journal",                 "pragma journal_mode = delete",             STORE_READONLY},
    {"asking for the journal",               "pragma journal_mode",                      STORE_READONLY},
    {"a checkpoint",                         "pragma wal_checkpoint",                    STORE_READONLY},
    {"writable schema",                      "pragma writable_schema = on",              STORE_READONLY},
    {"switching off the guard of questions", "pragma query_only = off",                  STORE_READONLY},
    {"an extension",                         "select load_extension('x')",               STORE_READONLY},
    {"reindex",                              "reindex",                                  STORE_READONLY},
    {"analyze",                              "analyze",                                  STORE_READONLY},
    {"nothing",                              "",                                         STORE_MISUSE  },
    {"a comment alone",                      "-- nothing",                               STORE_MISUSE  },
    {"two statements",                       "select 1; delete from item",               STORE_MISUSE  },
    {"not SQL",                              "what is pending",                          STORE_MISUSE  },
    {"no such table",                        "select * from nowhere",                    STORE_MISUSE  },
};

static struct state *shared;

static void answers_or_refuses(const struct question_case *row)
{
    struct answer answer;
    enum store_status status = ask(shared, row->sql, &answer);
    if (status != row->want)
        print_error("%s\n", store_error_text(shared->store));
    assert_int_equal(status, row->want);
}

static void questions_read_and_never_write(void **user)
{
    shared = *user;
    (void)state_put(shared, said_file("f", "root-id", "f"));
    int64_t before = state_written(shared);
    CASES(questions, answers_or_refuses);
    assert_int_equal(state_written(shared), before);
    /* What the agent itself does is not refused afterwards. */
    assert_int_equal(store_put_setting(shared->store, "a", "1"), STORE_OK);
    (void)state_put(shared, said_file("g", "root-id", "g"));
    state_check(shared);
}

/* Inside a transaction of the agent a refused question must not end it. */
static void a_refused_question_leaves_the_transaction_alone(void **user)
{
    struct state *state = *user;
    struct answer answer;
    assert_int_equal(store_begin(state->store), STORE_OK);
    assert_int_equal(store_put_setting(state->store, "a", "1"), STORE_OK);
    assert_int_equal(ask(state, "delete from setting", &answer), STORE_READONLY);
    assert_true(store_in_transaction(state->store));
    assert_int_equal(store_commit(state->store, true), STORE_OK);
    char value[4];
    assert_int_equal(store_get_setting(state->store, "a", value, sizeof value), STORE_OK);
}

static void the_schema_is_told_column_by_column(void **user)
{
    (void)user;
    size_t parts = 0;
    bool has_hash = false;
    for (const char *part; (part = store_schema_text(parts)) != NULL; parts++)
        has_hash |= strstr(part, "hash,         -- lower-case hex") != NULL;
    assert_int_equal(parts, 8);
    assert_true(has_hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(values_come_as_texts_with_their_types),
        STATE_TEST(parameters_are_bound_as_texts),
        STATE_TEST(the_asker_may_stop),
        STATE_TEST(questions_read_and_never_write),
        STATE_TEST(a_refused_question_leaves_the_transaction_alone),
        TABLE_TEST(the_schema_is_told_column_by_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
