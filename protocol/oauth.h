/* OAuth 2.0 for a public client: form bodies out, token answers in.
 *
 * Pure: random bytes and times come from the caller. Everything made here or read here is
 * secret: callers wipe it. Source: RFC 6749, RFC 7636 (PKCE), RFC 8628 (device code).
 */
#ifndef PROTOCOL_OAUTH_H
#define PROTOCOL_OAUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"

enum {
    OAUTH_MAX_TOKEN = 16 * 1024, /* bytes */
    OAUTH_VERIFIER_SIZE = 44,    /* 43 characters and the zero */
};

/* Form bodies (application/x-www-form-urlencoded), appended to `out`. False: limit. */
bool oauth_format_device_start(struct bytes *out, const char *client_id, const char *scope);
bool oauth_format_device_poll(struct bytes *out, const char *client_id,
                              const char *device_code);
bool oauth_format_refresh(struct bytes *out, const char *client_id,
                          const char *refresh_token, const char *scope, const char *claims);
bool oauth_format_code(struct bytes *out, const char *client_id, const char *code,
                       const char *redirect_uri, const char *verifier, const char *scope);

/* The query of the authorize address (after "?"). */
bool oauth_format_authorize(struct bytes *out, const char *client_id,
                            const char *redirect_uri, const char *scope, const char *state,
                            const char *challenge);

/* 32 random bytes -> verifier; verifier -> S256 challenge (same size). RFC 7636, 4. */
void oauth_verifier(const uint8_t random[32], char out[OAUTH_VERIFIER_SIZE]);
bool oauth_challenge(const char *verifier, char out[OAUTH_VERIFIER_SIZE]);

struct oauth_device {
    char device_code[2049]; /* secret */
    char user_code[65];
    char verification_uri[1025];
    char message[1025];
    uint32_t expires_s;
    uint32_t interval_s;
};
bool oauth_device_parse(const uint8_t *body, size_t size, struct oauth_device *out);

/* What an error of the token endpoint means for us. */
enum oauth_outcome {
    OAUTH_OK,
    OAUTH_PENDING,   /* authorization_pending: go on polling */
    OAUTH_SLOW_DOWN, /* 5 s more between polls, for good */
    OAUTH_DECLINED,  /* a person or a policy said no */
    OAUTH_EXPIRED,   /* the code has expired: start anew */
    OAUTH_SIGN_IN,   /* invalid_grant, interaction_required: a person must sign in */
    OAUTH_CONSENT,   /* consent_required, invalid_scope */
    OAUTH_CONFIG,    /* the registration or our request is wrong: do not repeat */
    OAUTH_TRANSIENT, /* 5xx, 429, not JSON: keep the tokens, try later */
};

struct oauth_error {
    char error[64];
    char description[512]; /* printable, cut at the first line */
    char claims[1024];     /* a claims challenge to pass on, or "" */
    long number;           /* the first of error_codes, for messages only; 0 if none */
};

struct oauth_tokens {
    char *access_token;  /* owned; wiped and freed by oauth_tokens_clear() */
    char *refresh_token; /* NULL where the answer had none: keep the old one */
    char *scope;         /* what was granted; may be NULL */
    uint32_t expires_s;  /* at least 1 */
};

/* Reads an answer of the token endpoint. OAUTH_OK fills `tokens` (caller clears them);
 * everything else fills `error`. */
enum oauth_outcome oauth_token_parse(int status, const uint8_t *body, size_t size,
                                     struct oauth_tokens *tokens,
                                     struct oauth_error *error);
void oauth_tokens_clear(struct oauth_tokens *tokens);

/* The refusal that a browser brings back (RFC 6749, 4.1.2.1): `error` and
 * `error_description` of its query, decoded; the description may be NULL. */
enum oauth_outcome oauth_refusal_parse(const char *error, const char *description,
                                       struct oauth_error *out);

/* One line for people about an AADSTS number: what it means and what to do. NULL where
 * the number is not known. */
const char *oauth_hint_text(long number);

/* The claims of a WWW-Authenticate challenge (base64 JSON), decoded into `out`. False:
 * the header carries none. */
bool oauth_challenge_claims(const char *www_authenticate, char *out, size_t out_size);

#endif
