/* What is done where, by the setting and by where the text lies now:
 *
 *             the file has it                         the file has not
 *   file      stays                                   taken out of the keyring
 *   keyring   moved to the keyring, or a failure      the keyring, or a failure
 *   auto      moved to the keyring, or stays          the keyring; nobody where it is
 * absent
 *
 * The file comes first: where both have one, it was written later, since every load of the
 * keyring had moved it.
 */
#include "agent/net/token_store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/net/token_file.h"
#include "agent/net/token_keyring.h"
#include "agent/net/token_record.h"
#include "agent/scope.h"
#include "agent/words.h"

struct token_store {
    enum config_token_store wanted;
    bool is_in_keyring; /* the last load or save */
    char *folder;
};

static struct token_store *new_store(enum config_token_store wanted, const char *folder)
{
    struct token_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    store->wanted = wanted;
    store->is_in_keyring = wanted == CONFIG_TOKEN_KEYRING;
    store->folder = strdup(folder);
    if (store->folder != NULL)
        return store;
    free(store);
    return NULL;
}

struct token_store *token_store_new(const struct config *config)
{
    return new_store(config->token_store, config->state_dir);
}

struct token_store *token_store_clone(const struct token_store *store)
{
    return new_store(store->wanted, store->folder);
}

void token_store_free(struct token_store *store)
{
    if (store == NULL)
        return;
    free(store->folder);
    free(store);
}

const char *token_store_place(const struct token_store *store)
{
    return store->is_in_keyring ? N_("keyring") : N_("file");
}

/* Held while a text is looked for, moved or replaced: a command may do so beside the
 * running agent. -1 where there is no folder yet, or its file system has no locks. */
static int lock_folder(const struct token_store *store)
{
    int fd = open(store->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)flock(fd, LOCK_EX);
    return fd;
}

/* Whether the keyring may be passed over in favour of the file. */
static bool may_use_file(const struct token_store *store, enum token_keyring_status status)
{
    return store->wanted == CONFIG_TOKEN_FILE ||
           (store->wanted == CONFIG_TOKEN_AUTO && status == TOKEN_KEYRING_ABSENT);
}

enum failure_kind token_store_unlock(struct token_store *store, struct failure *failure)
{
    struct failure why = {0};
    if (store->wanted == CONFIG_TOKEN_FILE)
        return FAILURE_NONE;
    enum token_keyring_status status = token_keyring_unlock(&why);
    if (status == TOKEN_KEYRING_DONE || may_use_file(store, status))
        return FAILURE_NONE;
    return failure_set(failure, why.kind, why.number, "%s", why.text);
}

/* The one warning of F-117. */
static void warn_of_file(const struct token_store *store)
{
    log_line(
        LOG_LEVEL_WARNING, 117, NULL,
        "no keyring answers: the sign-in is kept in %s/tokens.json, which only you can "
        "read",
        store->folder);
}

static enum failure_kind save_file(struct token_store *store, const struct bytes *text,
                                   struct failure *failure)
{
    store->is_in_keyring = false;
    return token_file_save(store->folder, text, failure);
}

/* The keyring has it: nothing is left in the file. */
static enum failure_kind leave_file(struct token_store *store, struct failure *failure)
{
    store->is_in_keyring = true;
    return token_file_forget(store->folder, failure);
}

/* Of a text that the file has and the setting wants elsewhere. A locked keyring takes
 * nothing away from who was content with the file until now. */
static enum failure_kind move_to_keyring(struct token_store *store,
                                         const struct bytes *text, struct failure *failure)
{
    struct failure why = {0};
    if (token_keyring_save(store->folder, text, &why) == TOKEN_KEYRING_DONE)
        return leave_file(store, failure);
    if (store->wanted == CONFIG_TOKEN_AUTO)
        return FAILURE_NONE;
    return failure_set(failure, why.kind, why.number, "%s", why.text);
}

/* From before the setting was `file`. */
static enum failure_kind move_to_file(struct token_store *store, struct bytes *text,
                                      struct failure *failure)
{
    enum token_keyring_status status = token_keyring_load(store->folder, text, NULL);
    if (status != TOKEN_KEYRING_DONE || bytes_count(text) == 0)
        return FAILURE_NONE;
    enum failure_kind kind = save_file(store, text, failure);
    if (kind == FAILURE_NONE)
        (void)token_keyring_forget(store->folder, NULL); /* the file goes first anyway */
    return kind;
}

