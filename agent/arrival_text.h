/* What happened to a file, as a sentence: "Ana changed Budget.xlsx". Pure.
 *
 * Texts are used as they are: whoever shows the sentence escapes it for its medium (F-47).
 */
#ifndef AGENT_ARRIVAL_TEXT_H
#define AGENT_ARRIVAL_TEXT_H

#include <stddef.h>

/* `operation` is a word of v_history; `editor` "" where nobody is known. Returns `out`, cut
 * where the sentence does not fit. */
const char *arrival_text(const char *operation, const char *editor, const char *path,
                         char *out, size_t out_size);

#endif
