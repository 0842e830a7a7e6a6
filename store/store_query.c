#include "store/store_query.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_core.h"

enum { MAX_COLUMNS = 128 };

/* Pragmas that only tell; those of the first group also with an argument. */
static bool is_harmless_pragma(const char *name, bool has_argument)
{
    static const char *const with_argument[] = {
        "table_info", "table_xinfo", "table_list",      "index_list",
        "index_info", "index_xinfo", "integrity_check", "quick_check"};
    static const char *const plain[] = {"user_version", "application_id", "page_count",
                                        "page_size",    "freelist_count", "database_list",
                                        "encoding",     "compile_options"};
    for (size_t i = 0; i < sizeof with_argument / sizeof *with_argument; i++)
        if (sqlite3_stricmp(name, with_argument[i]) == 0)
            return true;
    for (size_t i = 0; !has_argument && i < sizeof plain / sizeof *plain; i++)
        if (sqlite3_stricmp(name, plain[i]) == 0)
            return true;
    return false;
}

static bool is_harmless(int action, const char *first, const char *second)
{
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return true;
    case SQLITE_FUNCTION:
        return sqlite3_stricmp(second, "load_extension") != 0;
    case SQLITE_PRAGMA:
        return is_harmless_pragma(first, second != NULL);
    default:
        return false;
    }
}

/* `user` is a bool that says whether anything was denied: SQLite itself has more than one
 * code for that. */
static int authorize(void *user, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    (void)database;
    (void)trigger;
    if (is_harmless(action, first, second))
        return SQLITE_OK;
    *(bool *)user = true;
    return SQLITE_DENY;
}

static bool is_blank(const char *text)
{
    while (isspace((unsigned char)*text) || *text == ';')
        text++;
    return *text == '\0';
}

static enum store_status prepare_question(struct store *store, const char *sql,
                                          const bool *is_denied, sqlite3_stmt **out)
{
    const char *rest = sql;
    int result = sqlite3_prepare_v2(store->database, sql, -1, out, &rest);
    if (result != SQLITE_OK && *is_denied)
        return store_refuse(store, STORE_READONLY, "only questions are allowed");
    if (result != SQLITE_OK)
        return store_fail(store, result);
    if (*out == NULL || !is_blank(rest))
        return store_refuse(store, STORE_MISUSE, "not one statement");
    if (!sqlite3_stmt_readonly(*out))
        return store_refuse(store, STORE_READONLY, "only questions are allowed");
    if (sqlite3_column_count(*out) > MAX_COLUMNS)
        return store_refuse(store, STORE_MISUSE, "too many columns");
    return STORE_OK;
}

/* One row as texts. Blobs are written as hex into one block. */
struct row {
    const char *names[MAX_COLUMNS];
    const char *values[MAX_COLUMNS];
    char types[MAX_COLUMNS + 1];
    char *hex; /* owned */
    size_t hex_capacity;
};

static bool make_room_for_blobs(struct row *row, sqlite3_stmt *statement, int count)
{
    size_t need = 0;
    for (int i = 0; i < count; i++)
        if (sqlite3_column_type(statement, i) == SQLITE_BLOB)
            need += 2 * (size_t)sqlite3_column_bytes(statement, i) + 1;
    if (need <= row->hex_capacity)
        return true;
    char *hex = realloc(row->hex, need);
    if (hex == NULL)
        return false;
    row->hex = hex;
    row->hex_capacity = need;
    return true;
}

static char *write_hex(char *out, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out++ = '\0';
    return out;
}

static char type_letter(int type)
{
    switch (type) {
    case SQLITE_INTEGER:
        return 'i';
    case SQLITE_FLOAT:
        return 'f';
    case SQLITE_TEXT:
        return 't';
    case SQLITE_BLOB:
        return 'b';
    default:
        return 'n';
    }
}

static bool read_row(struct row *row, sqlite3_stmt *statement, int count)
{
    if (!make_room_for_blobs(row, statement, count))
        return false;
    char *hex = row->hex;
    for (int i = 0; i < count; i++) {
        row->types[i] = type_letter(sqlite3_column_type(statement, i));
        row->names[i] = sqlite3_column_name(statement, i);
        if (row->types[i] == 'b' && hex != NULL) {
            row->values[i] = hex;
            hex = write_hex(hex, sqlite3_column_blob(statement, i),
                            (size_t)sqlite3_column_bytes(statement, i));
        } else {
            row->values[i] = (const char *)sqlite3_column_text(statement, i);
        }
    }
    row->types[count] = '\0';
    return true;
}

static enum store_status run_question(struct store *store, sqlite3_stmt *statement,
                                      store_row_fn *each, void *user)
{
    struct row row;
    memset(&row, 0, sizeof row);
    int count = sqlite3_column_count(statement);
    enum store_status status = STORE_OK;
    for (;;) {
        status = store_row(store, statement);
        if (status != STORE_OK)
            break;
        if (!read_row(&row, statement, count)) {
            status = store_fail(store, SQLITE_NOMEM);
            break;
        }
        if (!each(user, count, row.names, row.values, row.types))
            break;
    }
    free(row.hex);
    return status == STORE_NONE ? STORE_OK : status;
}

enum store_status store_query(struct store *store, const char *sql,
                              const char *const *parameters, int parameter_count,
                              store_row_fn *each, void *user)
{
    sqlite3_stmt *statement = NULL;
    bool is_denied = false;
    /* Kept while the statement runs: it may be prepared again behind our back. */
    (void)sqlite3_set_authorizer(store->database, authorize, &is_denied);
    enum store_status status = prepare_question(store, sql, &is_denied, &statement);
    if (status == STORE_OK && parameter_count > sqlite3_bind_parameter_count(statement))
        status = store_refuse(store, STORE_MISUSE, "more values than parameters");
    for (int i = 0; status == STORE_OK && i < parameter_count; i++)
        store_bind_text(statement, i + 1, parameters[i]);
    if (status == STORE_OK)
        status = run_question(store, statement, each, user);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_set_authorizer(store->database, NULL, NULL);
    return status;
}
