/* The channel row of each mirror, and the settings. */
#include <stdio.h>
#include <string.h>

#include "store/store_core.h"
#include "store/store_mirror.h"

static enum store_status take_channel(struct store *store, int64_t mirror,
                                      enum store_texts_of where, struct store_channel *out)
{
    sqlite3_stmt *row = store_prepare(store, STORE_SQL_GET_CHANNEL);
    store_bind_int(row, 1, mirror);
    enum store_status status = store_row(store, row);
    if (status != STORE_OK)
        return status;
    struct store_texts *texts = &store->texts[where];
    bool ok = store_texts_begin(texts, row);
    if (ok)
        *out = (struct store_channel){
            .state = store_texts_keep(texts, row, 1),
            .since = sqlite3_column_int64(row, 2),
            .generation = sqlite3_column_int(row, 3),
            .ping_interval_ms = sqlite3_column_int64(row, 4),
            .ping_timeout_ms = sqlite3_column_int64(row, 5),
            .last_event = sqlite3_column_int64(row, 6),
            .expires = sqlite3_column_int64(row, 7),
            .renewals = sqlite3_column_int64(row, 8),
            .reconnects = sqlite3_column_int64(row, 9),
            .events = sqlite3_column_int64(row, 10),
            .found_by_event = sqlite3_column_int64(row, 11),
            .found_by_poll = sqlite3_column_int64(row, 12),
            .last_error = store_texts_keep(texts, row, 13),
        };
    store_done(row);
    return ok ? STORE_OK : store_fail(store, SQLITE_NOMEM);
}

static bool is_same_channel(const struct store_channel *a, const struct store_channel *b)
{
    return store_same_text(a->state, b->state) && a->since == b->since &&
           a->generation == b->generation && a->ping_interval_ms == b->ping_interval_ms &&
           a->ping_timeout_ms == b->ping_timeout_ms && a->last_event == b->last_event &&
           a->expires == b->expires && a->renewals == b->renewals &&
           a->reconnects == b->reconnects && a->events == b->events &&
           a->found_by_event == b->found_by_event && a->found_by_poll == b->found_by_poll &&
           store_same_text(a->last_error, b->last_error);
}

static enum store_status write_channel(struct store *store, int64_t mirror,
                                       const struct store_channel *channel)
{
    struct store_channel old = {0};
    enum store_status status = take_channel(store, mirror, STORE_TEXTS_OLD_CHANNEL, &old);
    if (status == STORE_OK && is_same_channel(&old, channel))
        return STORE_OK;
    if (status != STORE_OK && status != STORE_NONE)
        return status;
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_PUT_CHANNEL);
    store_bind_int(statement, 1, mirror);
    store_bind_text(statement, 2, channel->state);
    store_bind_int(statement, 3, channel->since);
    store_bind_int(statement, 4, channel->generation);
    store_bind_int(statement, 5, channel->ping_interval_ms);
    store_bind_int(statement, 6, channel->ping_timeout_ms);
    store_bind_int(statement, 7, channel->last_event);
    store_bind_int(statement, 8, channel->expires);
    store_bind_int(statement, 9, channel->renewals);
    store_bind_int(statement, 10, channel->reconnects);
    store_bind_int(statement, 11, channel->events);
    store_bind_int(statement, 12, channel->found_by_event);
    store_bind_int(statement, 13, channel->found_by_poll);
    store_bind_text(statement, 14, channel->last_error);
    return store_run(store, statement);
}

enum store_status store_put_channel(struct store *store, int64_t mirror,
                                    const struct store_channel *channel)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = write_channel(store, mirror, channel);
    return store_leave(store, own, false, status);
}

enum store_status store_get_channel(struct store *store, int64_t mirror,
                                    struct store_channel *out)
{
    return take_channel(store, mirror, STORE_TEXTS_CHANNEL, out);
}

enum store_status store_put_setting(struct store *store, const char *name,
                                    const char *value)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK) {
        sqlite3_stmt *statement = store_prepare(
            store, value != NULL ? STORE_SQL_PUT_SETTING : STORE_SQL_DROP_SETTING);
        store_bind_text(statement, 1, name);
        if (value != NULL)
            store_bind_text(statement, 2, value);
        status = store_run(store, statement);
    }
    return store_leave(store, own, true, status);
}

enum store_status store_get_setting(struct store *store, const char *name, char *out,
                                    size_t out_size)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_GET_SETTING);
    store_bind_text(statement, 1, name);
    enum store_status status = store_row(store, statement);
    if (status != STORE_OK)
        return status;
    size_t size = (size_t)sqlite3_column_bytes(statement, 0);
    bool fits = size < out_size;
    if (fits)
        (void)snprintf(out, out_size, "%s",
                       (const char *)sqlite3_column_text(statement, 0));
    store_done(statement);
    return fits ? STORE_OK
                : store_refuse(store, STORE_MISUSE, "setting %s is longer than the room",
                               name);
}
