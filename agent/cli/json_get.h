/* Members of a JSON object that may be missing or null: never NULL, never negative. */
#ifndef AGENT_CLI_JSON_GET_H
#define AGENT_CLI_JSON_GET_H

#include <stdbool.h>
#include <stdint.h>

struct cJSON;

/* "" where there is no such text. Borrowed from the object. */
const char *json_get_text(const struct cJSON *object, const char *name);
/* 0 where there is no such number, or it is negative. */
uint64_t json_get_number(const struct cJSON *object, const char *name);
bool json_get_bool(const struct cJSON *object, const char *name);
/* The member itself, NULL where there is none. */
const struct cJSON *json_get(const struct cJSON *object, const char *name);

#endif
