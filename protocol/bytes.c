#include "protocol/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST_CAPACITY = 64 };

bool bytes_is_sane(const struct bytes *bytes)
{
    return bytes->offset <= bytes->size && bytes->size <= bytes->capacity &&
           bytes->capacity <= bytes->limit && (bytes->data != NULL || bytes->capacity == 0);
}

void bytes_init(struct bytes *bytes, size_t limit)
{
    *bytes = (struct bytes){.limit = limit};
}

void bytes_clear(struct bytes *bytes)
{
    free(bytes->data);
    bytes_init(bytes, bytes->limit);
}

void bytes_wipe_memory(void *memory, size_t size)
{
    volatile uint8_t *byte = memory;
    while (size-- > 0)
        *byte++ = 0;
}

void bytes_wipe_text(char *text)
{
    if (text != NULL)
        bytes_wipe_memory(text, strlen(text));
    free(text);
}

void bytes_wipe(struct bytes *bytes)
{
    if (bytes->data != NULL)
        bytes_wipe_memory(bytes->data, bytes->capacity);
    bytes_clear(bytes);
}

size_t bytes_count(const struct bytes *bytes)
{
    return bytes->size - bytes->offset;
}

const uint8_t *bytes_front(const struct bytes *bytes)
{
    return bytes->data == NULL ? NULL : bytes->data + bytes->offset;
}

static void move_to_start(struct bytes *bytes)
{
    size_t count = bytes_count(bytes);
    if (bytes->offset > 0 && count > 0)
        memmove(bytes->data, bytes->data + bytes->offset, count);
    bytes->offset = 0;
    bytes->size = count;
}

/* Doubles, so that appending stays cheap, but never beyond the limit. */
static size_t next_capacity(const struct bytes *bytes, size_t needed)
{
    size_t capacity =
        bytes->capacity < SMALLEST_CAPACITY ? SMALLEST_CAPACITY : bytes->capacity;
    while (capacity < needed)
        capacity = capacity > bytes->limit / 2 ? bytes->limit : capacity * 2;
    return capacity < bytes->limit ? capacity : bytes->limit;
}

static bool grow(struct bytes *bytes, size_t needed)
{
    size_t capacity = next_capacity(bytes, needed);
    uint8_t *data = realloc(bytes->data, capacity + 1);
    if (data == NULL)
        return false;
    bytes->data = data;
    bytes->capacity = capacity;
    return true;
}

uint8_t *bytes_reserve(struct bytes *bytes, size_t size)
{
    assert(bytes_is_sane(bytes));
    size_t count = bytes_count(bytes);
    if (size > bytes->limit - count)
        return NULL;
    if (size > bytes->capacity - bytes->size || bytes->data == NULL) {
        move_to_start(bytes);
        if ((size > bytes->capacity - bytes->size || bytes->data == NULL) &&
            !grow(bytes, count + size))
            return NULL;
    }
    return bytes->data + bytes->size;
}

void bytes_commit(struct bytes *bytes, size_t size)
{
    assert(size <= bytes->capacity - bytes->size);
    bytes->size += size;
}

bool bytes_append(struct bytes *bytes, const void *data, size_t size)
{
    if (size == 0)
        return true;
    uint8_t *room = bytes_reserve(bytes, size);
    if (room == NULL)
        return false;
    memcpy(room, data, size);
    bytes_commit(bytes, size);
    return true;
}

bool bytes_append_text(struct bytes *bytes, const char *text)
{
    return bytes_append(bytes, text, strlen(text));
}

bool bytes_append_byte(struct bytes *bytes, uint8_t byte)
{
    return bytes_append(bytes, &byte, 1);
}

bool bytes_append_format(struct bytes *bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char small[256];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    bool done = length >= 0;
    if (done && (size_t)length < sizeof small) {
        done = bytes_append(bytes, small, (size_t)length);
    } else if (done) {
        char *large = malloc((size_t)length + 1);
        done = large != NULL;
        if (done) {
            (void)vsnprintf(large, (size_t)length + 1, format, again);
            done = bytes_append(bytes, large, (size_t)length);
            free(large);
        }
    }
    va_end(again);
    return done;
}

const char *bytes_text(struct bytes *bytes)
{
    if (bytes->data == NULL && !grow(bytes, 0))
        return NULL;
    bytes->data[bytes->size] = 0;
    return (const char *)bytes->data + bytes->offset;
}

void bytes_consume(struct bytes *bytes, size_t size)
{
    assert(size <= bytes_count(bytes));
    bytes->offset += size;
    if (bytes->offset == bytes->size) {
        bytes->offset = 0;
        bytes->size = 0;
    } else if (bytes->offset >= bytes->capacity / 2) {
        move_to_start(bytes);
    }
}
