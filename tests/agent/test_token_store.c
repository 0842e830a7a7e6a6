/* agent/net/token_store.h and what stands behind it: F-08, F-116 to F-118, I-15. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/net/signin_keep.h"
#include "agent/net/token_store.h"
#include "tests/support/table.h"

struct place {
    char folder[64]; /* temporary */
    char state[96];  /* below it, made by the first save */
    char file[128];
    struct config config;
    struct token_store *store;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return -1;
    (void)snprintf(place->folder, sizeof place->folder, "/tmp/test-token-XXXXXX");
    if (mkdtemp(place->folder) == NULL)
        return -1;
    (void)snprintf(place->state, sizeof place->state, "%s/a/b", place->folder);
    (void)snprintf(place->file, sizeof place->file, "%s/tokens.json", place->state);
    place->config.state_dir = place->state;
    place->store = token_store_new(&place->config);
    *state = place;
    return place->store == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char path[128];
    token_store_free(place->store);
    (void)unlink(place->file);
    (void)rmdir(place->state);
    (void)snprintf(path, sizeof path, "%s/a", place->folder);
    (void)rmdir(path);
    int left = rmdir(place->folder); /* fails where a temporary file was left */
    free(place);
    return left;
}

/* The texts of a record are owned, so that these are copies. */
static struct token_record make_record(const char *token, const char *account)
{
    return (struct token_record){
        .refresh_token = strdup(token),
        .scope = strdup("Files.Read offline_access"),
        .client_id = strdup("client"),
        .account = account == NULL ? NULL : strdup(account),
        .user_name = strdup("Ana \"Q\" \xc3\xa9"),
    };
}

static void save(struct place *place, const char *token, const char *account)
{
    struct failure failure = {0};
    struct token_record record = make_record(token, account);
    assert_int_equal(token_store_save(place->store, &record, &failure), FAILURE_NONE);
    token_record_clear(&record);
    assert_null(record.refresh_token);
}

static void nobody_is_signed_in_at_first(void **state)
{
    struct place *place = *state;
    struct token_record record = {0};
    assert_int_equal(token_store_load(place->store, &record, NULL), FAILURE_NONE);
    assert_null(record.refresh_token);
    assert_int_equal(token_store_forget(place->store, NULL), FAILURE_NONE);
}

static void what_is_saved_is_loaded(void **state)
{
    struct place *place = *state;
    struct token_record record = {0};
    save(place, "first", "drive-1");
    save(place, "second", NULL);
    struct token_store *clone = token_store_clone(place->store);
    assert_non_null(clone);
    assert_int_equal(token_store_load(clone, &record, NULL), FAILURE_NONE);
    assert_string_equal(record.refresh_token, "second");
    assert_string_equal(record.scope, "Files.Read offline_access");
    assert_string_equal(record.user_name, "Ana \"Q\" \xc3\xa9");
    assert_null(record.account);
    assert_null(record.login_url);
    assert_string_equal(token_store_place(clone), "file");
    token_record_clear(&record);
    token_store_free(clone);
}

static mode_t mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void only_the_owner_can_read_it_under_any_umask(void **state)
{
    struct place *place = *state;
    mode_t before = umask(0);
    save(place, "token", NULL);
    (void)umask(before);
    assert_int_equal(mode_of(place->file), 0600);
    assert_int_equal(mode_of(place->state), 0700);
}

static void a_file_open_to_others_is_closed_to_them(void **state)
{
    struct place *place = *state;
    struct token_record record = {0};
    save(place, "token", NULL);
    assert_int_equal(chmod(place->file, 0644), 0);
    assert_int_equal(token_store_load(place->store, &record, NULL), FAILURE_NONE);
    assert_int_equal(mode_of(place->file), 0600);
    token_record_clear(&record);
}

static void forgetting_removes_the_file(void **state)
{
    struct place *place = *state;
    save(place, "token", NULL);
    assert_int_equal(token_store_forget(place->store, NULL), FAILURE_NONE);
    assert_int_equal(access(place->file, F_OK), -1);
}

