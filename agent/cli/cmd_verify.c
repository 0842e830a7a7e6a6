#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/cmd.h"
#include "agent/cli/held.h"
#include "agent/cli/output.h"
#include "agent/cli/pass.h"
#include "agent/cli/progress.h"
#include "agent/cli/remote.h"
#include "agent/scope.h"
#include "agent/state.h"
#include "agent/sync/verify.h"
#include "agent/words.h"

enum {
    VERIFY_MAX_KEYS = 100000, /* repaired in one go; more than that is no accident */
    VERIFY_CHUNK_KEYS = 500,  /* of one request */
    VERIFY_PROGRESS_FILES = 64,
    VERIFY_TIMEOUT_MS = 2 * 60 * 1000
};

/* A run over one or all mirrors. */
struct check {
    const struct cmd_line *line;
    struct output *output; /* --json */
    struct progress *progress;
    const char *mirror; /* that is being checked */
    uint64_t files;     /* of it */
    uint64_t bytes;
    uint64_t total_files;
    uint64_t found;
    int64_t *keys; /* of it, found to differ */
    size_t key_count;
    uint64_t mended; /* set aside, to be fetched */
};

static void on_finding(void *user, const struct verify_finding *finding)
{
    static const char *const names[] = {"mirror", "path", "finding"};
    struct check *check = user;
    const char *text = _(verify_fact_text(finding->fact));
    const char *const values[] = {check->mirror, finding->path, text};
    check->found++;
    progress_clear(check->progress);
    if (check->output != NULL) {
        (void)output_row(check->output, 3, names, values, "ttt");
    } else {
        (void)printf("%s: ", check->mirror);
        output_name(stdout, finding->path);
        (void)printf(" %s\n", text);
    }
    bool can_mend = finding->fact != VERIFY_UNREADABLE;
    if (can_mend && check->keys != NULL && check->key_count < VERIFY_MAX_KEYS)
        check->keys[check->key_count++] = finding->key;
}

static bool on_progress(void *user, uint64_t files, uint64_t bytes)
{
    struct check *check = user;
    check->files = files;
    check->bytes = bytes;
    if (files % VERIFY_PROGRESS_FILES == 0) {
        const struct progress_state state = {.label = check->mirror,
                                             .current = "",
                                             .done_items = files,
                                             .total_items = files,
                                             .listing = true,
                                             .done_bytes = bytes};
        progress_show(check->progress, &state);
    }
    return true;
}

/* Asks the running agent to set the found items right. False: nobody runs. */
static bool repair_there(const struct config *config, struct check *check, int *out_code)
{
    *out_code = 0;
    for (size_t first = 0; first < check->key_count; first += VERIFY_CHUNK_KEYS) {
        size_t rest = check->key_count - first;
        size_t count = rest < VERIFY_CHUNK_KEYS ? rest : VERIFY_CHUNK_KEYS;
        cJSON *request = remote_request("repair");
        (void)cJSON_AddStringToObject(request, "mirror", check->mirror);
        cJSON *items = cJSON_AddArrayToObject(request, "items");
        for (size_t i = 0; i < count; i++)
            (void)cJSON_AddItemToArray(items,
                                       cJSON_CreateNumber((double)check->keys[first + i]));
        if (!remote_tell(config, request, out_code))
            return false;
        if (*out_code != 0)
            return true;
        check->mended += count;
    }
    return true;
}

static int repair_here(const struct config *config, struct check *check)
{
    struct failure failure = {0};
    struct store *store = NULL;
    int code = 0;
    if (state_open(config, &store, &failure) != FAILURE_NONE)
        return cmd_fail(&failure);
    /* What is set aside is to be fetched at once. */
    bool is_paused = state_get_pause(store).paused;
    if (is_paused)
        code =
            cmd_fail_text(FAILURE_RESOURCE, "work is paused: nothing was changed; take it "
                                            "up with agent resume");
    for (size_t i = 0; i < check->key_count && !is_paused; i++) {
        failure = (struct failure){0};
        (void)verify_repair(store, check->mirror, check->keys[i], &failure);
        check->mended += failure.kind == FAILURE_NONE ? 1 : 0;
        code = failure_stronger_code(code, cmd_fail(&failure));
    }
    store_close(store);
    return code;
}

static int check_mirror(const struct config *config, struct check *check)
{
    static const struct verify_callbacks callbacks = {.on_finding = on_finding,
                                                      .on_progress = on_progress};
    struct store *store = NULL;
    char text[256] = "";
    enum store_status status =
        store_open_reader(config->state_dir, &store, text, sizeof text);
    if (status != STORE_OK)
        return cmd_fail_text(FAILURE_RESOURCE,
                             "cannot open the state database in %s: %s %s",
                             config->state_dir, _(store_status_text(status)), text);
    struct failure failure = {0};
    check->key_count = 0;
    (void)verify_mirror(store, check->mirror, &callbacks, check, &failure);
    check->total_files += check->files;
    progress_clear(check->progress);
    store_close(store);
    int code = cmd_fail(&failure);
    if (code == 0 && check->key_count > 0 && !repair_there(config, check, &code))
        code = repair_here(config, check);
    return code;
}

/* What was set aside is fetched in a normal round. */
static int fetch(const struct cmd_line *line, struct config **config)
{
    struct sync_view view = {.progress = progress_new(stderr),
                             .is_quiet = cmd_has(line, "json")};
    const struct once_options options = {.names = line->words,
                                         .name_count = line->word_count,
                                         .timeout_ms = VERIFY_TIMEOUT_MS};
    int code = pass_anywhere(line, config, remote_request("sync-now"), &options, &view);
    progress_free(view.progress);
    held_tell(line, config, code);
    return code;
}

static void print_sum(const struct check *check)
{
    (void)printf(words_count("%" PRIu64 " file checked, ", "%" PRIu64 " files checked, ",
                             check->total_files),
                 check->total_files);
    (void)printf(words_count("%" PRIu64 " differs\n", "%" PRIu64 " differ\n", check->found),
                 check->found);
}

static int check_all(const struct config *config, struct check *check)
{
    int code = 0;
    for (size_t i = 0; i < config->mirror_count; i++) {
        check->mirror = config->mirrors[i].name;
        check->files = 0;
        if (check->line->word_count == 0 ||
            strcmp(check->line->words[0], check->mirror) == 0)
            code = failure_stronger_code(code, check_mirror(config, check));
    }
    if (check->output == NULL)
        print_sum(check);
    else if (!output_close(check->output))
        code = failure_stronger_code(code, 1);
    return code;
}

int cmd_verify(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    if (line->word_count > 0 && config_find_mirror(config, line->words[0]) == NULL)
        return cmd_fail_mirror(config, line->words[0]);
    bool repairs = cmd_has(line, "repair");
    SCOPED(scope_free)
    int64_t *keys = repairs ? calloc(VERIFY_MAX_KEYS, sizeof *keys) : NULL;
    struct check check = {.line = line, .keys = keys, .progress = progress_new(stderr)};
    if (cmd_has(line, "json"))
        check.output = output_open(stdout, OUTPUT_JSON, 0);
    code = check_all(config, &check);
    progress_free(check.progress);
    if (check.mended > 0)
        code = failure_stronger_code(code, fetch(line, &config));
    /* Finished, but not all is as it should be. */
    if (check.found > check.mended)
        code = failure_stronger_code(code, failure_exit_code(FAILURE_ITEM));
    return code;
}
