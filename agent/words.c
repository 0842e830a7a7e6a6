#include "agent/words.h"

#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "agent/program.h"

#define WORDS_DOMAIN "drive-agent"
#define WORDS_FOLDER "../share/locale"

enum { WORDS_LARGE = 1000000 };

/* Names are UTF-8 in every drive: where the environment names no locale, their width on
 * the screen is still to be right. */
static void choose_locale(void)
{
    const char *chosen = setlocale(LC_CTYPE, "");
    if (chosen == NULL || strcmp(chosen, "C") == 0 || strcmp(chosen, "POSIX") == 0)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)setlocale(LC_MESSAGES, "");
}

/* The program may be unpacked anywhere, and is run from a build tree by the tests: its
 * catalogues are found from where it lies. */
static void bind_catalogues(void)
{
    char path[PATH_MAX];
    if (!program_path(path))
        return;
    char *name = strrchr(path, '/');
    if (name == NULL || (size_t)(name + 1 - path) + sizeof WORDS_FOLDER > sizeof path)
        return;
    memcpy(name + 1, WORDS_FOLDER, sizeof WORDS_FOLDER);
    (void)bindtextdomain(WORDS_DOMAIN, path);
    (void)bind_textdomain_codeset(WORDS_DOMAIN, "UTF-8");
}

void words_open(void)
{
    choose_locale();
    bind_catalogues();
}

void words_use_english(void)
{
    (void)setlocale(LC_MESSAGES, "C");
}

const char *words_find(const char *text)
{
    /* The empty text is the key of the catalogue's own head. */
    return text[0] == '\0' ? text : dgettext(WORDS_DOMAIN, text);
}

const char *words_count(const char *one, const char *many, uint64_t count)
{
    /* Plural rules look at the last digits of a large number only. */
    unsigned long short_count =
        (unsigned long)(count < WORDS_LARGE ? count : WORDS_LARGE + count % WORDS_LARGE);
    return dngettext(WORDS_DOMAIN, one, many, short_count);
}
