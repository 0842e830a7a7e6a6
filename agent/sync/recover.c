#include "agent/sync/recover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/place/look.h"
#include "agent/place/name.h"
#include "agent/state_failure.h"
#include "agent/sync/facts.h"
#include "agent/sync/record.h"
#include "agent/sync/remade.h"
#include "agent/sync/tree.h"
#include "store/store_intent.h"

enum { NAME_ROOM = 1025 };

/* Moves. */

/* One that was begun before the interruption, as the eyes have found it. */
struct move {
    int64_t key;
    enum { MOVE_NOT_DONE, MOVE_DONE, MOVE_UNKNOWN } state;
};
struct moves {
    struct move *list;
    size_t count;
    size_t capacity;
    struct failure doubt; /* why one of them is unknown; kind NONE: none is */
};

static bool add_move(struct moves *moves, const struct move *move)
{
    if (moves->count == moves->capacity) {
        size_t capacity = moves->capacity == 0 ? 16 : moves->capacity * 2;
        struct move *list = realloc(moves->list, capacity * sizeof *list);
        if (list == NULL)
            return false;
        moves->list = list;
        moves->capacity = capacity;
    }
    moves->list[moves->count++] = *move;
    return true;
}

/* What was staged is there still: whatever stands at its place, it was not brought there.
 */
static bool is_still_staged(const struct sync_context *context, int64_t key)
{
    char stage[NAME_MAX_BYTES + 1];
    struct look_answer answer;
    name_work_format(stage, NAME_WORK_STAGE, key);
    const struct look_request request = {.folder = NAME_WORKING_FOLDER, .name = stage};
    look_at(context->root, &request, &answer);
    return answer.print.inode != 0;
}

/* Of a folder the eyes say no more than that one stands there. */
static bool is_of_kind(enum store_kind kind, const struct look_answer *answer)
{
    return kind == STORE_KIND_FOLDER ? answer->fact == LOOK_HOLDS_REMOTE
                                     : answer->fact != LOOK_OTHER_KIND;
}

/* The inode may have been given anew, that of a folder also to a file. But the time of a
 * file may also have been set, and that not been recorded: then its content tells. */
static bool is_object_there(const struct sync_context *context,
                            const struct look_request *request,
                            const struct store_base *base, struct look_answer *answer)
{
    look_at(context->root, request, answer);
    if (is_of_kind(base->kind, answer) &&
        place_is_object(&base->print, &answer->print, base->kind))
        return true;
    if (base->kind != STORE_KIND_FILE || answer->print.inode != base->print.inode ||
        answer->print.device != base->print.device)
        return false;
    struct look_request closer = *request;
    closer.base = base;
    look_at(context->root, &closer, answer);
    return answer->fact == LOOK_AS_LEFT;
}

static struct move look_for(const struct sync_context *context,
                            const struct store_intent *intent, struct failure *doubt)
{
    struct move move = {.key = intent->key, .state = MOVE_NOT_DONE};
    struct look_answer answer;
    struct store_base base;
    char folder[TREE_PATH_SIZE];
    if (intent->name == NULL ||
        store_get_base(context->store, intent->key, &base) != STORE_OK)
        return move;
    const struct look_request request = {
        .folder = folder, .name = intent->name, .kind = base.kind};
    if ((base.parent == STORE_STAGE && is_still_staged(context, intent->key)) ||
        !tree_standing(context, intent->parent, folder))
        return move;
    if (is_object_there(context, &request, &base, &answer))
        move.state = MOVE_DONE;
    else if (answer.fact == LOOK_UNKNOWN)
        move.state = MOVE_UNKNOWN;
    /* A link on the way says that nothing of ours is behind it (F-50). */
    if (move.state == MOVE_UNKNOWN && answer.failure.number != 50)
        *doubt = answer.failure;
    return move;
}

/* It was a person who has moved the folder that the record knows to where it belongs now:
 * the one that was made again for it stands at its place. */
static bool is_remade(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    return store_get_base(context->store, key, &base) == STORE_OK &&
           base.kind == STORE_KIND_FOLDER && base.parent != STORE_STAGE &&
           remade_is_its_own(context, key);
}

/* All are looked for before any record changes, since those lead there. */
static bool find_moves(const struct sync_context *context, struct moves *moves)
{
    struct store_intent intent;
    int64_t after = 0;
    while (store_next_intent(context->store, context->mirror, &after, &intent) ==
           STORE_OK) {
        if (intent.kind != STORE_INTENT_MOVE)
            continue;
        struct move move = look_for(context, &intent, &moves->doubt);
        if (move.state == MOVE_DONE && is_remade(context, move.key))
            move.state = MOVE_NOT_DONE;
        if (!add_move(moves, &move))
            return false;
    }
    return true;
}

