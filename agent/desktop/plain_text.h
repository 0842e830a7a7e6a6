/* Makes any text fit for a desktop: notifications, menus, tool tips (F-47, F-152). Pure.
 *
 * What comes out is always what D-Bus takes for a text: valid UTF-8 without characters that
 * Unicode forbids to interchange, cut between characters. Control characters become blanks,
 * characters that turn the direction of writing go, and what is no UTF-8 becomes "?".
 */
#ifndef AGENT_DESKTOP_PLAIN_TEXT_H
#define AGENT_DESKTOP_PLAIN_TEXT_H

#include <stddef.h>

enum plain_text_for {
    PLAIN_TEXT_AS_IT_IS,
    PLAIN_TEXT_FOR_MARKUP, /* for readers of a small HTML: <, > and & are escaped */
    PLAIN_TEXT_FOR_MENU,   /* "_" marks an access key there, so each is doubled */
};

/* Writes into `out` of `out_size` > 0, cut where it does not fit; returns `out`. */
const char *plain_text(const char *text, enum plain_text_for purpose, char *out,
                       size_t out_size);

#endif
