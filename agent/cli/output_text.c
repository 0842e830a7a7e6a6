/* Texts for people: display width, sizes, periods, times. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "agent/cli/output.h"
#include "agent/log.h"
#include "agent/words.h"

enum { OUTPUT_MAX_NAME = 4096 };

/* Around a name that runs from right to left, so that it does not turn the columns beside
 * it around: FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE, which take no column. */
#define ISOLATE_BEGIN "\xE2\x81\xA8"
#define ISOLATE_END   "\xE2\x81\xA9"

/* One character: its bytes and columns, as terminals count them. A locale that does not
 * know UTF-8, or a character that has no width, gives one column a byte or a character. */
static size_t read_character(const char *text, wchar_t *out, unsigned *out_width)
{
    mbstate_t state;
    memset(&state, 0, sizeof state);
    *out = 0;
    size_t size = mbrtowc(out, text, strlen(text), &state);
    if (size == 0 || size == (size_t)-1 || size == (size_t)-2) {
        *out_width = 1;
        return 1;
    }
    int width = wcwidth(*out);
    *out_width = width < 0 ? 1 : (unsigned)width;
    return size;
}

/* Hebrew, Arabic and their kin: the blocks of the Unicode Bidirectional Algorithm whose
 * characters are R or AL. */
static bool runs_from_right(const char *text)
{
    static const struct {
        wchar_t first;
        wchar_t last;
    } blocks[] = {
        {0x590,   0x8FF  },
        {0xFB1D,  0xFDFF },
        {0xFE70,  0xFEFC },
        {0x10800, 0x10FFF},
        {0x1E800, 0x1EFFF},
    };
    while (*text != '\0') {
        wchar_t character = 0;
        unsigned width = 0;
        text += read_character(text, &character, &width);
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
            if (character >= blocks[i].first && character <= blocks[i].last)
                return true;
        }
    }
    return false;
}

unsigned output_width(const char *text)
{
    unsigned sum = 0;
    while (*text != '\0') {
        wchar_t character = 0;
        unsigned width = 0;
        text += read_character(text, &character, &width);
        sum += width;
    }
    return sum;
}

void output_cell(FILE *stream, const char *text, unsigned width, bool pad)
{
    unsigned used = 0;
    bool cut = output_width(text) > width;
    bool isolate = width != UINT32_MAX && runs_from_right(text);
    unsigned room = cut && width > 0 ? width - 1 : width;
    (void)fputs(isolate ? ISOLATE_BEGIN : "", stream);
    while (*text != '\0') {
        wchar_t character = 0;
        unsigned own = 0;
        size_t size = read_character(text, &character, &own);
        if (used + own > room)
            break;
        (void)fwrite(text, 1, size, stream);
        text += size;
        used += own;
    }
    if (cut && width > 0) {
        (void)fputs("…", stream);
        used++;
    }
    (void)fputs(isolate ? ISOLATE_END : "", stream);
    if (pad && used < width)
        (void)fprintf(stream, "%*s", (int)(width - used), "");
}

void output_name(FILE *stream, const char *name)
{
    char shown[OUTPUT_MAX_NAME];
    (void)log_escape(name, shown, sizeof shown);
    bool isolate = output_is_screen(stream) && runs_from_right(shown);
    (void)fprintf(stream, "%s%s%s", isolate ? ISOLATE_BEGIN : "", shown,
                  isolate ? ISOLATE_END : "");
}

bool output_is_screen(FILE *stream)
{
    const char *terminal = getenv("TERM");
    bool dumb = terminal == NULL || strcmp(terminal, "dumb") == 0;
    int fd = fileno(stream);
    return fd >= 0 && isatty(fd) && !dumb;
}

bool output_may_color(FILE *stream)
{
    const char *forbidden = getenv("NO_COLOR");
    return output_is_screen(stream) && (forbidden == NULL || forbidden[0] == '\0');
}

unsigned output_terminal_width(FILE *stream)
{
    struct winsize size = {0};
    if (!output_is_screen(stream))
        return 0;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

const char *output_bytes(uint64_t bytes, char out[32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t unit = 0;
    uint64_t whole = bytes;
    uint64_t rest = 0;
    while (whole >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        rest = whole % 1024;
        whole /= 1024;
        unit++;
    }
    if (unit == 0 || whole >= 100)
        (void)snprintf(out, 32, "%" PRIu64 " %s", whole, units[unit]);
    else
        (void)snprintf(out, 32, "%" PRIu64 ".%" PRIu64 " %s", whole, rest * 10 / 1024,
                       units[unit]);
    return out;
}

const char *output_period(uint64_t ms, char out[32])
{
    uint64_t seconds = ms / 1000;
    if (ms < 100)
        (void)snprintf(out, 32, _("%" PRIu64 " ms"), ms);
    else if (seconds < 10)
        (void)snprintf(out, 32, _("%" PRIu64 ".%" PRIu64 " s"), seconds, ms % 1000 / 100);
    else if (seconds < 60)
        (void)snprintf(out, 32, _("%" PRIu64 " s"), seconds);
    else if (seconds < 3600)
        (void)snprintf(out, 32, _("%" PRIu64 " min"), seconds / 60);
    else if (seconds < 86400)
        (void)snprintf(out, 32, _("%" PRIu64 " h %" PRIu64 " min"), seconds / 3600,
                       seconds % 3600 / 60);
    else
        (void)snprintf(out, 32, _("%" PRIu64 " d %" PRIu64 " h"), seconds / 86400,
                       seconds % 86400 / 3600);
    return out;
}

const char *output_time(int64_t wall_ms, char out[32])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local = {0};
    if (wall_ms <= 0 || localtime_r(&seconds, &local) == NULL ||
        strftime(out, 32, "%Y-%m-%d %H:%M:%S", &local) == 0)
        (void)snprintf(out, 32, _("never"));
    return out;
}
