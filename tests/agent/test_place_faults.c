/* Every scenario of placement, stopped before each file call (F-01, F-02), failed at each
 * call (F-06, F-10, F-11, F-13, F-14, F-16, F-21, F-22), and with a person who edits
 * between any two calls (F-27, F-28, F-30): on file systems with and without the rename
 * flags, hard links and leases (F-18).
 *
 * Whatever happens, each final name shows complete versions only (I-2) and every person's
 * marker is found again (I-1). After recovery the same steps lead to the same end (P-5).
 */
#include <stdlib.h>

#include "tests/support/failing_disk.h"
#include "tests/support/place_scenarios.h"
#include "tests/support/table.h"

enum { MAX_CALLS = 2000 };

/* What the file system lacks (F-18). */
static const struct variant {
    const char *name;
    unsigned refused_flags;
    bool refuses_links;
    bool refuses_leases;
    bool is_plain; /* no openat2 (F-172) */
} variants[] = {
    {"with everything",            0,                                  false, false, false},
    {"without exchange",           RENAME_EXCHANGE,                    false, true,  true },
    {"without no-replace",         RENAME_NOREPLACE,                   false, false, false},
    {"without rename flags",       RENAME_EXCHANGE | RENAME_NOREPLACE, false, true,  false},
    {"without exchange and links", RENAME_EXCHANGE,                    true,  false, true },
};

struct trial {
    const struct scenario *scenario;
    struct place_world world;
    struct failing_disk disk;
    size_t markers; /* a person's so far */
};

static void check_complete(void *user, const char *path, const struct stat *found)
{
    (void)user;
    char text[256];
    if (!S_ISREG(found->st_mode) || strstr(path, "/" NAME_WORKING_FOLDER "/") != NULL)
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t size = read(fd, text, sizeof text);
    (void)close(fd);
    if (size < 2 || text[0] != '<' || text[size - 1] != '>')
        fail_msg("not a complete version: %s", path);
}

static void check_safe(const struct trial *trial)
{
    temp_dir_walk(trial->world.mirror.path, check_complete, NULL); /* I-2 */
    for (size_t i = 1; i <= trial->markers; i++) {
        char marker[16];
        (void)snprintf(marker, sizeof marker, "USER %zu", i);
        if (temp_dir_count_marker(&trial->world.dir, marker) == 0) /* I-1 */
            fail_msg("a person's bytes are lost: %s", marker);
    }
}

static void begin(struct trial *trial, const struct scenario *scenario,
                  const struct variant *variant)
{
    *trial = (struct trial){.scenario = scenario, .markers = scenario->markers};
    failing_disk_init(&trial->disk,
                      variant->is_plain ? disk_system_plain() : disk_system());
    trial->disk.refused_flags = variant->refused_flags;
    trial->disk.refuses_links = variant->refuses_links;
    trial->disk.refuses_leases = variant->refuses_leases;
    place_world_open(&trial->world, &trial->disk.table);
    trial->disk.confined_to = trial->world.dir.path;
    scenario->before(&trial->world);
    failing_disk_arm(&trial->disk);
}

/* I-3: where a step claims a print that stands there now, the content must be the agent's;
 * else an edit would be taken for it and overwritten one day. */
static void check_claim(const struct trial *trial, const struct place_step *step)
{
    char path[NAME_MAX_BYTES * 2];
    char text[256];
    bool claims = step->result == PLACE_DONE || step->result == PLACE_ADOPTED ||
                  step->result == PLACE_KEPT_COPY;
    bool has_content = step->op == PLACE_FILE || step->op == PLACE_MOVE ||
                       step->op == PLACE_UNSTAGE || step->op == PLACE_TIMES;
    (void)snprintf(path, sizeof path, "%s%s%s", step->folder,
                   step->folder[0] != '\0' ? "/" : "", step->name);
    if (!claims || !has_content || step->racy || !temp_dir_has(&trial->world.mirror, path))
        return;
    struct store_print print = place_world_print(&trial->world, path);
    if (memcmp(&print, &step->print, sizeof print) != 0)
        return;
    (void)temp_dir_read(&trial->world.mirror, path, text, sizeof text);
    if (strstr(text, "USER") != NULL)
        fail_msg("an edit is taken for the agent's own: %s", path);
}

static void run(struct trial *trial)
{
    struct place_step steps[SCENARIO_MAX_STEPS];
    struct failure failure;
    size_t count;
    while ((count = trial->scenario->plan(&trial->world, steps)) > 0) {
        (void)place_run(trial->world.root, steps, count, &failure);
        for (size_t i = 0; i < count; i++)
            check_claim(trial, &steps[i]);
        if (trial->scenario->plan != plan_swap || steps[0].result != PLACE_DONE)
            return;
        trial->world.recorded++;
    }
}