static enum failure_kind load_keyring(struct token_store *store, struct bytes *text,
                                      struct failure *failure)
{
    struct failure why = {0};
    enum token_keyring_status status = token_keyring_load(store->folder, text, &why);
    store->is_in_keyring = !may_use_file(store, status);
    if (status == TOKEN_KEYRING_DONE || !store->is_in_keyring)
        return FAILURE_NONE;
    return failure_set(failure, why.kind, why.number, "%s", why.text);
}

static enum failure_kind load_text(struct token_store *store, struct bytes *text,
                                   struct failure *failure)
{
    bool wants_file = store->wanted == CONFIG_TOKEN_FILE;
    store->is_in_keyring = false;
    enum failure_kind kind = token_file_load(store->folder, text, failure);
    if (kind != FAILURE_NONE)
        return kind;
    if (bytes_count(text) > 0)
        return wants_file ? FAILURE_NONE : move_to_keyring(store, text, failure);
    return wants_file ? move_to_file(store, text, failure)
                      : load_keyring(store, text, failure);
}

enum failure_kind token_store_load(struct token_store *store, struct token_record *out,
                                   struct failure *failure)
{
    SCOPED(scope_close) int lock = lock_folder(store);
    (void)lock; /* until the end of this function */
    struct token_record record = {0};
    struct bytes text;
    bytes_init(&text, TOKEN_RECORD_MAX);
    enum failure_kind kind = load_text(store, &text, failure);
    if (kind == FAILURE_NONE && bytes_count(&text) > 0 &&
        !token_record_parse(bytes_front(&text), bytes_count(&text), &record))
        kind = failure_set(failure, FAILURE_SIGN_IN, 117,
                           "the stored sign-in is damaged: sign in again with agent login");
    bytes_wipe(&text);
    if (kind == FAILURE_NONE)
        *out = record;
    return kind;
}

static bool has_file(const struct token_store *store)
{
    struct bytes text;
    bytes_init(&text, TOKEN_RECORD_MAX);
    bool found = token_file_load(store->folder, &text, NULL) == FAILURE_NONE &&
                 bytes_count(&text) > 0;
    bytes_wipe(&text);
    return found;
}

static enum failure_kind save_text(struct token_store *store, const struct bytes *text,
                                   struct failure *failure)
{
    struct failure why = {0};
    if (store->wanted == CONFIG_TOKEN_FILE)
        return save_file(store, text, failure);
    enum token_keyring_status status = token_keyring_save(store->folder, text, &why);
    if (status == TOKEN_KEYRING_DONE)
        return leave_file(store, failure);
    bool is_in_file = store->wanted == CONFIG_TOKEN_AUTO && has_file(store);
    if (!is_in_file && !may_use_file(store, status))
        return failure_set(failure, why.kind, why.number, "%s", why.text);
    if (!is_in_file)
        warn_of_file(store);
    return save_file(store, text, failure);
}

enum failure_kind token_store_save(struct token_store *store,
                                   const struct token_record *record,
                                   struct failure *failure)
{
    SCOPED(scope_close) int lock = lock_folder(store);
    (void)lock; /* until the end of this function */
    struct bytes text;
    bytes_init(&text, TOKEN_RECORD_MAX);
    enum failure_kind kind = token_record_format(record, &text)
                                 ? save_text(store, &text, failure)
                                 : failure_set(failure, FAILURE_RESOURCE, 116,
                                               "cannot save the sign-in: no memory");
    bytes_wipe(&text);
    return kind;
}

enum failure_kind token_store_forget(struct token_store *store, struct failure *failure)
{
    SCOPED(scope_close) int lock = lock_folder(store);
    (void)lock; /* until the end of this function */
    /* In both, whatever is wanted now: one may be from before. */
    struct failure why = {0};
    enum failure_kind kind = token_file_forget(store->folder, failure);
    enum token_keyring_status status = token_keyring_forget(store->folder, &why);
    if (kind != FAILURE_NONE || status != TOKEN_KEYRING_FAILED ||
        store->wanted == CONFIG_TOKEN_FILE)
        return kind;
    return failure_set(failure, why.kind, why.number, "%s", why.text);
}
