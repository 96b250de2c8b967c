/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: made, kept as hashes in a file of mode 0600, changed by several at once, read again when it has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/token_book.h"
#include "access/token_file.h"
#include "base/mem.h"

struct place {
    char folder[64];
    char *path;
};

static int setup(void **state)
{
    struct place *place = mem_alloc(sizeof(*place));
    (void)snprintf(place->folder, sizeof(place->folder), "/tmp/lingtan-tokens.XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    place->path = mem_format("%s/tokens", place->folder);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    (void)unlink(place->path);
    assert_int_equal(rmdir(place->folder), 0); /* nothing half-done is left */
    free(place->path);
    free(place);
    return 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static struct token_row make_row(const char *name, enum role role, char *token)
{
    struct token_row row = {.role = role, .made_us = 1700000000000000};
    (void)snprintf(row.name, sizeof(row.name), "%s", name);
    assert_int_equal(token_make(token), 0);
    digest_sha256(token, strlen(token), row.digest);
    return row;
}

static void hashes_as_the_standard_says(void **state)
{
    uint8_t digest[DIGEST_SIZE];
    uint8_t again[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    (void)state;
    digest_sha256("abc", 3, digest);
    digest_hex(digest, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(digest_parse(hex, again));
    assert_true(digest_equal(digest, again));
    again[31] ^= 1;
    assert_false(digest_equal(digest, again));
    hex[0] = 'B';
    assert_false(digest_parse(hex, again));
    assert_false(digest_parse("ba", again));
}

static void makes_tokens_that_differ(void **state)
{
    char one[TOKEN_TEXT_SIZE];
    char other[TOKEN_TEXT_SIZE];
    (void)state;
    assert_int_equal(token_make(one), 0);
    assert_int_equal(token_make(other), 0);
    assert_int_equal(strlen(one), 67);
    assert_memory_equal(one, "lt_", 3);
    assert_string_not_equal(one, other);
}

static void knows_roles_and_names(void **state)
{
    enum role role = ROLE_VIEWER;
    (void)state;
    for (int i = 0; i < ROLE_COUNT; i++) {
        assert_true(role_parse(role_words[i], &role));
        assert_int_equal(role, i);
        assert_non_null(strstr(role_list, role_words[i]));
    }
    assert_false(role_parse("root", &role));
    assert_true(token_name_is_good("wall-1.office_B"));
    static const char *const bad[] = {
        "",
        "a b",
        "a\n",
        "名",
        "a/b",
        "#a",
        "0123456789012345678901234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(token_name_is_good(bad[i]));
    }
}

static void keeps_hashes_only(void **state)
{
    const struct place *place = *state;
    char token[TOKEN_TEXT_SIZE];
    char why[TOKEN_WHY_SIZE];
    char content[4096] = "";
    struct stat status;
    struct token_list list;
    struct token_row row = make_row("wall", ROLE_ENGINEER, token);
    assert_int_equal(token_file_add(place->path, &row, why), 0);
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    FILE *file = fopen(place->path, "re");
    assert_true(fread(content, 1, sizeof(content) - 1, file) > 0);
    fclose(file);
    assert_null(strstr(content, token + 3));
    assert_int_equal(token_file_read(place->path, &list, why), 0);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.rows[0].name, "wall");
    assert_int_equal(list.rows[0].role, ROLE_ENGINEER);
    assert_int_equal(list.rows[0].made_us, row.made_us);
    assert_true(digest_equal(list.rows[0].digest, row.digest));
    token_list_finish(&list);
    assert_int_equal(token_file_add(place->path, &row, why), -EEXIST);
    assert_non_null(strstr(why, "wall"));
    assert_int_equal(token_file_remove(place->path, "none", why), -ENOENT);
    assert_int_equal(token_file_remove(place->path, "wall", why), 0);
    assert_int_equal(token_file_read(place->path, &list, why), 0);
    assert_int_equal(list.count, 0);
    token_list_finish(&list);
}

static void refuses_files_that_others_write(void **state)
{
    const struct place *place = *state;
    struct token_list list;
    char why[TOKEN_WHY_SIZE];
    write_file(place->path, "", 0620);
    assert_int_equal(token_file_read(place->path, &list, why), -EPERM);
    assert_non_null(strstr(why, "chmod 600"));
    assert_int_equal(chmod(place->path, 0602), 0);
    assert_int_equal(token_file_read(place->path, &list, why), -EPERM);
    assert_int_equal(chmod(place->path, 0600), 0);
    assert_int_equal(token_file_read(place->path, &list, why), 0);
    token_list_finish(&list);
}

static void tells_the_line_that_is_wrong(void **state)
{
    const struct place *place = *state;
    static const char good[] = "a viewer 2026-01-01T00:00:00Z "
                               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n";
    static const char *const bad[] = {
        "b viewer 2026-01-01T00:00:00Z ba7816\n",
        "b king 2026-01-01T00:00:00Z ",
        "b\n",
        "\tb\n",
        ("a viewer 2026-01-01T00:00:00Z "
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"), /* twice */
    };
    struct token_row row = {.name = "c"};
    struct token_list list;
    char why[TOKEN_WHY_SIZE];
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *text = mem_format("# head\n\n%s%s", good, bad[i]);
        write_file(place->path, text, 0600);
        assert_int_equal(token_file_read(place->path, &list, why), -EINVAL);
        assert_non_null(strstr(why, "tokens:4: "));
        assert_int_equal(token_file_add(place->path, &row, why),
                         -EINVAL); /* nothing is thrown away */
        free(text);
    }
}

struct adder {
    pthread_t thread;
    const char *path;
    int number;
};

static void *add_some(void *context)
{
    struct adder *adder = context;
    for (int i = 0; i < 10; i++) {
        char why[TOKEN_WHY_SIZE];
        struct token_row row = {.made_us = 1};
        (void)snprintf(row.name, sizeof(row.name), "t%d-%d", adder->number, i);
        row.digest[0] = (uint8_t)adder->number;
        if (token_file_add(adder->path, &row, why) != 0) {
            return context;
        }
    }
    return NULL;
}

static void loses_none_of_several_changes_at_once(void **state)
{
    const struct place *place = *state;
    struct adder adders[4];
    struct token_list list;
    char why[TOKEN_WHY_SIZE];
    for (size_t i = 0; i < ARRAY_SIZE(adders); i++) {
        adders[i] = (struct adder){.path = place->path, .number = (int)i};
        assert_int_equal(pthread_create(&adders[i].thread, NULL, add_some, &adders[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(adders); i++) {
        void *failed = NULL;
        pthread_join(adders[i].thread, &failed);
        assert_null(failed);
    }
    assert_int_equal(token_file_read(place->path, &list, why), 0);
    assert_int_equal(list.count, 40);
    token_list_finish(&list);
}

static void the_book_follows_the_file(void **state)
{
    const struct place *place = *state;
    char first[TOKEN_TEXT_SIZE];
    char second[TOKEN_TEXT_SIZE];
    char why[TOKEN_WHY_SIZE];
    char words[PRINCIPAL_WORDS_SIZE];
    struct principal who;
    struct token_book *book = token_book_create(place->path);
    struct token_row row = make_row("one", ROLE_ADMIN, first);
    assert_false(token_book_find(book, first, &who));
    assert_int_equal(token_file_add(place->path, &row, why), 0);
    assert_true(token_book_find(book, first, &who));
    assert_string_equal(who.name, "one");
    assert_int_equal(who.role, ROLE_ADMIN);
    assert_int_equal(who.known_by, KNOWN_TOKEN);
    assert_string_equal(principal_words(&who, words), "token one (admin)");
    row = make_row("two", ROLE_VIEWER, second);
    assert_int_equal(token_file_add(place->path, &row, why), 0);
    assert_true(token_book_find(book, second, &who));
    assert_int_equal(who.role, ROLE_VIEWER);
    assert_false(token_book_find(book, "", &who));
    assert_false(token_book_find(book, "lt_", &who));
    assert_int_equal(token_file_remove(place->path, "one", why), 0);
    assert_false(token_book_find(book, first, &who));
    assert_true(token_book_find(book, second, &who));
    assert_int_equal(chmod(place->path, 0666), 0);
    assert_false(token_book_find(book, second, &who));
    assert_int_equal(chmod(place->path, 0600), 0);
    assert_true(token_book_find(book, second, &who));
    assert_int_equal(unlink(place->path), 0);
    assert_false(token_book_find(book, second, &who));
    token_book_destroy(book);
    book = token_book_create("");
    assert_false(token_book_find(book, second, &who));
    token_book_destroy(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_as_the_standard_says),
        cmocka_unit_test(makes_tokens_that_differ),
        cmocka_unit_test(knows_roles_and_names),
        cmocka_unit_test_setup_teardown(keeps_hashes_only, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_files_that_others_write, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_the_line_that_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(loses_none_of_several_changes_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(the_book_follows_the_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
