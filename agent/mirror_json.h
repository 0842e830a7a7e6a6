/* The JSON that status, progress and events are made of (schema version 1).
 *
 * Times are wall-clock milliseconds since 1970, null for never; texts are raw: whoever
 * prints them to a terminal escapes them (F-47).
 */
#ifndef AGENT_MIRROR_JSON_H
#define AGENT_MIRROR_JSON_H

#include <stdint.h>

#include "agent/config.h"
#include "agent/net/link.h"
#include "agent/sync/mirror.h"
#include "store/store.h"

struct cJSON;

/* Version of the schema; members may be added within one version. */
enum { MIRROR_JSON_VERSION = 1 };

/* Adds an integer, exact up to 2^53. */
void json_add_number(struct cJSON *object, const char *name, uint64_t value);
/* Adds a time; 0 becomes null. */
void json_add_time(struct cJSON *object, const char *name, int64_t wall_ms);
/* Adds a text; NULL and "" become null. */
void json_add_text(struct cJSON *object, const char *name, const char *text);

/* An event: "mirror" (its name), state, message, failure, next_try and the progress of one
 * round: what changes as work goes on. NULL: no memory. The caller owns it. */
struct cJSON *mirror_json_progress(const struct mirror *mirror);
/* The whole: "name", folder, drive, all of the above, counts of the records, the channel.
 */
struct cJSON *mirror_json_status(const struct mirror *mirror,
                                 const struct config_mirror *entry, struct store *store);

#endif
