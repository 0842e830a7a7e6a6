#include "agent/assembly.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/net/trust_bundle.h"
#include "agent/place/disk.h"
#include "agent/state.h"
#include "agent/threads.h"
#include "agent/words.h"
#include "protocol/tls_trust.h"

enum {
    ASSEMBLY_MAX_BUNDLE = 16 * 1024 * 1024,
    ASSEMBLY_PATIENCE_MS = 500 /* for farewells at program exit (WS-62) */
};

static enum failure_kind open_trust(struct assembly *assembly, struct failure *failure)
{
    struct bytes bundle;
    bytes_init(&bundle, ASSEMBLY_MAX_BUNDLE);
    enum failure_kind kind = trust_bundle_read(assembly->config->ca_file, &bundle, failure);
    if (kind == FAILURE_NONE) {
        assembly->trust = tls_trust_new();
        enum tls_status status =
            assembly->trust == NULL
                ? TLS_NO_MEMORY
                : tls_trust_add_pem(assembly->trust, bytes_front(&bundle),
                                    bytes_count(&bundle));
        if (status != TLS_OK)
            kind = failure_set(failure, FAILURE_CONFIG, 126,
                               "cannot read the certificates to trust: %s: check ca_file",
                               _(tls_status_text(status)));
    }
    bytes_clear(&bundle);
    return kind;
}

/* What may be replaced by a reload: all that depends on the configuration, less mirrors. */
static enum failure_kind open_shared(struct assembly *assembly, struct failure *failure)
{
    enum failure_kind kind = FAILURE_NONE;
    assembly->shared_config = assembly->config;
    if (assembly->with_link)
        kind = open_trust(assembly, failure);
    if (kind == FAILURE_NONE)
        kind = account_open(&assembly->account, &assembly->loop, assembly->config, failure);
    return kind;
}

enum failure_kind assembly_open(struct assembly *out, struct config *config, bool with_link,
                                const struct mirror_callbacks *callbacks, void *user,
                                struct failure *failure)
{
    *out = (struct assembly){
        .config = config, .with_link = with_link, .callbacks = *callbacks, .user = user};
    if (threads_rehearse(failure) != FAILURE_NONE)
        return failure->kind;
    int error = uv_loop_init(&out->loop);
    if (error != 0)
        return failure_set(failure, FAILURE_RESOURCE, 21, "cannot make an event loop: %s",
                           uv_strerror(error));
    out->has_loop = true;
    enum failure_kind kind = state_open(config, &out->store, failure);
    return kind == FAILURE_NONE ? open_shared(out, failure) : kind;
}

/* Failures that a mirror shows by itself and waits out, or a person ends. */
static bool is_left_to_mirror(enum failure_kind kind)
{
    return kind != FAILURE_HELD && kind != FAILURE_INTERNAL && kind != FAILURE_CONFIG;
}

static enum failure_kind start_mirror(struct assembly *assembly,
                                      const struct config_mirror *entry,
                                      struct failure *failure)
{
    struct failure own = {0};
    struct mirror *mirror = mirror_new(&assembly->environment, entry, &assembly->callbacks,
                                       assembly->user, &own);
    if (mirror == NULL) {
        *failure = own;
        return own.kind;
    }
    assembly->mirrors[assembly->mirror_count++] = (struct assembly_mirror){
        .mirror = mirror, .config = assembly->config, .entry = entry};
    enum failure_kind kind = mirror_start(mirror, &own);
    if (kind == FAILURE_NONE || is_left_to_mirror(kind)) {
        /* A single pass ends with it in its answer. */
        if (assembly->with_link)
            log_failure(entry->name, &own);
        return FAILURE_NONE;
    }
    *failure = own;
    return kind;
}

enum failure_kind assembly_start(struct assembly *assembly, const char *const *names,
                                 size_t name_count, struct failure *failure)
{
    const struct config *config = assembly->config;
    /* Mirrors that go on through a reload see the new configuration here: what they read
     * of it is the same. */
    assembly->environment =
        (struct mirror_environment){.loop = &assembly->loop,
                                    .config = config,
                                    .service = assembly->account.service,
                                    .store = assembly->store,
                                    .disk = disk_system(),
                                    .trust = assembly->trust,
                                    .turns = &assembly->turns,
                                    .with_link = assembly->with_link,
                                    .is_careful = assembly->is_careful};
    for (size_t i = 0; i < name_count; i++) {
        if (config_find_mirror(config, names[i]) == NULL)
            return failure_set(failure, FAILURE_USAGE, 0,
                               "no mirror named %s in %s: see agent status", names[i],
                               config->path);
    }
    for (size_t i = 0; i < config->mirror_count; i++) {
        const struct config_mirror *entry = &config->mirrors[i];
        if (!assembly_is_named(entry->name, names, name_count) ||
            assembly_find(assembly, entry->name) != NULL)
            continue;
        enum failure_kind kind = start_mirror(assembly, entry, failure);
        if (kind != FAILURE_NONE)
            return kind;
    }
    return FAILURE_NONE;
}

