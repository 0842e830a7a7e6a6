/* agent/sync/record.h: whose object stands at a place that the records have for another,
 * and where a record may lead. */
#include "agent/sync/record.h"
/* the table before what uses cmocka */
#include "tests/support/table.h"
/* clang-format off */
#include "tests/store/state.h"
/* clang-format on */

#define SECOND INT64_C(1000000000)

static const struct store_print stood = {
    .device = 1, .inode = 7, .size = 5, .mtime_ns = 10 * SECOND, .ctime_ns = 10 * SECOND};

static const struct taken_case {
    const char *name;
    enum store_kind kind; /* of what the records have there */
    struct store_print print;
    bool stays;
} taken[] = {
    {"the very file: its record was there first",
     STORE_KIND_FILE,                                                {1, 7, 5, 10 * SECOND, 20 * SECOND},
     true                                                                                                      },
    {"another inode",                             STORE_KIND_FILE,   {1, 8, 5, 10 * SECOND, 10 * SECOND}, false},
    {"an inode given anew, another time",
     STORE_KIND_FILE,                                                {1, 7, 5, 11 * SECOND, 11 * SECOND},
     false                                                                                                     },
    {"an inode given anew, another size",
     STORE_KIND_FILE,                                                {1, 7, 6, 10 * SECOND, 11 * SECOND},
     false                                                                                                     },
    {"a folder, whose time says nothing",
     STORE_KIND_FOLDER,                                              {1, 7, 9, 11 * SECOND, 11 * SECOND},
     true                                                                                                      },
    {"another folder",                            STORE_KIND_FOLDER, {1, 8, 5, 10 * SECOND, 10 * SECOND}, false},
};

static void takes_one(const struct taken_case *row)
{
    struct state state;
    struct store_base found;
    state_make(&state);
    int64_t former = state_put(&state, said_file("former", "root-id", "a")).key;
    int64_t comer = state_put(&state, said_file("comer", "root-id", "b")).key;
    const struct store_base base = {.key = former,
                                    .parent = state.root,
                                    .name = "b",
                                    .kind = row->kind,
                                    .size = stood.size,
                                    .print = stood};
    assert_int_equal(store_put_base(state.store, state.mirror, &base), STORE_OK);
    assert_int_equal(store_drop_todo(state.store, former), STORE_OK);
    const struct sync_context context = {.store = state.store,
                                         .mirror = state.mirror,
                                         .root_item = state.root,
                                         .name = "documents"};
    record_taken(&context, comer, state.root, "b", &row->print);
    assert_int_equal(store_get_base(state.store, former, &found),
                     row->stays ? STORE_OK : STORE_NONE);
    /* What the drive still has of it comes again. */
    assert_int_equal(state_is_queued(&state, former), !row->stays);
    state_check(&state);
    state_remove(&state);
}

/* F-03 */
static void an_inode_given_anew_is_no_proof_of_a_place(void **user)
{
    (void)user;
    CASES(taken, takes_one);
}

static int64_t put_folder(struct state *state, const char *name, int64_t parent)
{
    const struct store_base base = {
        .key = state_put(state, said_folder(name, "root-id", name)).key,
        .parent = parent,
        .name = name,
        .kind = STORE_KIND_FOLDER,
        .print = stood};
    assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
    return base.key;
}

/* A person moved a folder out of another one and that into it, or put another folder in its
 * place and it into that: then it is found where the records have itself. */
static void a_folder_does_not_move_into_itself(void **user) /* F-32 */
{
    (void)user;
    struct state state;
    struct store_base found;
    state_make(&state);
    int64_t outer = put_folder(&state, "outer", state.root);
    int64_t inner = put_folder(&state, "inner", outer);
    int64_t other = put_folder(&state, "other", state.root);
    const struct sync_context context = {.store = state.store,
                                         .mirror = state.mirror,
                                         .root_item = state.root,
                                         .name = "documents"};
    assert_false(record_moved_here(&context, outer, outer, "in", &stood));
    assert_false(record_moved_here(&context, outer, inner, "in", &stood));
    assert_int_equal(store_get_base(state.store, outer, &found), STORE_OK);
    assert_true(found.parent == state.root);
    assert_true(record_moved_here(&context, inner, other, "in", &stood));
    assert_true(record_moved_here(&context, outer, inner, "in", &stood));
    state_check(&state);
    state_remove(&state);
}

/* It was made again for what stands in it, and the record of that was lost; or a person has
 * put one there. Others do not get its place before it was looked at. */
static void a_removed_folder_that_something_stands_in_is_looked_at(void **user) /* F-31 */
{
    (void)user;
    struct state state;
    struct store_base folder;
    state_make(&state);
    int64_t key = put_folder(&state, "folder", state.root);
    const struct record_object object = {
        .key = state_put(&state, said_file("file", "folder", "a")).key,
        .parent = key,
        .kind = STORE_KIND_FILE,
        .name = "a",
        .operation = "record",
        .print = stood};
    const struct sync_context context = {.store = state.store,
                                         .mirror = state.mirror,
                                         .root_item = state.root,
                                         .name = "documents",
                                         .status = &(struct mirror_status){.conflicts = 0}};
    assert_int_equal(store_drop_todo(state.store, key), STORE_OK);
    assert_false(record_object(&context, &object));
    assert_false(state_is_queued(&state, key));
    assert_int_equal(store_get_base(state.store, key, &folder), STORE_OK);
    folder.flags |= STORE_BASE_REMOVED;
    assert_int_equal(store_put_base(state.store, state.mirror, &folder), STORE_OK);
    assert_true(record_object(&context, &object));
    assert_true(state_is_queued(&state, key));
    (void)state_put(&state, said_folder("folder", "root-id", "elsewhere"));
    assert_false(record_yields(&context, key));
    state_check(&state);
    state_remove(&state);
}

/* A person does not know the working folder. */
static void what_went_while_it_was_staged_is_told_by_its_place_on_the_drive(void **user)
{
    (void)user;
    struct state state;
    state_make(&state);
    int64_t key = put_folder(&state, "folder", STORE_STAGE);
    const struct sync_context context = {.store = state.store,
                                         .mirror = state.mirror,
                                         .root_item = state.root,
                                         .name = "documents",
                                         .origin = {.trigger = "event"}};
    record_gone(&context, key, "delete");
    assert_sql(&state, "select operation || ' ' || path from v_history", "delete folder");
    state_remove(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(an_inode_given_anew_is_no_proof_of_a_place),
        TABLE_TEST(a_folder_does_not_move_into_itself),
        TABLE_TEST(a_removed_folder_that_something_stands_in_is_looked_at),
        TABLE_TEST(what_went_while_it_was_staged_is_told_by_its_place_on_the_drive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
