/* Inside sync/structure only.
 *
 *   structure.c         the phases in turn, the slices of time
 *   structure_heirs.c   FALLING, SUCCEEDING and LEAVING
 *   structure_facts.c   GATHERING and LINKING
 *   structure_apply.c   APPLYING: the steps of the plan, in waves
 *   structure_results.c what came of them
 */
#ifndef AGENT_SYNC_STRUCTURE_PARTS_H
#define AGENT_SYNC_STRUCTURE_PARTS_H

#include "agent/sync/batch.h"
#include "agent/sync/plan.h"
#include "agent/sync/structure.h"
#include "agent/sync/tree.h"

enum structure_phase {
    STRUCTURE_FALLING,
    STRUCTURE_SUCCEEDING,
    STRUCTURE_LEAVING,
    STRUCTURE_GATHERING,
    STRUCTURE_LINKING,
    STRUCTURE_PLANNING,
    STRUCTURE_APPLYING,
    STRUCTURE_ENDED,
};

/* Beside each node of the plan. */
struct structure_object {
    char *stands_name;
    char *wanted_name;
    enum store_kind kind;  /* of what stands */
    struct plan_place now; /* where it stands as the plan goes on */
    uint32_t wave;         /* that touched it last */
    bool is_counted;       /* as a removal, for the guard */
    bool is_left;          /* GOES: only its record does (F-162) */
};

struct structure {
    uv_timer_t timer;
    struct sync_context *context;
    struct structure_request request;
    structure_done_fn *done;
    void *user;
    enum structure_phase phase;
    struct structure_result result;
    int64_t cursor;
    bool pass_has_changed;
    bool is_closing;

    struct plan_node *nodes;
    struct structure_object *objects; /* by the same index */
    size_t count;
    size_t capacity;
    size_t linked;

    struct plan plan;
    size_t next; /* step */
    size_t end;  /* of the steps of this run */
    uint32_t wave;
    size_t jobs; /* of the wave with the hands */
};

/* One slice of a phase. True: the phase is over. */
bool structure_fall(struct structure *structure, uint64_t until_ms);
bool structure_succeed(struct structure *structure, uint64_t until_ms);
bool structure_leave(struct structure *structure, uint64_t until_ms);
bool structure_gather(struct structure *structure, uint64_t until_ms);
bool structure_link(struct structure *structure, uint64_t until_ms);
/* Guard and order. */
void structure_plan(struct structure *structure);
/* Gives the next wave to the hands. True: nothing is left. */
bool structure_apply(struct structure *structure);
/* Those that the plan has left for a folder which does not come say why it does not. */
void structure_report_folders(const struct structure *structure);
/* A step has ended. */
void structure_on_step(void *user, struct batch_job *job);
/* A wave has ended: goes on. */
void structure_go_on(struct structure *structure);

/* NOBODY when the key is no node; nodes are sorted. */
#define STRUCTURE_NOBODY SIZE_MAX
size_t structure_find(const struct structure *structure, int64_t key);
void structure_fail_store(struct structure *structure);

#endif
