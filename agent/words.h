/* The words that people read, in their language (gettext).
 *
 * A message is written in English where it is made. failure_set(), log_line() and the
 * functions of cli/ that take a format translate it themselves; every other text is marked:
 * _("text") where it is used, N_("text") in a table, whose user then writes _(entry).
 * words_count() is for sentences with a number. packaging/po/messages finds all of them.
 *
 * Never translated: what programs read. That is keys and states of JSON and of the
 * database, exit codes, F-numbers, the configuration, what a command prints with --json.
 * The `message` and `text` members that a running agent writes are for people, in the
 * language of that agent; the number beside them is the same in all.
 *
 * The language is that of LC_MESSAGES and LANGUAGE. Catalogues lie beside the program, in
 * ../share/locale/LL/LC_MESSAGES/drive-agent.mo; where there is none, words are English.
 */
#ifndef AGENT_WORDS_H
#define AGENT_WORDS_H

#include <stdint.h>

/* Once, first thing in main(): takes the locale of the environment, in which names are
 * UTF-8 in any case. Numbers stay as programs write them. */
void words_open(void);
/* From now on English, for a command whose reader is a program. */
void words_use_english(void);

/* The text in the language of the person; `text` itself where there is none. Static. */
const char *words_find(const char *text) __attribute__((format_arg(1)));
/* The form for `count` of a sentence with a number. Static. */
const char *words_count(const char *one, const char *many, uint64_t count)
    __attribute__((format_arg(1), format_arg(2)));

#define _(text)  words_find(text)
#define N_(text) text

#endif
