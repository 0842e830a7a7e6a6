#include "agent/net/token_record.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <string.h>

/* The fields, once for all that is done with them. */
static const struct field {
    const char *name;
    size_t offset;
} fields[] = {
    {"refresh_token", offsetof(struct token_record, refresh_token)},
    {"scope",         offsetof(struct token_record, scope)        },
    {"client_id",     offsetof(struct token_record, client_id)    },
    {"login_url",     offsetof(struct token_record, login_url)    },
    {"account",       offsetof(struct token_record, account)      },
    {"user_name",     offsetof(struct token_record, user_name)    },
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

static char **member(struct token_record *record, size_t i)
{
    return (char **)(void *)((char *)record + fields[i].offset);
}

static const char *text_of(const struct token_record *record, size_t i)
{
    const char *text;
    memcpy(&text, (const char *)record + fields[i].offset, sizeof text);
    return text;
}

static void wipe_text(char *text)
{
    if (text != NULL)
        bytes_wipe_memory(text, strlen(text));
}

void token_record_clear(struct token_record *record)
{
    for (size_t i = 0; i < FIELDS; i++) {
        bytes_wipe_text(*member(record, i));
        *member(record, i) = NULL;
    }
}

bool token_record_fits(const struct token_record *record, const struct config *config)
{
    return record->refresh_token != NULL &&
           (record->client_id == NULL || config->client_id == NULL ||
            strcmp(record->client_id, config->client_id) == 0) &&
           (record->login_url == NULL || strcmp(record->login_url, config->login_url) == 0);
}

bool token_record_copy(const struct token_record *record, struct token_record *out)
{
    struct token_record copy = {0};
    for (size_t i = 0; i < FIELDS; i++) {
        const char *text = text_of(record, i);
        *member(&copy, i) = text == NULL ? NULL : strdup(text);
        if (text != NULL && *member(&copy, i) == NULL) {
            token_record_clear(&copy);
            return false;
        }
    }
    *out = copy;
    return true;
}

/* cJSON frees what it holds without wiping it. */
static void wipe_and_delete(cJSON *json)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json)
    {
        if (cJSON_IsString(one))
            wipe_text(one->valuestring);
    }
    cJSON_Delete(json);
}

bool token_record_format(const struct token_record *record, struct bytes *out)
{
    cJSON *json = cJSON_CreateObject();
    bool done = json != NULL;
    for (size_t i = 0; done && i < FIELDS; i++) {
        const char *text = text_of(record, i);
        done = text == NULL || cJSON_AddStringToObject(json, fields[i].name, text) != NULL;
    }
    char *text = done ? cJSON_Print(json) : NULL;
    done = text != NULL && bytes_append_text(out, text) && bytes_append_byte(out, '\n');
    wipe_text(text);
    cJSON_free(text);
    wipe_and_delete(json);
    return done;
}

bool token_record_parse(const uint8_t *text, size_t size, struct token_record *out)
{
    struct token_record record = {0};
    cJSON *json = cJSON_ParseWithLength((const char *)text, size);
    bool done = cJSON_IsObject(json);
    for (size_t i = 0; done && i < FIELDS; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, fields[i].name);
        if (!cJSON_IsString(value))
            continue;
        *member(&record, i) = strdup(value->valuestring);
        done = *member(&record, i) != NULL;
    }
    wipe_and_delete(json);
    if (done)
        *out = record;
    else
        token_record_clear(&record);
    return done;
}
