/* Signs of life for the service manager: sd_notify(3). Without libsystemd, or when not
 * started by systemd, nothing happens.
 *
 * The watchdog's timer exists only where the unit asks for one (WatchdogSec=): it proves
 * that the loop turns.
 */
#ifndef AGENT_SUPERVISOR_H
#define AGENT_SUPERVISOR_H

#include <uv.h>

struct supervisor;

/* NULL: no memory; all other functions take NULL. */
struct supervisor *supervisor_new(uv_loop_t *loop);
void supervisor_close(struct supervisor *supervisor);

void supervisor_ready(struct supervisor *supervisor);
void supervisor_reloading(struct supervisor *supervisor);
void supervisor_stopping(struct supervisor *supervisor);
/* One line for `systemctl status`; sent only when it differs from the last one. */
void supervisor_status(struct supervisor *supervisor, const char *text);

#endif
