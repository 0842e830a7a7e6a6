/* What may never be read in a log (F-168). One pass over the text: at each place every
 * rule is asked whether a secret begins there. */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "agent/log_text.h"

static const char replacement[] = "…redacted…";

/* The text being read and what was written of it. */
struct redaction {
    const char *start;
    const char *at;
    char *out;
    size_t out_size;
    size_t used;
};

static void put(struct redaction *redaction, const char *text, size_t size)
{
    size_t room = redaction->out_size - redaction->used;
    if (size >= room)
        size = room == 0 ? 0 : room - 1;
    memcpy(redaction->out + redaction->used, text, size);
    redaction->used += size;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '_';
}

/* Characters that end a URL or a value inside a sentence. */
static size_t span_of_value(const char *text)
{
    return strcspn(text, " \t\r\n\"'<>,;)]}");
}

static void skip_secret(struct redaction *redaction, size_t size)
{
    if (size == 0)
        return;
    put(redaction, replacement, sizeof replacement - 1);
    redaction->at += size;
}

/* "://" has been met: user info, query and fragment are taken out. */
static bool redact_url(struct redaction *redaction)
{
    if (strncmp(redaction->at, "://", 3) != 0)
        return false;
    put(redaction, redaction->at, 3);
    redaction->at += 3;
    size_t size = span_of_value(redaction->at);
    size_t authority = strcspn(redaction->at, "/?# \t\r\n\"'<>,;)]}");
    const char *user_end = memchr(redaction->at, '@', authority);
    if (user_end != NULL) {
        size_t user = (size_t)(user_end - redaction->at);
        skip_secret(redaction, user);
        size -= user;
    }
    size_t shown = strcspn(redaction->at, "?#");
    if (shown >= size)
        shown = size;
    put(redaction, redaction->at, shown);
    redaction->at += shown;
    if (shown < size) {
        put(redaction, redaction->at, 1);
        redaction->at++;
        skip_secret(redaction, size - shown - 1);
    }
    return true;
}

/* A query without its host: "/path?key=…". */
static bool redact_query(struct redaction *redaction)
{
    const char *text = redaction->at;
    if (text[0] != '?')
        return false;
    size_t key = 1;
    while (is_word(text[key]) || (text[key] != '\0' && strchr("$%.-", text[key]) != NULL))
        key++;
    if (key == 1 || text[key] != '=')
        return false;
    put(redaction, "?", 1);
    redaction->at++;
    skip_secret(redaction, span_of_value(redaction->at));
    return true;
}

/* Case-insensitive `word` at this place, at the start of a word. */
static bool stands_here(const struct redaction *redaction, const char *word)
{
    if (redaction->at > redaction->start && is_word(redaction->at[-1]))
        return false;
    return strncasecmp(redaction->at, word, strlen(word)) == 0;
}

static bool redact_bearer(struct redaction *redaction)
{
    static const char word[] = "bearer ";
    if (!stands_here(redaction, word))
        return false;
    size_t size = span_of_value(redaction->at + sizeof word - 1);
    /* "bearer token" in a sentence is not a secret; a token is longer than a word. */
    if (size < 16)
        return false;
    put(redaction, redaction->at, sizeof word - 1);
    redaction->at += sizeof word - 1;
    skip_secret(redaction, size);
    return true;
}

/* FIELD=value, FIELD: value, "FIELD":"value", "FIELD": "value". */
static bool redact_field(struct redaction *redaction)
{
    static const char *const fields[] = {"access_token",
                                         "refresh_token",
                                         "id_token",
                                         "device_code",
                                         "code_verifier",
                                         "client_secret",
                                         "assertion",
                                         "tempauth",
                                         "password",
                                         "code",
                                         "authorization",
                                         "cookie",
                                         "sec-websocket-key",
                                         "notificationurl",
                                         "downloadurl",
                                         "token",
                                         "claims"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t size = strlen(fields[i]);
        if (!stands_here(redaction, fields[i]) || is_word(redaction->at[size]))
            continue;
        const char *rest = redaction->at + size;
        bool quoted = rest[0] == '"';
        rest += quoted ? 1 : 0;
        /* "code: 5" is plain speech; "code":"…" and code=… are not. */
        if (rest[0] != '=' && (rest[0] != ':' || (!quoted && strlen(fields[i]) < 6)))
            continue;
        rest++;
        rest += strspn(rest, " \"");
        size_t value = span_of_value(rest);
        if (strncasecmp(rest, "Bearer ", 7) == 0)
            value = 7 + span_of_value(rest + 7);
        put(redaction, redaction->at, (size_t)(rest - redaction->at));
        redaction->at = rest;
        skip_secret(redaction, value);
        return true;
    }
    return false;
}

/* A JWT anywhere: base64url that begins with the start of a JSON object. */
static bool redact_signed_token(struct redaction *redaction)
{
    if (!stands_here(redaction, "eyJ"))
        return false;
    size_t size = 0;
    while (is_word(redaction->at[size]) ||
           (redaction->at[size] != '\0' && strchr("-.=+/", redaction->at[size]) != NULL))
        size++;
    if (size < 20)
        return false;
    skip_secret(redaction, size);
    return true;
}

const char *log_redact(const char *text, char *out, size_t out_size)
{
    struct redaction redaction = {
        .start = text, .at = text, .out = out, .out_size = out_size};
    while (*redaction.at != '\0') {
        if (redact_url(&redaction) || redact_query(&redaction) ||
            redact_bearer(&redaction) || redact_field(&redaction) ||
            redact_signed_token(&redaction))
            continue;
        put(&redaction, redaction.at, 1);
        redaction.at++;
    }
    if (out_size > 0)
        out[redaction.used] = '\0';
    return out;
}
