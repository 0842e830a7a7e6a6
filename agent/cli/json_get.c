#include "agent/cli/json_get.h"

#include <cjson/cJSON.h>

const struct cJSON *json_get(const struct cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_get_text(const struct cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(json_get(object, name));
    return text == NULL ? "" : text;
}

uint64_t json_get_number(const struct cJSON *object, const char *name)
{
    const cJSON *item = json_get(object, name);
    bool usable =
        cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 9e18;
    return usable ? (uint64_t)item->valuedouble : 0;
}

bool json_get_bool(const struct cJSON *object, const char *name)
{
    return cJSON_IsTrue(json_get(object, name));
}