/* As the next start of the agent. */
static void reopen(struct trial *trial)
{
    struct failure failure;
    failing_disk_arm(&trial->disk);
    place_close(trial->world.root);
    if (place_world_start(&trial->world, &trial->disk.table, &failure) != FAILURE_NONE)
        fail_msg("place_open: %s", failure.text);
    failing_disk_arm(&trial->disk);
}

static void recover(struct trial *trial)
{
    struct failure failure;
    reopen(trial);
    if (place_world_recover(&trial->world, &failure) != FAILURE_NONE)
        fail_msg("place_recover: %s", failure.text);
}

static void end(struct trial *trial, bool is_undisturbed)
{
    check_safe(trial);
    if (is_undisturbed)
        trial->scenario->after(&trial->world);
    /* A swap that an edit has ended half-way waits in the staging area for a new plan. */
    bool may_wait = !is_undisturbed && trial->world.wanted_stage != 0;
    assert_true(place_world_leftovers(&trial->world) <= (may_wait ? 1 : 0));
    place_world_close(&trial->world);
}

static void each_scenario(void (*check)(const struct scenario *, const struct variant *))
{
    for (size_t i = 0; i < COUNT_OF(scenarios); i++)
        for (size_t k = 0; k < COUNT_OF(variants); k++) {
            static char row[160]; /* outlives a failure */
            (void)snprintf(row, sizeof row, "%s, %s", scenarios[i].name, variants[k].name);
            table_row_begins(row);
            check(&scenarios[i], &variants[k]);
        }
    table_row_begins(NULL);
}

static void check_undisturbed(const struct scenario *scenario,
                              const struct variant *variant)
{
    struct trial trial;
    begin(&trial, scenario, variant);
    trial.disk.transfers_bytes = true; /* F-157 */
    run(&trial);
    scenario->after(&trial.world);
    check_safe(&trial);
    assert_int_equal(place_world_leftovers(&trial.world), 0);
    recover(&trial);
    end(&trial, true);
}

static void ends_as_planned(void **state)
{
    (void)state;
    each_scenario(check_undisturbed);
}

static void check_stops(const struct scenario *scenario, const struct variant *variant)
{
    bool has_stopped = true;
    for (unsigned k = 1; has_stopped && k < MAX_CALLS; k++) {
        struct trial trial;
        begin(&trial, scenario, variant);
        trial.disk.stop_at = k;
        run(&trial);
        has_stopped = trial.disk.has_stopped;
        check_safe(&trial);
        recover(&trial);
        check_safe(&trial);
        run(&trial);
        end(&trial, true);
    }
    assert_false(has_stopped);
}

static void survives_a_stop_before_any_call(void **state)
{
    (void)state;
    each_scenario(check_stops);
}

/* Stopped at k, and the recovery from that at j. */
static void check_nested_stops(const struct scenario *scenario,
                               const struct variant *variant)
{
    bool has_stopped = true;
    for (unsigned k = 4; has_stopped && k < MAX_CALLS; k += 3) {
        bool has_stopped_again = true;
        for (unsigned j = 2; has_stopped_again && j < MAX_CALLS; j += 2) {
            struct trial trial;
            struct failure failure;
            begin(&trial, scenario, variant);
            trial.disk.stop_at = k;
            run(&trial);
            has_stopped = trial.disk.has_stopped;
            reopen(&trial);
            trial.disk.stop_at = j;
            (void)place_world_recover(&trial.world, &failure);
            has_stopped_again = trial.disk.has_stopped;
            check_safe(&trial);
            recover(&trial);
            run(&trial);
            end(&trial, true);
        }
    }
}

static void survives_a_stop_of_the_recovery(void **state)
{
    (void)state;
    static const size_t shortest[] = {1, 2, 8, 9};
    for (size_t i = 0; i < COUNT_OF(shortest); i++)
        for (size_t k = 0; k < 2; k++)
            check_nested_stops(&scenarios[shortest[i]], &variants[k]);
}

static const int errors[] = {ENOSPC, EDQUOT, EROFS,  EIO,  EACCES,
                             EMFILE, ENOMEM, ESTALE, EBUSY};

static void note_copy(void *user, const char *path, const struct stat *found)
{
    bool *out = user;
    (void)found;
    *out = *out || strstr(path, "(conflict ") != NULL;
}

static bool has_copy(const struct trial *trial)
{
    bool answer = false;
    temp_dir_walk(trial->world.mirror.path, note_copy, &answer);
    return answer;
}

