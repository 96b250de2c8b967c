/* SPDX-License-Identifier: Apache-2.0 */
/* token_file: reading it, and writing it anew. Whoever changes it holds a lock on its folder meanwhile, so that of two
 * changes at once none is lost; whoever reads sees the old file or the new one. */
#include "access/token_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/whole_file.h"

enum { WORDS = 4, FILE_MAX = TOKENS_MAX * 256 };

static const char head[] =
    "# Tokens of lingtan: name, role, made, SHA-256. Changed by 'lingtan token'.\n";

void token_list_finish(struct token_list *list)
{
    if (list) {
        free(list->rows);
        *list = (struct token_list){0};
    }
}

const struct token_row *token_list_find(const struct token_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->rows[i].name, name) == 0) {
            return &list->rows[i];
        }
    }
    return NULL;
}

static bool parse_row(char *line, struct token_row *row)
{
    char *words[WORDS] = {0};
    size_t count = 0;
    for (char *word = strsep(&line, " \t"); word; word = strsep(&line, " \t")) {
        if (word[0] == '\0') {
            continue;
        }
        if (count == WORDS) {
            return false;
        }
        words[count++] = word;
    }
    if (count != WORDS || !token_name_is_good(words[0]) || !role_parse(words[1], &row->role) ||
        time_parse(words[2], &row->made_us) < 0 || !digest_parse(words[3], row->digest)) {
        return false;
    }
    (void)snprintf(row->name, sizeof(row->name), "%s", words[0]);
    return true;
}

static int parse(const char *path, char *content, struct token_list *out, char *why)
{
    struct token_list list = {.rows = mem_alloc_array(TOKENS_MAX, sizeof(*list.rows))};
    int number = 1;
    for (char *line = strsep(&content, "\n"); line; line = strsep(&content, "\n"), number++) {
        if (line[0] == '\0' || line[0] == '#') {
            continue;
        }
        if (list.count == TOKENS_MAX || !parse_row(line, &list.rows[list.count]) ||
            token_list_find(&list, list.rows[list.count].name)) {
            (void)snprintf(
                why, TOKEN_WHY_SIZE,
                "%s:%d: is no token, or the second of its name: wants NAME ROLE TIME and 64 "
                "hexadecimal digits; mend or remove the line",
                path, number);
            token_list_finish(&list);
            return -EINVAL;
        }
        list.count++;
    }
    *out = list;
    return 0;
}

/* Who may write the file makes himself admin. */
static int check_owner(int fd, const char *path, char *why)
{
    struct stat status;
    if (fstat(fd, &status) < 0) {
        return -errno;
    }
    if (!S_ISREG(status.st_mode) || status.st_mode & 0022 ||
        (status.st_uid != 0 && status.st_uid != geteuid() && geteuid() != 0)) {
        (void)snprintf(
            why, TOKEN_WHY_SIZE,
            "%s must be a file that only its owner may write, and its owner root or the user "
            "who reads it: chmod 600, chown",
            path);
        return -EPERM;
    }
    return 0;
}

static int read_content(int fd, struct text *content)
{
    char bytes[4096];
    ssize_t got = 0;
    while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
        text_add(content, bytes, (size_t)got);
        if (content->length > FILE_MAX) {
            return -EFBIG;
        }
    }
    return got < 0 ? -errno : 0;
}

static void say(char *why, const char *path, int error)
{
    (void)snprintf(why, TOKEN_WHY_SIZE, "%s: %s", path, strerror(-error));
}

int token_file_read(const char *path, struct token_list *out, char why[static TOKEN_WHY_SIZE])
{
    struct text content = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        int error = -errno;
        say(why, path, error);
        return error;
    }
    why[0] = '\0';
    int error = check_owner(fd, path, why);
    error = error < 0 ? error : read_content(fd, &content);
    close(fd);
    if (error < 0 && why[0] == '\0') {
        say(why, path, error);
    }
    char *text = text_take(&content);
    error = error < 0 ? error : parse(path, text, out, why);
    free(text);
    return error;
}

static int write_list(const char *path, int folder, const struct token_list *list, char *why)
{
    char hex[DIGEST_HEX_SIZE];
    struct text content = {0};
    text_add_string(&content, head);
    for (size_t i = 0; i < list->count; i++) {
        const struct token_row *row = &list->rows[i];
        digest_hex(row->digest, hex);
        text_add_format(&content, "%s %s ", row->name, role_words[row->role]);
        text_add_time(&content, row->made_us);
        text_add_format(&content, " %s\n", hex);
    }
    int error = whole_file_write(path, 0600, folder, content.data, content.length);
    (void)fsync(folder);
    if (error < 0) {
        say(why, path, error);
    }
    text_finish(&content);
    return error;
}

/* The folder, locked; closing it lets go. */
static int lock_folder(const char *path, char *why)
{
    char *folder = mem_dup_string(path);
    char *slash = strrchr(folder, '/');
    if (slash) {
        slash[slash == folder ? 1 : 0] = '\0'; /* the root keeps its own */
    }
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd < 0 || flock(fd, LOCK_EX) < 0 ? -errno : fd;
    if (result < 0) {
        (void)snprintf(why, TOKEN_WHY_SIZE, "the folder of %s: %s", path, strerror(-result));
        if (fd >= 0) {
            close(fd);
        }
    }
    free(folder);
    return result;
}

static int add_row(struct token_list *list, const struct token_row *row, char *why)
{
    if (token_list_find(list, row->name)) {
        (void)snprintf(why, TOKEN_WHY_SIZE,
                       "there is a token %s already; remove it first, or choose another name",
                       row->name);
        return -EEXIST;
    }
    if (list->count == TOKENS_MAX) {
        (void)snprintf(why, TOKEN_WHY_SIZE, "there are %d tokens, more are not kept", TOKENS_MAX);
        return -ENOSPC;
    }
    if (!list->rows) {
        list->rows = mem_alloc_array(1, sizeof(*list->rows));
    }
    list->rows[list->count++] = *row;
    return 0;
}

static int remove_row(struct token_list *list, const char *name, char *why)
{
    const struct token_row *row = token_list_find(list, name);
    if (!row) {
        (void)snprintf(why, TOKEN_WHY_SIZE,
                       "there is no token of that name; see 'lingtan token list'");
        return -ENOENT;
    }
    list->count--;
    for (size_t i = (size_t)(row - list->rows); i < list->count; i++) {
        list->rows[i] = list->rows[i + 1];
    }
    return 0;
}

/* row is added; without one, name is removed. */
static int change(const char *path, const struct token_row *row, const char *name, char *why)
{
    struct token_list list = {0};
    int folder = lock_folder(path, why);
    if (folder < 0) {
        return folder;
    }
    int error = token_file_read(path, &list, why);
    if (error == -ENOENT) {
        error = 0;
    }
    if (error == 0) {
        error = row ? add_row(&list, row, why) : remove_row(&list, name, why);
    }
    if (error == 0) {
        error = write_list(path, folder, &list, why);
    }
    close(folder);
    token_list_finish(&list);
    return error;
}

int token_file_add(const char *path, const struct token_row *row, char why[static TOKEN_WHY_SIZE])
{
    return change(path, row, NULL, why);
}

int token_file_remove(const char *path, const char *name, char why[static TOKEN_WHY_SIZE])
{
    return change(path, NULL, name, why);
}
