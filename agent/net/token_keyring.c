#include "agent/net/token_keyring.h"

#ifdef HAVE_SECRET

#include <libsecret/secret.h>
#include <stdbool.h>

#include "agent/scope.h"

/* libsecret's asynchronous calls on a main context of our own: the blocking ones have no
 * time limit. Each call makes its own service proxy, since the shared one would go on
 * believing what it heard in a context that is gone. */
struct call {
    GMainContext *context;
    GSource *limit;
    GCancellable *cancellable;
    GAsyncResult *result; /* of the step that has just ended */
    GDBusConnection *bus;
    SecretService *service;
    GHashTable *attributes; /* NULL where no item is meant */
};

static const SecretSchema schema = {
    .name = "net.drive-agent.SignIn",
    .flags = SECRET_SCHEMA_NONE,
    .attributes = {{"state", SECRET_SCHEMA_ATTRIBUTE_STRING}},
};

static void release(void *object)
{
    if (object != NULL)
        g_object_unref(object);
}

static void release_collection(SecretCollection **local)
{
    release(*local);
}

static void on_result(GObject *source, GAsyncResult *result, gpointer data)
{
    struct call *call = data;
    (void)source;
    call->result = g_object_ref(result);
}

/* Waits for the step that was started with on_result(). Borrowed until the next one. */
static GAsyncResult *wait_for_result(struct call *call)
{
    release(call->result);
    call->result = NULL;
    while (call->result == NULL)
        (void)g_main_context_iteration(call->context, TRUE);
    return call->result;
}

