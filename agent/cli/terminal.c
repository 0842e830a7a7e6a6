#include "agent/cli/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "agent/cli/output.h"

#define ENTER "\033[?1049h\033[?25l" /* the alternate screen, no cursor */
#define LEAVE "\033[?25h\033[?1049l"

struct terminal {
    int news; /* epoll over the two below */
    int signals;
    bool has_keys; /* standard input is a terminal whose echo was turned off */
    struct termios keys;
    sigset_t blocked_before;
};

/* Past stdio, whose lines would go out one by one. */
static void send(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t sent = write(STDOUT_FILENO, text, size);
        if (sent < 0 && errno != EINTR)
            return; /* the hang-up comes as news */
        text += sent < 0 ? 0 : sent;
        size -= sent < 0 ? 0 : (size_t)sent;
    }
}

static void fill_signals(sigset_t *out)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT};
    (void)sigemptyset(out);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        (void)sigaddset(out, numbers[i]);
}

static void take_screen(struct terminal *terminal)
{
    struct termios quiet = terminal->keys;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    if (terminal->has_keys)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
    send(ENTER, strlen(ENTER));
}

static void give_screen_back(const struct terminal *terminal)
{
    send(LEAVE, strlen(LEAVE));
    if (terminal->has_keys)
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal->keys);
}

static bool watch_fd(const struct terminal *terminal, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(terminal->news, EPOLL_CTL_ADD, fd, &event) == 0;
}

struct terminal *terminal_enter(void)
{
    if (!output_is_screen(stdout))
        return NULL;
    struct terminal *terminal = calloc(1, sizeof *terminal);
    if (terminal == NULL)
        return NULL;
    sigset_t signals;
    fill_signals(&signals);
    (void)sigprocmask(SIG_BLOCK, &signals, &terminal->blocked_before);
    terminal->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    terminal->news = epoll_create1(EPOLL_CLOEXEC);
    terminal->has_keys =
        tcgetattr(STDIN_FILENO, &terminal->keys) == 0 && watch_fd(terminal, STDIN_FILENO);
    if (!watch_fd(terminal, terminal->signals)) {
        (void)close(terminal->signals);
        (void)close(terminal->news);
        (void)sigprocmask(SIG_SETMASK, &terminal->blocked_before, NULL);
        free(terminal);
        return NULL;
    }
    (void)fflush(stdout);
    take_screen(terminal);
    return terminal;
}

void terminal_leave(struct terminal *terminal)
{
    if (terminal == NULL)
        return;
    give_screen_back(terminal);
    (void)close(terminal->signals);
    (void)close(terminal->news);
    (void)sigprocmask(SIG_SETMASK, &terminal->blocked_before, NULL);
    free(terminal);
}

int terminal_fd(const struct terminal *terminal)
{
    return terminal->news;
}

/* Ctrl-Z: the shell gets its screen back; SIGCONT tells of the return. */
static void stop(struct terminal *terminal)
{
    give_screen_back(terminal);
    (void)raise(SIGSTOP);
    take_screen(terminal);
}

static enum terminal_news read_signals(struct terminal *terminal)
{
    enum terminal_news news = TERMINAL_NONE;
    struct signalfd_siginfo info;
    while (read(terminal->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGTSTP:
            stop(terminal);
            news = TERMINAL_CHANGED;
            break;
        case SIGWINCH:
        case SIGCONT:
            news = TERMINAL_CHANGED;
            break;
        default:
            return TERMINAL_ENDED;
        }
    }
    return news;
}

enum terminal_news terminal_news(struct terminal *terminal)
{
    enum terminal_news news = read_signals(terminal);
    struct epoll_event event;
    char key = 0;
    while (news != TERMINAL_ENDED && terminal->has_keys &&
           epoll_wait(terminal->news, &event, 1, 0) == 1 && event.data.fd == STDIN_FILENO) {
        ssize_t size = read(STDIN_FILENO, &key, 1);
        if (size <= 0 || key == 'q' || key == 'Q')
            news = TERMINAL_ENDED;
    }
    return news;
}

void terminal_size(const struct terminal *terminal, unsigned *out_rows,
                   unsigned *out_columns)
{
    (void)terminal;
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    *out_rows = known && size.ws_row > 0 ? size.ws_row : 24;
    *out_columns = known && size.ws_col > 0 ? size.ws_col : 80;
}

/* One line of `text` without its colours. */
static void strip_colors(const char *line, size_t size, char *out, size_t out_size)
{
    size_t used = 0;
    for (size_t i = 0; i < size && used + 1 < out_size; i++) {
        if (line[i] != '\033') {
            out[used++] = line[i];
            continue;
        }
        while (i < size && line[i] != 'm')
            i++;
    }
    out[used] = '\0';
}

/* A line that fits keeps its colours; one that does not is cut, and loses them. */
static void show_line(FILE *stream, const char *line, size_t size, unsigned columns)
{
    char plain[2048];
    strip_colors(line, size, plain, sizeof plain);
    if (output_width(plain) <= columns)
        (void)fwrite(line, 1, size, stream);
    else
        output_cell(stream, plain, columns, false);
    (void)fputs("\033[K", stream);
}

static void show_lines(FILE *stream, const char *text, size_t size, unsigned rows,
                       unsigned columns)
{
    const char *at = text;
    const char *end = text + size;
    (void)fputs("\033[H", stream);
    for (unsigned row = 0; row < rows && at < end; row++) {
        const char *stop_at = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = stop_at == NULL ? end : stop_at;
        bool is_cut = row + 1 == rows && line_end + 1 < end;
        (void)fputs(row > 0 ? "\r\n" : "", stream);
        if (is_cut)
            show_line(stream, "…", strlen("…"), columns);
        else
            show_line(stream, at, (size_t)(line_end - at), columns);
        at = line_end + 1;
    }
    (void)fputs("\033[J", stream);
}

void terminal_show(struct terminal *terminal, const char *text, size_t size)
{
    unsigned rows = 0;
    unsigned columns = 0;
    char *screen = NULL;
    size_t screen_size = 0;
    FILE *stream = open_memstream(&screen, &screen_size);
    if (stream == NULL)
        return;
    terminal_size(terminal, &rows, &columns);
    show_lines(stream, text, size, rows, columns);
    if (fclose(stream) == 0)
        send(screen, screen_size);
    free(screen);
}
