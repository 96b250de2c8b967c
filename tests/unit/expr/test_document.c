/* SPDX-License-Identifier: Apache-2.0 */
/* document: docs/EXPRESSIONS.md has the grammar that the program prints, and each of its examples is what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "world.h"

static const char path[] = LINGTAN_SOURCE_FOLDER "/docs/EXPRESSIONS.md";

static char *read_all(FILE *file)
{
    char *data = mem_alloc(1 << 18);
    assert_non_null(file);
    rewind(file);
    size_t length = fread(data, 1, (1 << 18) - 1, file);
    data[length] = '\0';
    fclose(file);
    return data;
}

/* When this fails: lingtand --document-expressions, and put it at the end of docs/EXPRESSIONS.md */
static void test_printed_part(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    expr_document(file);
    char *printed = read_all(file);
    char *page = read_all(fopen(path, "re"));
    assert_non_null(strstr(printed, expr_grammar()));
    assert_true(strlen(page) > strlen(printed));
    assert_string_equal(page + strlen(page) - strlen(printed), printed);
    free(printed);
    free(page);
}

/* The blocks of a kind, one after the other. */
static char *next_block(char **at, const char *fence)
{
    char *start = strstr(*at, fence);
    if (!start) {
        return NULL;
    }
    start += strlen(fence);
    char *end = strstr(start, "```");
    assert_non_null(end);
    *end = '\0';
    *at = end + 1;
    return start;
}

static char *compile(const char *line)
{
    struct expr_faults faults = {0};
    struct expr *expr = NULL;
    struct text text = {0};
    text_add_string(&text, "");
    (void)!expr_compile(line, world_scope(), EXPR_WANT_ANY, NULL, &faults, &expr);
    for (size_t i = 0; i < faults.count; i++) {
        text_add_format(&text, "%zu: %s\n", faults.items[i].column, faults.items[i].message);
    }
    expr_destroy(expr);
    expr_faults_finish(&faults);
    return text_take(&text);
}

static void test_examples(void **state)
{
    (void)state;
    char *page = read_all(fopen(path, "re"));
    char *at = page;
    size_t count = 0;
    for (char *block = next_block(&at, "```expr\n"); block; block = next_block(&at, "```expr\n")) {
        for (char *line = strsep(&block, "\n"); line; line = strsep(&block, "\n")) {
            char *faults = line[0] ? compile(line) : mem_dup_string("");
            if (faults[0]) {
                fail_msg("%s\n%s", line, faults);
            }
            count += line[0] != '\0';
            free(faults);
        }
    }
    assert_true(count >= 25);
    free(page);
}

/* A text, its faults a line each, an empty line. */
static size_t check_faults(char *block)
{
    size_t count = 0;
    while (*block) {
        char *rest = strchr(block, '\n');
        assert_non_null(rest);
        *rest++ = '\0';
        char *faults = compile(block);
        size_t length = strlen(faults);
        assert_true(length > 0);
        if (strncmp(rest, faults, length) != 0) {
            fail_msg("%s\n%s", block, faults);
        }
        free(faults);
        block = rest + length;
        block += *block == '\n';
        count++;
    }
    return count;
}

static void test_fault_examples(void **state)
{
    (void)state;
    char *page = read_all(fopen(path, "re"));
    char *at = page;
    char *block = next_block(&at, "```expr-faults\n");
    assert_non_null(block);
    assert_true(check_faults(block) >= 4);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printed_part),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_fault_examples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
