#include "protocol/oauth.h"

#include <cjson/cJSON.h>
#include <mbedtls/base64.h>
#include <mbedtls/md.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json_guard.h"
#include "protocol/json_read.h"
#include "protocol/percent.h"

/* Requests. */

/* Appends `name=value`, percent-encoded, with "&" before all but the first. A NULL value
 * leaves the field out. */
static bool append_field(struct bytes *out, const char *name, const char *value)
{
    if (value == NULL)
        return true;
    return (bytes_count(out) == 0 || bytes_append_byte(out, '&')) &&
           bytes_append_text(out, name) && bytes_append_byte(out, '=') &&
           percent_encode(value, out);
}

struct field {
    const char *name;
    const char *value;
};

static bool append_fields(struct bytes *out, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!append_field(out, fields[i].name, fields[i].value))
            return false;
    return true;
}

#define APPEND_FIELDS(out, ...)                                                            \
    append_fields(out, (struct field[]){__VA_ARGS__},                                      \
                  sizeof((struct field[]){__VA_ARGS__}) / sizeof(struct field))

bool oauth_format_device_start(struct bytes *out, const char *client_id, const char *scope)
{
    return APPEND_FIELDS(out, {"client_id", client_id}, {"scope", scope});
}

bool oauth_format_device_poll(struct bytes *out, const char *client_id,
                              const char *device_code)
{
    return APPEND_FIELDS(out,
                         {"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                         {"client_id", client_id}, {"device_code", device_code});
}

bool oauth_format_refresh(struct bytes *out, const char *client_id,
                          const char *refresh_token, const char *scope, const char *claims)
{
    return APPEND_FIELDS(out, {"grant_type", "refresh_token"}, {"client_id", client_id},
                         {"refresh_token", refresh_token}, {"scope", scope},
                         {"claims", claims});
}

bool oauth_format_code(struct bytes *out, const char *client_id, const char *code,
                       const char *redirect_uri, const char *verifier, const char *scope)
{
    return APPEND_FIELDS(
        out, {"grant_type", "authorization_code"}, {"client_id", client_id}, {"code", code},
        {"redirect_uri", redirect_uri}, {"code_verifier", verifier}, {"scope", scope});
}

bool oauth_format_authorize(struct bytes *out, const char *client_id,
                            const char *redirect_uri, const char *scope, const char *state,
                            const char *challenge)
{
    return APPEND_FIELDS(out, {"client_id", client_id}, {"response_type", "code"},
                         {"redirect_uri", redirect_uri}, {"response_mode", "query"},
                         {"scope", scope}, {"state", state}, {"code_challenge", challenge},
                         {"code_challenge_method", "S256"});
}

/* base64url without padding (RFC 7636, appendix A). */
static void base64url(const uint8_t bytes[32], char out[OAUTH_VERIFIER_SIZE])
{
    uint8_t encoded[OAUTH_VERIFIER_SIZE + 1];
    size_t size = 0;
    (void)mbedtls_base64_encode(encoded, sizeof encoded, &size, bytes, 32);
    for (size_t i = 0; i < OAUTH_VERIFIER_SIZE - 1; i++) {
        char letter = (char)encoded[i];
        out[i] = (char)(letter == '+' ? '-' : letter == '/' ? '_' : letter);
    }
    out[OAUTH_VERIFIER_SIZE - 1] = 0;
}

void oauth_verifier(const uint8_t random[32], char out[OAUTH_VERIFIER_SIZE])
{
    base64url(random, out);
}

bool oauth_challenge(const char *verifier, char out[OAUTH_VERIFIER_SIZE])
{
    uint8_t digest[32];
    const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    if (sha256 == NULL ||
        mbedtls_md(sha256, (const uint8_t *)verifier, strlen(verifier), digest) != 0)
        return false;
    base64url(digest, out);
    return true;
}

/* Answers. */

static cJSON *parse(const uint8_t *body, size_t size)
{
    const char *text = (const char *)body;
    if (size == 0 || json_guard_check(text, size, &json_limits_graph) != JSON_OK)
        return NULL;
    return cJSON_ParseWithLength(text, size);
}

/* What is shown on a terminal or goes into a log: one line, no control characters. */
static void make_one_line(char *text)
{
    for (; *text != 0; text++) {
        if (*text == '\r' || *text == '\n')
            *text = 0;
        else if ((unsigned char)*text < 0x20 || *text == 0x7F)
            *text = ' ';
        if (*text == 0)
            return;
    }
}

static uint32_t read_seconds(const cJSON *tree, const char *key, uint32_t low,
                             uint32_t otherwise)
{
    static const int64_t year_s = (int64_t)366 * 86400;
    int64_t value = json_read_integer(tree, key, 0, year_s, NULL);
    if (value == JSON_READ_NONE)
        return otherwise;
    return value < low ? low : (uint32_t)value;
}

bool oauth_device_parse(const uint8_t *body, size_t size, struct oauth_device *out)
{
    cJSON *tree = parse(body, size);
    struct oauth_device found;
    bool good =
        json_read_whole(tree, "device_code", found.device_code, sizeof found.device_code) &&
        json_read_whole(tree, "user_code", found.user_code, sizeof found.user_code) &&
        json_read_whole(tree, "verification_uri", found.verification_uri,
                        sizeof found.verification_uri);
    if (good) {
        json_read_copy(tree, "message", found.message, sizeof found.message);
        make_one_line(found.message);
        make_one_line(found.user_code);
        make_one_line(found.verification_uri);
        found.expires_s = read_seconds(tree, "expires_in", 1, 900);
        found.interval_s = read_seconds(tree, "interval", 1, 5);
        *out = found;
    }
    bytes_wipe_memory(found.device_code, sizeof found.device_code);
    cJSON_Delete(tree);
    return good;
}

static enum oauth_outcome outcome_of(const char *error)
{
    static const struct {
        const char *error;
        enum oauth_outcome outcome;
    } errors[] = {
        {"authorization_pending",   OAUTH_PENDING  },
        {"slow_down",               OAUTH_SLOW_DOWN},
        {"authorization_declined",  OAUTH_DECLINED },
        {"access_denied",           OAUTH_DECLINED },
        {"expired_token",           OAUTH_EXPIRED  },
        {"bad_verification_code",   OAUTH_EXPIRED  },
        {"invalid_grant",           OAUTH_SIGN_IN  },
        {"interaction_required",    OAUTH_SIGN_IN  },
        {"login_required",          OAUTH_SIGN_IN  },
        {"consent_required",        OAUTH_CONSENT  },
        {"invalid_scope",           OAUTH_CONSENT  },
        {"server_error",            OAUTH_TRANSIENT},
        {"temporarily_unavailable", OAUTH_TRANSIENT},
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(error, errors[i].error) == 0)
            return errors[i].outcome;
    return OAUTH_CONFIG;
}

static enum oauth_outcome read_error(int status, const cJSON *tree, struct oauth_error *out)
{
    *out = (struct oauth_error){.number = 0};
    const char *error = json_read_text(tree, "error", sizeof out->error - 1);
    /* No error text is a captive portal or a proxy, not the sign-in service: the tokens
     * stay (F-115, F-127). */
    if (error == NULL)
        return OAUTH_TRANSIENT;
    json_read_copy(tree, "error", out->error, sizeof out->error);
    json_read_copy(tree, "error_description", out->description, sizeof out->description);
    json_read_copy(tree, "claims", out->claims, sizeof out->claims);
    make_one_line(out->error);
    make_one_line(out->description);
    const cJSON *number = cJSON_GetArrayItem(json_read_array(tree, "error_codes"), 0);
    if (cJSON_IsNumber(number) && number->valuedouble >= 0 && number->valuedouble < 1e9)
        out->number = (long)number->valuedouble;
    return status == 429 || status >= 500 ? OAUTH_TRANSIENT : outcome_of(error);
}

static void copy_line(const char *text, char *out, size_t out_size)
{
    size_t size = strlen(text);
    size = size < out_size ? size : out_size - 1;
    memcpy(out, text, size);
    out[size] = 0;
    make_one_line(out);
}

/* "AADSTS65004: ...": here the number is in the text only. 0: none. */
static long read_number(const char *description)
{
    static const char prefix[] = "AADSTS";
    long number = 0;
    if (strncmp(description, prefix, sizeof prefix - 1) != 0)
        return 0;
    const char *digit = description + sizeof prefix - 1;
    for (; *digit >= '0' && *digit <= '9' && number < 100000000; digit++)
        number = number * 10 + (*digit - '0');
    return number;
}

enum oauth_outcome oauth_refusal_parse(const char *error, const char *description,
                                       struct oauth_error *out)
{
    *out = (struct oauth_error){.number = 0};
    copy_line(error, out->error, sizeof out->error);
    if (description != NULL) {
        copy_line(description, out->description, sizeof out->description);
        out->number = read_number(out->description);
    }
    return outcome_of(out->error);
}

static char *copy_text(const cJSON *tree, const char *key)
{
    const char *text = json_read_text(tree, key, OAUTH_MAX_TOKEN);
    if (text == NULL)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

/* A token travels in a header: anything but visible ASCII could forge another one. */
static bool is_header_safe(const char *token)
{
    for (; *token != 0; token++)
        if (*token < 0x21 || *token > 0x7E)
            return false;
    return true;
}

static void wipe_member(const cJSON *tree, const char *key)
{
    cJSON *member = cJSON_GetObjectItemCaseSensitive(tree, key);
    if (cJSON_IsString(member))
        bytes_wipe_memory(member->valuestring, strlen(member->valuestring));
}

enum oauth_outcome oauth_token_parse(int status, const uint8_t *body, size_t size,
                                     struct oauth_tokens *tokens, struct oauth_error *error)
{
    cJSON *tree = parse(body, size);
    if (status != 200) {
        enum oauth_outcome outcome = read_error(status, tree, error);
        cJSON_Delete(tree);
        return outcome;
    }
    struct oauth_tokens found = {
        .access_token = copy_text(tree, "access_token"),
        .refresh_token = copy_text(tree, "refresh_token"),
        .scope = copy_text(tree, "scope"),
        .expires_s = read_seconds(tree, "expires_in", 1, 3600),
    };
    wipe_member(tree, "access_token");
    wipe_member(tree, "refresh_token");
    cJSON_Delete(tree);
    if (found.access_token == NULL || !is_header_safe(found.access_token)) {
        oauth_tokens_clear(&found);
        *error = (struct oauth_error){.error = "no access token in the answer"};
        return OAUTH_TRANSIENT;
    }
    *tokens = found;
    return OAUTH_OK;
}

void oauth_tokens_clear(struct oauth_tokens *tokens)
{
    bytes_wipe_text(tokens->access_token);
    bytes_wipe_text(tokens->refresh_token);
    free(tokens->scope);
    *tokens = (struct oauth_tokens){.expires_s = 0};
}

const char *oauth_hint_text(long number)
{
    static const struct {
        long number;
        const char *text;
    } hints[] = {
        {50020,  "this account is of the wrong kind for this tenant; check `tenant =`"},
        {50034,  "this account is not known in this tenant; check `tenant =`"         },
        {50053,  "the account is locked, or the address is blocked; try later"        },
        {50055,  "the password has expired; change it in a browser first"             },
        {50057,  "the account is disabled; ask the administrator"                     },
        {50072,  "a second factor is wanted; sign in again"                           },
        {50074,  "a second factor is wanted; sign in again"                           },
        {50076,  "a second factor is wanted; sign in again"                           },
        {50079,  "a second factor must be set up; sign in again"                      },
        {50097,  "the tenant wants a managed device; ask the administrator"           },
        {50105,  "this account may not use the app; ask the administrator"            },
        {50131,  "the tenant's policy refused the sign-in; ask the administrator"     },
        {50133,  "the session was ended; sign in again"                               },
        {50144,  "the password has expired; change it in a browser first"             },
        {50173,  "the password was changed; sign in again"                            },
        {50194,  "the app is for one tenant; set `tenant =` to its id"                },
        {50196,  "the sign-in service sees a loop; wait some minutes"                 },
        {53000,  "the tenant wants a compliant device; ask the administrator"         },
        {53001,  "the tenant wants a joined device; ask the administrator"            },
        {53002,  "the tenant has not approved the app; ask the administrator"         },
        {53003,  "a conditional access policy blocks this sign-in; try `agent login "
                "--browser`, or ask the administrator"                 },
        {65001,  "nobody has consented yet; sign in again"                            },
        {65004,  "consent was declined"                                               },
        {65005,  "the app registration lacks a permission; see the README"            },
        {70008,  "the sign-in has expired; sign in again"                             },
        {70016,  "the code has not been entered yet"                                  },
        {70019,  "the code has expired; start again"                                  },
        {70043,  "the tenant wants a fresh sign-in now and then; sign in again"       },
        {90094,  "an administrator must consent to the app"                           },
        {530035, "security defaults block this sign-in; try `agent login --browser`"  },
        {700011, "`client_id =` is not known in this tenant"                          },
        {700016, "`client_id =` is not known in this tenant"                          },
        {700025, "the app is not registered as a public client; see the README"       },
        {700082, "the sign-in has expired; sign in again"                             },
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].number == number)
            return hints[i].text;
    return NULL;
}

/* Claims challenge. */

/* The claims travel in either base64 alphabet, with or without padding. */
static bool decode_claims(const char *text, size_t size, char *out, size_t out_size)
{
    uint8_t padded[1024];
    if (size == 0 || size + 4 > sizeof padded)
        return false;
    size_t count = 0;
    for (size_t i = 0; i < size && text[i] != '='; i++) {
        char letter = text[i];
        padded[count++] = (uint8_t)(letter == '-' ? '+' : letter == '_' ? '/' : letter);
    }
    while (count % 4 != 0)
        padded[count++] = '=';
    size_t decoded = 0;
    if (mbedtls_base64_decode((uint8_t *)out, out_size - 1, &decoded, padded, count) != 0)
        return false;
    out[decoded] = 0;
    return decoded > 0 && json_guard_check(out, decoded, &json_limits_graph) == JSON_OK;
}

bool oauth_challenge_claims(const char *www_authenticate, char *out, size_t out_size)
{
    const char *found = strstr(www_authenticate, "claims=\"");
    if (found == NULL || strstr(www_authenticate, "insufficient_claims") == NULL)
        return false;
    const char *text = found + strlen("claims=\"");
    const char *end = strchr(text, '"');
    return end != NULL && decode_claims(text, (size_t)(end - text), out, out_size);
}