/* A folder that stood where it has come to does not any more, whether it was staged,
 * removed or taken away by a person. As long as its record leads there, all that was in it
 * would be brought back into the other one. */
static void free_goal(struct sync_context *context, int64_t key)
{
    struct store_intent intent;
    struct store_base former;
    if (store_get_intent(context->store, key, &intent) == STORE_OK &&
        store_find_base(context->store, context->mirror, intent.parent, intent.name,
                        &former) == STORE_OK &&
        former.kind == STORE_KIND_FOLDER)
        record_put_staged(context, former.key);
}

/* Those that were moved, but not recorded, leave their places first: the next may stand
 * there already. */
static void free_places(struct sync_context *context, const struct moves *moves)
{
    for (size_t i = 0; i < moves->count; i++) {
        if (moves->list[i].state == MOVE_DONE)
            record_put_staged(context, moves->list[i].key);
    }
    for (size_t i = 0; i < moves->count; i++) {
        if (moves->list[i].state == MOVE_DONE)
            free_goal(context, moves->list[i].key);
    }
}

/* A person has taken it away since, and what had made room for it is back at that place:
 * the record waits in the staging area, and the plan finds nothing there. */
static bool is_gone_again(const struct sync_context *context,
                          const struct store_intent *intent)
{
    struct store_base other;
    struct failure doubt;
    return intent->name != NULL &&
           store_find_base(context->store, context->mirror, intent->parent, intent->name,
                           &other) == STORE_OK &&
           other.key != intent->key &&
           look_for(context, intent, &doubt).state == MOVE_NOT_DONE;
}

/* What could not be seen at last keeps its intent, and the plan tries it once more. */
static void decide_moves(struct sync_context *context, const struct moves *moves)
{
    struct store_intent intent;
    struct store_base base;
    for (size_t i = 0; i < moves->count; i++) {
        const struct move *move = &moves->list[i];
        if (move->state == MOVE_DONE &&
            store_get_intent(context->store, move->key, &intent) == STORE_OK &&
            !is_gone_again(context, &intent) &&
            store_get_base(context->store, move->key, &base) == STORE_OK) {
            const struct place_step step = {
                .name = intent.name, .result = PLACE_DONE, .print = base.print};
            (void)record_moved(context, move->key, intent.parent, &step);
        }
        if (move->state != MOVE_UNKNOWN)
            (void)store_drop_intent(context->store, move->key);
    }
}

/* The hands' questions. */

static bool base_of(void *user, int64_t key, struct store_base *out)
{
    const struct sync_context *context = user;
    return store_get_base(context->store, key, out) == STORE_OK;
}

static bool place_of(void *user, int64_t key, char *out_folder, size_t folder_size,
                     char *out_name, size_t name_size)
{
    const struct sync_context *context = user;
    struct store_base base;
    struct store_remote remote;
    char path[TREE_PATH_SIZE];
    const char *name = NULL;
    int64_t parent = 0;
    if (store_get_base(context->store, key, &base) == STORE_OK &&
        base.parent != STORE_STAGE) {
        name = base.name;
        parent = base.parent;
    } else if (store_get_remote(context->store, key, &remote) == STORE_OK &&
               remote.name != NULL) {
        name = remote.name;
        parent = remote.parent;
    }
    if (name == NULL || strlen(name) >= name_size)
        return false;
    (void)snprintf(out_name, name_size, "%s", name);
    if (!tree_standing(context, parent, path) || strlen(path) >= folder_size)
        return false;
    (void)snprintf(out_folder, folder_size, "%s", path);
    return true;
}

/* A staged object whose place has been taken meanwhile waits where it is. */
static bool is_taken(struct sync_context *context, const struct store_base *base)
{
    char folder[TREE_PATH_SIZE];
    char name[NAME_ROOM];
    struct look_answer answer;
    (void)snprintf(name, sizeof name, "%s", base->name);
    const struct look_request request = {
        .folder = folder, .name = name, .kind = base->kind};
    if (!tree_standing(context, base->parent, folder))
        return false;
    look_at(context->root, &request, &answer);
    return answer.print.inode != 0;
}

