#include "protocol/http_head.h"

#include <string.h>
#include <strings.h>

void http_head_init(struct http_head *head)
{
    *head = (struct http_head){0};
    bytes_init(&head->text, HTTP_HEAD_MAX_SIZE);
}

void http_head_clear(struct http_head *head)
{
    bytes_wipe(&head->text);
    http_head_init(head);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 9110, 5.6.2 */
static bool is_token_character(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "HTTP/1.1 101 Switching Protocols"; the reason may be missing, with its space. */
static bool parse_status(struct http_head *head, const char *line)
{
    static const char prefix[] = "HTTP/1.";
    enum { PREFIX_SIZE = sizeof prefix - 1 };
    if (strncmp(line, prefix, PREFIX_SIZE) != 0)
        return false;
    const char *rest = line + PREFIX_SIZE;
    if (!is_digit(rest[0]) || rest[1] != ' ' || rest[2] < '1' || rest[2] > '9' ||
        !is_digit(rest[3]) || !is_digit(rest[4]) || (rest[5] != '\0' && rest[5] != ' '))
        return false;
    head->minor_version = rest[0] - '0';
    head->status = (rest[2] - '0') * 100 + (rest[3] - '0') * 10 + (rest[4] - '0');
    head->has_status = true;
    return true;
}

/* Rewrites the open line "Name: value" as "Name\0value\0". A folded line fails here, as
 * white space cannot begin a name. */
static bool parse_field(struct http_head *head, char *line, size_t size)
{
    size_t name_size = 0;
    while (is_token_character(line[name_size]))
        name_size++;
    if (name_size == 0 || line[name_size] != ':')
        return false;
    size_t from = name_size + 1;
    while (is_blank(line[from]))
        from++;
    while (size > from && is_blank(line[size - 1]))
        size--;
    line[name_size] = '\0';
    memmove(line + name_size + 1, line + from, size - from);
    size_t used = name_size + 1 + (size - from);
    line[used] = '\0';
    head->line_start += used + 1;
    head->text.size = head->line_start;
    return true;
}

/* An interim answer is over: what was read of it is dropped, but stays counted. */
static void skip_interim(struct http_head *head)
{
    head->text.size = 0;
    head->line_start = 0;
    head->has_status = false;
}

static enum http_head_result end_head(struct http_head *head)
{
    if (!head->has_status)
        return HTTP_HEAD_BAD;
    if (head->status >= 200 || head->status == 101)
        return HTTP_HEAD_READY;
    skip_interim(head);
    return HTTP_HEAD_MORE;
}

static enum http_head_result end_line(struct http_head *head)
{
    size_t size = head->text.size - head->line_start;
    if (size == 0)
        return end_head(head);
    if (++head->line_count > HTTP_HEAD_MAX_LINES || !bytes_append_byte(&head->text, 0))
        return HTTP_HEAD_BAD;
    char *line = (char *)head->text.data + head->line_start;
    bool is_good = true;
    if (head->has_status) {
        is_good = parse_field(head, line, size);
    } else {
        is_good = parse_status(head, line);
        head->text.size = head->line_start;
    }
    return is_good ? HTTP_HEAD_MORE : HTTP_HEAD_BAD;
}

static bool may_stand_in_line(uint8_t byte)
{
    return byte == '\t' || (byte >= ' ' && byte != 0x7F);
}

static enum http_head_result take_byte(struct http_head *head, uint8_t byte)
{
    if (++head->size > HTTP_HEAD_MAX_SIZE)
        return HTTP_HEAD_BAD;
    if (head->is_after_cr) {
        head->is_after_cr = false;
        return byte == '\n' ? end_line(head) : HTTP_HEAD_BAD;
    }
    if (byte == '\r') {
        head->is_after_cr = true;
        return HTTP_HEAD_MORE;
    }
    if (!may_stand_in_line(byte) ||
        head->text.size - head->line_start >= HTTP_HEAD_MAX_LINE ||
        !bytes_append_byte(&head->text, byte))
        return HTTP_HEAD_BAD;
    return HTTP_HEAD_MORE;
}

enum http_head_result http_head_feed(struct http_head *head, const uint8_t *bytes,
                                     size_t size, size_t *out_used)
{
    enum http_head_result result = HTTP_HEAD_MORE;
    size_t used = 0;
    while (result == HTTP_HEAD_MORE && used < size)
        result = take_byte(head, bytes[used++]);
    *out_used = used;
    return result;
}

struct field {
    const char *name;
    const char *value;
};

/* Steps through the fields; `*position` starts at 0. */
static bool next_field(const struct http_head *head, size_t *position, struct field *out)
{
    if (*position >= head->line_start)
        return false;
    const char *text = (const char *)head->text.data;
    out->name = text + *position;
    *position += strlen(out->name) + 1;
    out->value = text + *position;
    *position += strlen(out->value) + 1;
    return true;
}

const char *http_head_get(const struct http_head *head, const char *name)
{
    const char *found = NULL;
    size_t position = 0;
    for (struct field field; next_field(head, &position, &field);) {
        if (strcasecmp(field.name, name) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = field.value;
    }
    return found;
}

bool http_head_has(const struct http_head *head, const char *name)
{
    size_t position = 0;
    for (struct field field; next_field(head, &position, &field);) {
        if (strcasecmp(field.name, name) == 0)
            return true;
    }
    return false;
}

/* RFC 9110, 5.6.1: elements between commas, white space around them. */
static bool list_has_token(const char *list, const char *token)
{
    while (*list != '\0') {
        size_t lead = strspn(list, " \t,");
        list += lead;
        size_t size = strcspn(list, ",");
        size_t trimmed = size;
        while (trimmed > 0 && is_blank(list[trimmed - 1]))
            trimmed--;
        if (trimmed == strlen(token) && strncasecmp(list, token, trimmed) == 0)
            return true;
        list += size;
    }
    return false;
}

bool http_head_has_token(const struct http_head *head, const char *name, const char *token)
{
    size_t position = 0;
    for (struct field field; next_field(head, &position, &field);) {
        if (strcasecmp(field.name, name) == 0 && list_has_token(field.value, token))
            return true;
    }
    return false;
}
