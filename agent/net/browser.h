/* Opens a URL in the person's browser, started without a shell (F-171): the programs that
 * $BROWSER names, separated by colons, then xdg-open.
 */
#ifndef AGENT_NET_BROWSER_H
#define AGENT_NET_BROWSER_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether there is a display to open a browser on. */
bool browser_has_display(void);

/* The child's id, or 0 where none could be started, or there is neither a display nor a
 * $BROWSER to do without one. Does not wait. The child ends its own way; browser_reap()
 * takes what it left. */
pid_t browser_open(const char *url);
void browser_reap(pid_t child);

#endif
