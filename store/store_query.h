/* Read-only questions to the public views, for `agent inspect`.
 *
 * The views (product contract; they may only grow): v_items, v_pending, v_problems,
 * v_conflicts, v_history, v_mirrors, v_channel.
 */
#ifndef STORE_STORE_QUERY_H
#define STORE_STORE_QUERY_H

#include "store/store.h"

/* One row: `count` texts, NULL for SQL NULL. `types`: 'i' integer, 'f' float, 't' text,
 * 'b' blob (as hex), 'n' null. Borrowed for the call. Return false to stop. */
typedef bool store_row_fn(void *user, int count, const char *const *names,
                          const char *const *values, const char *types);

/* Runs one statement that only reads; anything that would write, attach or load is
 * refused (STORE_READONLY). `parameters` are bound as text in turn. */
enum store_status store_query(struct store *store, const char *sql,
                              const char *const *parameters, int parameter_count,
                              store_row_fn *each, void *user);

/* The text of the public schema: the views as SQL, with a comment per column. In parts,
 * because a C string is not to exceed 4,095 bytes: 0, 1 and so on until NULL. Static. */
const char *store_schema_text(size_t part);

#endif
