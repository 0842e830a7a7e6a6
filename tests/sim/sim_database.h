/* The database's calls to the system: refused and counted by the simulated machine, with
 * what a power cut may take back.
 *
 * The files are real ones, in a folder that no two processes share, and in memory while
 * they are open (sim_file.h). What was written since the last sync of a file is remembered
 * with what it replaced.
 */
#ifndef TESTS_SIM_SIM_DATABASE_H
#define TESTS_SIM_SIM_DATABASE_H

#include "store/store.h"
#include "tests/sim/sim_disk.h"

/* Once in a process: puts it before SQLite's own. */
void sim_database_install(void);
/* From now on the files belong to that machine. */
void sim_database_set(struct sim *sim);
/* Takes the views away, which only people ask: to read them was most of every opening, and
 * a run opens the database a hundred times. No effect, and no call of it fails. */
void sim_database_slim(struct store *store);
/* The connection keeps hardly a page in memory: what it looks at it reads. */
void sim_database_starve(struct store *store);
/* To be called when the database is closed: takes back what the cut takes. */
void sim_database_cut(sim_choose_fn *choose, void *user);
/* Whether a rollback journal lies there. One that could not be removed only a connection
 * that may write can play back: until then nobody who only reads gets in. */
bool sim_database_has_journal(void);
/* Forgets what could be taken back. */
void sim_database_settle(void);

#endif
