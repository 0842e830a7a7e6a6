/* agent/net/service.h and link.h answered by a simulated drive: these definitions take the
 * place of the real ones in the linked test.
 *
 * Answers come after a delay of chance and say what the drive holds then; about a single
 * item half of them say what it held when it was asked. In bad weather requests are refused
 * in every documented way, contents break off, arrive wrong, from the start or not at all;
 * notifications are lost, late and told twice.
 */
#ifndef TESTS_SIM_SIM_SERVICE_H
#define TESTS_SIM_SIM_SERVICE_H

#include "agent/net/link.h"
#include "agent/net/service.h"
#include "tests/sim/sim_drive.h"
#include "tests/sim/sim_loop.h"

struct service {
    struct sim *sim;
    struct sim_loop *loop;
    struct sim_drive *drive;
    struct link *link; /* NULL while there is none */
    int slots;
    uint64_t late_us; /* by that much are those about a single item, all of them old */
    unsigned bad_per_mille;  /* the weather */
    unsigned deaf_per_mille; /* notifications that are lost */
    struct sim_faults lists; /* of folders, which the service does not find (4.11) */
    bool told_to_keep; /* what an enumeration misses (resyncChangesUploadDifferences) */
    uint64_t fetches;
    uint64_t requests;
};

void sim_service_init(struct service *service, struct sim_loop *loop,
                      struct sim_drive *drive);
/* Something has changed on the drive: a notification, maybe. */
void sim_service_notify(struct service *service);

#endif
