/* Recording what the drive says: what changes, what stays, what goes into the queue. */
#include "tests/store/state.h"

static struct store_remote full_file(void)
{
    struct store_remote remote = said_file("f", "root-id", "report.docx");
    remote.etag = "\"{3A9BD17E-4C2F-4E0B-9A61-7B1C0E5D2F44},1\"";
    remote.ctag = "\"c:{3A9BD17E-4C2F-4E0B-9A61-7B1C0E5D2F44},1\"";
    remote.editor = "Adele Vance";
    remote.hash = (struct store_hash){
        .kind = 1, .size = 20, .bytes = {1, 2, 3}
    };
    remote.generation = 4;
    remote.flaw = 41;
    remote.malware = true;
    return remote;
}

static void a_record_comes_back_as_it_was_put(void **user)
{
    struct state *state = *user;
    struct store_remote put = full_file();
    struct store_change change = state_put(state, put);
    assert_true(change.is_new);
    assert_true(change.changed);
    struct store_remote got;
    assert_int_equal(store_find_remote(state->store, state->mirror, "f", &got), STORE_OK);
    assert_int_equal(got.key, change.key);
    assert_string_equal(got.id, "f");
    assert_null(got.parent_id);
    assert_int_equal(got.parent, state->root);
    assert_string_equal(got.name, put.name);
    assert_int_equal(got.kind, STORE_KIND_FILE);
    assert_false(got.gone);
    assert_true(got.malware);
    assert_int_equal(got.size, put.size);
    assert_int_equal(got.mtime_ms, put.mtime_ms);
    assert_string_equal(got.etag, put.etag);
    assert_string_equal(got.ctag, put.ctag);
    assert_string_equal(got.editor, put.editor);
    assert_int_equal(got.hash.kind, 1);
    assert_int_equal(got.hash.size, 20);
    assert_memory_equal(got.hash.bytes, put.hash.bytes, 20);
    assert_int_equal(got.generation, 4);
    assert_int_equal(got.flaw, 41);
    assert_int_equal(store_find_remote(state->store, state->mirror, "F", &got), STORE_NONE);
    assert_int_equal(store_find_remote(state->store, state->mirror + 1, "f", &got),
                     STORE_NONE);
}

static void unknown_numbers_stay_unknown(void **user)
{
    struct state *state = *user;
    struct store_remote got =
        state_get(state, state_put(state, said_folder("d", NULL, "d")).key);
    assert_int_equal(got.size, STORE_UNKNOWN);
    assert_int_equal(got.mtime_ms, STORE_UNKNOWN);
    assert_int_equal(got.hash.kind, 0);
    assert_int_equal(got.parent, 0);
    assert_null(got.etag);
}

/* S-4, F-75, I-6 */
static void a_record_put_again_unchanged_writes_nothing(void **user)
{
    struct state *state = *user;
    (void)state_put(state, full_file());
    (void)state_put(state, said_folder("d", "root-id", "d"));
    int64_t before = state_written(state);
    for (int i = 0; i < 3; i++) {
        struct store_change change = state_put(state, full_file());
        assert_false(change.changed);
        assert_false(change.is_new);
        (void)state_put(state, said_folder("d", "root-id", "d"));
        struct store_remote root = said("root-id");
        root.name = "root";
        root.kind = STORE_KIND_ROOT;
        (void)state_put(state, root);
    }
    struct store_remote own = state_get(state, state_put(state, full_file()).key);
    (void)state_put(state, own);
    assert_int_equal(state_written(state), before);
}

/* What one field of a known file does: the queue is emptied before each row. */
struct change_case {
    const char *name;
    void (*change)(struct store_remote *remote);
    bool changed;
};

