#include "protocol/json_guard.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json_token.h"

/* What may come next, white space aside. A text is read without recursion:
 *
 *   WANT_VALUE       -> AFTER_VALUE   a scalar (END at the top)
 *                    -> FIRST_VALUE   [
 *                    -> FIRST_KEY     {
 *   FIRST_VALUE      -> as WANT_VALUE, or as AFTER_VALUE on ]
 *   FIRST_KEY        -> as WANT_KEY, or as AFTER_VALUE on }
 *   WANT_KEY         -> WANT_VALUE    "key":
 *   AFTER_VALUE      -> WANT_VALUE    , in an array
 *                    -> WANT_KEY      , in an object
 *                    -> AFTER_VALUE   ] or } (END at the top)
 */
enum state { WANT_VALUE, FIRST_VALUE, FIRST_KEY, WANT_KEY, AFTER_VALUE, END };

struct level {
    bool is_object;
    size_t first_key; /* of its keys in `keys` */
};

struct guard {
    const char *text;
    size_t size;
    size_t at;
    const struct json_limits *limits;
    enum state state;
    size_t token_count;
    enum json_verdict content; /* first content fault of the text, or of the open element */
    char *blank;               /* the text again, when faults are to be overwritten */

    struct level levels[JSON_MAX_DEPTH];
    size_t depth;
    uint64_t keys[JSON_MAX_OPEN_KEYS]; /* hashes, those of the outer objects first */
    size_t key_count;

    bool cuts; /* whether an array is to be cut */
    const char *member;
    bool is_member_next; /* the value to come is that of the member */
    size_t cut_depth;    /* depth inside the array while it is open, else 0 */
    size_t item_offset;
    enum json_verdict outer_content; /* kept while an element is open */
    struct json_items items;
    size_t capacity;
};

const struct json_limits json_limits_graph = {
    .text_size = 32 << 20,
    .depth = 64,
    .string_size = 1 << 20,
    .token_count = SIZE_MAX, /* bounded by the text */
    .item_count = 5000,
};

const struct json_limits json_limits_channel = {
    .text_size = 1 << 20,
    .depth = 32,
    .string_size = 1 << 20,
    .token_count = 20000,
    .item_count = 20000,
};

const char *json_verdict_text(enum json_verdict verdict)
{
    static const char *const texts[] = {
        [JSON_OK] = "the text is fine",
        [JSON_TEXT_TOO_LARGE] = "the text is too large",
        [JSON_BOM] = "the text begins with a byte order mark",
        [JSON_CUT_OFF] = "the text ends too early",
        [JSON_SYNTAX] = "the text is not JSON",
        [JSON_TRAILING] = "there is more behind the value",
        [JSON_CONTROL_CHARACTER] = "a raw control character in a string",
        [JSON_BAD_ESCAPE] = "an unknown escape in a string",
        [JSON_BAD_NUMBER] = "a malformed number",
        [JSON_TOO_DEEP] = "nested too deep",
        [JSON_TOO_MANY_TOKENS] = "too many values",
        [JSON_TOO_MANY_KEYS] = "too many keys",
        [JSON_TOO_MANY_ITEMS] = "too many elements",
        [JSON_DUPLICATE_KEY] = "a key stands twice in an object",
        [JSON_STRING_TOO_LONG] = "a string is too long",
        [JSON_NO_MEMORY] = "out of memory",
        [JSON_BAD_UTF8] = "a string is not UTF-8",
        [JSON_LONE_SURROGATE] = "a string holds half a surrogate pair",
        [JSON_NUL] = "a string holds U+0000",
        [JSON_NUMBER_TOO_LARGE] = "a number is too large",
    };
    return texts[verdict];
}

bool json_verdict_is_content(enum json_verdict verdict)
{
    return verdict >= JSON_BAD_UTF8;
}

static bool add_item(struct guard *guard)
{
    if (guard->items.count == guard->capacity) {
        size_t capacity = guard->capacity == 0 ? 64 : guard->capacity * 2;
        struct json_item *list =
            realloc(guard->items.list, capacity * sizeof *guard->items.list);
        if (list == NULL)
            return false;
        guard->items.list = list;
        guard->capacity = capacity;
    }
    guard->items.list[guard->items.count++] = (struct json_item){
        .offset = guard->item_offset,
        .size = guard->at - guard->item_offset,
        .verdict = guard->content,
    };
    return true;
}

