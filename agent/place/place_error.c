#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/log.h"
#include "agent/place/place_parts.h"
#include "agent/words.h"

/* A disk that is full has less than this left; with more it is the inodes that are. */
#define FULL_BYTES ((uint64_t)16 * 1024 * 1024)

struct reason {
    int error;
    enum failure_kind kind;
    int number;
    const char *happened;
    const char *advice;
};

static const struct reason reasons[] = {
    {ENOSPC,       FAILURE_RESOURCE,  10, N_("disk full"),                              N_("free some space")               },
    {EDQUOT,       FAILURE_RESOURCE,  11, N_("quota exceeded"),                         N_("free some space of yours")      },
    {EROFS,        FAILURE_RESOURCE,  13, N_("the folder is read-only"),
     N_("make its disk writable again")                                                                                     },
    {EIO,          FAILURE_RESOURCE,  6,  N_("disk error on write"),                    N_("check the disk")                },
    {ENOMEM,       FAILURE_RESOURCE,  22, N_("out of memory"),                          N_("close some programs")           },
    {EMFILE,       FAILURE_RESOURCE,  21, N_("too many open files"),
     N_("raise the limit (ulimit -n)")                                                                                      },
    {ENFILE,       FAILURE_RESOURCE,  21, N_("too many open files"),
     N_("raise the limit of the system")                                                                                    },
    {ESTALE,       FAILURE_GUARD,     19, N_("the disk does not answer"),
     N_("check whether it is connected")                                                                                    },
    {ENOTCONN,     FAILURE_GUARD,     19, N_("the disk does not answer"),
     N_("check whether it is connected")                                                                                    },
    {ENODEV,       FAILURE_GUARD,     19, N_("the disk does not answer"),
     N_("check whether it is connected")                                                                                    },
    {EACCES,       FAILURE_ITEM,      14, N_("no permission"),                          N_("give yourself write permission")},
    {EPERM,        FAILURE_ITEM,      14, N_("no permission"),
     N_("look for an immutable flag (lsattr)")                                                                              },
    {EXDEV,        FAILURE_ITEM,      17, N_("another disk is mounted there"),
     N_("it is not mirrored")                                                                                               },
    {EBUSY,        FAILURE_TRANSIENT, 20, N_("in use"),                                 N_("it is tried again")             },
    {ETXTBSY,      FAILURE_TRANSIENT, 20, N_("in use"),                                 N_("it is tried again")             },
    {EAGAIN,       FAILURE_TRANSIENT, 51, N_("moved about meanwhile"),                  N_("it is tried again")             },
    {ENODATA,      FAILURE_TRANSIENT, 0,  N_("the download is not whole"),
     N_("it is fetched again")                                                                                              },
    {EFBIG,        FAILURE_ITEM,      24, N_("too large for this disk"),                N_("use another file system")       },
    {ENAMETOOLONG, FAILURE_ITEM,      41, N_("name too long for this disk"),
     N_("shorten it on the drive")                                                                                          },
    {ELOOP,        FAILURE_ITEM,      50, N_("a link stands in the way"),               N_("move the link away")            },
    {ENOTDIR,      FAILURE_ITEM,      86, N_("a file stands where a folder should be"),
     N_("move that file away")                                                                                              },
    {EINVAL,       FAILURE_ITEM,      18, N_("this file system refuses it"),
     N_("rename it on the drive")                                                                                           },
    {EILSEQ,       FAILURE_ITEM,      18, N_("this file system refuses the name"),
     N_("rename it on the drive")                                                                                           },
    {ENXIO,        FAILURE_ITEM,      54, N_("a special file stands in the way"),       N_("move it away")                  },
};

static const struct reason inodes = {ENOSPC, FAILURE_RESOURCE, 11,
                                     N_("no room for more files (inodes or quota)"),
                                     N_("remove files that are not needed")};

static struct reason reason_of(const struct place_root *root, int error)
{
    uint64_t free_bytes = 0;
    uint64_t total = 0;
    if (error == ENOSPC && root != NULL && root->fd >= 0 &&
        root->disk->space(root->disk->user, root->fd, &free_bytes, &total) == 0 &&
        free_bytes > FULL_BYTES)
        return inodes;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].error == error)
            return reasons[i];
    return (struct reason){error, FAILURE_ITEM, 0, NULL, N_("it is tried again")};
}

const char *place_path_text(const char *folder, const char *name, char out[PLACE_PATH_TEXT])
{
    char path[4096];
    bool has_both = folder[0] != '\0' && name[0] != '\0';
    (void)snprintf(path, sizeof path, "%s%s%s", folder, has_both ? "/" : "", name);
    return log_escape(path, out, PLACE_PATH_TEXT);
}

static enum failure_kind set_reason(struct failure *out, const struct reason *reason,
                                    const char *path, const char *outcome)
{
    char system_text[96];
    const char *happened = reason->happened;
    if (happened == NULL)
        happened = strerror_r(reason->error, system_text, sizeof system_text);
    else
        happened = _(happened);
    return failure_set(out, reason->kind, reason->number, "%s: %s: %s; %s", happened, path,
                       _(outcome), _(reason->advice));
}

enum failure_kind place_error(const struct place_root *root, struct failure *out, int error,
                              const char *folder, const char *name, const char *outcome)
{
    char path[PLACE_PATH_TEXT];
    struct reason reason = reason_of(root, error);
    return set_reason(out, &reason, place_path_text(folder, name, path), outcome);
}

enum failure_kind place_read_error(const struct place_root *root, struct failure *out,
                                   int error, const char *folder, const char *name)
{
    static const struct reason unreadable = {
        EIO, FAILURE_ITEM, 16, N_("disk error reading"), N_("check the disk")};
    char path[PLACE_PATH_TEXT];
    struct reason reason = error == EIO ? unreadable : reason_of(root, error);
    return set_reason(out, &reason, place_path_text(folder, name, path),
                      N_("left as it is"));
}

void place_fail(const struct place_root *root, struct place_step *step, int error,
                const char *outcome)
{
    step->result = PLACE_FAILED;
    (void)place_error(root, &step->failure, error, step->folder, step->name, outcome);
}

void place_clash(struct place_step *step, const char *outcome)
{
    char path[PLACE_PATH_TEXT];
    step->result = PLACE_OCCUPIED;
    (void)failure_set(&step->failure, FAILURE_ITEM, 43,
                      "clashes with a name that differs in case: %s: %s; rename one of "
                      "them on the drive",
                      place_path_text(step->folder, step->name, path), _(outcome));
}

void place_fail_half_way(const struct place_root *root, struct place_step *step, int error,
                         const char *outcome)
{
    place_fail(root, step, error, outcome);
    if (step->failure.kind != FAILURE_GUARD)
        step->failure.kind = FAILURE_RESOURCE;
}

bool place_stops(const struct place_step *step)
{
    return step->result == PLACE_FAILED &&
           (step->failure.kind == FAILURE_RESOURCE || step->failure.kind == FAILURE_GUARD);
}
