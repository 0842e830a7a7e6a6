#include "agent/desktop/launch.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/desktop/file_uri.h"

enum { LAUNCH_MAX_JOBS = 16 };

/* One wish, from the question on the bus to the end of the child. */
struct job {
    struct launch *launch; /* NULL: free */
    char *words[LAUNCH_MAX_WORDS + 1];
    struct sd_bus_slot *question;
    void (*otherwise)(struct job *job); /* where the bus answers no */
    uv_process_t process;
    bool has_process;
};

struct launch {
    uv_loop_t *loop;
    struct bus *bus;
    struct job jobs[LAUNCH_MAX_JOBS];
    unsigned open_handles; /* children; freed when none is left */
    bool closing;
};

static void clear_job(struct job *job)
{
    for (int i = 0; i < LAUNCH_MAX_WORDS; i++)
        free(job->words[i]);
    memset(job, 0, sizeof *job);
}

static void release(struct launch *launch)
{
    if (launch->closing && launch->open_handles == 0)
        free(launch);
}

static void on_process_closed(uv_handle_t *handle)
{
    struct job *job = handle->data;
    struct launch *launch = job->launch;
    clear_job(job);
    launch->open_handles--;
    release(launch);
}

static void on_exit_of_child(uv_process_t *process, int64_t status, int signal)
{
    (void)status;
    (void)signal;
    uv_close((uv_handle_t *)process, on_process_closed);
}