static void a_failed_save_leaves_the_old_file(void **state)
{
    struct place *place = *state;
    struct token_record record = make_record("new", NULL);
    struct token_record loaded = {0};
    struct failure failure = {0};
    char blocker[160];
    save(place, "old", NULL);
    /* A folder in the place of the temporary file cannot be unlinked. */
    (void)snprintf(blocker, sizeof blocker, "%s.new", place->file);
    assert_int_equal(mkdir(blocker, 0700), 0);
    assert_int_equal(token_store_save(place->store, &record, &failure), FAILURE_RESOURCE);
    assert_int_equal(failure.number, 116);
    assert_int_equal(rmdir(blocker), 0);
    assert_int_equal(token_store_load(place->store, &loaded, NULL), FAILURE_NONE);
    assert_string_equal(loaded.refresh_token, "old");
    token_record_clear(&record);
    token_record_clear(&loaded);
}

static void a_link_is_not_followed(void **state)
{
    struct place *place = *state;
    struct token_record record = {0};
    save(place, "token", NULL);
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(symlink("/dev/null", place->file), 0);
    assert_int_equal(token_store_load(place->store, &record, NULL), FAILURE_RESOURCE);
}

static const struct damage_case {
    const char *name;
    const char *text;
} damage_cases[] = {
    {"not JSON", "hello"                   },
    {"cut",      "{\"refresh_token\":\"abc"},
    {"an array", "[]"                      },
};

static struct place *damage_place; /* set by the test below for its rows */

static void is_a_reason_to_sign_in(const struct damage_case *row)
{
    struct token_record record = {0};
    int fd = open(damage_place->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, row->text, strlen(row->text)), strlen(row->text));
    assert_int_equal(close(fd), 0);
    assert_int_equal(token_store_load(damage_place->store, &record, NULL), FAILURE_SIGN_IN);
    assert_null(record.refresh_token);
}

static void damage(void **state)
{
    damage_place = *state;
    save(damage_place, "token", NULL);
    CASES(damage_cases, is_a_reason_to_sign_in);
}

/* Here there is no session bus, or no keyring is built in. */
static void a_keyring_that_is_not_there_is_a_clear_error(void **state)
{
    struct place *place = *state;
    struct token_record record = {0};
    struct failure failure = {0};
    place->config.token_store = CONFIG_TOKEN_KEYRING;
    struct token_store *store = token_store_new(&place->config);
    enum failure_kind kind = token_store_load(store, &record, &failure);
    assert_true(kind == FAILURE_SIGN_IN || kind == FAILURE_CONFIG);
    assert_int_equal(token_store_save(store, &record, &failure), kind);
    assert_int_equal(token_store_unlock(store, &failure), kind);
    assert_int_equal(failure.number, 117);
    assert_non_null(strstr(failure.text, "token_store = auto or file"));
    token_store_free(store);
}

static enum failure_kind keep(struct place *place, const char *drive_id)
{
    char token[] = "kept";
    struct oauth_tokens tokens = {.refresh_token = token};
    struct graph_drive_info drive = {0};
    (void)snprintf(drive.id, sizeof drive.id, "%s", drive_id);
    struct signin_result result = {&place->config, &tokens, "scope", &drive};
    return signin_keep(place->store, &result, NULL);
}

static void another_account_is_refused(void **state)
{
    struct place *place = *state;
    struct token_record record = {0};
    save(place, "before", "drive-1");
    assert_int_equal(keep(place, "drive-2"), FAILURE_GUARD);
    assert_int_equal(token_store_load(place->store, &record, NULL), FAILURE_NONE);
    assert_string_equal(record.refresh_token, "before");
    token_record_clear(&record);
    assert_int_equal(keep(place, "drive-1"), FAILURE_NONE);
    assert_int_equal(token_store_load(place->store, &record, NULL), FAILURE_NONE);
    assert_string_equal(record.refresh_token, "kept");
    token_record_clear(&record);
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    (void)setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", 1);
    const struct CMUnitTest tests[] = {
        STORE_TEST(nobody_is_signed_in_at_first),
        STORE_TEST(what_is_saved_is_loaded),
        STORE_TEST(only_the_owner_can_read_it_under_any_umask),
        STORE_TEST(a_file_open_to_others_is_closed_to_them),
        STORE_TEST(forgetting_removes_the_file),
        STORE_TEST(a_failed_save_leaves_the_old_file),
        STORE_TEST(a_link_is_not_followed),
        STORE_TEST(damage),
        STORE_TEST(a_keyring_that_is_not_there_is_a_clear_error),
        STORE_TEST(another_account_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
