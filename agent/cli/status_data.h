/* The facts of `agent status` as one JSON object (schema of agent/mirror_json.h), whether
 * an agent runs or not. */
#ifndef AGENT_CLI_STATUS_DATA_H
#define AGENT_CLI_STATUS_DATA_H

#include "agent/config.h"

struct cJSON;

/* What the records say where no agent runs ("running":false). The caller owns it; NULL: no
 * memory. */
struct cJSON *status_offline(const struct config *config);

/* Adds from the records "problem_count" and "problems", the first of them, and
 * "unconfigured": mirrors whose section was taken out of the configuration by hand. */
void status_add_records(struct cJSON *status, const struct config *config);

#endif