static bool wants_staged(struct sync_context *context, int64_t key)
{
    struct store_base base;
    if (store_get_base(context->store, key, &base) != STORE_OK)
        return false;
    if (base.parent == STORE_STAGE)
        return true;
    if (!is_taken(context, &base))
        return false;
    record_put_staged(context, key);
    return true;
}

static bool wants(void *user, int64_t key, bool staged)
{
    struct sync_context *context = user;
    struct store_intent intent;
    struct store_remote remote;
    if (staged)
        return wants_staged(context, key);
    return store_get_intent(context->store, key, &intent) == STORE_OK &&
           store_get_remote(context->store, key, &remote) == STORE_OK && !remote.gone &&
           facts_is_content(&remote, intent.version, intent.size, &intent.hash);
}

/* What fails in the store ends the transaction: from then on the records tell again what
 * they told before it, and one of them could lead into the place of another. */
static bool is_sound(void *user)
{
    const struct sync_context *context = user;
    return store_in_transaction(context->store);
}

static void staged(void *user, int64_t key)
{
    record_put_staged(user, key);
}

static void kept(void *user, int64_t key, const char *folder, const char *copy_name)
{
    const struct sync_context *context = user;
    char path[TREE_PATH_SIZE];
    char name_folder[TREE_PATH_SIZE];
    char name[NAME_ROOM];
    if (!place_of(user, key, name_folder, sizeof name_folder, name, sizeof name))
        (void)snprintf(name, sizeof name, "%s", copy_name);
    (void)snprintf(path, sizeof path, "%s", folder);
    record_conflict(context, key, path, name, copy_name);
}

static bool has_found_any(const struct moves *moves)
{
    for (size_t i = 0; i < moves->count; i++) {
        if (moves->list[i].state == MOVE_DONE)
            return true;
    }
    return false;
}

/* What was interrupted before it was made to last must not be recorded as done (I-3): a
 * power cut could bring the object back to where it was, and nobody would own it there.
 * On the last try a disk that cannot do it is taken as it is. */
static enum failure_kind sync_moves(const struct sync_context *context,
                                    const struct moves *moves, bool is_last_try,
                                    struct failure *failure)
{
    if (!has_found_any(moves) || place_sync(context->root, failure) == FAILURE_NONE)
        return FAILURE_NONE;
    if (is_last_try) {
        log_failure(context->name, failure);
        return FAILURE_NONE;
    }
    failure->kind = FAILURE_RESOURCE;
    return FAILURE_RESOURCE;
}

/* In one transaction. The hands before the rest, while the records still tell what was
 * displaced. */
static enum failure_kind recover_all(struct sync_context *context, struct moves *moves,
                                     bool is_last_try, struct failure *failure)
{
    const struct place_recovery recovery = {.base_of = base_of,
                                            .place_of = place_of,
                                            .wants = wants,
                                            .staged = staged,
                                            .is_sound = is_sound,
                                            .kept = kept,
                                            .is_last_try = is_last_try,
                                            .user = context};
    if (store_begin(context->store) != STORE_OK)
        return state_trouble(context->store, failure);
    if (!find_moves(context, moves)) {
        store_rollback(context->store);
        return failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
    }
    /* Without that record another one could lead to what was moved (F-16). */
    if (moves->doubt.kind != FAILURE_NONE && !is_last_try) {
        store_rollback(context->store);
        *failure = moves->doubt;
        failure->kind = FAILURE_RESOURCE;
        return FAILURE_RESOURCE;
    }
    enum failure_kind kind = sync_moves(context, moves, is_last_try, failure);
    if (kind != FAILURE_NONE) {
        store_rollback(context->store);
        return kind;
    }
    free_places(context, moves);
    if (!is_sound(context))
        return state_trouble(context->store, failure);
    kind = place_recover(context->root, &recovery, failure);
    /* What could not be looked at in the working folder may own the place of another. */
    if (kind == FAILURE_NONE || (kind == FAILURE_ITEM && is_last_try))
        decide_moves(context, moves);
    if (store_commit(context->store, true) != STORE_OK)
        return state_trouble(context->store, failure);
    return kind;
}

enum failure_kind recover_run(struct sync_context *context, bool is_last_try,
                              struct failure *failure)
{
    struct moves moves = {.count = 0};
    enum failure_kind kind = recover_all(context, &moves, is_last_try, failure);
    free(moves.list);
    if (kind != FAILURE_ITEM)
        return kind;
    if (!is_last_try) {
        failure->kind = FAILURE_RESOURCE;
        return FAILURE_RESOURCE;
    }
    log_failure(context->name, failure);
    return FAILURE_NONE;
}
