/* agent/sync/recover.h: what the records say after a kill between the disk and them (F-03),
 * of moves and of the staging area. */
#include "agent/sync/recover.h"
#include "store/store_intent.h"
/* the table before what uses cmocka */
#include "tests/support/failing_disk.h"
#include "tests/support/place_world.h"
/* clang-format off */
#include "tests/store/state.h"
/* clang-format on */

enum { ITEMS = 3, NAME = 64 };

#define STAGED "(staged)"
#define SECOND "(second name)"
#define GONE   "gone" /* a folder that only the records have */

/* Names in the root, or GONE "/" and one in it, or STAGED. */
struct item {
    const char *record; /* where its record has it; NULL: there is no such item */
    const char *stands; /* where it is */
    const char *intent; /* the move that was begun */
    const char *ends;   /* where record and object are afterwards */
};

static const struct recover_case {
    const char *name;
    const char *persons; /* a file of his; SECOND: a name of what is staged, at its goal */
    struct item items[ITEMS];
} cases[] = {
    {"of two moves none was done",                  NULL, {{"a", "a", "b", "a"}, {"b", "b", "c", "b"}}                      },
    {"of two moves the first was done",             NULL, {{"a", "a", "b", "a"}, {"b", "c", "c", "c"}}                      },
    {"a chain of moves was done",
     NULL,                                                {{"a", "b", "b", "b"}, {"b", "c", "c", "c"}, {"c", "d", "d", "d"}}},
    {"a swap was done (F-83)",                      NULL, {{"a", "b", "b", "b"}, {"b", "a", "a", "a"}}                      },
    {"a rotation was done (F-83)",
     NULL,                                                {{"a", "b", "b", "b"}, {"b", "c", "c", "c"}, {"c", "a", "a", "a"}}},
    {"staged, and nothing else: goes back",
     NULL,                                                {{"a", STAGED, "b", "a"}, {"b", "b", "a", "b"}}                   },
    {"staged, its place taken by the next: waits",
     NULL,                                                {{"a", STAGED, "b", STAGED}, {"b", "a", "a", "a"}}                },
    {"staged, its place taken by a person: waits",  "a",  {{"a", STAGED, "b", STAGED}}                                      },
    {"staged, its folder gone: waits",              NULL, {{GONE "/a", STAGED, "b", STAGED}}                                },
    {"staged and recorded: waits",                  NULL, {{STAGED, STAGED, "b", STAGED}}                                   },
    {"the same, its goal taken by a person",        "b",  {{STAGED, STAGED, "b", STAGED}}                                   },
    {"the same, its goal taken by its second name",
     SECOND,                                              {{STAGED, STAGED, "b", STAGED}}                                   },
    {"brought out, and not recorded",               NULL, {{STAGED, "b", "b", "b"}}                                         },
};

static const struct recover_case folder_cases[] = {
    {"of two moves the first was done", NULL, {{"a", "a", "b", "a"}, {"b", "c", "c", "c"}}                      },
    {"a chain of moves was done",
     NULL,                                    {{"a", "b", "b", "b"}, {"b", "c", "c", "c"}, {"c", "d", "d", "d"}}},
    {"a swap was done (F-83)",          NULL, {{"a", "b", "b", "b"}, {"b", "a", "a", "a"}}                      },
};

struct trial {
    bool has_folders; /* the items are */
    struct place_world world;
    struct state state;
    struct mirror_status status;
    struct sync_context context;
    int64_t keys[ITEMS];
    struct store_print prints[ITEMS];
};

static void path_of(const struct trial *trial, int i, const char *place, char out[NAME])
{
    if (strcmp(place, STAGED) == 0)
        (void)snprintf(out, NAME, NAME_WORKING_FOLDER "/%lld.stage",
                       (long long)trial->keys[i]);
    else
        (void)snprintf(out, NAME, "%s", place);
}

static int64_t put_folder(struct state *state)
{
    const struct store_base base = {
        .key = state_put(state, said_folder("folder-id", "root-id", GONE)).key,
        .parent = state->root,
        .name = GONE,
        .kind = STORE_KIND_FOLDER};
    assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
    return base.key;
}

