#include "protocol/graph_url.h"

#include <mbedtls/base64.h>
#include <stdio.h>
#include <string.h>

#include "protocol/bytes.h"
#include "protocol/url.h"

/* Peers that talk to the live service use nearly this list. */
#define DELTA_SELECT                                                                       \
    "id,name,eTag,cTag,size,deleted,file,folder,root,package,bundle,malware,"              \
    "fileSystemInfo,lastModifiedDateTime,parentReference,remoteItem,specialFolder,"        \
    "pendingOperations,lastModifiedBy,@microsoft.graph.downloadUrl"

static bool copy_id(const char *text, size_t size, char out[513])
{
    if (size == 0 || size > 512)
        return false;
    memcpy(out, text, size);
    out[size] = 0;
    return true;
}

static bool parse_site_list(const char *text, struct graph_drive *out)
{
    const char *separator = strstr(text, "/list:");
    if (separator == NULL)
        return false;
    const char *list = separator + strlen("/list:");
    return copy_id(text, (size_t)(separator - text), out->id) &&
           copy_id(list, strlen(list), out->list_id) && strchr(list, '/') == NULL;
}

bool graph_drive_parse(const char *word, struct graph_drive *out)
{
    static const struct {
        const char *prefix;
        enum graph_drive_form form;
    } forms[] = {
        {"drive:",      GRAPH_DRIVE_ID       },
        {"drive-list:", GRAPH_DRIVE_LIST     },
        {"group:",      GRAPH_DRIVE_GROUP    },
        {"site:",       GRAPH_DRIVE_SITE_LIST},
    };
    struct graph_drive drive = {.form = GRAPH_DRIVE_ME};
    if (strcmp(word, "me") == 0) {
        *out = drive;
        return true;
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t size = strlen(forms[i].prefix);
        if (strncmp(word, forms[i].prefix, size) != 0)
            continue;
        drive.form = forms[i].form;
        const char *rest = word + size;
        bool good =
            drive.form == GRAPH_DRIVE_SITE_LIST
                ? parse_site_list(rest, &drive)
                : copy_id(rest, strlen(rest), drive.id) && strchr(rest, '/') == NULL;
        if (good)
            *out = drive;
        return good;
    }
    return false;
}

/* Joins literal pieces and ids in turn; an id is percent-encoded as one segment. */
struct piece {
    const char *literal;
    const char *id; /* NULL: none behind the literal */
};

static bool build(char out[GRAPH_URL_SIZE], const struct piece *pieces, size_t count)
{
    struct bytes path;
    bytes_init(&path, GRAPH_URL_SIZE - 1);
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        good = bytes_append_text(&path, pieces[i].literal);
        if (good && pieces[i].id != NULL)
            good = pieces[i].id[0] != 0 &&
                   url_append_segment(&path, pieces[i].id, strlen(pieces[i].id));
    }
    const char *text = good ? bytes_text(&path) : NULL;
    if (text != NULL)
        memcpy(out, text, strlen(text) + 1);
    bytes_clear(&path);
    return text != NULL;
}

bool graph_url_drive(char out[GRAPH_URL_SIZE], const struct graph_drive *drive)
{
    switch (drive->form) {
    case GRAPH_DRIVE_ME:
        return build(out,
                     (struct piece[]){
                         {"/me/drive", NULL}
        },
                     1);
    case GRAPH_DRIVE_ID:
    case GRAPH_DRIVE_LIST:
        return build(out,
                     (struct piece[]){
                         {"/drives/", drive->id}
        },
                     1);
    case GRAPH_DRIVE_GROUP:
        return build(out,
                     (struct piece[]){
                         {"/groups/", drive->id},
                         {"/drive",   NULL     }
        },
                     2);
    case GRAPH_DRIVE_SITE_LIST:
        return build(
            out,
            (struct piece[]){
                {"/sites/", drive->id     },
                {"/lists/", drive->list_id},
                {"/drive",  NULL          }
        },
            3);
    }
    return false;
}

