/* The configuration file and the environment as one plain struct (product.md).
 *
 * config_load() reports all errors of the file at once, one line each with file name and
 * line (F-159); nothing is changed on disk by loading.
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/failure.h"

enum { CONFIG_MAX_MIRRORS = 64, CONFIG_MAX_RULES = 8, CONFIG_MAX_NAME = 40 /* bytes */ };

enum config_token_store { CONFIG_TOKEN_AUTO, CONFIG_TOKEN_KEYRING, CONFIG_TOKEN_FILE };

/* A growing list of texts, NULL-terminated once filled. */
struct config_list {
    char **texts;
    size_t count;
};

/* A rate that holds during a part of the day. */
struct config_rate {
    uint16_t from_minute;      /* of the day, local time */
    uint16_t to_minute;        /* from == to: always */
    uint64_t bytes_per_second; /* 0: no limit */
};

struct config_mirror {
    char *name;
    char *folder; /* absolute; "~" already resolved */
    char *drive;  /* one of the five forms, checked */
    struct config_list folders;
    struct config_list exclude;
    struct config_list include;
    int line;        /* where its section begins */
    bool has_folder; /* the file names one, even if it is none */
};

struct config {
    char *path;        /* the file, also when it does not exist yet */
    bool is_missing;   /* it was named, and is not there */
    char *state_dir;   /* absolute */
    char *socket_path; /* of the control socket */
    /* Where an agent of the same state listens that has no runtime folder, such as that of
     * the system's service manager; the same path where the state folder was named. */
    char *state_socket_path;

    char *cloud;
    char *graph_url; /* without a slash at the end */
    char *login_url;
    bool known_cloud; /* graph_url is one of the built-in ones */
    struct config_list extra_hosts;
    char *ca_file; /* NULL: none */
    char *proxy;   /* NULL: the environment's */

    char *client_id; /* NULL where neither file nor package gives one */
    char *tenant;
    bool read_write;
    enum config_token_store token_store;

    int transfers;
    struct config_rate rates[CONFIG_MAX_RULES];
    size_t rate_count;
    uint64_t delta_interval_ms;
    uint64_t reconcile_interval_ms;
    bool trash;
    uint64_t big_delete_threshold;

    bool notifications;
    bool pause_on_metered;
    bool pause_on_battery_saver;

    struct config_mirror *mirrors;
    size_t mirror_count;
};

/* What the command line says about places; NULL where it says nothing (then AGENT_CONFIG,
 * AGENT_STATE_DIR and the XDG folders decide). */
struct config_places {
    const char *config_file;
    const char *state_dir;
    bool may_be_missing; /* the file that they name: it is yet to be made */
};

typedef void config_error_fn(void *user, const char *line);

/* Reads file and environment. A missing file is an empty one in the default place, and an
 * error where it was named: a mistyped name must not look like nothing to do.
 * FAILURE_CONFIG: `each_error` got every error; `*out` is untouched. On FAILURE_NONE `*out`
 * is the caller's, to be freed with config_free(). */
enum failure_kind config_load(const struct config_places *places,
                              config_error_fn *each_error, void *user, struct config **out,
                              struct failure *failure);
void config_free(struct config *config);

/* Why a text cannot be the name of a mirror, its folder, or a word of `drive =`: half a
 * sentence to follow it. NULL: it can. `folder` is absolute. */
const char *config_name_fault(const char *name);
const char *config_folder_fault(const struct config *config, const char *folder);
const char *config_drive_fault(const char *word);
/* Whether two folders are the same (1), one lies in the other (2), or neither (0), links
 * resolved as far as the folders exist (F-96). */
int config_folders_overlap(const char *one, const char *other);

const struct config_mirror *config_find_mirror(const struct config *config,
                                               const char *name);

/* Adds or removes a [mirror NAME] section in the text of the file, or gives it another
 * folder, keeping comments and everything else byte for byte; atomically (F-08). The file
 * is made where missing. */
struct config_addition {
    const char *name;
    const char *folder;
    const char *drive;
    const char *only; /* folder of the drive, for `folders =`; NULL or "": all of it */
};
enum failure_kind config_add_mirror(const char *path,
                                    const struct config_addition *addition,
                                    struct failure *failure);
enum failure_kind config_remove_mirror(const char *path, const char *name,
                                       struct failure *failure);
enum failure_kind config_move_mirror(const char *path, const char *name, const char *folder,
                                     struct failure *failure);

/* Limits of the bandwidth at a minute of the local day; 0: none. */
uint64_t config_rate_at(const struct config *config, unsigned minute_of_day);

/* Whether two readings mean the same for one mirror, and for what all mirrors share: all
 * but the bandwidth and the desktop, which are taken up without a restart. */
bool config_same_mirror(const struct config_mirror *one, const struct config_mirror *other);
bool config_same_for_all(const struct config *one, const struct config *other);

/* "2m", "15m", "7d", "1h30m", "500ms" -> milliseconds; "200M" -> bytes. False: not such. */
bool config_parse_duration(const char *text, uint64_t *out_ms);
bool config_parse_size(const char *text, uint64_t *out_bytes);

#endif
