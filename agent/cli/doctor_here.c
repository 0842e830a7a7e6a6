/* The half of the doctor that looks at this computer (doctor.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agent/cli/cmd.h"
#include "agent/cli/doctor.h"
#include "agent/cli/json_get.h"
#include "agent/cli/output.h"
#include "agent/cli/remote.h"
#include "agent/crash.h"
#include "agent/scope.h"
#include "agent/words.h"
#include "store/store.h"

enum {
    DOCTOR_LEAST_WATCHES = 8192,
    DOCTOR_LEAST_FREE = 256 * 1024 * 1024 /* bytes */
};

static void check_config(struct doctor *doctor)
{
    const struct config *config = doctor->config;
    struct stat info;
    char text[512];
    (void)snprintf(text, sizeof text,
                   words_count("%s, %zu mirror", "%s, %zu mirrors", config->mirror_count),
                   config->path, config->mirror_count);
    char missing[512];
    (void)snprintf(missing, sizeof missing, _("there is no file %s"), config->path);
    if (stat(config->path, &info) == 0 && (info.st_mode & 022) != 0)
        doctor_report(doctor, DOCTOR_WARN, _("configuration"),
                      _("others may change it: they could send your files elsewhere"),
                      _("chmod 600 it"));
    else if (config->is_missing)
        doctor_fail(doctor, FAILURE_CONFIG, _("configuration"), missing,
                    _("correct --config or AGENT_CONFIG, or agent add FOLDER"));
    else if (config->mirror_count == 0)
        doctor_report(doctor, DOCTOR_WARN, _("configuration"), text, "agent add FOLDER");
    else
        doctor_report(doctor, DOCTOR_OK, _("configuration"), text, "");
    if (config->client_id == NULL)
        doctor_fail(doctor, FAILURE_CONFIG, _("client id"), _("there is none"),
                    _("register an app and write client_id = into [account]: agent login "
                      "explains it"));
}

/* Whether the folder is there and can be used; says so otherwise. */
static bool check_access(struct doctor *doctor, const char *what, const char *path,
                         bool is_secret)
{
    struct stat info;
    if (stat(path, &info) != 0 && errno == ENOENT)
        doctor_report(doctor, DOCTOR_OK, what, _("is not there yet; it will be made"), "");
    else if (access(path, R_OK | W_OK | X_OK) != 0)
        doctor_fail(doctor, FAILURE_RESOURCE, what, strerror(errno),
                    _("make it writable for you"));
    else if (is_secret && (info.st_mode & 077) != 0)
        doctor_report(doctor, DOCTOR_WARN, what, _("others may look into it"),
                      _("chmod 700 it"));
    else if (info.st_uid != geteuid())
        doctor_report(doctor, DOCTOR_WARN, what, _("belongs to another user"),
                      _("chown it"));
    else
        return true;
    return false;
}

static void check_folder(struct doctor *doctor, const char *what, const char *path,
                         bool is_secret)
{
    struct statvfs room;
    struct statfs type;
    char free_text[32];
    char text[80];
    if (!check_access(doctor, what, path, is_secret))
        return;
    bool is_known = statvfs(path, &room) == 0;
    uint64_t free_bytes = is_known ? (uint64_t)room.f_bavail * room.f_frsize : 0;
    (void)snprintf(text, sizeof text, _("only %s are free there"),
                   output_bytes(free_bytes, free_text));
    if (is_known && free_bytes < DOCTOR_LEAST_FREE)
        doctor_report(doctor, DOCTOR_WARN, what, text,
                      _("make room: what does not fit is held"));
    else if (statfs(path, &type) == 0 && store_is_network((long)type.f_type))
        doctor_report(doctor, DOCTOR_WARN, what, _("lies on a network file system"),
                      _("a local disk is faster, and safer in a crash"));
    else
        doctor_report(doctor, DOCTOR_OK, what, path, "");
}

static void check_folders(struct doctor *doctor)
{
    check_folder(doctor, _("state folder"), doctor->config->state_dir, true);
    for (size_t i = 0; i < doctor->config->mirror_count; i++) {
        char what[96];
        (void)snprintf(what, sizeof what, _("folder of %s"),
                       doctor->config->mirrors[i].name);
        check_folder(doctor, what, doctor->config->mirrors[i].folder, false);
    }
}

