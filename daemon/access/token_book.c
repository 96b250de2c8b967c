/* SPDX-License-Identifier: Apache-2.0 */
/* token_book: looks at the file whenever it is asked, which is one system call, and reads it when it is another one. A
 * removed token ends with the next request. */
#include "access/token_book.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "access/token_file.h"
#include "base/mem.h"
#include <lingtan/log.h>

struct token_book {
    const char *path;
    pthread_mutex_t lock;
    /* guarded by the lock */
    struct stat seen; /* all-zero: there was none */
    struct token_list list;
    char told[TOKEN_WHY_SIZE]; /* what was logged last */
};

struct token_book *token_book_create(const char *path)
{
    struct token_book *book = mem_alloc(sizeof(*book));
    book->path = path;
    pthread_mutex_init(&book->lock, NULL);
    return book;
}

void token_book_destroy(struct token_book *book)
{
    if (book) {
        token_list_finish(&book->list);
        pthread_mutex_destroy(&book->lock);
        free(book);
    }
}

static bool is_same(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino &&
           one->st_size == other->st_size && one->st_mode == other->st_mode &&
           one->st_uid == other->st_uid && one->st_ctim.tv_sec == other->st_ctim.tv_sec &&
           one->st_ctim.tv_nsec == other->st_ctim.tv_nsec;
}

static void tell(struct token_book *book, const char *why)
{
    if (strcmp(book->told, why) != 0 && why[0] != '\0') {
        log_error("http: no token is known: %s", why);
    }
    memcpy(book->told, why, strlen(why) + 1);
}

static void refresh(struct token_book *book)
{
    struct stat status = {0};
    char why[TOKEN_WHY_SIZE] = "";
    if (stat(book->path, &status) < 0) {
        status = (struct stat){0};
    }
    if (is_same(&status, &book->seen)) {
        return;
    }
    token_list_finish(&book->list);
    int error = token_file_read(book->path, &book->list, why);
    tell(book, error == 0 || error == -ENOENT ? "" : why);
    book->seen = error == 0 || error == -EINVAL || error == -EPERM ? status : (struct stat){0};
}

static bool find(const struct token_list *list, const char *token, struct principal *out)
{
    uint8_t digest[DIGEST_SIZE];
    const struct token_row *found = NULL;
    digest_sha256(token, strlen(token), digest);
    for (size_t i = 0; i < list->count; i++) {
        found = digest_equal(list->rows[i].digest, digest) ? &list->rows[i] : found;
    }
    if (found) {
        *out = (struct principal){.role = found->role, .known_by = KNOWN_TOKEN};
        memcpy(out->name, found->name, sizeof(out->name));
    }
    return found != NULL;
}

bool token_book_find(struct token_book *book, const char *token, struct principal *out)
{
    if (book->path[0] == '\0') {
        return false;
    }
    pthread_mutex_lock(&book->lock);
    refresh(book);
    bool is_known = find(&book->list, token, out);
    pthread_mutex_unlock(&book->lock);
    return is_known;
}
