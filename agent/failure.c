#include "agent/failure.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "agent/words.h"

/* What product.md and failure-model 4 say of each class, in one place. */
static const struct {
    int exit_code;
    const char *text;
} kinds[] = {
    [FAILURE_NONE] = {0, "none"         },
    [FAILURE_TRANSIENT] = {5, "transient"    },
    [FAILURE_ITEM] = {6, "item"         },
    [FAILURE_RESOURCE] = {1, "resource"     },
    [FAILURE_SIGN_IN] = {4, "sign-in"      },
    [FAILURE_GUARD] = {8, "guard"        },
    [FAILURE_CONFIG] = {3, "configuration"},
    [FAILURE_PROTOCOL] = {5, "protocol"     },
    [FAILURE_INTERNAL] = {1, "internal"     },
    [FAILURE_USAGE] = {2, "usage"        },
    [FAILURE_HELD] = {7, "held"         },
    [FAILURE_CANCELLED] = {0, "cancelled"    },
};

/* A text that was cut must not end within a character. */
static void end_at_character(char *text, size_t size)
{
    size_t start = size;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    unsigned char lead = start == 0 ? 0 : (unsigned char)text[start - 1];
    size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (size + 1 - start < wanted)
        text[start - 1] = '\0';
}

enum failure_kind failure_set(struct failure *out, enum failure_kind kind, int number,
                              const char *format, ...)
{
    if (out == NULL)
        return kind;
    /* The arguments may point into `*out`: the text is made aside. */
    char text[sizeof out->text];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, words_find(format), arguments);
    if (length < 0)
        text[0] = '\0';
    else if ((size_t)length >= sizeof text)
        end_at_character(text, sizeof text - 1);
    va_end(arguments);
    *out = (struct failure){.kind = kind, .number = number};
    (void)snprintf(out->text, sizeof out->text, "%s", text);
    return kind;
}

int failure_exit_code(enum failure_kind kind)
{
    return kinds[kind].exit_code;
}

const char *failure_kind_text(enum failure_kind kind)
{
    return kinds[kind].text;
}

/* Position in the order of product.md; codes outside it (0, 2) come last. */
static size_t rank_of(int code)
{
    static const int order[] = {1, 3, 4, 8, 7, 5, 6};
    size_t count = sizeof order / sizeof *order;
    for (size_t i = 0; i < count; i++) {
        if (order[i] == code)
            return i;
    }
    return code == 0 ? count + 1 : count;
}

int failure_stronger_code(int one, int other)
{
    return rank_of(other) < rank_of(one) ? other : one;
}