static void ignore_finding(void *user, const char *finding)
{
    (void)user;
    (void)finding;
}

static void check_database(struct doctor *doctor)
{
    struct store *store = NULL;
    char text[256] = "";
    uint64_t findings = 0;
    enum store_status status =
        store_open_reader(doctor->config->state_dir, &store, text, sizeof text);
    if (status == STORE_NONE) {
        doctor_report(doctor, DOCTOR_OK, _("state database"), _("is not there yet"), "");
        return;
    }
    if (status == STORE_OK)
        status = store_check(store, ignore_finding, NULL, &findings);
    if (status != STORE_OK)
        doctor_fail(doctor, FAILURE_RESOURCE, _("state database"),
                    _(store_status_text(status)),
                    _("start the agent: it sets a damaged one aside and makes a new one"));
    else if (findings > 0)
        doctor_fail(
            doctor, FAILURE_RESOURCE, _("state database"), _("contradicts itself"),
            _("agent inspect check names the places; agent sync-now --full mends them"));
    else
        doctor_report(doctor, DOCTOR_OK, _("state database"), _("whole"), "");
    store_close(store);
}

static void check_watches(struct doctor *doctor)
{
    SCOPED(scope_fclose)
    FILE *stream = fopen("/proc/sys/fs/inotify/max_user_watches", "re");
    char text[32] = "";
    if (stream == NULL || fgets(text, sizeof text, stream) == NULL) {
        doctor_report(doctor, DOCTOR_WARN, _("inotify watches"),
                      _("the limit cannot be read"), "");
        return;
    }
    uint64_t limit = strtoull(text, NULL, 10);
    text[strcspn(text, "\n")] = '\0';
    bool low = limit < DOCTOR_LEAST_WATCHES;
    doctor_report(doctor, low ? DOCTOR_WARN : DOCTOR_OK, _("inotify watches"), text,
                  low ? "sysctl fs.inotify.max_user_watches=524288" : "");
}

static enum remote_next on_status(void *user, const struct cJSON *object, const char *text)
{
    (void)text;
    bool *replaced = user;
    *replaced = json_get_bool(object, "replaced");
    return REMOTE_GO;
}

/* Nobody listens; a single pass holds the state all the same (F-160). */
static void report_silence(struct doctor *doctor)
{
    char text[96];
    int64_t holder = store_holder(doctor->config->state_dir);
    (void)snprintf(text, sizeof text,
                   _("process %" PRId64 " holds the state and does not listen"), holder);
    if (holder != 0)
        doctor_report(doctor, DOCTOR_WARN, _("agent"), text,
                      _("wait for its end, or stop it"));
    else
        doctor_report(doctor, DOCTOR_WARN, _("agent"), _("not running"), "agent run");
}

/* F-07. */
static void check_crashes(struct doctor *doctor)
{
    char text[64];
    uint64_t count = crash_count(doctor->config->state_dir);
    if (count == 0)
        return;
    (void)snprintf(text, sizeof text, _("%" PRIu64 " within the hour"), count);
    doctor_report(doctor, DOCTOR_WARN, _("crashes"), text,
                  _("see agent inspect problems, and report it"));
}

static void check_agent(struct doctor *doctor)
{
    bool replaced = false;
    const struct remote_wait wait = {
        .timeout_ms = 5000, .on_line = on_status, .user = &replaced};
    struct remote_answer answer;
    struct failure failure = {0};
    struct cJSON *request = remote_request("status");
    if (request == NULL ||
        remote_ask(doctor->config, request, &wait, &answer, &failure) != FAILURE_NONE)
        doctor_fail(doctor, FAILURE_RESOURCE, _("agent"), failure.text,
                    _("stop and start it"));
    else if (!answer.running)
        report_silence(doctor);
    else if (replaced)
        doctor_report(doctor, DOCTOR_WARN, _("agent"), _("its program was updated since"),
                      "systemctl --user restart drive-agent");
    else
        doctor_report(doctor, DOCTOR_OK, _("agent"), _("running"), "");
}

void doctor_check_here(struct doctor *doctor)
{
    check_config(doctor);
    check_folders(doctor);
    check_database(doctor);
    check_watches(doctor);
    check_crashes(doctor);
    check_agent(doctor);
}
