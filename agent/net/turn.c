#include "agent/net/turn.h"

#include <stddef.h>

#include "protocol/url.h"

/* The first one in line for this host and port, from `turn` on; NULL: nobody. */
static struct turn *first_for(struct turn *turn, const char *host, uint16_t port)
{
    while (turn != NULL && (turn->port != port || !url_host_equals(turn->host, host)))
        turn = turn->next;
    return turn;
}

bool turn_take(struct turns *turns, struct turn *turn, const char *host, uint16_t port,
               turn_fn *on_turn, void *user)
{
    if (turns == NULL)
        return true;
    *turn = (struct turn){
        .turns = turns, .host = host, .port = port, .on_turn = on_turn, .user = user};
    struct turn **end = &turns->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = turn;
    return first_for(turns->first, host, port) == turn;
}

void turn_end(struct turn *turn)
{
    struct turns *turns = turn->turns;
    if (turns == NULL)
        return;
    bool was_head = first_for(turns->first, turn->host, turn->port) == turn;
    struct turn **place = &turns->first;
    while (*place != NULL && *place != turn)
        place = &(*place)->next;
    if (*place != NULL)
        *place = turn->next;
    turn->turns = NULL;
    struct turn *next = was_head ? first_for(turns->first, turn->host, turn->port) : NULL;
    if (next != NULL)
        next->on_turn(next->user);
}
