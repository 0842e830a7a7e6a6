/* Where the folder is rightly not as the drive (failure-model 5, E). A person's link or
 * file where a folder belongs is left alone, and what belongs into that folder, or is to be
 * removed from behind a link, is held (F-50); so is what belongs where something stands, by
 * the records, that is held (F-43). Each of it is in the queue. */
#ifndef TESTS_SIM_SIM_EXCUSE_H
#define TESTS_SIM_SIM_EXCUSE_H

#include "tests/sim/sim_world.h"

/* The item, or a folder of its, waits. */
bool sim_excuse_missing(const struct sim_world *world, int item);
/* What stands there, or a folder above, waits for another place. */
bool sim_excuse_extra(const struct sim_world *world, const char *path);
/* A disk that lies has brought back what was removed or moved away, and no record knows of
 * it: that is how a person's own file looks, so it stays. */
bool sim_excuse_revenant(const struct sim_world *world, const struct sim_node *node,
                         const char *path);
/* It was made again for a folder that the person had moved or removed, and before anything
 * was placed in it a kill or a failure lost the record of that: none can tell it from one
 * of his. */
bool sim_excuse_empty(const struct sim_world *world, const struct sim_node *node);
/* The service has said to keep what stands there (F-81), or a filter has left it out
 * (F-162), and what is kept is a person's from then on: the item that comes to its name
 * finds it edited (F-25). */
bool sim_excuse_version(const struct sim_world *world, const char *path);

#endif
