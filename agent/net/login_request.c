#include "agent/net/login_request.h"

#include <stdio.h>
#include <string.h>

#include "agent/net/auth.h"
#include "agent/words.h"
#include "protocol/url.h"

bool login_url_format(const struct config *config, const char *endpoint, char *out,
                      size_t out_size)
{
    int length = snprintf(out, out_size, "%s/%s/oauth2/v2.0/%s", config->login_url,
                          config->tenant, endpoint);
    return length > 0 && (size_t)length < out_size;
}

struct http_operation *login_request_start(const struct login_request *request,
                                           http_done_fn *done, void *user,
                                           struct failure *failure)
{
    char url[2048];
    const char *form = bytes_text(request->form);
    struct http_operation *operation = NULL;
    if (form == NULL)
        (void)failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
    else if (!login_url_format(request->config, request->endpoint, url, sizeof url))
        (void)failure_set(failure, FAILURE_CONFIG, 0, "login_url and tenant are too long");
    else
        operation = http_start(request->http,
                               &(struct http_request){
                                   .url = url,
                                   .form = form,
                                   .max_body = LOGIN_MAX_ANSWER,
                               },
                               NULL, done, user, failure);
    bytes_wipe(request->form);
    return operation;
}

/* Scopes of what the mirrors name. */
struct wants {
    bool all_files;
    bool sites;
};

static struct wants wants_of(const struct config *config, bool all_drives)
{
    struct wants wants = {all_drives, all_drives};
    for (size_t i = 0; i < config->mirror_count; i++) {
        const char *drive = config->mirrors[i].drive;
        if (strcmp(drive, "me") == 0)
            continue;
        wants.all_files = true;
        if (strncmp(drive, "site:", 5) == 0 || strncmp(drive, "group:", 6) == 0)
            wants.sites = true;
    }
    return wants;
}

/* In national clouds a short name would mean the global Graph. */
static bool write_prefix(const struct config *config, char *out, size_t out_size)
{
    struct url url;
    out[0] = 0;
    if (!config->known_cloud || url_parse(config->graph_url, &url) != URL_OK ||
        url_host_equals(url.host, "graph.microsoft.com"))
        return true;
    int length = snprintf(out, out_size, "https://%s/", url.host);
    return length > 0 && (size_t)length < out_size;
}

bool auth_scopes(const struct config *config, bool all_drives, char *out, size_t out_size)
{
    char prefix[300];
    struct wants wants = wants_of(config, all_drives);
    const char *right = config->read_write ? "ReadWrite" : "Read";
    struct bytes text;
    bytes_init(&text, out_size);
    bool done =
        write_prefix(config, prefix, sizeof prefix) &&
        bytes_append_format(&text, "%sFiles.%s", prefix, right) &&
        (!wants.all_files ||
         bytes_append_format(&text, " %sFiles.%s.All", prefix, right)) &&
        (!wants.sites || bytes_append_format(&text, " %sSites.%s.All", prefix, right)) &&
        bytes_append_text(&text, " offline_access") && bytes_count(&text) < out_size &&
        bytes_text(&text) != NULL;
    if (done)
        memcpy(out, bytes_text(&text), bytes_count(&text) + 1);
    bytes_clear(&text);
    return done;
}

void login_failure(enum oauth_outcome outcome, const struct oauth_error *error,
                   struct failure *out)
{
    bool is_known = oauth_hint_text(error->number) != NULL;
    const char *why = is_known ? _(oauth_hint_text(error->number)) : error->description;
    switch (outcome) {
    case OAUTH_CONFIG:
        (void)failure_set(out, FAILURE_CONFIG, 0,
                          "the sign-in service refuses the app registration (%s): %s",
                          error->error, why);
        break;
    case OAUTH_OK:
    case OAUTH_TRANSIENT:
        (void)failure_set(out, FAILURE_TRANSIENT, 115,
                          "the sign-in service does not answer as it should");
        break;
    case OAUTH_DECLINED:
        (void)failure_set(out, FAILURE_SIGN_IN, 0,
                          "the sign-in was refused (%s): %s; start again with agent login, "
                          "with --browser where a policy blocks the device code",
                          error->error, why);
        break;
    case OAUTH_EXPIRED:
        (void)failure_set(out, FAILURE_SIGN_IN, 0,
                          "the code has expired (%s): start again with agent login",
                          error->error);
        break;
    case OAUTH_PENDING:
    case OAUTH_SLOW_DOWN:
    case OAUTH_SIGN_IN:
    case OAUTH_CONSENT:
        (void)failure_set(out, FAILURE_SIGN_IN, 114,
                          "please sign in again with agent login (%s): %s", error->error,
                          why);
        break;
    }
}
