#include "agent/nearest.h"

#include <string.h>

enum { NEAREST_MAX = 63 };

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* Optimal string alignment: rows of the table of distances, the last three of them. */
size_t nearest_distance(const char *one, const char *other)
{
    size_t rows = strlen(one);
    size_t columns = strlen(other);
    if (rows > NEAREST_MAX || columns > NEAREST_MAX)
        return rows > columns ? rows : columns;
    size_t table[3][NEAREST_MAX + 1] = {{0}};
    for (size_t j = 0; j <= columns; j++)
        table[0][j] = j;
    for (size_t i = 1; i <= rows; i++) {
        const size_t *before = table[(i + 1) % 3];
        const size_t *last = table[(i - 1) % 3];
        size_t *now = table[i % 3];
        now[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t replaced = last[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
            now[j] = least(replaced, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return table[rows % 3][columns];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    size_t limit = strlen(word) / 3;
    limit = limit < 1 ? 1 : least(limit, 3);
    const char *found = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t distance = nearest_distance(word, words[i]);
        if (distance > limit)
            continue;
        found = words[i];
        if (distance == 0)
            break;
        limit = distance - 1;
    }
    return found;
}