static bool is_between_items(const struct guard *guard)
{
    return guard->cut_depth != 0 && guard->depth == guard->cut_depth;
}

/* From here content faults are those of the element. */
static enum json_verdict begin_item(struct guard *guard)
{
    if (guard->items.count == guard->limits->item_count)
        return JSON_TOO_MANY_ITEMS;
    guard->item_offset = guard->at;
    guard->outer_content = guard->content;
    guard->content = JSON_OK;
    return JSON_OK;
}

static enum json_verdict end_value(struct guard *guard)
{
    guard->state = guard->depth == 0 ? END : AFTER_VALUE;
    if (is_between_items(guard)) {
        if (!add_item(guard))
            return JSON_NO_MEMORY;
        guard->content = guard->outer_content;
    }
    return JSON_OK;
}

static enum json_verdict read_string(const struct guard *guard, struct json_token *out)
{
    return json_read_string(guard->text + guard->at, guard->size - guard->at,
                            guard->limits->string_size, out);
}

static void blank_token(const struct guard *guard, const struct json_token *token)
{
    char *text = guard->blank + guard->at;
    if (*text == '"') {
        memset(text + 1, 0x7F, token->size - 2);
    } else {
        memset(text, ' ', token->size);
        *text = '0';
    }
}

/* Goes on behind a string or a number, and notes what is wrong with it. */
static void pass_token(struct guard *guard, const struct json_token *token)
{
    if (token->content != JSON_OK) {
        if (guard->content == JSON_OK)
            guard->content = token->content;
        if (guard->blank != NULL)
            blank_token(guard, token);
    }
    guard->at += token->size;
}

static enum json_verdict take_word(struct guard *guard, const char *word)
{
    size_t size = strlen(word);
    size_t left = guard->size - guard->at;
    if (memcmp(guard->text + guard->at, word, left < size ? left : size) != 0)
        return JSON_SYNTAX;
    if (left < size)
        return JSON_CUT_OFF;
    guard->at += size;
    return end_value(guard);
}

static enum json_verdict open_level(struct guard *guard, bool is_object)
{
    if (guard->depth == guard->limits->depth)
        return JSON_TOO_DEEP;
    bool is_wanted =
        guard->member == NULL ? guard->cuts && guard->depth == 0 : guard->is_member_next;
    guard->is_member_next = false;
    guard->levels[guard->depth++] = (struct level){is_object, guard->key_count};
    if (is_wanted && !is_object) {
        guard->cut_depth = guard->depth;
        guard->items.array_offset = guard->at;
    }
    guard->at++;
    guard->state = is_object ? FIRST_KEY : FIRST_VALUE;
    return JSON_OK;
}

static enum json_verdict close_level(struct guard *guard)
{
    guard->at++;
    if (is_between_items(guard)) {
        guard->items.array_size = guard->at - guard->items.array_offset;
        guard->cut_depth = 0;
    }
    guard->depth--;
    guard->key_count = guard->levels[guard->depth].first_key;
    return end_value(guard);
}

static enum json_verdict take_scalar(struct guard *guard)
{
    struct json_token token = {0};
    char first = guard->text[guard->at];
    enum json_verdict verdict = JSON_SYNTAX;
    guard->is_member_next = false;
    if (first == '"')
        verdict = read_string(guard, &token);
    else if (first == '-' || (first >= '0' && first <= '9'))
        verdict =
            json_read_number(guard->text + guard->at, guard->size - guard->at, &token);
    else if (first == 't')
        return take_word(guard, "true");
    else if (first == 'f')
        return take_word(guard, "false");
    else if (first == 'n')
        return take_word(guard, "null");
    if (verdict != JSON_OK)
        return verdict;
    pass_token(guard, &token);
    return end_value(guard);
}

static enum json_verdict count_token(struct guard *guard)
{
    return ++guard->token_count > guard->limits->token_count ? JSON_TOO_MANY_TOKENS
                                                             : JSON_OK;
}

static enum json_verdict take_value(struct guard *guard)
{
    enum json_verdict verdict = count_token(guard);
    if (verdict == JSON_OK && is_between_items(guard))
        verdict = begin_item(guard);
    if (verdict != JSON_OK)
        return verdict;
    char first = guard->text[guard->at];
    if (first == '{' || first == '[')
        return open_level(guard, first == '{');
    return take_scalar(guard);
}

/* Compares with the keys of the innermost object. The list is short for every honest
 * text, and JSON_MAX_OPEN_KEYS bounds the work for the others. */
