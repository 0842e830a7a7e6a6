/* The facts of `agent status` as one JSON object (schema of agent/mirror_json.h), whether
 * an agent runs or not. */
#ifndef AGENT_CLI_STATUS_DATA_H
#define AGENT_CLI_STATUS_DATA_H

#include "agent/config.h"

struct cJSON;

/* What the records say where no agent runs ("running":false). The caller owns it; NULL: no
 * memory. */
struct cJSON *status_offline(const struct config *config);

/* Adds "problem_count" and "problems", the first of them, from the records. */
void status_add_problems(struct cJSON *status, const struct config *config);

#endif