bool graph_url_socketio(char out[GRAPH_URL_SIZE], const struct graph_drive *drive)
{
    char path[GRAPH_URL_SIZE];
    if (!graph_url_drive(path, drive))
        return false;
    const char *suffix = drive->form == GRAPH_DRIVE_LIST ? "/list/subscriptions/socketIo"
                                                         : "/root/subscriptions/socketIo";
    return snprintf(out, GRAPH_URL_SIZE, "%s%s", path, suffix) < GRAPH_URL_SIZE;
}

bool graph_url_delta(char out[GRAPH_URL_SIZE], const char *drive_id, bool with_select)
{
    const char *rest =
        with_select ? "/root/delta?$top=1000&$select=" DELTA_SELECT : "/root/delta";
    return build(out,
                 (struct piece[]){
                     {"/drives/", drive_id},
                     {rest,       NULL    }
    },
                 2);
}

bool graph_url_root(char out[GRAPH_URL_SIZE], const char *drive_id)
{
    return build(out,
                 (struct piece[]){
                     {"/drives/", drive_id},
                     {"/root",    NULL    }
    },
                 2);
}

bool graph_url_children(char out[GRAPH_URL_SIZE], const char *drive_id, const char *item_id)
{
    return build(
        out,
        (struct piece[]){
            {"/drives/",           drive_id},
            {"/items/",            item_id },
            {"/children?$top=200", NULL    }
    },
        3);
}

bool graph_url_item(char out[GRAPH_URL_SIZE], const char *drive_id, const char *item_id)
{
    return build(out,
                 (struct piece[]){
                     {"/drives/", drive_id},
                     {"/items/",  item_id }
    },
                 2);
}

bool graph_url_content(char out[GRAPH_URL_SIZE], const char *drive_id, const char *item_id)
{
    return build(out,
                 (struct piece[]){
                     {"/drives/", drive_id},
                     {"/items/",  item_id },
                     {"/content", NULL    }
    },
                 3);
}

/* Places. */

#define PLACE_SELECT "$select=id,name,size,folder,root,parentReference"

/* Appends ":/a/b:", each name as a segment; nothing for the root. */
static bool append_path(struct bytes *out, const char *path)
{
    bool good = path[0] == 0 || bytes_append_byte(out, ':');
    for (const char *name = path; good && *name != 0;) {
        size_t size = strcspn(name, "/");
        good = bytes_append_byte(out, '/') && url_append_segment(out, name, size);
        name += size;
        name += *name == '/';
    }
    return good && (path[0] == 0 || bytes_append_byte(out, ':'));
}

bool graph_url_place(char out[GRAPH_URL_SIZE], const char *drive_id, const char *path)
{
    struct bytes text;
    bytes_init(&text, GRAPH_URL_SIZE - 1);
    bool good = drive_id[0] != 0 && bytes_append_text(&text, "/drives/") &&
                url_append_segment(&text, drive_id, strlen(drive_id)) &&
                bytes_append_text(&text, "/root") && append_path(&text, path) &&
                bytes_append_text(&text, "?" PLACE_SELECT) && bytes_text(&text) != NULL;
    if (good)
        memcpy(out, bytes_text(&text), bytes_count(&text) + 1);
    bytes_clear(&text);
    return good;
}

bool graph_url_share(char out[GRAPH_URL_SIZE], const char *web_url)
{
    static const char prefix[] = "/shares/u!";
    static const char suffix[] = "/driveItem?" PLACE_SELECT;
    uint8_t encoded[GRAPH_URL_SIZE - sizeof prefix - sizeof suffix];
    size_t size = 0;
    if (mbedtls_base64_encode(encoded, sizeof encoded, &size, (const uint8_t *)web_url,
                              strlen(web_url)) != 0)
        return false;
    while (size > 0 && encoded[size - 1] == '=')
        size--;
    for (size_t i = 0; i < size; i++)
        encoded[i] = encoded[i] == '+' ? '-' : encoded[i] == '/' ? '_' : encoded[i];
    memcpy(out, prefix, sizeof prefix - 1);
    memcpy(out + sizeof prefix - 1, encoded, size);
    memcpy(out + sizeof prefix - 1 + size, suffix, sizeof suffix);
    return true;
}
