#include "agent/sync/row.h"

#include <stdlib.h>
#include <string.h>

static const char **member(struct row *row, enum row_text text)
{
    switch (text) {
    case ROW_NAME:
        return &row->mirror.name;
    case ROW_FOLDER:
        return &row->mirror.folder;
    case ROW_DRIVE:
        return &row->mirror.drive;
    case ROW_DRIVE_ID:
        return &row->mirror.drive_id;
    case ROW_ACCOUNT:
        return &row->mirror.account;
    case ROW_MARKER:
        return &row->mirror.marker;
    case ROW_FILTERS:
        return &row->mirror.filters;
    case ROW_LINK:
        return &row->mirror.link;
    case ROW_FALLBACK:
        return &row->mirror.fallback_link;
    case ROW_STATE:
        break;
    }
    return &row->mirror.state;
}

bool row_set(struct row *row, enum row_text text, const char *value)
{
    char *copy = NULL;
    if (value != NULL && (copy = strdup(value)) == NULL)
        return false;
    free(row->texts[text]);
    row->texts[text] = copy;
    *member(row, text) = copy;
    return true;
}

void row_clear(struct row *row)
{
    for (int text = ROW_NAME; text <= ROW_STATE; text++)
        free(row->texts[text]);
    *row = (struct row){.mirror = {.key = 0}};
}

/* Gives the row texts of its own in place of those borrowed from the store. */
static bool own_texts(struct row *row)
{
    for (int text = ROW_NAME; text <= ROW_STATE; text++) {
        const char **place = member(row, (enum row_text)text);
        const char *borrowed = *place;
        *place = NULL;
        if (!row_set(row, (enum row_text)text, borrowed))
            return false;
    }
    return true;
}

enum store_status row_load(struct store *store, const char *name, struct row *row)
{
    *row = (struct row){.mirror = {.key = 0}};
    enum store_status status = store_get_mirror(store, name, &row->mirror);
    if (status == STORE_NONE) {
        *row = (struct row){.mirror = {.key = 0}};
        return row_set(row, ROW_NAME, name) ? STORE_NONE : STORE_MEMORY;
    }
    if (status == STORE_OK && !own_texts(row))
        status = STORE_MEMORY;
    if (status != STORE_OK)
        row_clear(row);
    return status;
}

enum store_status row_save(struct store *store, struct row *row)
{
    return store_put_mirror(store, &row->mirror);
}

static bool copy_text(const char *text, char **out)
{
    *out = text == NULL ? NULL : strdup(text);
    return text == NULL || *out != NULL;
}

bool row_mark(const struct row *row, struct row_mark *out)
{
    struct row_mark mark = {.mirror = row->mirror};
    if (!copy_text(row->mirror.link, &mark.link) ||
        !copy_text(row->mirror.fallback_link, &mark.fallback)) {
        row_mark_clear(&mark);
        return false;
    }
    *out = mark;
    return true;
}

void row_return(struct row *row, struct row_mark *mark)
{
    free(row->texts[ROW_LINK]);
    free(row->texts[ROW_FALLBACK]);
    row->mirror = mark->mirror;
    row->mirror.link = row->texts[ROW_LINK] = mark->link;
    row->mirror.fallback_link = row->texts[ROW_FALLBACK] = mark->fallback;
    row->mirror.filters = row->texts[ROW_FILTERS];
    *mark = (struct row_mark){.link = NULL};
}

void row_mark_clear(struct row_mark *mark)
{
    free(mark->link);
    free(mark->fallback);
    *mark = (struct row_mark){.link = NULL};
}