static void set_name(struct store_remote *remote)
{
    remote->name = "other.docx";
}
static void set_parent(struct store_remote *remote)
{
    remote->parent_id = "elsewhere";
}
static void set_kind(struct store_remote *remote)
{
    remote->kind = STORE_KIND_FOLDER;
}
static void set_hash(struct store_remote *remote)
{
    remote->hash.bytes[19] = 9;
}
static void set_mtime(struct store_remote *remote)
{
    remote->mtime_ms++;
}
static void set_flaw(struct store_remote *remote)
{
    remote->flaw = 0;
}
static void set_malware(struct store_remote *remote)
{
    remote->malware = false;
}
static void set_gone(struct store_remote *remote)
{
    remote->gone = true;
}
static void set_ctag_without_hash(struct store_remote *remote)
{
    remote->hash.kind = 0;
    remote->ctag = "\"c:2\"";
}
static void set_size_without_hash_and_ctag(struct store_remote *remote)
{
    remote->hash.kind = 0;
    remote->ctag = NULL;
    remote->size++;
}
static void set_etag_without_hash_and_ctag(struct store_remote *remote)
{
    remote->hash.kind = 0;
    remote->ctag = NULL;
    remote->etag = "\"2\"";
}
static void set_another_kind_of_hash(struct store_remote *remote)
{
    remote->hash.kind = 2;
}
static void set_etag(struct store_remote *remote)
{
    remote->etag = "\"2\"";
}
static void set_ctag_with_equal_hash(struct store_remote *remote)
{
    remote->ctag = "\"c:2\"";
}
static void set_size_with_equal_hash(struct store_remote *remote)
{
    remote->size++;
}
static void set_editor(struct store_remote *remote)
{
    remote->editor = "Alex Wilber";
}
static void set_generation(struct store_remote *remote)
{
    remote->generation++;
}

static const struct change_case changes[] = {
    {"a new name",                      set_name,                       true },
    {"a new parent",                    set_parent,                     true },
    {"another kind",                    set_kind,                       true },
    {"another hash",                    set_hash,                       true },
    {"another time",                    set_mtime,                      true },
    {"a flaw that ended",               set_flaw,                       true },
    {"a malware mark that ended",       set_malware,                    true },
    {"a deletion",                      set_gone,                       true },
    {"another cTag and no hash",        set_ctag_without_hash,          true },
    {"another size, no hash, no cTag",  set_size_without_hash_and_ctag, true },
    {"another eTag, no hash, no cTag",  set_etag_without_hash_and_ctag, true },
    {"another kind of hash alone",      set_another_kind_of_hash,       false},
    {"another eTag alone",              set_etag,                       false},
    {"another cTag with an equal hash", set_ctag_with_equal_hash,       false},
    {"another size with an equal hash", set_size_with_equal_hash,       false},
    {"another editor",                  set_editor,                     false},
    {"another generation",              set_generation,                 false},
};

static void queues_what_the_folder_shows(const struct change_case *row)
{
    struct state state;
    state_make(&state);
    int64_t key = state_put(&state, full_file()).key;
    struct store_base base = {
        .key = key, .parent = state.root, .name = "report.docx", .kind = STORE_KIND_FILE};
    assert_int_equal(store_put_base(state.store, state.mirror, &base), STORE_OK);
    assert_int_equal(store_drop_todo(state.store, key), STORE_OK);
    struct store_remote remote = full_file();
    row->change(&remote);
    int64_t before = state_written(&state);
    struct store_change change = state_put(&state, remote);
    assert_int_equal(change.changed, row->changed);
    assert_int_equal(change.key, key);
    assert_int_equal(state_is_queued(&state, key), row->changed);
    assert_true(state_written(&state) > before);
    state_check(&state);
    state_remove(&state);
}

static void only_what_the_folder_shows_goes_into_the_queue(void **user)
{
    (void)user;
    CASES(changes, queues_what_the_folder_shows);
}