/* Whether there is something of a person's to be kept. */
static bool ends_with_copy(const struct scenario *scenario, const struct variant *variant)
{
    struct trial trial;
    begin(&trial, scenario, variant);
    run(&trial);
    bool answer = has_copy(&trial);
    end(&trial, true);
    return answer;
}

static void fail_in_a_row(const struct scenario *scenario, const struct variant *variant,
                          unsigned count)
{
    bool may_copy = scenario->markers > 0 || ends_with_copy(scenario, variant);
    bool was_reached = true;
    for (unsigned k = 1; was_reached && k < MAX_CALLS; k++) {
        struct trial trial;
        begin(&trial, scenario, variant);
        trial.disk.fail_at = k;
        trial.disk.fail_more = count - 1;
        trial.disk.error = errors[k % COUNT_OF(errors)];
        run(&trial);
        was_reached = trial.disk.calls >= k;
        check_safe(&trial);
        recover(&trial);
        check_safe(&trial);
        run(&trial);
        bool says_in_use = errors[k % COUNT_OF(errors)] == EBUSY;
        if (!may_copy && !says_in_use && has_copy(&trial))
            fail_msg("a copy of what nobody has changed, call %u", k);
        end(&trial, false);
    }
    assert_false(was_reached);
}

static void check_failures(const struct scenario *scenario, const struct variant *variant)
{
    fail_in_a_row(scenario, variant, 1);
    fail_in_a_row(scenario, variant, 2); /* what would mend it fails, too */
    fail_in_a_row(scenario, variant, 3);
}

static void survives_a_failure_of_any_call(void **state)
{
    (void)state;
    each_scenario(check_failures);
}

static void edit_in_place(void *user)
{
    struct trial *trial = user;
    char path[PATH_MAX];
    char text[32];
    int fd = open(temp_dir_path(&trial->world.mirror, trial->scenario->touched, path),
                  O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    int length = snprintf(text, sizeof text, "<USER %zu>", ++trial->markers);
    assert_int_equal(write(fd, text, (size_t)length), length);
    (void)close(fd);
}

static void edit_by_append(void *user)
{
    struct trial *trial = user;
    char path[PATH_MAX];
    char text[32];
    int fd = open(temp_dir_path(&trial->world.mirror, trial->scenario->touched, path),
                  O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    int length = snprintf(text, sizeof text, "<USER %zu>", ++trial->markers);
    assert_int_equal(write(fd, text, (size_t)length), length);
    (void)close(fd);
}

/* Writes beside and renames over: also where nothing stands yet (F-28, F-30). */
static void edit_by_rename(void *user)
{
    struct trial *trial = user;
    char from[PATH_MAX];
    char to[PATH_MAX];
    char text[32];
    (void)snprintf(text, sizeof text, "<USER %zu>", trial->markers + 1);
    temp_dir_write(&trial->world.dir, "draft", text);
    if (rename(temp_dir_path(&trial->world.dir, "draft", from),
               temp_dir_path(&trial->world.mirror, trial->scenario->touched, to)) == 0)
        trial->markers++;
    else
        (void)unlink(from);
}

static void check_edits(const struct scenario *scenario, const struct variant *variant)
{
    static void (*const edits[])(void *) = {edit_in_place, edit_by_append, edit_by_rename};
    bool was_reached = true;
    /* What an edit overwrites is lost by the edit: such scenarios bring their own. */
    if (scenario->markers > 0)
        return;
    for (unsigned k = 1; was_reached && k < MAX_CALLS; k++)
        for (size_t i = 0; i < COUNT_OF(edits); i++) {
            struct trial trial;
            begin(&trial, scenario, variant);
            trial.disk.act = edits[i];
            trial.disk.act_user = &trial;
            trial.disk.act_at = k;
            run(&trial);
            was_reached = trial.disk.calls >= k;
            check_safe(&trial);
            recover(&trial);
            end(&trial, false);
        }
    assert_false(was_reached);
}

static void keeps_an_edit_between_any_two_calls(void **state)
{
    (void)state;
    each_scenario(check_edits);
}

int main(void)
{
    /* Some ten thousand little worlds: in memory where there is a place for that. */
    if (access("/dev/shm", W_OK) == 0)
        (void)setenv("TMPDIR", "/dev/shm", 0);
    const struct CMUnitTest tests[] = {
        TABLE_TEST(ends_as_planned),
        TABLE_TEST(survives_a_stop_before_any_call),
        TABLE_TEST(survives_a_stop_of_the_recovery),
        TABLE_TEST(survives_a_failure_of_any_call),
        TABLE_TEST(keeps_an_edit_between_any_two_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
