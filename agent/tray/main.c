/* agent-tray: the agent's icon in the panel of a desktop. Knows nothing of drives: it shows
 * what the running agent tells on its control socket, and passes clicks on. */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "agent/config.h"
#include "agent/desktop/bus.h"
#include "agent/desktop/launch.h"
#include "agent/program.h"
#include "agent/tray/tray_item.h"
#include "agent/tray/tray_link.h"
#include "agent/words.h"

enum { SIGNALS = 2 };

struct tray {
    uv_loop_t loop;
    uv_signal_t signals[SIGNALS];
    struct bus *bus;
    struct launch *launch;
    struct tray_item *item;
    struct tray_link *link;
    cJSON *status; /* the last one that came, NULL: no agent */
    cJSON *changes[TRAY_MAX_CHANGES];
    size_t change_count;
    struct tray_view view;
};

static void show(struct tray *tray)
{
    tray_view_make(tray->status, (const cJSON *const *)tray->changes, tray->change_count,
                   &tray->view);
    tray_item_show(tray->item, &tray->view);
}

static void add_change(struct tray *tray, cJSON *change)
{
    if (tray->change_count == TRAY_MAX_CHANGES) {
        cJSON_Delete(tray->changes[0]);
        for (size_t i = 1; i < TRAY_MAX_CHANGES; i++)
            tray->changes[i - 1] = tray->changes[i];
        tray->change_count--;
    }
    tray->changes[tray->change_count++] = change;
}

static void on_line(void *user, const char *json)
{
    struct tray *tray = user;
    cJSON *object = cJSON_Parse(json);
    const char *event =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "event"));
    if (event != NULL && strcmp(event, "arrival") == 0) {
        add_change(tray, object);
    } else if (cJSON_HasObjectItem(object, "mirrors")) {
        cJSON_Delete(tray->status);
        tray->status = object;
    } else {
        cJSON_Delete(object); /* the last line of an agent that ends */
        return;
    }
    show(tray);
}

static void forget(struct tray *tray)
{
    cJSON_Delete(tray->status);
    tray->status = NULL;
    for (size_t i = 0; i < tray->change_count; i++)
        cJSON_Delete(tray->changes[i]);
    tray->change_count = 0;
}

static void on_gone(void *user)
{
    forget(user);
    show(user);
}

static void on_choice(void *user, int id)
{
    struct tray *tray = user;
    const struct tray_entry *entry = tray_view_find(&tray->view, id);
    /* The icon itself stands for the first folder. */
    for (size_t i = 0; id == 0 && i < tray->view.count && entry == NULL; i++)
        entry = tray->view.entries[i].command == TRAY_OPEN ? &tray->view.entries[i] : NULL;
    switch (entry == NULL ? TRAY_NOTHING : entry->command) {
    case TRAY_NOTHING:
        return;
    case TRAY_OPEN:
        launch_folder(tray->launch, entry->path);
        return;
    case TRAY_SYNC:
        (void)tray_link_ask(tray->link, "{\"command\":\"sync-now\",\"no_wait\":true}");
        return;
    case TRAY_PAUSE:
        (void)tray_link_ask(tray->link, "{\"command\":\"pause\"}");
        return;
    case TRAY_RESUME:
        (void)tray_link_ask(tray->link, "{\"command\":\"resume\"}");
        return;
    case TRAY_QUIT:
        uv_stop(&tray->loop);
        return;
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

/* False: said on standard error. */
static bool begin(struct tray *tray, const struct config *config)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT};
    static const struct tray_link_callbacks callbacks = {.on_line = on_line,
                                                         .on_gone = on_gone};
    for (int i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&tray->loop, &tray->signals[i]);
        (void)uv_signal_start(&tray->signals[i], on_signal, numbers[i]);
    }
    tray->bus = bus_open(&tray->loop, BUS_SESSION);
    if (tray->bus == NULL) {
        (void)fprintf(stderr, "agent-tray: %s\n",
                      _("there is no session bus here: it needs a desktop"));
        return false;
    }
    /* The session's end is ours. */
    (void)sd_bus_set_exit_on_disconnect(bus_connection(tray->bus), 1);
    tray->launch = launch_new(&tray->loop, tray->bus);
    tray->item = tray_item_new(tray->bus, on_choice, tray);
    if (tray->item != NULL)
        tray->link = tray_link_new(&tray->loop, config->socket_path, &callbacks, tray);
    if (tray->link == NULL) {
        (void)fprintf(stderr, "agent-tray: %s\n", _("the session bus refuses the icon"));
        return false;
    }
    show(tray);
    return true;
}

static void end(struct tray *tray)
{
    tray_link_close(tray->link);
    tray_item_free(tray->item);
    launch_close(tray->launch);
    bus_close(tray->bus);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&tray->signals[i], NULL);
    (void)uv_run(&tray->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&tray->loop);
    forget(tray);
}

static int run(const struct config *config)
{
    struct tray *tray = calloc(1, sizeof *tray);
    if (tray == NULL || uv_loop_init(&tray->loop) != 0) {
        free(tray);
        (void)fprintf(stderr, "agent-tray: %s\n", _("no memory"));
        return 1;
    }
    bool begun = begin(tray, config);
    if (begun)
        (void)uv_run(&tray->loop, UV_RUN_DEFAULT);
    end(tray);
    free(tray);
    return begun ? 0 : 1;
}

static int help(FILE *stream, int code)
{
    (void)fputs("Usage: agent-tray [--config FILE] [--state-dir DIR]\n"
                "Shows the agent's icon in the panel; see agent-tray(1).\n",
                stream);
    return code;
}

static void print_error(void *user, const char *line)
{
    bool *is_told = user;
    *is_told = true;
    (void)fprintf(stderr, "agent-tray: %s\n", line);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config",    required_argument, NULL, 'c'},
        {"state-dir", required_argument, NULL, 's'},
        {"help",      no_argument,       NULL, 'h'},
        {"version",   no_argument,       NULL, 'V'},
        {NULL,        0,                 NULL, 0  }
    };
    program_open_streams();
    words_open();
    struct config_places places = {.config_file = NULL};
    int letter = 0;
    while ((letter = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
        if (letter == 'c')
            places.config_file = optarg;
        else if (letter == 's')
            places.state_dir = optarg;
        else if (letter == 'V')
            return printf("agent-tray %s\n", AGENT_VERSION) < 0;
        else
            return letter == 'h' ? help(stdout, 0) : help(stderr, 2);
    }
    struct config *config = NULL;
    struct failure failure = {0};
    bool is_told = false;
    if (config_load(&places, print_error, &is_told, &config, &failure) != FAILURE_NONE) {
        if (!is_told)
            print_error(&is_told, failure.text);
        return failure_exit_code(failure.kind);
    }
    int code = run(config);
    config_free(config);
    return code;
}
