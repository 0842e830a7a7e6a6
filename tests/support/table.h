/* Table-driven tests over cmocka: CASES(cases, check) runs check(&cases[i]) for each row
 * and prints the row's `name` when an assertion in it fails. Rows must have a
 * `const char *name` as a member. Include this instead of cmocka.h.
 */
#ifndef TESTS_SUPPORT_TABLE_H
#define TESTS_SUPPORT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka.h needs the ones above before it. */
/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* cmocka leaves a failing test by longjmp, so the row is remembered and the teardown of
 * TABLE_TEST names it. */
#define CASES(cases, check)                                                                \
    do {                                                                                   \
        for (size_t row_ = 0; row_ < COUNT_OF(cases); row_++) {                            \
            table_row_begins((cases)[row_].name);                                          \
            check(&(cases)[row_]);                                                         \
        }                                                                                  \
        table_row_begins(NULL);                                                            \
    } while (0)

static const char *table_row_name;

static inline void table_row_begins(const char *name)
{
    table_row_name = name;
}

/* As a teardown: says which row was running when the test failed. */
static inline int table_teardown(void **state)
{
    (void)state;
    if (table_row_name != NULL)
        fprintf(stderr, "  in the row: %s\n", table_row_name);
    table_row_name = NULL;
    return 0;
}

#define TABLE_TEST(function) cmocka_unit_test_setup_teardown(function, NULL, table_teardown)

#endif
