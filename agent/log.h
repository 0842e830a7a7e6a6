/* One line per event to standard error or the journal. Only agent/ logs.
 *
 * Form: `warning F-26 text` (failure-model 4). Every line passes one writer that escapes
 * control characters and bidirectional marks (F-47, F-152), strips the query of every URL
 * and known secret fields (F-168), limits repetition per message kind (F-169) and never
 * blocks or fails its caller (F-167).
 *
 * The log is the one process-wide object besides main's: log_open() once, early; without
 * it lines go to standard error as text.
 */
#ifndef AGENT_LOG_H
#define AGENT_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/failure.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON, LOG_FORMAT_JOURNAL };

/* `level` is the highest one shown. */
void log_open(enum log_level level, enum log_format format);

bool log_shows(enum log_level level);

/* `number` is the F-xx or 0; `mirror` the mirror's name or NULL. */
void log_line(enum log_level level, int number, const char *mirror, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A failure at the level that its kind deserves; CANCELLED and NONE are not logged. */
void log_failure(const char *mirror, const struct failure *failure);

/* Escapes a name or text from outside for logs, terminals and messages: control
 * characters, ESC, bidirectional marks and invalid UTF-8 become \xNN or \u{NNNN}. Cuts at
 * a character border with "…" where it does not fit. Returns `out`. */
const char *log_escape(const char *text, char *out, size_t out_size);

#endif
