#include "protocol/json_read.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <string.h>

const struct cJSON *json_read_object(const struct cJSON *object, const char *key)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsObject(member) ? member : NULL;
}

const struct cJSON *json_read_array(const struct cJSON *object, const char *key)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsArray(member) ? member : NULL;
}

const char *json_read_text(const struct cJSON *object, const char *key, size_t max_size)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsString(member) || member->valuestring[0] == 0)
        return NULL;
    return strlen(member->valuestring) <= max_size ? member->valuestring : NULL;
}

/* Digits with an optional sign, nothing around them. */
static bool parse_decimal(const char *text, double *out)
{
    bool negative = *text == '-';
    double value = 0;
    const char *digit = text + (negative ? 1 : 0);
    size_t count = 0;
    for (; *digit >= '0' && *digit <= '9' && count < 17; digit++, count++)
        value = value * 10 + (*digit - '0');
    if (count == 0 || *digit != 0)
        return false;
    *out = negative ? -value : value;
    return true;
}

int64_t json_read_integer(const struct cJSON *object, const char *key, int64_t low,
                          int64_t high, bool *out_bad)
{
    static const double exact = 9007199254740992.0; /* 2^53 */
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);
    if (member == NULL || cJSON_IsNull(member))
        return JSON_READ_NONE;
    double value = 0;
    bool is_number = cJSON_IsNumber(member);
    if (is_number)
        value = member->valuedouble;
    else
        is_number = cJSON_IsString(member) && parse_decimal(member->valuestring, &value);
    /* The order matters: NaN and what lies beyond 2^53 must not reach the conversion. */
    if (is_number && value >= -exact && value <= exact && value == (double)(int64_t)value &&
        (int64_t)value >= low && (int64_t)value <= high)
        return (int64_t)value;
    if (out_bad != NULL)
        *out_bad = true;
    return JSON_READ_NONE;
}

void json_read_copy(const struct cJSON *object, const char *key, char *out, size_t out_size)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);
    const char *text = cJSON_IsString(member) ? member->valuestring : "";
    size_t size = strlen(text);
    assert(out_size > 0);
    if (size >= out_size) {
        size = out_size - 1;
        while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
            size--;
    }
    memcpy(out, text, size);
    out[size] = 0;
}

bool json_read_whole(const struct cJSON *object, const char *key, char *out,
                     size_t out_size)
{
    const char *text = json_read_text(object, key, out_size - 1);
    if (text == NULL)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}
