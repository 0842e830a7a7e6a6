#include "agent/cli/held.h"

#include "agent/log.h"
#include "store/store_query.h"

enum {
    HELD_SHOWN = 20,
    HELD_PATH = 256, /* a long path must not push the reason out of the line */
};

static bool on_row(void *user, int count, const char *const *names,
                   const char *const *values, const char *types)
{
    (void)names;
    (void)types;
    int *shown = user;
    char path[HELD_PATH];
    if (count < 4)
        return false;
    if ((*shown)++ == HELD_SHOWN)
        return false;
    cmd_note("held %s %s: %s: %s", values[2] == NULL ? "" : values[2], values[0],
             log_escape(values[1] == NULL ? "" : values[1], path, sizeof path),
             values[3] == NULL ? "" : values[3]);
    return true;
}

void held_tell(const struct cmd_line *line, struct config **config, int code)
{
    struct store *store = NULL;
    if (code != failure_exit_code(FAILURE_ITEM) ||
        (*config == NULL && cmd_load_config(line, config) != 0) ||
        store_open_reader((*config)->state_dir, &store, NULL, 0) != STORE_OK)
        return;
    int shown = 0;
    (void)store_query(
        store,
        "select mirror, path, failure, text from v_problems where item_id is not null",
        NULL, 0, on_row, &shown);
    if (shown > HELD_SHOWN)
        cmd_note("and more: see agent inspect problems");
    store_close(store);
}