static gboolean on_limit(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

static enum token_keyring_status fail_locked(struct failure *failure)
{
    (void)failure_set(failure, FAILURE_SIGN_IN, 117,
                      "the keyring is locked: unlock it, in the program for passwords and "
                      "keys or by signing in to the desktop; or set token_store = file");
    return TOKEN_KEYRING_FAILED;
}

static enum token_keyring_status fail_absent(const char *why, struct failure *failure)
{
    (void)failure_set(failure, FAILURE_SIGN_IN, 117,
                      "no keyring answers here (%.200s): start one, such as gnome-keyring, "
                      "or set token_store = auto or file",
                      why);
    return TOKEN_KEYRING_ABSENT;
}

/* Nobody has the name, and nobody could be started to have it. */
static bool is_absence(const GError *error)
{
    if (error->domain != G_DBUS_ERROR)
        return false;
    return error->code == G_DBUS_ERROR_SERVICE_UNKNOWN ||
           error->code == G_DBUS_ERROR_NAME_HAS_NO_OWNER ||
           (error->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED &&
            error->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY);
}

/* Takes the error over. */
static enum token_keyring_status fail(GError *error, struct failure *failure)
{
    enum token_keyring_status status = TOKEN_KEYRING_FAILED;
    if (g_error_matches(error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
        status = fail_locked(failure);
    else if (is_absence(error))
        status = fail_absent(error->message, failure);
    else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        (void)failure_set(failure, FAILURE_SIGN_IN, 117,
                          "the keyring does not answer within its time: restart it, or set "
                          "token_store = file");
    else
        (void)failure_set(failure, FAILURE_SIGN_IN, 117,
                          "the keyring refuses: %.300s: look at it in the program for "
                          "passwords and keys, or set token_store = file",
                          error->message);
    g_error_free(error);
    return status;
}

/* Any failure means that there is no session bus, unless time is over. A bus that ends
 * with its session must not end us as well. */
static enum token_keyring_status open_bus(struct call *call, struct failure *failure)
{
    GError *error = NULL;
    g_bus_get(G_BUS_TYPE_SESSION, call->cancellable, on_result, call);
    call->bus = g_bus_get_finish(wait_for_result(call), &error);
    if (call->bus != NULL) {
        g_dbus_connection_set_exit_on_close(call->bus, FALSE);
        return TOKEN_KEYRING_DONE;
    }
    if (g_cancellable_is_cancelled(call->cancellable))
        return fail(error, failure);
    (void)fail_absent(error->message, failure);
    g_error_free(error);
    return TOKEN_KEYRING_ABSENT;
}

/* `folder` NULL: no item is meant. */
static enum token_keyring_status begin(struct call *call, const char *folder,
                                       unsigned limit_ms, struct failure *failure)
{
    *call = (struct call){.context = g_main_context_new(),
                          .limit = g_timeout_source_new(limit_ms),
                          .cancellable = g_cancellable_new()};
    g_main_context_push_thread_default(call->context);
    g_source_set_callback(call->limit, on_limit, call->cancellable, NULL);
    (void)g_source_attach(call->limit, call->context);
    if (folder != NULL)
        call->attributes = secret_attributes_build(&schema, "state", folder, NULL);
    enum token_keyring_status status = open_bus(call, failure);
    if (status != TOKEN_KEYRING_DONE)
        return status;
    GError *error = NULL;
    secret_service_open(SECRET_TYPE_SERVICE, NULL, SECRET_SERVICE_OPEN_SESSION,
                        call->cancellable, on_result, call);
    call->service = secret_service_open_finish(wait_for_result(call), &error);
    return call->service == NULL ? fail(error, failure) : TOKEN_KEYRING_DONE;
}

static void end(struct call *call)
{
    g_source_destroy(call->limit);
    g_source_unref(call->limit);
    release(call->result);
    release(call->service);
    release(call->bus);
    release(call->cancellable);
    if (call->attributes != NULL)
        g_hash_table_unref(call->attributes);
    /* What the proxies have left to do here is done, or would never be freed. */
    while (g_main_context_iteration(call->context, FALSE)) {
    }
    g_main_context_pop_thread_default(call->context);
    g_main_context_unref(call->context);
}

/* `*out` is owned; NULL where there is no such collection. */
static enum token_keyring_status find_default(struct call *call, SecretCollection **out,
                                              struct failure *failure)
{
    GError *error = NULL;
    secret_collection_for_alias(call->service, SECRET_COLLECTION_DEFAULT,
                                SECRET_COLLECTION_NONE, call->cancellable, on_result, call);
    *out = secret_collection_for_alias_finish(wait_for_result(call), &error);
    return error == NULL ? TOKEN_KEYRING_DONE : fail(error, failure);
}

/* Items of this state folder, without asking anybody to unlock. */
static enum token_keyring_status search(struct call *call, SecretSearchFlags flags,
                                        GList **out, struct failure *failure)
{
    GError *error = NULL;
    secret_service_search(call->service, &schema, call->attributes, flags,
                          call->cancellable, on_result, call);
    *out = secret_service_search_finish(call->service, wait_for_result(call), &error);
    return error == NULL ? TOKEN_KEYRING_DONE : fail(error, failure);
}

static enum token_keyring_status take_secret(SecretItem *item, struct bytes *out,
                                             struct failure *failure)
{
    if (secret_item_get_locked(item))
        return fail_locked(failure);
    SecretValue *value = secret_item_get_secret(item);
    gsize size = 0;
    const gchar *text = value == NULL ? NULL : secret_value_get(value, &size);
    bool done = text != NULL && bytes_append(out, text, size);
    if (value != NULL)
        secret_value_unref(value);
    if (done)
        return TOKEN_KEYRING_DONE;
    (void)failure_set(failure, FAILURE_SIGN_IN, 117,
                      "the keyring does not give the sign-in out: use agent login");
    return TOKEN_KEYRING_FAILED;
}

/* Some keyrings do not show what lies in a locked collection. */
static enum token_keyring_status take_absence(struct call *call, struct failure *failure)
{
    SCOPED(release_collection) SecretCollection *collection = NULL;
    enum token_keyring_status status = find_default(call, &collection, failure);
    if (status == TOKEN_KEYRING_DONE && collection != NULL &&
        secret_collection_get_locked(collection))
        return fail_locked(failure);
    return status;
}

static enum token_keyring_status load(struct call *call, struct bytes *out,
                                      struct failure *failure)
{
    GList *items = NULL;
    enum token_keyring_status status =
        search(call, SECRET_SEARCH_LOAD_SECRETS, &items, failure);
    if (status != TOKEN_KEYRING_DONE)
        return status;
    status = items == NULL ? take_absence(call, failure)
                           : take_secret(items->data, out, failure);
    g_list_free_full(items, g_object_unref);
    return status;
}

enum token_keyring_status token_keyring_load(const char *folder, struct bytes *out,
                                             struct failure *failure)
{
    struct call call;
    enum token_keyring_status status =
        begin(&call, folder, TOKEN_KEYRING_LIMIT_MS, failure);
    if (status == TOKEN_KEYRING_DONE)
        status = load(&call, out, failure);
    end(&call);
    return status;
}

static enum token_keyring_status put(struct call *call, SecretCollection *collection,
                                     const struct bytes *text, struct failure *failure)
{
    GError *error = NULL;
    SecretValue *value = secret_value_new((const gchar *)bytes_front(text),
                                          (gssize)bytes_count(text), "application/json");
    secret_item_create(collection, &schema, call->attributes, "drive-agent: sign-in", value,
                       SECRET_ITEM_CREATE_REPLACE, call->cancellable, on_result, call);
    SecretItem *item = secret_item_create_finish(wait_for_result(call), &error);
    secret_value_unref(value);
    release(item);
    return error == NULL ? TOKEN_KEYRING_DONE : fail(error, failure);
}

static enum token_keyring_status save(struct call *call, const struct bytes *text,
                                      struct failure *failure)
{
    SCOPED(release_collection) SecretCollection *collection = NULL;
    enum token_keyring_status status = find_default(call, &collection, failure);
    if (status != TOKEN_KEYRING_DONE)
        return status;
    if (collection == NULL) {
        (void)failure_set(failure, FAILURE_SIGN_IN, 117,
                          "the keyring has no default collection: make one in the program "
                          "for passwords and keys, or set token_store = file");
        return TOKEN_KEYRING_FAILED;
    }
    if (secret_collection_get_locked(collection))
        return fail_locked(failure);
    return put(call, collection, text, failure);
}

enum token_keyring_status token_keyring_save(const char *folder, const struct bytes *text,
                                             struct failure *failure)
{
    struct call call;
    enum token_keyring_status status =
        begin(&call, folder, TOKEN_KEYRING_LIMIT_MS, failure);
    if (status == TOKEN_KEYRING_DONE)
        status = save(&call, text, failure);
    end(&call);
    return status;
}

static enum token_keyring_status remove_item(struct call *call, SecretItem *item,
                                             struct failure *failure)
{
    GError *error = NULL;
    if (secret_item_get_locked(item))
        return fail_locked(failure);
    secret_item_delete(item, call->cancellable, on_result, call);
    (void)secret_item_delete_finish(item, wait_for_result(call), &error);
    return error == NULL ? TOKEN_KEYRING_DONE : fail(error, failure);
}

enum token_keyring_status token_keyring_forget(const char *folder, struct failure *failure)
{
    struct call call;
    GList *items = NULL;
    enum token_keyring_status status =
        begin(&call, folder, TOKEN_KEYRING_LIMIT_MS, failure);
    if (status == TOKEN_KEYRING_DONE)
        status = search(&call, SECRET_SEARCH_ALL, &items, failure);
    for (GList *at = items; at != NULL && status == TOKEN_KEYRING_DONE; at = at->next)
        status = remove_item(&call, at->data, failure);
    g_list_free_full(items, g_object_unref);
    end(&call);
    return status;
}

static enum token_keyring_status unlock(struct call *call, struct failure *failure)
{
    SCOPED(release_collection) SecretCollection *collection = NULL;
    GError *error = NULL;
    enum token_keyring_status status = find_default(call, &collection, failure);
    if (status != TOKEN_KEYRING_DONE || collection == NULL ||
        !secret_collection_get_locked(collection))
        return status;
    GList *wanted = g_list_append(NULL, collection);
    secret_service_unlock(call->service, wanted, call->cancellable, on_result, call);
    int count =
        secret_service_unlock_finish(call->service, wait_for_result(call), NULL, &error);
    g_list_free(wanted);
    if (error != NULL)
        return fail(error, failure);
    return count == 0 ? fail_locked(failure) : TOKEN_KEYRING_DONE;
}

enum token_keyring_status token_keyring_unlock(struct failure *failure)
{
    struct call call;
    enum token_keyring_status status = begin(&call, NULL, TOKEN_KEYRING_PROMPT_MS, failure);
    if (status == TOKEN_KEYRING_DONE)
        status = unlock(&call, failure);
    end(&call);
    return status;
}

#else

static enum token_keyring_status refuse(struct failure *failure)
{
    (void)failure_set(failure, FAILURE_CONFIG, 117,
                      "token_store = keyring: this agent is built without the keyring; "
                      "use token_store = auto or file");
    return TOKEN_KEYRING_ABSENT;
}

enum token_keyring_status token_keyring_load(const char *folder, struct bytes *out,
                                             struct failure *failure)
{
    (void)folder;
    (void)out;
    return refuse(failure);
}

enum token_keyring_status token_keyring_save(const char *folder, const struct bytes *text,
                                             struct failure *failure)
{
    (void)folder;
    (void)text;
    return refuse(failure);
}

enum token_keyring_status token_keyring_forget(const char *folder, struct failure *failure)
{
    (void)folder;
    return refuse(failure);
}

enum token_keyring_status token_keyring_unlock(struct failure *failure)
{
    return refuse(failure);
}

#endif
