#include "agent/agent.h"
#include "agent/cli/cmd.h"

int cmd_run(const struct cmd_line *line)
{
    struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    const struct config_places places = cmd_places(line);
    struct failure failure = {0};
    (void)agent_run(&places, config, &failure);
    return cmd_fail(&failure);
}
