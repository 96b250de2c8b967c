/* SPDX-License-Identifier: Apache-2.0 */
/* terminal: termios and the few escape sequences that every terminal knows. */
#include "cli/screen/terminal.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"

static struct termios saved;
static bool is_entered;

static void say(const char *sequence)
{
    /* A terminal that is gone needs no restoring. */
    ssize_t ignored = write(STDOUT_FILENO, sequence, strlen(sequence));
    (void)ignored;
}

int terminal_enter(void)
{
    if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &saved) < 0) {
        return -ENOTTY;
    }
    struct termios raw = saved;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0) {
        return -errno;
    }
    is_entered = true;
    say("\033[?1049h\033[?25l\033[?7l");
    return 0;
}

void terminal_leave(void)
{
    if (is_entered) {
        say("\033[?7h\033[?25h\033[0m\033[?1049l");
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &saved);
        is_entered = false;
    }
}

void terminal_size(size_t *columns, size_t *rows)
{
    struct winsize size = {0};
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    *columns = is_known ? size.ws_col : 80;
    *rows = is_known && size.ws_row > 0 ? size.ws_row : 24;
}

enum key terminal_key(const char *bytes, size_t length, size_t *used)
{
    static const struct {
        const char *bytes;
        enum key key;
    } keys[] = {
        {"\033[A", KEY_UP},       {"\033OA", KEY_UP},   {"k", KEY_UP},
        {"\033[B", KEY_DOWN},     {"\033OB", KEY_DOWN}, {"j", KEY_DOWN},
        {"\033[5~", KEY_PAGE_UP}, {"b", KEY_PAGE_UP},   {"\033[6~", KEY_PAGE_DOWN},
        {" ", KEY_PAGE_DOWN},     {"\033[H", KEY_HOME}, {"\033[1~", KEY_HOME},
        {"g", KEY_HOME},          {"\033[F", KEY_END},  {"\033[4~", KEY_END},
        {"G", KEY_END},           {"q", KEY_QUIT},      {"Q", KEY_QUIT},
        {"\003", KEY_QUIT},
    };
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        size_t size = strlen(keys[i].bytes);
        if (size <= length && memcmp(bytes, keys[i].bytes, size) == 0) {
            *used = size;
            return keys[i].key;
        }
    }
    *used = length > 0 ? 1 : 0;
    return KEY_NONE;
}

int terminal_write(const struct text *text)
{
    size_t done = 0;
    while (done < text->length) {
        ssize_t written = write(STDOUT_FILENO, text->data + done, text->length - done);
        if (written < 0 && errno != EINTR && errno != EAGAIN) {
            return -errno;
        }
        if (written < 0) {
            struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
            (void)poll(&out, 1, 100);
        }
        done += written > 0 ? (size_t)written : 0;
    }
    return 0;
}