/* The last way: as our own child. */
static void spawn(struct job *job)
{
    uv_stdio_container_t nowhere[] = {
        {.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    const uv_process_options_t options = {.exit_cb = on_exit_of_child,
                                          .file = job->words[0],
                                          .args = job->words,
                                          .flags = UV_PROCESS_DETACHED,
                                          .stdio_count = 3,
                                          .stdio = nowhere};
    struct launch *launch = job->launch;
    int error = uv_spawn(launch->loop, &job->process, &options);
    job->process.data = job;
    job->has_process = true;
    launch->open_handles++;
    /* A child of ours does not keep the loop, and so us, alive. */
    uv_unref((uv_handle_t *)&job->process);
    if (error != 0)
        uv_close((uv_handle_t *)&job->process, on_process_closed);
}

static bool is_free(const struct job *job)
{
    return job->launch == NULL;
}

/* A job with copied words; NULL: too many at once, or no memory. */
static struct job *job_new(struct launch *launch, const char *const *words)
{
    struct job *job = NULL;
    for (int i = 0; i < LAUNCH_MAX_JOBS && job == NULL; i++)
        job = is_free(&launch->jobs[i]) ? &launch->jobs[i] : NULL;
    if (job == NULL)
        return NULL;
    for (int i = 0; words[i] != NULL; i++) {
        assert(i < LAUNCH_MAX_WORDS);
        job->words[i] = strdup(words[i]);
        if (job->words[i] == NULL) {
            clear_job(job);
            return NULL;
        }
    }
    job->launch = launch;
    return job;
}

#ifdef HAVE_SYSTEMD

#include <systemd/sd-bus.h>

#define SYSTEMD        "org.freedesktop.systemd1"
#define SYSTEMD_OBJECT "/org/freedesktop/systemd1"
#define FILES          "org.freedesktop.FileManager1"
#define FILES_OBJECT   "/org/freedesktop/FileManager1"

static int on_answer(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct job *job = user;
    job->question = sd_bus_slot_unref(job->question);
    if (sd_bus_message_get_errno(message) == 0)
        clear_job(job);
    else
        job->otherwise(job);
    return 0;
}

/* ExecStart of a unit wants a full path: env(1) looks a name up. */
static int add_command(const struct job *job, sd_bus_message *message)
{
    int result = sd_bus_message_open_container(message, 'r', "sv");
    if (result >= 0)
        result = sd_bus_message_append(message, "s", "ExecStart");
    if (result >= 0)
        result = sd_bus_message_open_container(message, 'v', "a(sasb)");
    if (result >= 0)
        result = sd_bus_message_open_container(message, 'a', "(sasb)");
    if (result >= 0)
        result = sd_bus_message_open_container(message, 'r', "sasb");
    if (result >= 0)
        result = sd_bus_message_append(message, "s", "/usr/bin/env");
    if (result >= 0)
        result = sd_bus_message_open_container(message, 'a', "s");
    if (result >= 0)
        result = sd_bus_message_append(message, "s", "env");
    for (int i = 0; result >= 0 && job->words[i] != NULL; i++)
        result = sd_bus_message_append(message, "s", job->words[i]);
    if (result >= 0)
        result = sd_bus_message_close_container(message);
    if (result >= 0)
        result = sd_bus_message_append(message, "b", 0);
    for (int i = 0; result >= 0 && i < 4; i++)
        result = sd_bus_message_close_container(message);
    return result;
}

static int fill_unit(const struct job *job, sd_bus_message *message)
{
    char name[64];
    (void)snprintf(name, sizeof name, "drive-agent-launch-%llx.service",
                   (unsigned long long)uv_hrtime());
    int result = sd_bus_message_append(message, "ss", name, "fail");
    if (result >= 0)
        result = sd_bus_message_open_container(message, 'a', "(sv)");
    if (result >= 0)
        result = sd_bus_message_append(message, "(sv)", "CollectMode", "s",
                                       "inactive-or-failed");
    if (result >= 0)
        result = add_command(job, message);
    if (result >= 0)
        result = sd_bus_message_close_container(message);
    return result < 0 ? result : sd_bus_message_append(message, "a(sa(sv))", 0);
}

static bool ask_for_unit(struct job *job)
{
    struct bus *bus = job->launch->bus;
    sd_bus_message *message = NULL;
    bool asked = bus != NULL &&
                 sd_bus_message_new_method_call(bus_connection(bus), &message, SYSTEMD,
                                                SYSTEMD_OBJECT, SYSTEMD ".Manager",
                                                "StartTransientUnit") >= 0 &&
                 fill_unit(job, message) >= 0 &&
                 sd_bus_call_async(bus_connection(bus), &job->question, message, on_answer,
                                   job, 0) >= 0;
    sd_bus_message_unref(message);
    if (asked)
        bus_changed(bus);
    return asked;
}

static void begin(struct job *job)
{
    job->otherwise = spawn;
    if (!ask_for_unit(job))
        spawn(job);
}

static void begin_folder(struct job *job, const char *path)
{
    struct bus *bus = job->launch->bus;
    char uri[FILE_URI_MAX];
    job->otherwise = begin;
    if (bus == NULL || !file_uri(path, uri, sizeof uri) ||
        sd_bus_call_method_async(bus_connection(bus), &job->question, FILES, FILES_OBJECT,
                                 FILES, "ShowFolders", on_answer, job, "ass", 1, uri,
                                 "") < 0) {
        begin(job);
        return;
    }
    bus_changed(bus);
}

static void forget_question(struct job *job)
{
    job->question = sd_bus_slot_unref(job->question);
}

#else

static void begin(struct job *job)
{
    spawn(job);
}

static void begin_folder(struct job *job, const char *path)
{
    (void)path;
    spawn(job);
}

static void forget_question(struct job *job)
{
    (void)job;
}

#endif

struct launch *launch_new(uv_loop_t *loop, struct bus *session_bus)
{
    struct launch *launch = calloc(1, sizeof *launch);
    if (launch == NULL)
        return NULL;
    launch->loop = loop;
    launch->bus = session_bus;
    return launch;
}

void launch_close(struct launch *launch)
{
    if (launch == NULL || launch->closing)
        return;
    launch->closing = true;
    for (int i = 0; i < LAUNCH_MAX_JOBS; i++) {
        struct job *job = &launch->jobs[i];
        if (is_free(job))
            continue;
        forget_question(job);
        if (!job->has_process)
            clear_job(job);
        else if (!uv_is_closing((uv_handle_t *)&job->process))
            uv_close((uv_handle_t *)&job->process, on_process_closed);
    }
    release(launch);
}

void launch_program(struct launch *launch, const char *const *words)
{
    struct job *job = launch == NULL ? NULL : job_new(launch, words);
    if (job != NULL)
        begin(job);
}

void launch_folder(struct launch *launch, const char *path)
{
    const char *const words[] = {"xdg-open", path, NULL};
    struct job *job = launch == NULL ? NULL : job_new(launch, words);
    if (job != NULL)
        begin_folder(job, path);
}
