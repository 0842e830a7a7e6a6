/* A screen of a terminal that changes as a whole, as in top(1).
 *
 * terminal_enter() takes the alternate screen; terminal_leave() gives everything back as it
 * was, also after Ctrl-C, Ctrl-Z and a hang-up, which come as news instead of signals. The
 * keys are not echoed; "q" ends. Each screen is written at once and over the last one, so
 * that it does not flicker, also far away.
 */
#ifndef AGENT_CLI_TERMINAL_H
#define AGENT_CLI_TERMINAL_H

#include <stddef.h>

struct terminal;

enum terminal_news {
    TERMINAL_NONE,
    TERMINAL_CHANGED, /* another size, or back from a stop: show everything again */
    TERMINAL_ENDED,   /* a person wants an end */
};

/* NULL where standard output is no terminal that can do it. */
struct terminal *terminal_enter(void);
void terminal_leave(struct terminal *terminal);

/* Becomes readable when there is news. */
int terminal_fd(const struct terminal *terminal);
enum terminal_news terminal_news(struct terminal *terminal);

/* Rows and columns of now. */
void terminal_size(const struct terminal *terminal, unsigned *out_rows,
                   unsigned *out_columns);
/* Shows lines; what is too long or too much is cut with "…". Colours (CSI … m) may be in
 * them, nothing else that moves the cursor. */
void terminal_show(struct terminal *terminal, const char *text, size_t size);

#endif
