/* plan_order(): who moves when, and what goes last. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/sync/plan.h"

/* The order of places. One node goes through these states, left to right:
 *
 *   WAITING -> ON_PATH -> DONE      its turn: what is in its way goes first
 *   WAITING, ON_PATH -> STAGED      taken out of somebody's way; its turn still comes
 *   STAGED -> ON_PATH_STAGED -> DONE
 *   any -> BLOCKED                  stays where it is; `waits` says why
 *
 * Two forests over the nodes: `inside` is where things stand, `under` where they belong.
 * Places are filled from the top of the second, so that a folder is in its final place
 * before anything moves into it; that is why no move can lead into its own subtree. */
enum state { WAITING, ON_PATH, STAGED, ON_PATH_STAGED, DONE, BLOCKED };

#define NOBODY SIZE_MAX

struct forest {
    size_t *above;   /* parent of each node, NOBODY for a top */
    size_t *first;   /* first child, in order of key */
    size_t *sibling; /* next child of the same parent */
};

struct order {
    struct plan_node *nodes;
    size_t count;
    bool hold_removals;
    enum state *state;
    size_t *occupant;
    size_t *stack;  /* of the walk in hand */
    size_t *waiter; /* who waits for a node on the chain in hand */
    struct forest inside;
    struct forest under;
    struct plan plan;
};

