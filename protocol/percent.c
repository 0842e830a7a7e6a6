#include "protocol/percent.h"

#include <string.h>

#include "protocol/hex.h"

bool percent_decode(const char *text, size_t size, bool is_form, char *out, size_t out_size)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        char letter = text[i];
        if (is_form && letter == '+')
            letter = ' ';
        if (text[i] == '%') {
            int high = i + 2 < size ? hex_value(text[i + 1]) : -1;
            int low = high < 0 ? -1 : hex_value(text[i + 2]);
            if (low < 0)
                return false;
            letter = (char)(unsigned char)(high * 16 + low);
            i += 2;
        }
        if (letter == 0 || length + 1 >= out_size)
            return false;
        out[length++] = letter;
    }
    out[length] = 0;
    return true;
}

static bool is_unreserved(char letter)
{
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
           (letter >= '0' && letter <= '9') || strchr("-._~", letter) != NULL;
}

bool percent_encode(const char *text, struct bytes *out)
{
    bool good = true;
    for (; good && *text != 0; text++)
        good = is_unreserved(*text)
                   ? bytes_append_byte(out, (uint8_t)*text)
                   : bytes_append_format(out, "%%%02X", (unsigned)(unsigned char)*text);
    return good;
}
