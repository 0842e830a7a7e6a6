/* What must be true of a simulated machine (failure-model 2). A breach ends the process. */
#ifndef TESTS_SIM_SIM_CHECK_H
#define TESTS_SIM_SIM_CHECK_H

#include "tests/sim/sim_world.h"

/* At every instant: no byte of the person's is lost (I-1), and each name in the mirror
 * shows a complete version of the drive's or what the person made (I-2, I-4). */
void sim_check_always(struct sim_world *world);
/* The records claim nothing that the disk does not hold (I-3); for moments when no job is
 * with the hands. */
void sim_check_claims(struct sim_world *world);
/* Whether the queue holds something still. */
bool sim_check_is_waiting(struct sim_world *world);
/* After a round of changes: the records have what the feed has told by then (I-14), and
 * nothing that the last enumeration has not (F-82). A full comparison would make up for
 * both. */
void sim_check_heard(const struct sim_world *world);
/* After a listing of the whole drive, begun when that was at position `from`: what has
 * stayed as it was since then is recorded so, and nothing else is taken for gone or kept
 * (I-13, I-14, F-82). False: the database cannot be read before the engine has taken back
 * a transaction. */
bool sim_check_listed(struct sim_world *world, uint64_t from);
/* When all is quiet: the folder is as the drive, but for what the person did (I-5), the
 * database is sound, nothing is left over, nothing was fetched twice. */
void sim_check_end(struct sim_world *world);
/* Whether something lies in the working folder that a start has to clear away; and that it
 * has. */
bool sim_check_is_littered(const struct sim_world *world);
void sim_check_swept(const struct sim_world *world);

#endif