static size_t find_node(const struct order *order, int64_t key)
{
    if (key == 0)
        return NOBODY;
    size_t low = 0;
    size_t high = order->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order->nodes[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < order->count && order->nodes[low].key == key ? low : NOBODY;
}

static void grow_forest(struct forest *forest, size_t count)
{
    for (size_t i = 0; i < count; i++)
        forest->first[i] = NOBODY;
    /* Backwards, so that children come out in order of key. */
    for (size_t i = count; i-- > 0;) {
        size_t above = forest->above[i];
        forest->sibling[i] = NOBODY;
        if (above == NOBODY)
            continue;
        forest->sibling[i] = forest->first[above];
        forest->first[above] = i;
    }
}

static void release_order(struct order *order)
{
    free(order->state);
    free(order->occupant);
    plan_clear(&order->plan);
}

/* One allocation for all index tables. */
static bool prepare_order(struct order *order)
{
    size_t count = order->count;
    enum { TABLES = 9 };
    size_t *tables = calloc(count == 0 ? 1 : count, TABLES * sizeof *tables);
    order->occupant = tables;
    order->state = calloc(count == 0 ? 1 : count, sizeof *order->state);
    /* A mover takes two steps at most: into the staging area and out of it. */
    order->plan.steps = calloc(count == 0 ? 1 : count, 2 * sizeof *order->plan.steps);
    if (tables == NULL || order->state == NULL || order->plan.steps == NULL)
        return false;
    order->stack = tables + count;
    order->inside = (struct forest){.above = tables + 2 * count,
                                    .first = tables + 3 * count,
                                    .sibling = tables + 4 * count};
    order->under = (struct forest){.above = tables + 5 * count,
                                   .first = tables + 6 * count,
                                   .sibling = tables + 7 * count};
    order->waiter = tables + 8 * count;
    for (size_t i = 0; i < count; i++) {
        struct plan_node *node = &order->nodes[i];
        assert(i == 0 || order->nodes[i - 1].key < node->key);
        node->waits = 0;
        order->occupant[i] = find_node(order, node->occupant);
        order->inside.above[i] = find_node(order, node->inside);
        order->under.above[i] = find_node(order, node->under);
    }
    grow_forest(&order->inside, count);
    grow_forest(&order->under, count);
    return true;
}

static void emit(struct order *order, enum plan_op op, size_t node)
{
    order->plan.steps[order->plan.count++] = (struct plan_step){.op = op, .node = node};
}

static void block(struct order *order, size_t node, int why)
{
    order->state[node] = BLOCKED;
    if (order->nodes[node].waits == 0)
        order->nodes[node].waits = why;
}

/* Whether it no longer stands where it stood before the plan. */
static bool has_left(const struct order *order, size_t node)
{
    enum state state = order->state[node];
    return state == DONE || state == STAGED || state == ON_PATH_STAGED;
}

static void stage(struct order *order, size_t node)
{
    order->state[node] = order->state[node] == ON_PATH ? ON_PATH_STAGED : STAGED;
    emit(order, PLAN_STEP_STAGE, node);
}

static bool is_staged(const struct order *order, size_t node)
{
    const struct plan_place *stands = &order->nodes[node].stands;
    enum state state = order->state[node];
    return state == STAGED || state == ON_PATH_STAGED ||
           (stands->name != NULL && stands->parent == STORE_STAGE);
}

static void arrive(struct order *order, size_t node)
{
    enum plan_op op = PLAN_STEP_MOVE;
    if (order->nodes[node].fate == PLAN_MAKES)
        op = PLAN_STEP_MAKE;
    else if (is_staged(order, node))
        op = PLAN_STEP_UNSTAGE;
    order->state[node] = DONE;
    emit(order, op, node);
}

/* The next node of a walk through a folder that goes, over its folders that go as well;
 * what lives is entered, but not what is in it: it takes that along. */
static size_t walk_down(const struct order *order, size_t node)
{
    bool enters = order->nodes[node].fate == PLAN_GOES && order->state[node] != DONE;
    return enters ? order->inside.first[node] : NOBODY;
}

/* Whether all that lives inside a folder that goes can be taken out of it. */
static bool can_clear(struct order *order, size_t top)
{
    size_t depth = 0;
    size_t node = walk_down(order, top);
    for (;;) {
        while (node != NOBODY) {
            if (order->state[node] == BLOCKED)
                return false;
            order->stack[depth++] = node;
            node = walk_down(order, node);
        }
        if (depth == 0)
            return true;
        node = order->inside.sibling[order->stack[--depth]];
    }
}

static void leave_or_remove(struct order *order, size_t node)
{
    if (order->nodes[node].fate != PLAN_GOES) {
        if (!has_left(order, node))
            stage(order, node);
    } else if (order->state[node] != DONE) {
        order->state[node] = DONE;
        emit(order, PLAN_STEP_REMOVE, node);
    }
}

/* Removes an object with all of it that goes, from the leaves up; what lives in it is
 * staged (F-87). False: it must stay for now. */
static bool clear_away(struct order *order, size_t top)
{
    if (order->state[top] == DONE)
        return true;
    if (order->hold_removals || order->state[top] == BLOCKED || !can_clear(order, top)) {
        block(order, top, order->hold_removals ? 90 : 87);
        return false;
    }
    size_t depth = 0;
    size_t node = walk_down(order, top);
    for (;;) {
        while (node != NOBODY) {
            order->stack[depth++] = node;
            node = walk_down(order, node);
        }
        if (depth == 0)
            break;
        size_t leaf = order->stack[--depth];
        leave_or_remove(order, leaf);
        node = order->inside.sibling[leaf];
    }
    leave_or_remove(order, top);
    return true;
}

static bool is_settled_above(const struct order *order, size_t node)
{
    size_t above = order->under.above[node];
    return above == NOBODY ||
           (order->state[above] == DONE && order->nodes[above].fate != PLAN_GOES);
}

/* What the place of `node` needs next. Answers the node to be dealt with before it, or
 * NOBODY when it has arrived or is blocked. */
static size_t free_place(struct order *order, size_t node)
{
    size_t occupant = order->occupant[node];
    if (order->nodes[node].occupant == 0 ||
        (occupant != NOBODY && has_left(order, occupant))) {
        arrive(order, node);
        return NOBODY;
    }
    if (occupant == NOBODY || order->state[occupant] == BLOCKED) {
        block(order, node, 43);
        return NOBODY;
    }
    if (order->nodes[occupant].fate == PLAN_GOES) {
        if (clear_away(order, occupant))
            arrive(order, node);
        else
            block(order, node, order->nodes[occupant].waits);
        return NOBODY;
    }
    if (order->state[occupant] == WAITING && is_settled_above(order, occupant))
        return occupant;
    stage(order, occupant); /* a circle, or its own place is not ready yet */
    return node;
}

/* Brings one node to its place, and before it those that stand in the way: a chain that
 * ends at a free place, at an obstacle, or in itself (F-83). */
static void settle(struct order *order, size_t first)
{
    size_t node = first;
    order->waiter[first] = NOBODY;
    order->state[first] = order->state[first] == STAGED ? ON_PATH_STAGED : ON_PATH;
    while (node != NOBODY) {
        size_t next = free_place(order, node);
        if (next == NOBODY) {
            node = order->waiter[node];
        } else if (next != node) {
            order->waiter[next] = node;
            order->state[next] = ON_PATH;
            node = next;
        }
    }
}

/* The turn of one node whose folder has been dealt with. */
static void take_turn(struct order *order, size_t node)
{
    enum state state = order->state[node];
    size_t above = order->under.above[node];
    if (order->nodes[node].fate == PLAN_GOES || (state != WAITING && state != STAGED))
        return;
    if (above != NOBODY && order->nodes[above].fate == PLAN_GOES) {
        block(order, node, 86);
    } else if (!is_settled_above(order, node)) {
        block(order, node, order->nodes[above].waits);
    } else {
        settle(order, node);
    }
}

/* From the top of the tree as it should be, level by level. `queue` has room for all. */
static void settle_all(struct order *order, size_t *queue)
{
    size_t count = 0;
    for (size_t i = 0; i < order->count; i++) {
        if (order->under.above[i] == NOBODY)
            queue[count++] = i;
    }
    for (size_t i = 0; i < count; i++) {
        take_turn(order, queue[i]);
        size_t child = order->under.first[queue[i]];
        for (; child != NOBODY; child = order->under.sibling[child])
            queue[count++] = child;
    }
}

/* What no walk from the top reaches hangs in a circle of folders (F-84). */
static void block_unreached(struct order *order, const bool *is_reached)
{
    for (size_t i = 0; i < order->count; i++) {
        if (!is_reached[i])
            block(order, i, 84);
    }
}

static void block_held(struct order *order)
{
    for (size_t i = 0; i < order->count; i++) {
        if (order->nodes[i].held)
            block(order, i, 73);
    }
}

/* A claim to a place. */
struct claim {
    const struct plan_node *node;
};

static int compare_claims(const void *left, const void *right)
{
    const struct plan_node *one = ((const struct claim *)left)->node;
    const struct plan_node *other = ((const struct claim *)right)->node;
    const struct plan_place *a = &one->wanted;
    const struct plan_place *b = &other->wanted;
    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
    int names = strcmp(a->name, b->name);
    if (names != 0)
        return names;
    return one->key < other->key ? -1 : one->key > other->key;
}

/* Of several that the drive puts at one place the first by key gets it (F-43). `sorted`
 * has room for all. */
static void block_rivals(struct order *order, struct claim *sorted)
{
    size_t count = 0;
    for (size_t i = 0; i < order->count; i++) {
        if (order->nodes[i].wanted.name != NULL)
            sorted[count++].node = &order->nodes[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_claims);
    for (size_t i = 1; i < count; i++) {
        const struct plan_place *before = &sorted[i - 1].node->wanted;
        const struct plan_place *here = &sorted[i].node->wanted;
        if (before->parent == here->parent && strcmp(before->name, here->name) == 0)
            block(order, (size_t)(sorted[i].node - order->nodes), 43);
    }
}

static void find_reached(const struct order *order, size_t *queue, bool *is_reached)
{
    size_t count = 0;
    for (size_t i = 0; i < order->count; i++) {
        if (order->under.above[i] == NOBODY)
            queue[count++] = i;
    }
    for (size_t i = 0; i < count; i++) {
        is_reached[queue[i]] = true;
        size_t child = order->under.first[queue[i]];
        for (; child != NOBODY; child = order->under.sibling[child])
            queue[count++] = child;
    }
}

static void remove_all(struct order *order)
{
    for (size_t i = 0; i < order->count; i++) {
        if (order->nodes[i].fate == PLAN_GOES && order->nodes[i].in_the_way)
            (void)clear_away(order, i);
    }
    order->plan.first_late = order->plan.count;
    for (size_t i = 0; i < order->count; i++) {
        if (order->nodes[i].fate == PLAN_GOES)
            (void)clear_away(order, i);
    }
}

static void decide_all(struct order *order, size_t *queue, bool *is_reached)
{
    find_reached(order, queue, is_reached);
    block_unreached(order, is_reached);
    block_held(order);
    settle_all(order, queue);
    remove_all(order);
}

bool plan_order(struct plan_node *nodes, size_t count, bool hold_removals, struct plan *out)
{
    struct order order = {.nodes = nodes, .count = count, .hold_removals = hold_removals};
    size_t room = count == 0 ? 1 : count;
    size_t *queue = calloc(room, sizeof *queue);
    bool *is_reached = calloc(room, sizeof *is_reached);
    struct claim *sorted = calloc(room, sizeof *sorted);
    bool ready =
        queue != NULL && is_reached != NULL && sorted != NULL && prepare_order(&order);
    if (ready) {
        block_rivals(&order, sorted);
        decide_all(&order, queue, is_reached);
        *out = order.plan;
        order.plan.steps = NULL;
    }
    free(sorted);
    free(is_reached);
    free(queue);
    release_order(&order);
    return ready;
}

void plan_clear(struct plan *plan)
{
    free(plan->steps);
    *plan = (struct plan){.steps = NULL};
}