/* The tags, size and time of a folder follow what is below it. */
static void a_folder_whose_content_changed_is_not_queued(void **user)
{
    struct state *state = *user;
    struct store_remote folder = said_folder("d", "root-id", "d");
    folder.size = 1;
    folder.ctag = "\"c:1\"";
    folder.etag = "\"1\"";
    folder.mtime_ms = 1;
    int64_t key = state_put(state, folder).key;
    assert_int_equal(store_drop_todo(state->store, key), STORE_OK);
    folder.size = 2;
    folder.ctag = "\"c:2\"";
    folder.etag = "\"2\"";
    folder.mtime_ms = 2;
    assert_false(state_put(state, folder).changed);
    assert_int_equal(state_get(state, key).size, 2);
}

/* F-76 */
static void what_the_service_leaves_out_stays(void **user)
{
    struct state *state = *user;
    int64_t key = state_put(state, full_file()).key;
    struct store_remote bare = said("f");
    bare.flaw = 41;
    bare.malware = true;
    assert_false(state_put(state, bare).changed);
    struct store_remote got = state_get(state, key);
    assert_string_equal(got.name, "report.docx");
    assert_int_equal(got.parent, state->root);
    assert_int_equal(got.kind, STORE_KIND_FILE);
    assert_int_equal(got.size, 10);
    assert_int_equal(got.hash.kind, 1);
    assert_int_equal(got.generation, 4);
    assert_string_equal(got.editor, "Adele Vance");
}

static void what_belonged_to_an_older_content_does_not_stay(void **user)
{
    struct state *state = *user;
    int64_t key = state_put(state, full_file()).key;
    struct store_remote newer = said("f");
    newer.ctag = "\"c:9\"";
    assert_true(state_put(state, newer).changed);
    struct store_remote got = state_get(state, key);
    assert_int_equal(got.hash.kind, 0);
    assert_int_equal(got.size, STORE_UNKNOWN);
    assert_string_equal(got.name, "report.docx");
}

/* F-95 */
static void what_is_not_mirrored_is_recorded_and_not_queued(void **user)
{
    struct state *state = *user;
    struct store_remote notebook = said_folder("n", "root-id", "notes");
    notebook.kind = STORE_KIND_OTHER;
    struct store_change change = state_put(state, notebook);
    assert_true(change.is_new);
    assert_false(change.changed);
    assert_false(state_is_queued(state, change.key));
    assert_false(state_put(state, said_gone("n")).changed);
    struct store_remote remote;
    assert_int_equal(store_get_remote(state->store, change.key, &remote), STORE_NONE);
}

static void force_queues_what_has_not_changed(void **user)
{
    struct state *state = *user;
    int64_t key = state_put(state, full_file()).key;
    assert_int_equal(store_drop_todo(state->store, key), STORE_OK);
    struct store_remote remote = full_file();
    struct store_change change;
    assert_int_equal(store_put_remote(state->store, state->mirror, &remote, true, &change),
                     STORE_OK);
    assert_false(change.changed);
    assert_true(state_is_queued(state, key));
}

static void a_record_may_be_put_by_key(void **user)
{
    struct state *state = *user;
    int64_t key = state_put(state, full_file()).key;
    struct store_remote remote = state_get(state, key);
    remote.name = "renamed";
    assert_true(state_put(state, remote).changed);
    assert_string_equal(state_get(state, key).name, "renamed");
    assert_string_equal(state_get(state, key).id, "f");
    remote.key = 999;
    assert_int_equal(store_put_remote(state->store, state->mirror, &remote, false, NULL),
                     STORE_MISUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(a_record_comes_back_as_it_was_put),
        STATE_TEST(unknown_numbers_stay_unknown),
        STATE_TEST(a_record_put_again_unchanged_writes_nothing),
        TABLE_TEST(only_what_the_folder_shows_goes_into_the_queue),
        STATE_TEST(a_folder_whose_content_changed_is_not_queued),
        STATE_TEST(what_the_service_leaves_out_stays),
        STATE_TEST(what_belonged_to_an_older_content_does_not_stay),
        STATE_TEST(what_is_not_mirrored_is_recorded_and_not_queued),
        STATE_TEST(force_queues_what_has_not_changed),
        STATE_TEST(a_record_may_be_put_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
