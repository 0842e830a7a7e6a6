#include "protocol/tls_name.h"

#include <string.h>
#include <strings.h>

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_';
}

bool tls_name_init(struct tls_name *out, const char *host)
{
    *out = (struct tls_name){0};
    size_t size = strlen(host);
    out->is_address = ip_parse(host, &out->address);
    if (size > 0 && host[size - 1] == '.')
        size--;
    if (size == 0 || size > TLS_NAME_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!out->is_address && !is_name_character(host[i]))
            return false;
    }
    memcpy(out->host, host, size);
    return true;
}

/* A zero inside a pattern cannot cut it short: the sizes are compared first. */
static bool is_equal(const char *text, const uint8_t *bytes, size_t size)
{
    return strlen(text) == size && strncasecmp(text, (const char *)bytes, size) == 0;
}

bool tls_name_is_covered(const struct tls_name *name, const uint8_t *pattern, size_t size)
{
    if (name->is_address)
        return false;
    bool is_wildcard = size > 2 && pattern[0] == '*' && pattern[1] == '.';
    if (!is_wildcard)
        return is_equal(name->host, pattern, size);
    const char *parent = strchr(name->host, '.');
    return parent != NULL && parent != name->host && strchr(parent + 1, '.') != NULL &&
           is_equal(parent, pattern + 1, size - 1);
}

bool tls_name_is_address(const struct tls_name *name, const uint8_t *bytes, size_t size)
{
    return name->is_address && name->address.size == size &&
           memcmp(name->address.bytes, bytes, size) == 0;
}
