#include "agent/arrival_text.h"

#include <string.h>

#include "agent/words.h"

#define WHO  "{who}"
#define WHAT "{what}"

/* Whole sentences: {who} is the editor, {what} the path; a language has its own order. */
static const struct sentence {
    const char *operation;
    const char *with_editor;
    const char *without;
} sentences[] = {
    {"download", N_("{who} added {what}"),              N_("{what} is new")           },
    {"update",   N_("{who} changed {what}"),            N_("{what} changed")          },
    {"mkdir",    N_("{who} made the folder {what}"),    N_("the folder {what} is new")},
    {"move",     N_("{who} moved {what}"),              N_("{what} was moved")        },
    {"delete",   N_("{what} was deleted"),              N_("{what} was deleted")      },
    {"conflict", N_("your version of {what} was kept"),
     N_("your version of {what} was kept")                                            },
    {"leave",    N_("{what} stays here only"),          N_("{what} stays here only")  },
    {"record",   N_("{what} was here already"),         N_("{what} was here already") },
};

static const struct sentence *find(const char *operation)
{
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        if (strcmp(sentences[i].operation, operation) == 0)
            return &sentences[i];
    }
    return NULL;
}

static size_t append(char *out, size_t out_size, size_t used, const char *text, size_t size)
{
    size_t room = out_size - 1 - used;
    size_t taken = size < room ? size : room;
    memcpy(out + used, text, taken);
    return used + taken;
}

/* Size of `place` where the form begins with it, else 0. */
static size_t begins_with(const char *form, const char *place)
{
    size_t size = strlen(place);
    return strncmp(form, place, size) == 0 ? size : 0;
}

const char *arrival_text(const char *operation, const char *editor, const char *path,
                         char *out, size_t out_size)
{
    const struct sentence *sentence = find(operation);
    const char *form = sentence == NULL    ? WHAT
                       : editor[0] == '\0' ? _(sentence->without)
                                           : _(sentence->with_editor);
    size_t used = 0;
    while (*form != '\0') {
        size_t who = begins_with(form, WHO);
        size_t what = begins_with(form, WHAT);
        if (who > 0)
            used = append(out, out_size, used, editor, strlen(editor));
        else if (what > 0)
            used = append(out, out_size, used, path, strlen(path));
        else
            used = append(out, out_size, used, form, 1);
        form += who + what > 0 ? who + what : 1;
    }
    out[used] = '\0';
    return out;
}
