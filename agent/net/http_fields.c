#include "agent/net/http_fields.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    RETRY_MIN_MS = 1000,
    RETRY_MAX_MS = 60 * 60 * 1000,
    RETRY_MAX_S = RETRY_MAX_MS / 1000
};

enum kept {
    KEPT_LOCATION,
    KEPT_CONTENT_TYPE,
    KEPT_CONTENT_ENCODING,
    KEPT_ETAG,
    KEPT_WWW_AUTHENTICATE,
    KEPT_REQUEST_ID,
    KEPT_CONTENT_RANGE,
    KEPT_RETRY_AFTER,
    KEPT_RATE_RESET,
    KEPT_DATE,
};

static const char *const kept_names[HTTP_KEPT_FIELDS] = {
    [KEPT_LOCATION] = "Location",
    [KEPT_CONTENT_TYPE] = "Content-Type",
    [KEPT_CONTENT_ENCODING] = "Content-Encoding",
    [KEPT_ETAG] = "ETag",
    [KEPT_WWW_AUTHENTICATE] = "WWW-Authenticate",
    [KEPT_REQUEST_ID] = "request-id",
    [KEPT_CONTENT_RANGE] = "Content-Range",
    [KEPT_RETRY_AFTER] = "Retry-After",
    [KEPT_RATE_RESET] = "RateLimit-Reset",
    [KEPT_DATE] = "Date",
};

static void forget_fields(struct http_fields *fields)
{
    for (size_t i = 0; i < HTTP_KEPT_FIELDS; i++) {
        free(fields->texts[i]);
        fields->texts[i] = NULL;
    }
    fields->head = (struct http_answer_head){
        .location = "",
        .content_type = "",
        .content_encoding = "",
        .etag = "",
        .www_authenticate = "",
        .request_id = "",
        .content_length = -1,
        .range_first = -1,
        .range_total = -1,
        .date_ms = INT64_MIN,
    };
}

void http_fields_init(struct http_fields *fields)
{
    *fields = (struct http_fields){0};
    forget_fields(fields);
}

void http_fields_clear(struct http_fields *fields)
{
    forget_fields(fields);
}

/* Decimal digits only. Answers the number of digits, 0 for none or too many. */
static size_t read_number(const char *text, int64_t *out)
{
    int64_t number = 0;
    size_t count = 0;
    while (isdigit((unsigned char)text[count]) && count < 18)
        number = number * 10 + (text[count++] - '0');
    if (isdigit((unsigned char)text[count]))
        return 0;
    *out = number;
    return count;
}

static uint64_t clamp_retry(int64_t wait_ms)
{
    if (wait_ms < RETRY_MIN_MS)
        return RETRY_MIN_MS;
    return wait_ms > RETRY_MAX_MS ? RETRY_MAX_MS : (uint64_t)wait_ms;
}

/* "120" or "0.5": the fraction beyond milliseconds does not matter. */
static bool read_seconds(const char *text, int64_t *out_ms)
{
    int64_t seconds = 0;
    size_t count = read_number(text, &seconds);
    if (count == 0)
        return false;
    if (seconds > RETRY_MAX_S)
        seconds = RETRY_MAX_S;
    int64_t fraction_ms = 0;
    if (text[count] == '.') {
        count++;
        for (int64_t unit_ms = 100; isdigit((unsigned char)text[count]); count++) {
            fraction_ms += (text[count] - '0') * unit_ms;
            unit_ms /= 10;
        }
    }
    if (text[count] != 0)
        return false;
    *out_ms = seconds * 1000 + fraction_ms;
    return true;
}

/* Milliseconds since 1970, INT64_MIN for what is no date. */
static int64_t read_date(const char *text)
{
    time_t seconds = curl_getdate(text, NULL);
    return seconds == -1 ? INT64_MIN : (int64_t)seconds * 1000;
}

uint64_t http_parse_retry_after(const char *text, int64_t now_ms)
{
    int64_t wait_ms;
    if (text == NULL || text[0] == 0)
        return 0;
    if (read_seconds(text, &wait_ms))
        return clamp_retry(wait_ms);
    /* A date begins with the name of its day, in each of its three forms. */
    int64_t date_ms = isalpha((unsigned char)text[0]) ? read_date(text) : INT64_MIN;
    return date_ms == INT64_MIN ? 0 : clamp_retry(date_ms - now_ms);
}

