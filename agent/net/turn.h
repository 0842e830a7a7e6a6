/* One connection attempt per host and port at a time (WS-08): who comes second waits until
 * the first one is open or has failed.
 *
 * Sequence: turn_take(); it is one's turn when that answers true, or when `on_turn` is
 * called later; turn_end() in any case, any number of times. Nothing is allocated.
 */
#ifndef AGENT_NET_TURN_H
#define AGENT_NET_TURN_H

#include <stdbool.h>
#include <stdint.h>

/* What all connections of a program share; zero to begin with. */
struct turns {
    struct turn *first;
};

/* Comes from within another connection's turn_end(): only to be noted. */
typedef void turn_fn(void *user);

/* Of one connection; zero to begin with. Fields are turn.c's. */
struct turn {
    struct turns *turns; /* NULL: not in line */
    struct turn *next;
    const char *host;
    uint16_t port;
    turn_fn *on_turn;
    void *user;
};

/* Gets in line. `host` is borrowed until turn_end(). `turns` NULL: there is no line. */
bool turn_take(struct turns *turns, struct turn *turn, const char *host, uint16_t port,
               turn_fn *on_turn, void *user);

/* Leaves the line, or the place at its head to the next one. */
void turn_end(struct turn *turn);

#endif
