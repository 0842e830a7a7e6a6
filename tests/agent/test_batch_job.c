/* agent/sync/batch.h: whether a look still tells how it stands when its batch has ended. */
#include "agent/sync/batch.h"
/* the header before what uses cmocka */
#include "tests/support/table.h"

static const struct overtaken_case {
    const char *name;
    enum batch_kind kind; /* of the job after the look at docs/b */
    const char *folder;
    const char *job_name;
    const char *from_folder; /* NULL: it moves nothing */
    const char *from_name;
    bool is_overtaken;
} cases[] = {
    {"a step there",                BATCH_STEP, "docs",  "b", NULL,    NULL, true },
    {"a step at another name",      BATCH_STEP, "docs",  "c", NULL,    NULL, false},
    {"the same name elsewhere",     BATCH_STEP, "other", "b", NULL,    NULL, false},
    {"a move from there",           BATCH_STEP, "other", "c", "docs",  "b",  true },
    {"a move to there",             BATCH_STEP, "docs",  "b", "other", "c",  true },
    {"a move between other places", BATCH_STEP, "other", "c", "other", "b",  false},
    {"another look at it",          BATCH_LOOK, "docs",  "b", NULL,    NULL, false},
};

static void check(const struct overtaken_case *row)
{
    struct batch_job *look = batch_job_new(BATCH_LOOK, 1, "docs", "b", NULL, NULL);
    struct batch_job *job =
        batch_job_new(row->kind, 2, row->folder, row->job_name, NULL, NULL);
    assert_non_null(look);
    assert_non_null(job);
    if (row->from_name != NULL)
        assert_true(batch_job_from(job, row->from_folder, row->from_name));
    assert_false(batch_is_overtaken(look));
    look->next = job;
    assert_int_equal(batch_is_overtaken(look), row->is_overtaken);
    assert_false(batch_is_overtaken(job));
    batch_job_free(look);
    batch_job_free(job);
}

/* F-32, F-43: the eyes of a batch go before its hands. */
static void a_look_is_overtaken_by_hands_at_its_place(void **state)
{
    (void)state;
    CASES(cases, check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(a_look_is_overtaken_by_hands_at_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