static void on_mirror_closed(void *user)
{
    struct assembly *assembly = user;
    assembly->closing--;
}

/* Closes the mirrors that `keep` (NULL: nobody) does not have as they are. */
static void close_mirrors(struct assembly *assembly, const struct config *keep)
{
    size_t kept = 0;
    for (size_t i = 0; i < assembly->mirror_count; i++) {
        struct assembly_mirror *slot = &assembly->mirrors[i];
        const struct config_mirror *entry =
            keep == NULL ? NULL : config_find_mirror(keep, slot->entry->name);
        if (entry != NULL && config_same_mirror(entry, slot->entry)) {
            assembly->mirrors[kept++] = *slot;
            continue;
        }
        assembly->closing++;
        mirror_close(slot->mirror, on_mirror_closed, assembly);
    }
    /* Callbacks of the loop below find only those that go on. */
    assembly->mirror_count = kept;
    while (assembly->closing > 0)
        (void)uv_run(&assembly->loop, UV_RUN_ONCE);
}

static void free_retired(struct assembly *assembly)
{
    size_t kept = 0;
    for (size_t i = 0; i < assembly->retired_count; i++) {
        bool used = assembly->retired[i] == assembly->shared_config;
        for (size_t j = 0; j < assembly->mirror_count; j++)
            used = used || assembly->mirrors[j].config == assembly->retired[i];
        if (used)
            assembly->retired[kept++] = assembly->retired[i];
        else
            config_free(assembly->retired[i]);
    }
    assembly->retired_count = kept;
}

enum failure_kind assembly_reload(struct assembly *assembly, struct config *config,
                                  struct failure *failure)
{
    struct config **retired =
        realloc(assembly->retired, (assembly->retired_count + 1) * sizeof(struct config *));
    if (retired == NULL) {
        config_free(config);
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    }
    assembly->retired = retired;
    bool same = config_same_for_all(assembly->config, config);
    close_mirrors(assembly, same ? config : NULL);
    if (!same) {
        /* Their handles end while the loop goes on. */
        account_close(&assembly->account);
        account_clear(&assembly->account);
        tls_trust_free(assembly->trust);
        assembly->trust = NULL;
    }
    assembly->retired[assembly->retired_count++] = assembly->config;
    assembly->config = config;
    enum failure_kind kind = same ? FAILURE_NONE : open_shared(assembly, failure);
    if (kind == FAILURE_NONE)
        kind = assembly_start(assembly, NULL, 0, failure);
    free_retired(assembly);
    return kind;
}

const struct assembly_mirror *assembly_find(const struct assembly *assembly,
                                            const char *name)
{
    for (size_t i = 0; i < assembly->mirror_count; i++) {
        if (strcmp(assembly->mirrors[i].entry->name, name) == 0)
            return &assembly->mirrors[i];
    }
    return NULL;
}

bool assembly_is_named(const char *name, const char *const *names, size_t name_count)
{
    for (size_t i = 0; i < name_count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return name_count == 0;
}

void assembly_stop(struct assembly *assembly)
{
    if (assembly->has_loop)
        close_mirrors(assembly, NULL);
}

static void on_patience_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Runs the loop until nothing is left in it, or patience is over. */
static bool run_out(struct assembly *assembly)
{
    if (!assembly->with_link)
        return uv_run(&assembly->loop, UV_RUN_DEFAULT) == 0;
    (void)uv_timer_init(&assembly->loop, &assembly->patience); /* cannot fail */
    (void)uv_timer_start(&assembly->patience, on_patience_over, ASSEMBLY_PATIENCE_MS, 0);
    uv_unref((uv_handle_t *)&assembly->patience);
    if (uv_run(&assembly->loop, UV_RUN_DEFAULT) != 0)
        return false;
    uv_close((uv_handle_t *)&assembly->patience, NULL);
    return uv_run(&assembly->loop, UV_RUN_DEFAULT) == 0;
}

/* What nothing in the loop can point to any more. */
static void free_rest(struct assembly *assembly)
{
    if (assembly->has_loop) {
        int busy = uv_loop_close(&assembly->loop);
        assert(busy == 0);
        (void)busy;
    }
    account_clear(&assembly->account);
    tls_trust_free(assembly->trust);
    assembly->shared_config = NULL;
    free_retired(assembly);
    free(assembly->retired);
    config_free(assembly->config);
    *assembly = (struct assembly){0};
}

bool assembly_close(struct assembly *assembly)
{
    bool is_empty = true;
    assembly_stop(assembly);
    if (assembly->has_loop) {
        account_close(&assembly->account);
        is_empty = run_out(assembly);
    }
    store_close(assembly->store);
    if (is_empty)
        free_rest(assembly);
    return is_empty;
}