static enum json_verdict remember_key(struct guard *guard, uint64_t hash)
{
    for (size_t i = guard->levels[guard->depth - 1].first_key; i < guard->key_count; i++)
        if (guard->keys[i] == hash)
            return JSON_DUPLICATE_KEY;
    if (guard->key_count == JSON_MAX_OPEN_KEYS)
        return JSON_TOO_MANY_KEYS;
    guard->keys[guard->key_count++] = hash;
    return JSON_OK;
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

static void skip_space(struct guard *guard)
{
    while (guard->at < guard->size && is_space(guard->text[guard->at]))
        guard->at++;
}

static bool is_member(const struct guard *guard, const char *key, size_t size)
{
    return guard->member != NULL && guard->depth == 1 &&
           size == strlen(guard->member) + 2 &&
           memcmp(key + 1, guard->member, size - 2) == 0;
}

static enum json_verdict take_key(struct guard *guard)
{
    struct json_token token = {0};
    const char *key = guard->text + guard->at;
    enum json_verdict verdict = *key == '"' ? count_token(guard) : JSON_SYNTAX;
    if (verdict == JSON_OK)
        verdict = read_string(guard, &token);
    if (verdict == JSON_OK)
        verdict = remember_key(guard, json_hash_string(key, &token));
    if (verdict != JSON_OK)
        return verdict;
    guard->is_member_next = is_member(guard, key, token.size);
    pass_token(guard, &token);
    skip_space(guard);
    if (guard->at == guard->size)
        return JSON_CUT_OFF;
    if (guard->text[guard->at] != ':')
        return JSON_SYNTAX;
    guard->at++;
    guard->state = WANT_VALUE;
    return JSON_OK;
}

static enum json_verdict take_separator(struct guard *guard)
{
    bool is_object = guard->levels[guard->depth - 1].is_object;
    char character = guard->text[guard->at];
    if (character == (is_object ? '}' : ']'))
        return close_level(guard);
    if (character != ',')
        return JSON_SYNTAX;
    guard->at++;
    guard->state = is_object ? WANT_KEY : WANT_VALUE;
    return JSON_OK;
}

static enum json_verdict take_next(struct guard *guard)
{
    skip_space(guard);
    if (guard->at == guard->size)
        return JSON_CUT_OFF;
    char character = guard->text[guard->at];
    switch (guard->state) {
    case WANT_VALUE:
        return take_value(guard);
    case FIRST_VALUE:
        return character == ']' ? close_level(guard) : take_value(guard);
    case FIRST_KEY:
        return character == '}' ? close_level(guard) : take_key(guard);
    case WANT_KEY:
        return take_key(guard);
    case AFTER_VALUE:
        return take_separator(guard);
    case END:
        break;
    }
    return JSON_OK;
}

static enum json_verdict run(struct guard *guard)
{
    assert(guard->limits->depth <= JSON_MAX_DEPTH);
    enum json_verdict verdict = JSON_OK;
    if (guard->size > guard->limits->text_size)
        return JSON_TEXT_TOO_LARGE;
    if (guard->size >= 3 && memcmp(guard->text, "\xEF\xBB\xBF", 3) == 0)
        return JSON_BOM;
    while (verdict == JSON_OK && guard->state != END)
        verdict = take_next(guard);
    if (verdict != JSON_OK)
        return verdict;
    skip_space(guard);
    return guard->at == guard->size ? guard->content : JSON_TRAILING;
}

enum json_verdict json_guard_check(const char *text, size_t size,
                                   const struct json_limits *limits)
{
    struct guard guard = {.text = text, .size = size, .limits = limits};
    return run(&guard);
}

enum json_verdict json_guard_items(const char *text, size_t size, const char *member,
                                   const struct json_limits *limits, struct json_items *out)
{
    struct guard guard = {
        .text = text, .size = size, .limits = limits, .cuts = true, .member = member};
    enum json_verdict verdict = run(&guard);
    if (verdict == JSON_OK)
        *out = guard.items;
    else
        json_items_clear(&guard.items);
    return verdict;
}

enum json_verdict json_guard_blank(char *text, size_t size,
                                   const struct json_limits *limits)
{
    struct guard guard = {.text = text, .size = size, .limits = limits};
    guard.blank = text;
    enum json_verdict verdict = run(&guard);
    return json_verdict_is_content(verdict) ? JSON_OK : verdict;
}

void json_items_clear(struct json_items *items)
{
    free(items->list);
    *items = (struct json_items){0};
}
