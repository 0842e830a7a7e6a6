#include <stdlib.h>
#include <string.h>

#include "protocol/message_queue.h"
#include "tests/support/table.h"

static void assert_next(struct message_queue *queue, const char *want)
{
    const char *text = NULL;
    size_t size = 0;
    assert_int_equal(queue_next(queue, &text, &size), want != NULL);
    if (want == NULL)
        return;
    assert_int_equal(size, strlen(want));
    assert_memory_equal(text, want, size);
}

static void gives_messages_in_order(void **state)
{
    (void)state;
    struct message_queue queue;
    queue_init(&queue);
    assert_next(&queue, NULL);
    assert_true(queue_put(&queue, '0', "/n,", 3));
    assert_true(queue_put(&queue, '3', "", 0));
    assert_next(&queue, "0/n,");
    assert_true(queue_put(&queue, '1', "x", 1));
    assert_next(&queue, "3");
    assert_next(&queue, "1x");
    assert_next(&queue, NULL);
    assert_next(&queue, NULL);
    queue_clear(&queue);
}

static void has_a_limit(void **state)
{
    (void)state;
    struct message_queue queue;
    char *text = calloc(1, QUEUE_MAX_SIZE);
    assert_non_null(text);
    queue_init(&queue);
    assert_false(queue_put(&queue, '4', text, QUEUE_MAX_SIZE));
    assert_false(queue_put(&queue, '4', text, QUEUE_MAX_SIZE - 4));
    assert_next(&queue, NULL);
    assert_true(queue_put(&queue, '4', text, QUEUE_MAX_SIZE - 5));
    assert_false(queue_put(&queue, '4', "", 0));
    queue_clear(&queue);
    assert_next(&queue, NULL);
    assert_true(queue_put(&queue, '4', "", 0));
    queue_clear(&queue);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_messages_in_order),
        cmocka_unit_test(has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