/* As the record says where it is. */
static void set_place(struct state *state, const char *place, struct store_base *base)
{
    static char staged_name[NAME];
    (void)snprintf(staged_name, sizeof staged_name, "%lld", (long long)base->key);
    if (strcmp(place, STAGED) == 0) {
        base->parent = STORE_STAGE;
        base->name = staged_name;
    } else if (strncmp(place, GONE "/", sizeof GONE) == 0) {
        base->parent = put_folder(state);
        base->name = place + sizeof GONE;
    } else {
        base->parent = state->root;
        base->name = place;
    }
}

static void put_item(struct trial *trial, int i, const struct item *item)
{
    static const char *const ids[ITEMS] = {"id-0", "id-1", "id-2"};
    struct state *state = &trial->state;
    char path[NAME];
    trial->keys[i] =
        state_put(state, trial->has_folders ? said_folder(ids[i], "root-id", item->intent)
                                            : said_file(ids[i], "root-id", item->intent))
            .key;
    path_of(trial, i, item->stands, path);
    if (trial->has_folders)
        temp_dir_mkdir(&trial->world.mirror, path);
    else
        temp_dir_write(&trial->world.mirror, path, ids[i]);
    trial->prints[i] = place_world_print(&trial->world, path);
    struct store_base base = {.key = trial->keys[i],
                              .kind =
                                  trial->has_folders ? STORE_KIND_FOLDER : STORE_KIND_FILE,
                              .size = (int64_t)strlen(ids[i]),
                              .hash = place_world_hash(ids[i]),
                              .print = trial->prints[i]};
    set_place(state, item->record, &base);
    const struct store_intent intent = {.key = trial->keys[i],
                                        .kind = STORE_INTENT_MOVE,
                                        .parent = state->root,
                                        .name = item->intent};
    assert_int_equal(store_put_base(state->store, state->mirror, &base), STORE_OK);
    assert_int_equal(store_put_intent(state->store, state->mirror, &intent), STORE_OK);
    assert_int_equal(store_drop_todo(state->store, trial->keys[i]), STORE_OK);
}

static void link_to_goal(const struct trial *trial, const struct item *item)
{
    char path[NAME];
    char from[PATH_MAX];
    char to[PATH_MAX];
    path_of(trial, 0, STAGED, path);
    (void)temp_dir_path(&trial->world.mirror, path, from);
    (void)temp_dir_path(&trial->world.mirror, item->intent, to);
    assert_int_equal(link(from, to), 0);
}

static void begin_on(struct trial *trial, const struct recover_case *row, bool has_folders,
                     const struct disk *disk)
{
    *trial = (struct trial){.has_folders = has_folders};
    place_world_open(&trial->world, disk);
    state_make(&trial->state);
    for (int i = 0; i < ITEMS && row->items[i].record != NULL; i++)
        put_item(trial, i, &row->items[i]);
    if (row->persons != NULL && strcmp(row->persons, SECOND) == 0)
        link_to_goal(trial, &row->items[0]);
    else if (row->persons != NULL)
        temp_dir_write(&trial->world.mirror, row->persons, "mine");
    trial->context = (struct sync_context){.store = trial->state.store,
                                           .root = trial->world.root,
                                           .mirror = trial->state.mirror,
                                           .root_item = trial->state.root,
                                           .name = "documents",
                                           .status = &trial->status};
}

static void begin(struct trial *trial, const struct recover_case *row, bool has_folders)
{
    begin_on(trial, row, has_folders, disk_system());
}

static void check_item(struct trial *trial, int i, const struct item *item)
{
    struct store *store = trial->state.store;
    struct store_base base;
    struct store_intent intent;
    char path[NAME];
    bool is_staged = strcmp(item->ends, STAGED) == 0;
    path_of(trial, i, item->ends, path);
    assert_true(place_world_print(&trial->world, path).inode == trial->prints[i].inode);
    assert_int_equal(store_get_base(store, trial->keys[i], &base), STORE_OK);
    assert_int_equal(base.parent, is_staged ? STORE_STAGE : trial->state.root);
    if (!is_staged)
        assert_string_equal(base.name, item->ends);
    assert_true(base.print.inode == trial->prints[i].inode);
    assert_int_equal(store_get_intent(store, trial->keys[i], &intent), STORE_NONE);
    /* Somebody must bring it out, and its ctime is another by now. */
    if (is_staged && strcmp(item->record, STAGED) != 0) {
        assert_true(state_is_queued(&trial->state, trial->keys[i]));
        assert_true((base.flags & STORE_BASE_RACY) != 0);
    }
}

