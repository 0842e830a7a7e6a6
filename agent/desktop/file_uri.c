#include "agent/desktop/file_uri.h"

#include <stdio.h>
#include <string.h>

/* All but the unreserved characters of RFC 3986 is encoded. */
bool file_uri(const char *path, char *out, size_t out_size)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~/";
    size_t used = (size_t)snprintf(out, out_size, "file://");
    for (; *path != '\0'; path++) {
        if (used + 4 > out_size)
            return false;
        unsigned char byte = (unsigned char)*path;
        if (strchr(plain, byte) != NULL) {
            out[used++] = *path;
            continue;
        }
        out[used++] = '%';
        out[used++] = hex[byte >> 4];
        out[used++] = hex[byte & 15U];
    }
    out[used] = '\0';
    return true;
}