bool http_parse_content_range(const char *text, int64_t *out_first, int64_t *out_total)
{
    int64_t first;
    int64_t last;
    int64_t total = -1;
    if (strncasecmp(text, "bytes ", 6) != 0)
        return false;
    text += 6;
    size_t count = read_number(text, &first);
    if (count == 0 || text[count] != '-')
        return false;
    text += count + 1;
    count = read_number(text, &last);
    if (count == 0 || text[count] != '/' || last < first)
        return false;
    text += count + 1;
    count = text[0] == '*' ? 1 : read_number(text, &total);
    if (count == 0 || text[count] != 0 || (total >= 0 && total <= last))
        return false;
    *out_first = first;
    *out_total = total;
    return true;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200". */
static bool read_status(struct http_fields *fields, const char *line, size_t size)
{
    const char *space = memchr(line, ' ', size);
    if (size < 5 || memcmp(line, "HTTP/", 5) != 0 || space == NULL)
        return false;
    size_t at = (size_t)(space - line) + 1;
    int status = 0;
    for (size_t i = 0; i < 3 && at + i < size && isdigit((unsigned char)line[at + i]); i++)
        status = status * 10 + (line[at + i] - '0');
    forget_fields(fields);
    fields->head.status = status;
    fields->head.http2 = line[5] == '2';
    return true;
}

/* The value of a field line whose name is `name`, or NULL. */
static const char *value_of(const char *line, size_t size, const char *name)
{
    size_t length = strlen(name);
    bool same =
        size > length && line[length] == ':' && strncasecmp(line, name, length) == 0;
    return same ? line + length + 1 : NULL;
}

static bool keep(struct http_fields *fields, enum kept which, const char *value,
                 const char *end)
{
    while (value < end && isspace((unsigned char)*value))
        value++;
    while (end > value && isspace((unsigned char)end[-1]))
        end--;
    char *text = strndup(value, (size_t)(end - value));
    if (text == NULL)
        return false;
    /* Several challenges may come as several fields; the one with claims matters. */
    bool is_better = which != KEPT_WWW_AUTHENTICATE || fields->texts[which] == NULL ||
                     strstr(text, "claims") != NULL;
    free(is_better ? fields->texts[which] : text);
    if (is_better)
        fields->texts[which] = text;
    return true;
}

bool http_fields_take(struct http_fields *fields, const char *line, size_t size)
{
    fields->size += size;
    fields->count++;
    if (size > HTTP_MAX_FIELD_LINE || fields->size > HTTP_MAX_FIELDS_SIZE ||
        fields->count > HTTP_MAX_FIELDS_COUNT)
        return false;
    if (read_status(fields, line, size))
        return true;
    for (size_t i = 0; i < HTTP_KEPT_FIELDS; i++) {
        const char *value = value_of(line, size, kept_names[i]);
        if (value != NULL)
            return keep(fields, (enum kept)i, value, line + size);
    }
    const char *length = value_of(line, size, "Content-Length");
    char digits[24] = "";
    if (length != NULL && size - (size_t)(length - line) < sizeof digits) {
        memcpy(digits, length, size - (size_t)(length - line));
        const char *start = digits + strspn(digits, " \t");
        (void)read_number(start, &fields->head.content_length);
    }
    return true;
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

void http_fields_finish(struct http_fields *fields, int64_t wall_ms)
{
    struct http_answer_head *head = &fields->head;
    char **texts = fields->texts;
    head->location = or_empty(texts[KEPT_LOCATION]);
    head->content_type = or_empty(texts[KEPT_CONTENT_TYPE]);
    head->content_encoding = or_empty(texts[KEPT_CONTENT_ENCODING]);
    head->etag = or_empty(texts[KEPT_ETAG]);
    head->www_authenticate = or_empty(texts[KEPT_WWW_AUTHENTICATE]);
    head->request_id = or_empty(texts[KEPT_REQUEST_ID]);
    if (texts[KEPT_CONTENT_RANGE] != NULL)
        (void)http_parse_content_range(texts[KEPT_CONTENT_RANGE], &head->range_first,
                                       &head->range_total);
    if (texts[KEPT_DATE] != NULL)
        head->date_ms = read_date(texts[KEPT_DATE]);

    int64_t now_ms = head->date_ms == INT64_MIN ? wall_ms : head->date_ms;
    head->retry_after_ms = http_parse_retry_after(texts[KEPT_RETRY_AFTER], now_ms);
    uint64_t reset_ms = http_parse_retry_after(texts[KEPT_RATE_RESET], now_ms);
    /* Where both are there the larger one counts; alone, a reset is no order to wait. */
    if (head->retry_after_ms > 0 && reset_ms > head->retry_after_ms)
        head->retry_after_ms = reset_ms;
}
