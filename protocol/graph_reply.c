#include "protocol/graph_reply.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "protocol/graph_page.h"
#include "protocol/json_guard.h"
#include "protocol/json_read.h"
#include "protocol/percent.h"

enum {
    ERROR_BODY_LIMIT = 4 * 1024,
    ERROR_NESTING = 16,
};

/* Parses a body that has passed the guard; NULL otherwise. The caller deletes it. */
static cJSON *parse(const uint8_t *body, size_t size)
{
    const char *text = (const char *)body;
    if (size == 0 || json_guard_check(text, size, &json_limits_graph) != JSON_OK)
        return NULL;
    cJSON *tree = cJSON_ParseWithLength(text, size);
    if (!cJSON_IsObject(tree)) {
        cJSON_Delete(tree);
        return NULL;
    }
    return tree;
}

/* Errors. */

static char lower(char letter)
{
    return (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

static bool equals_folded(const char *one, const char *other)
{
    while (*one != 0 && lower(*one) == lower(*other)) {
        one++;
        other++;
    }
    return *one == *other;
}

static enum graph_error_code code_of(const char *text)
{
    static const struct {
        const char *text;
        enum graph_error_code code;
    } codes[] = {
        {"notSupported",                   GRAPH_ERROR_NOT_SUPPORTED  },
        {"itemNotFound",                   GRAPH_ERROR_ITEM_NOT_FOUND },
        {"resourceNotFound",               GRAPH_ERROR_ITEM_NOT_FOUND },
        {"accessDenied",                   GRAPH_ERROR_ACCESS_DENIED  },
        {"forbidden",                      GRAPH_ERROR_ACCESS_DENIED  },
        {"malwareDetected",                GRAPH_ERROR_MALWARE        },
        {"virusSuspicious",                GRAPH_ERROR_MALWARE        },
        {"resyncRequired",                 GRAPH_ERROR_RESYNC_APPLY   },
        {"resyncChangesApplyDifferences",  GRAPH_ERROR_RESYNC_APPLY   },
        {"resyncApplyDifferences",         GRAPH_ERROR_RESYNC_APPLY   },
        {"resyncChangesUploadDifferences", GRAPH_ERROR_RESYNC_UPLOAD  },
        {"resyncUploadDifferences",        GRAPH_ERROR_RESYNC_UPLOAD  },
        {"invalidRequest",                 GRAPH_ERROR_INVALID_REQUEST},
        {"badRequest",                     GRAPH_ERROR_INVALID_REQUEST},
        {"activityLimitReached",           GRAPH_ERROR_THROTTLED      },
        {"throttledRequest",               GRAPH_ERROR_THROTTLED      },
        {"tooManyRequests",                GRAPH_ERROR_THROTTLED      },
        {"unauthenticated",                GRAPH_ERROR_UNAUTHENTICATED},
        {"invalidAuthenticationToken",     GRAPH_ERROR_UNAUTHENTICATED},
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (equals_folded(text, codes[i].text))
            return codes[i].code;
    return GRAPH_ERROR_OTHER;
}

static const cJSON *inner_error(const cJSON *error)
{
    /* Both spellings occur, so the look-up that ignores case is the right one here. */
    const cJSON *inner = cJSON_GetObjectItem(error, "innerError");
    return cJSON_IsObject(inner) ? inner : NULL;
}

/* Control characters would reach a terminal or a log. */
static void make_printable(char *text)
{
    for (; *text != 0; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            *text = ' ';
}

static void read_level(const cJSON *level, struct graph_error *out)
{
    const char *code = json_read_text(level, "code", sizeof out->code_text - 1);
    if (code != NULL) {
        enum graph_error_code known = code_of(code);
        /* The most specific known code wins; an unknown one is shown if it is the first. */
        if (known != GRAPH_ERROR_OTHER || out->code_text[0] == 0)
            json_read_copy(level, "code", out->code_text, sizeof out->code_text);
        if (known != GRAPH_ERROR_OTHER)
            out->code = known;
    }
    if (out->message[0] == 0)
        json_read_copy(level, "message", out->message, sizeof out->message);
    if (json_read_text(level, "request-id", 63) != NULL)
        json_read_copy(level, "request-id", out->request_id, sizeof out->request_id);
}

void graph_error_parse(const uint8_t *body, size_t size, struct graph_error *out)
{
    *out = (struct graph_error){.code = GRAPH_ERROR_OTHER};
    cJSON *tree = size > ERROR_BODY_LIMIT ? NULL : parse(body, size);
    const cJSON *level = json_read_object(tree, "error");
    for (int depth = 0; level != NULL && depth < ERROR_NESTING; depth++) {
        read_level(level, out);
        level = inner_error(level);
    }
    cJSON_Delete(tree);
    make_printable(out->code_text);
    make_printable(out->message);
    make_printable(out->request_id);
}

/* Single resources. */

bool graph_subscription_parse(const uint8_t *body, size_t size,
                              struct graph_subscription *out)
{
    cJSON *tree = parse(body, size);
    struct graph_subscription found;
    bool good = json_read_whole(tree, "notificationUrl", found.url, sizeof found.url);
    if (good) {
        found.expires_ms = graph_time_parse(json_read_text(tree, "expirationDateTime", 64));
        *out = found;
    }
    cJSON_Delete(tree);
    return good;
}

/* The id of a personal drive comes with or without leading zeros and in either letter
 * case; all other ids are case-sensitive. */
static void normalise_drive_id(char id[513])
{
    enum { PERSONAL_DIGITS = 16 };
    size_t size = strlen(id);
    if (size > PERSONAL_DIGITS || strspn(id, "0123456789abcdefABCDEF") != size)
        return;
    char padded[PERSONAL_DIGITS + 1] = "0000000000000000";
    for (size_t i = 0; i < size; i++)
        padded[PERSONAL_DIGITS - size + i] = lower(id[i]);
    memcpy(id, padded, sizeof padded);
}

bool graph_same_drive(const char *one, const char *other)
{
    char ids[2][513];
    const char *texts[2] = {one, other};
    for (int i = 0; i < 2; i++) {
        size_t size = strlen(texts[i]);
        if (size >= sizeof ids[i])
            return strcmp(one, other) == 0;
        memcpy(ids[i], texts[i], size + 1);
        normalise_drive_id(ids[i]);
    }
    return strcmp(ids[0], ids[1]) == 0;
}

bool graph_drive_info_parse(const uint8_t *body, size_t size, struct graph_drive_info *out)
{
    cJSON *tree = parse(body, size);
    struct graph_drive_info found = {.used = GRAPH_UNKNOWN};
    bool good = json_read_whole(tree, "id", found.id, sizeof found.id);
    if (good) {
        const cJSON *owner = json_read_object(tree, "owner");
        const cJSON *person = json_read_object(owner, "user");
        normalise_drive_id(found.id);
        json_read_copy(tree, "driveType", found.type, sizeof found.type);
        json_read_copy(tree, "name", found.name, sizeof found.name);
        json_read_copy(person != NULL ? person : json_read_object(owner, "group"),
                       "displayName", found.owner, sizeof found.owner);
        json_read_copy(tree, "webUrl", found.web_url, sizeof found.web_url);
        found.used = json_read_integer(json_read_object(tree, "quota"), "used", 0,
                                       INT64_C(1) << 53, NULL);
        *out = found;
    }
    cJSON_Delete(tree);
    return good;
}

/* parentReference.path is "/drives/ID/root:/a/b" or "/drive/root:", percent-encoded; the
 * name is plain. */
static bool join_path(const char *parent, const char *name, char *out, size_t out_size)
{
    const char *colon = strstr(parent, "root:");
    const char *inside = colon == NULL ? NULL : colon + strlen("root:");
    if (inside == NULL)
        return false;
    inside += *inside == '/';
    if (!percent_decode(inside, strlen(inside), false, out, out_size))
        return false;
    size_t size = strlen(out);
    int length = snprintf(out + size, out_size - size, "%s%s", size == 0 ? "" : "/", name);
    return (size_t)length < out_size - size; /* an error is beyond any size */
}

static bool read_place(const cJSON *tree, struct graph_place *out)
{
    const cJSON *parent = json_read_object(tree, "parentReference");
    const cJSON *folder = json_read_object(tree, "folder");
    if (!json_read_whole(parent, "driveId", out->drive_id, sizeof out->drive_id))
        return false;
    normalise_drive_id(out->drive_id);
    out->is_folder = folder != NULL;
    out->children = json_read_integer(folder, "childCount", 0, INT64_C(1) << 53, NULL);
    out->size = json_read_integer(tree, "size", 0, INT64_C(1) << 53, NULL);
    if (json_read_object(tree, "root") != NULL)
        return true;
    const char *path = json_read_text(parent, "path", sizeof out->path);
    const char *name = json_read_text(tree, "name", sizeof out->path);
    return path != NULL && name != NULL &&
           join_path(path, name, out->path, sizeof out->path);
}

bool graph_place_parse(const uint8_t *body, size_t size, struct graph_place *out)
{
    cJSON *tree = parse(body, size);
    struct graph_place found = {.path = ""};
    bool good = read_place(tree, &found);
    if (good)
        *out = found;
    cJSON_Delete(tree);
    return good;
}

/* Lists. */

static void read_named(const cJSON *entry, graph_named_fn *each, void *user)
{
    struct graph_named named;
    if (!json_read_whole(entry, "id", named.id, sizeof named.id))
        return;
    const char *name_key = json_read_text(entry, "displayName", sizeof named.name) != NULL
                               ? "displayName"
                               : "name";
    json_read_copy(entry, name_key, named.name, sizeof named.name);
    json_read_copy(entry, "webUrl", named.web_url, sizeof named.web_url);
    json_read_copy(entry, "driveType", named.type, sizeof named.type);
    if (named.type[0] == 0)
        json_read_copy(json_read_object(entry, "list"), "template", named.type,
                       sizeof named.type);
    if (json_read_object(entry, "folder") != NULL ||
        json_read_object(json_read_object(entry, "remoteItem"), "folder") != NULL)
        memcpy(named.type, "folder", sizeof "folder");
    each(user, &named);
}

bool graph_named_parse(const uint8_t *body, size_t size, char *next, size_t next_size,
                       graph_named_fn *each, void *user)
{
    cJSON *tree = parse(body, size);
    const cJSON *value = json_read_array(tree, "value");
    if (value != NULL) {
        const cJSON *entry = NULL;
        cJSON_ArrayForEach(entry, value) read_named(entry, each, user);
        if (!json_read_whole(tree, "@odata.nextLink", next, next_size))
            next[0] = 0;
    }
    cJSON_Delete(tree);
    return value != NULL;
}
