/* Refuses JSON that cJSON would let pass, before cJSON sees it, and cuts an array into
 * its elements so that one bad element can be left out.
 *
 * Sequence: json_guard_check() over a whole text, or json_guard_items() over a text with
 * an array to cut, then json_items_clear(). Only then cJSON_ParseWithLength() over the
 * text, or over one element: `text + item.offset`, `item.size`.
 *
 * Verdicts come in two sorts. *Structural* damage means that nothing of the text can be
 * relied on: it fails the text, wherever it stands. A *content* fault concerns one string
 * or number while the structure around it is whole: inside an element of the cut array it
 * is the verdict of that element and the text stands (F-38, F-40); anywhere else it is the
 * verdict of the text. json_verdict_is_content() tells the sorts apart. A content verdict
 * is only given when the whole text is structurally sound.
 *
 * What is refused and cJSON accepts: a BOM, bad UTF-8, raw control characters, `007`,
 * `1e400`, duplicate keys (F-122; compared after unescaping), \u0000, lone surrogates,
 * depth, size and counts above the limits (F-143), and anything behind the value. Keys
 * that differ only in case are different: use cJSON_GetObjectItemCaseSensitive().
 *
 * Cost: one pass, constant stack, no allocation but the list of items. RFC 8259.
 */
#ifndef PROTOCOL_JSON_GUARD_H
#define PROTOCOL_JSON_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum {
    JSON_MAX_DEPTH = 64,     /* no limit of a caller may be higher */
    JSON_MAX_OPEN_KEYS = 512 /* keys of all objects that are open at one point */
};

/* Each limit is the largest value that passes. */
struct json_limits {
    size_t text_size;   /* bytes */
    size_t depth;       /* arrays and objects around a value; at most JSON_MAX_DEPTH */
    size_t string_size; /* bytes between the quotes, as written */
    size_t token_count; /* values and keys */
    size_t item_count;  /* elements of the cut array */
};

/* Answers of Graph (failure-model 7) and packets of the channel (notifications 6). */
extern const struct json_limits json_limits_graph;
extern const struct json_limits json_limits_channel;

enum json_verdict {
    JSON_OK = 0,

    /* Structural: the text is not usable. */
    JSON_TEXT_TOO_LARGE,
    JSON_BOM,
    JSON_CUT_OFF, /* ends early; also the empty text */
    JSON_SYNTAX,
    JSON_TRAILING,
    JSON_CONTROL_CHARACTER, /* raw in a string */
    JSON_BAD_ESCAPE,
    JSON_BAD_NUMBER, /* not in the grammar: 007, +1, .5, 1. */
    JSON_TOO_DEEP,
    JSON_TOO_MANY_TOKENS,
    JSON_TOO_MANY_KEYS,
    JSON_TOO_MANY_ITEMS,
    JSON_DUPLICATE_KEY,
    JSON_STRING_TOO_LONG,
    JSON_NO_MEMORY,

    /* Content: the structure stands. */
    JSON_BAD_UTF8,
    JSON_LONE_SURROGATE,
    JSON_NUL,             /* \u0000, which would end cJSON's string */
    JSON_NUMBER_TOO_LARGE /* 1e308 and above, or over 63 characters, which cJSON cuts */
};

/* Words for people, never NULL. */
const char *json_verdict_text(enum json_verdict verdict);

/* Whether the verdict leaves the structure of the text intact. */
bool json_verdict_is_content(enum json_verdict verdict);

/* Judges a whole text. `text` needs no terminating zero. */
enum json_verdict json_guard_check(const char *text, size_t size,
                                   const struct json_limits *limits);

struct json_item {
    size_t offset;             /* of the element's first byte in the text */
    size_t size;               /* without white space around it */
    enum json_verdict verdict; /* JSON_OK or a content fault */
};

struct json_items {
    struct json_item *list; /* owned; NULL when count is 0 */
    size_t count;
    /* The cut array with its brackets, as bytes of the text; size 0 when the text has no
     * such array. What is left of the text when these bytes are replaced by `[]` is small
     * and has passed the guard: it holds the other members (@odata.nextLink). */
    size_t array_offset;
    size_t array_size;
};

/* Judges a whole text and lists the elements of one array: that of the top-level member
 * named `member`, written without escapes, or the top-level array itself when `member` is
 * NULL. Member absent or not an array: JSON_OK and array_size 0. `out` is written on
 * JSON_OK only and is then the caller's, for json_items_clear(). */
enum json_verdict json_guard_items(const char *text, size_t size, const char *member,
                                   const struct json_limits *limits,
                                   struct json_items *out);

/* Makes an element with a content fault readable for cJSON, in place and without moving
 * anything: each faulty string is overwritten with U+007F characters, which no name and no
 * id may hold, and each faulty number with 0. So the element can still be named by its id
 * when it is held (F-40). JSON_OK, or the structural verdict that the element, or another
 * text, would have got from json_guard_check(). */
enum json_verdict json_guard_blank(char *text, size_t size,
                                   const struct json_limits *limits);

/* Frees the list and empties `items`. */
void json_items_clear(struct json_items *items);

#endif
