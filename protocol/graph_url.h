/* Builds the path of every Graph request, relative to graph_url (".../v1.0").
 *
 * All functions write a zero-terminated text that begins with "/" and answer false when
 * it does not fit or an id is unusable. Ids are percent-encoded as one segment each
 * (F-146). Source: the Graph reference pages named at each function.
 */
#ifndef PROTOCOL_GRAPH_URL_H
#define PROTOCOL_GRAPH_URL_H

#include <stdbool.h>
#include <stddef.h>

enum { GRAPH_URL_SIZE = 4096 }; /* room for any path built here */

/* The five forms of `drive =`, which are those of the notification endpoint. */
enum graph_drive_form {
    GRAPH_DRIVE_ME,        /* me */
    GRAPH_DRIVE_ID,        /* drive:ID */
    GRAPH_DRIVE_LIST,      /* drive-list:DRIVEID */
    GRAPH_DRIVE_GROUP,     /* group:ID */
    GRAPH_DRIVE_SITE_LIST, /* site:SITEID/list:LISTID */
};

/* A plain value: which drive a mirror names. */
struct graph_drive {
    enum graph_drive_form form;
    char id[513];      /* drive, group or site id; "" for GRAPH_DRIVE_ME */
    char list_id[513]; /* GRAPH_DRIVE_SITE_LIST only */
};

/* Reads the word behind `drive =`. False: none of the five forms. */
bool graph_drive_parse(const char *word, struct graph_drive *out);

/* GET: the drive resource that a form stands for. */
bool graph_url_drive(char out[GRAPH_URL_SIZE], const struct graph_drive *drive);

/* GET: the notification endpoint of a form. Graph: Get websocket endpoint. */
bool graph_url_socketio(char out[GRAPH_URL_SIZE], const struct graph_drive *drive);

/* GET: first page of a delta query of the whole drive: a full enumeration, with the
 * properties we read selected. `with_select` false: the plain form, for a service that
 * refuses the selection. Graph: driveItem delta. */
bool graph_url_delta(char out[GRAPH_URL_SIZE], const char *drive_id, bool with_select);

/* GET: the root item; the first page of what lies in a folder. Graph: List children. */
bool graph_url_root(char out[GRAPH_URL_SIZE], const char *drive_id);
bool graph_url_children(char out[GRAPH_URL_SIZE], const char *drive_id,
                        const char *item_id);

/* GET: one item, its content. */
bool graph_url_item(char out[GRAPH_URL_SIZE], const char *drive_id, const char *item_id);
bool graph_url_content(char out[GRAPH_URL_SIZE], const char *drive_id, const char *item_id);

/* GET: a place in a drive by its path from the root, "" the root itself; its size, whether
 * it is a folder, how much lies in it. Graph: Get a DriveItem. */
bool graph_url_place(char out[GRAPH_URL_SIZE], const char *drive_id, const char *path);

/* GET: the same of what a sharing link or web address leads to. Graph: shares. */
bool graph_url_share(char out[GRAPH_URL_SIZE], const char *web_url);

#endif
