#include "agent/sync/local_moves.h"

#include <stdlib.h>
#include <string.h>

static struct local_move *find(const struct local_moves *moves, int64_t key)
{
    for (size_t i = 0; i < moves->count; i++) {
        if (moves->list[i].key == key)
            return &moves->list[i];
    }
    return NULL;
}

static struct local_move *add(struct local_moves *moves, int64_t key)
{
    if (moves->count == LOCAL_MOVES_MAX)
        return NULL;
    if (moves->count == moves->capacity) {
        size_t capacity = moves->capacity == 0 ? 16 : moves->capacity * 2;
        struct local_move *list = realloc(moves->list, capacity * sizeof *list);
        if (list == NULL)
            return NULL;
        moves->list = list;
        moves->capacity = capacity;
    }
    moves->list[moves->count] = (struct local_move){.key = key};
    return &moves->list[moves->count++];
}

void local_moves_clear(struct local_moves *moves)
{
    for (size_t i = 0; i < moves->count; i++)
        free(moves->list[i].name);
    free(moves->list);
    *moves = (struct local_moves){.list = NULL};
}

void local_moves_leave(struct local_moves *moves, int64_t key, uint32_t cookie)
{
    moves->leaving = key;
    moves->cookie = cookie;
}

void local_moves_arrive(struct local_moves *moves, uint32_t cookie, int64_t folder,
                        const char *name)
{
    int64_t key = moves->cookie == cookie ? moves->leaving : 0;
    moves->leaving = 0;
    if (key == 0)
        return;
    struct local_move *move = find(moves, key);
    char *copy = strdup(name);
    if (move == NULL)
        move = copy == NULL ? NULL : add(moves, key);
    if (copy == NULL || move == NULL) {
        free(copy);
        return;
    }
    free(move->name);
    *move = (struct local_move){.key = key, .folder = folder, .name = copy};
}

const struct local_move *local_moves_find(const struct local_moves *moves, int64_t key)
{
    return find(moves, key);
}

int64_t local_moves_owner(const struct local_moves *moves, int64_t folder, const char *name)
{
    for (size_t i = 0; i < moves->count; i++) {
        const struct local_move *move = &moves->list[i];
        if (move->folder == folder && strcmp(move->name, name) == 0)
            return move->key;
    }
    return 0;
}

bool local_moves_retry(struct local_moves *moves, int64_t key)
{
    struct local_move *move = find(moves, key);
    return move != NULL && ++move->tries < LOCAL_MOVES_TRIES;
}

void local_moves_drop(struct local_moves *moves, int64_t key)
{
    struct local_move *move = find(moves, key);
    if (move == NULL)
        return;
    free(move->name);
    *move = moves->list[--moves->count];
}
