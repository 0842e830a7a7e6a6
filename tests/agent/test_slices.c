/* agent/sync/slices.h: long work on the loop lets everything else have its turn. */
#include "agent/clock.h"
#include "agent/sync/slices.h"
#include "tests/support/table.h"

enum { MANY_STEPS = 400 };

struct work {
    uv_async_t other; /* anything else that wants the loop */
    struct slices *slices;
    unsigned steps;
    unsigned wanted; /* so many and no more */
    bool was_served;
    bool has_ended;
};

static void on_other(uv_async_t *other)
{
    struct work *work = other->data;
    work->was_served = true;
    uv_close((uv_handle_t *)other, NULL);
}

/* A millisecond of work. */
static bool step(void *user)
{
    struct work *work = user;
    uint64_t until_ms = clock_now_ms() + 1;
    while (clock_now_ms() < until_ms)
        ;
    return ++work->steps < work->wanted && !work->was_served;
}

static void on_end(void *user)
{
    struct work *work = user;
    work->has_ended = true;
}

static void run(struct work *work)
{
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_async_init(&loop, &work->other, on_other), 0);
    work->other.data = work;
    assert_int_equal(uv_async_send(&work->other), 0);
    work->slices = slices_start(&loop, step, on_end, work);
    assert_non_null(work->slices);
    assert_int_equal(work->steps, 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_true(work->has_ended);
}

static void others_have_their_turn_between_two_slices(void **state)
{
    (void)state;
    struct work work = {.wanted = MANY_STEPS};
    run(&work);
    assert_true(work.was_served);
    assert_true(work.steps < MANY_STEPS / 2);
}

static void work_of_one_step_ends_after_it(void **state)
{
    (void)state;
    struct work work = {.wanted = 1};
    run(&work);
    assert_int_equal(work.steps, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(others_have_their_turn_between_two_slices),
        TABLE_TEST(work_of_one_step_ends_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
