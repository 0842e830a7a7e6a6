/* Inside store/ only: tables, public views and numbered upgrades.
 *
 * The number of the schema is PRAGMA user_version; PRAGMA application_id says that the
 * database is ours. An upgrade runs every step above the number found, and then makes the
 * views anew, in one transaction: a failure leaves what was there (F-66). A new database
 * is an upgrade from 0, so that every start of a new state tries the steps.
 *
 * Rules for a change: never edit a step that was released; add one. Views may only grow,
 * at the end of their columns.
 */
#ifndef STORE_STORE_SCHEMA_H
#define STORE_STORE_SCHEMA_H

#include "store/store.h"

enum {
    STORE_SCHEMA = 2,
    STORE_APPLICATION = 0x44724167, /* "DrAg" */
};

/* SQL that brings schema `to` - 1 to `to`, 1 <= to <= STORE_SCHEMA. Static. */
const char *store_schema_step(int to);

/* Finds out what the open database is. STORE_OK: ours, or empty (`*out_version` 0);
 * STORE_NEWER (F-65); STORE_DAMAGED: not ours. Writes nothing. */
enum store_status store_schema_look(struct store *store, int *out_version);

/* Brings schema `from` up to date, durably. */
enum store_status store_schema_upgrade(struct store *store, int from);

#endif