static void check(const struct recover_case *row, bool has_folders)
{
    struct trial trial;
    struct failure failure = {.kind = FAILURE_NONE};
    begin(&trial, row, has_folders);
    /* F-02: once more finds nothing to do. */
    for (int round = 0; round < 2; round++) {
        assert_int_equal(recover_run(&trial.context, false, &failure), FAILURE_NONE);
        for (int i = 0; i < ITEMS && row->items[i].record != NULL; i++)
            check_item(&trial, i, &row->items[i]);
        if (row->persons != NULL && strcmp(row->persons, SECOND) != 0)
            place_world_assert_text(&trial.world, row->persons, "mine");
    }
    assert_int_equal(trial.status.conflicts, 0);
    state_check(&trial.state);
    state_remove(&trial.state);
    place_world_close(&trial.world);
}

static void check_case(const struct recover_case *row)
{
    check(row, false);
}

static void check_folders(const struct recover_case *row)
{
    check(row, true);
}

/* F-01, F-03 */
static void the_records_follow_what_the_disk_has(void **user)
{
    (void)user;
    CASES(cases, check_case);
    CASES(folder_cases, check_folders);
}

/* A person had moved the folder to the very place that the drive wanted it at next, and one
 * stands where the record has it. Made again, it holds what has been placed in it since,
 * and is still to be moved. Else it is his. */
static void find_after_move(bool was_made_again, const char *expected)
{
    static const struct recover_case row = {.items = {{"a", "b", "b", "a"}}};
    struct trial trial;
    struct failure failure = {.kind = FAILURE_NONE};
    struct store_base base;
    begin(&trial, &row, true);
    temp_dir_mkdir(&trial.world.mirror, "a");
    temp_dir_write(&trial.world.mirror, "a/new", "new");
    struct store_base child = {
        .key = state_put(&trial.state, said_file("id-new", "id-0", "new")).key,
        .parent = trial.keys[0],
        .name = "new",
        .kind = STORE_KIND_FILE,
        .print = place_world_print(&trial.world, "a/new")};
    child.print.inode += !was_made_again;
    assert_int_equal(store_put_base(trial.state.store, trial.state.mirror, &child),
                     STORE_OK);
    assert_int_equal(recover_run(&trial.context, false, &failure), FAILURE_NONE);
    assert_int_equal(store_get_base(trial.state.store, trial.keys[0], &base), STORE_OK);
    assert_string_equal(base.name, expected);
    state_remove(&trial.state);
    place_world_close(&trial.world);
}

static void a_folder_that_was_made_again_has_not_moved(void **user)
{
    (void)user;
    find_after_move(true, "a");
    find_after_move(false, "b");
}

/* I-3: else a power cut could bring it back to where nobody would own it. The last try
 * takes a disk that cannot do it as it is. */
static void what_was_moved_is_made_to_last_before_it_is_recorded(void **user)
{
    (void)user;
    static const struct recover_case row = {.items = {{"a", "b", "b", "b"}}};
    struct trial trial;
    struct failing_disk disk;
    struct failure failure = {.kind = FAILURE_NONE};
    struct store_base base;
    struct store_intent intent;
    failing_disk_init(&disk, disk_system());
    begin_on(&trial, &row, false, &disk.table);
    disk.sync_error = EIO;
    assert_int_equal(recover_run(&trial.context, false, &failure), FAILURE_RESOURCE);
    assert_int_equal(store_get_base(trial.state.store, trial.keys[0], &base), STORE_OK);
    assert_string_equal(base.name, "a");
    assert_int_equal(store_get_intent(trial.state.store, trial.keys[0], &intent), STORE_OK);
    assert_int_equal(recover_run(&trial.context, true, &failure), FAILURE_NONE);
    check_item(&trial, 0, &row.items[0]);
    state_remove(&trial.state);
    place_world_close(&trial.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(the_records_follow_what_the_disk_has),
        TABLE_TEST(a_folder_that_was_made_again_has_not_moved),
        TABLE_TEST(what_was_moved_is_made_to_last_before_it_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
