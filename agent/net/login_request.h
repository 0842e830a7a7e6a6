/* A form sent to the sign-in service, {login_url}/{tenant}/oauth2/v2.0/…, and the scopes
 * that forms ask for. Used by auth.c and signin.c; auth_scopes() of
 * auth.h lives here too.
 */
#ifndef AGENT_NET_LOGIN_REQUEST_H
#define AGENT_NET_LOGIN_REQUEST_H

#include "agent/config.h"
#include "agent/net/http.h"
#include "protocol/bytes.h"
#include "protocol/oauth.h"

enum { LOGIN_MAX_ANSWER = 256 * 1024, LOGIN_MAX_FORM = 64 * 1024 };

/* "token", "devicecode" or "authorize" as a whole URL. False: it does not fit. */
bool login_url_format(const struct config *config, const char *endpoint, char *out,
                      size_t out_size);

/* A form on its way; a plain value. */
struct login_request {
    struct http *http;
    const struct config *config;
    const char *endpoint;
    struct bytes *form; /* wiped by the call */
};

/* Posts the form. NULL as of http_start(). */
struct http_operation *login_request_start(const struct login_request *request,
                                           http_done_fn *done, void *user,
                                           struct failure *failure);

/* What a refusal of the sign-in service means: SIGN_IN (F-114), CONFIG or TRANSIENT
 * (F-115). */
void login_failure(enum oauth_outcome outcome, const struct oauth_error *error,
                   struct failure *out);

#endif
