/* SPDX-License-Identifier: Apache-2.0 */
/* token: reads names, numbers with their units, strings and signs; knows what people write instead of them. */
#include "expr/token.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { NUMBER_LENGTH_MAX = 60 };

const char *const operator_words[OPERATOR_COUNT] = {
    [OPERATOR_OR] = "or",         [OPERATOR_AND] = "and",      [OPERATOR_LESS] = "<",
    [OPERATOR_LESS_EQUAL] = "<=", [OPERATOR_GREATER] = ">",    [OPERATOR_GREATER_EQUAL] = ">=",
    [OPERATOR_EQUAL] = "==",      [OPERATOR_NOT_EQUAL] = "!=", [OPERATOR_ADD] = "+",
    [OPERATOR_SUBTRACT] = "-",    [OPERATOR_MULTIPLY] = "*",   [OPERATOR_DIVIDE] = "/",
};

struct sign {
    const char *text;
    uint8_t kind;
    uint8_t op;
};

/* Longer ones before those that they begin with. */
static const struct sign signs[] = {
    {"<=", TOKEN_OPERATOR, OPERATOR_LESS_EQUAL},
    {">=", TOKEN_OPERATOR, OPERATOR_GREATER_EQUAL},
    {"==", TOKEN_OPERATOR, OPERATOR_EQUAL},
    {"!=", TOKEN_OPERATOR, OPERATOR_NOT_EQUAL},
    {"<", TOKEN_OPERATOR, OPERATOR_LESS},
    {">", TOKEN_OPERATOR, OPERATOR_GREATER},
    {"+", TOKEN_OPERATOR, OPERATOR_ADD},
    {"-", TOKEN_OPERATOR, OPERATOR_SUBTRACT},
    {"*", TOKEN_OPERATOR, OPERATOR_MULTIPLY},
    {"/", TOKEN_OPERATOR, OPERATOR_DIVIDE},
    {"(", TOKEN_OPEN, 0},
    {")", TOKEN_CLOSE, 0},
    {",", TOKEN_COMMA, 0},
    {".", TOKEN_DOT, 0},
};

static const struct sign keywords[] = {
    {"and", TOKEN_OPERATOR, OPERATOR_AND},
    {"or", TOKEN_OPERATOR, OPERATOR_OR},
    {"not", TOKEN_NOT, 0},
    {"true", TOKEN_TRUE, 0},
    {"false", TOKEN_FALSE, 0},
};

/* What is written for something of ours: by habit from other languages, or by an input method left at Chinese. */
static const struct {
    const char *wrong;
    const char *right;
} habits[] = {
    {"&&", "and"}, {"&", "and"},  {"||", "or"}, {"|", "or"}, {"!", "not"}, {"=", "=="},
    {"<>", "!="},  {"'", "\""},   {"（", "("},  {"）", ")"}, {"，", ","},  {"。", "."},
    {"“", "\""},   {"”", "\""},   {"≥", ">="},  {"≤", "<="}, {"≠", "!="},  {"×", "*"},
    {"÷", "/"},    {"＋", "+"},   {"－", "-"},  {"＞", ">"}, {"＜", "<"},  {"＝", "=="},
    {"℃", "degC"}, {"°", "degC"}, {"％", "%"},  {"²", "2"},  {"³", "3"},   {"；", ","},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
    return is_letter(c) || is_digit(c);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Bytes of the character, which is well formed. */
static size_t character_length(const char *at)
{
    size_t length = 1;
    while (((unsigned char)at[length] & 0xc0) == 0x80) {
        length++;
    }
    return length;
}

static bool wrong_character(struct draft *draft, size_t at)
{
    const char *text = draft->text + at;
    for (size_t i = 0; i < ARRAY_SIZE(habits); i++) {
        if (begins(text, habits[i].wrong)) {
            draft_fault(draft, at, "%s is not known here: write %s", habits[i].wrong,
                        habits[i].right);
            return false;
        }
    }
    if (*text == '%') {
        draft_fault(draft, at, "%% is a unit and stands behind a number: 50 %%");
    } else if ((unsigned char)*text < 0x20 || *text == 0x7f) {
        draft_fault(draft, at, "a control character (%d) is in the text: remove it", *text);
    } else if ((unsigned char)*text >= 0x80) {
        draft_fault(draft, at,
                    "%.*s is not known here; a name of other than a-z, 0-9, _ and - "
                    "stands in quotes: \"...\"",
                    (int)character_length(text), text);
    } else {
        draft_fault(draft, at, "%c is not known here", *text);
    }
    return false;
}

/* A minus between two letters or digits belongs to the name: ids have them. */
static size_t name_end(const char *text, size_t at)
{
    while (is_name(text[at]) || (text[at] == '-' && is_name(text[at + 1]))) {
        at++;
    }
    return at;
}

static const struct sign *find_keyword(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
        if (strlen(keywords[i].text) == length && memcmp(keywords[i].text, name, length) == 0) {
            return &keywords[i];
        }
    }
    return NULL;
}

static bool read_name(struct draft *draft, struct token *token)
{
    size_t end = name_end(draft->text, token->start);
    const char *name = draft->text + token->start;
    const struct sign *keyword = find_keyword(name, end - token->start);
    token->end = (uint32_t)end;
    if (keyword) {
        token->kind = keyword->kind;
        token->op = keyword->op;
        return true;
    }
    token->kind = TOKEN_NAME;
    token->word =
        (struct word){.name = draft_name(draft, name, end - token->start), .at = token->start};
    return true;
}

static size_t digits_end(const char *text, size_t at)
{
    while (is_digit(text[at])) {
        at++;
    }
    return at;
}

static size_t number_end(const char *text, size_t at)
{
    at = digits_end(text, at);
    if (text[at] == '.' && is_digit(text[at + 1])) {
        at = digits_end(text, at + 1);
    }
    if (text[at] == 'e' || text[at] == 'E') {
        size_t digits = at + 1 + (text[at + 1] == '+' || text[at + 1] == '-');
        at = is_digit(text[digits]) ? digits_end(text, digits) : at;
    }
    return at;
}

/* "kWh/m2": a slash with a letter right behind it belongs to the unit. */
static size_t unit_end(const char *text, size_t at)
{
    if (text[at] == '%') {
        return at + 1;
    }
    while (is_name(text[at]) || (text[at] == '/' && is_letter(text[at + 1]))) {
        at++;
    }
    return at;
}

static size_t spaces_end(const char *text, size_t at)
{
    return at + strspn(text + at, " \t\r\n");
}

/* The unit behind a number; a keyword there is none. */
static void read_unit(struct draft *draft, struct token *token)
{
    size_t at = spaces_end(draft->text, token->end);
    const char *name = draft->text + at;
    if (*name != '%' && !is_letter(*name)) {
        return;
    }
    size_t length = unit_end(draft->text, at) - at;
    if (!find_keyword(name, length)) {
        token->word = (struct word){.name = draft_name(draft, name, length), .at = (uint32_t)at};
        token->end = (uint32_t)(at + length);
    }
}

static bool read_number(struct draft *draft, struct token *token)
{
    size_t end = number_end(draft->text, token->start);
    size_t length = end - token->start;
    char digits[NUMBER_LENGTH_MAX + 1] = "";
    if (length > NUMBER_LENGTH_MAX) {
        draft_fault(draft, token->start, "a number of %zu characters; at most %d", length,
                    NUMBER_LENGTH_MAX);
        return false;
    }
    memcpy(digits, draft->text + token->start, length);
    token->kind = TOKEN_NUMBER;
    token->number = strtod(digits, NULL);
    token->end = (uint32_t)end;
    if (!isfinite(token->number)) {
        draft_fault(draft, token->start, "%s is larger than a number can be", digits);
        return false;
    }
    read_unit(draft, token);
    return true;
}

static bool read_string(struct draft *draft, struct token *token)
{
    struct text word = {0};
    const char *at = draft->text + token->start + 1;
    while (*at && *at != '"' && (unsigned char)*at >= 0x20) {
        at += *at == '\\' && (at[1] == '"' || at[1] == '\\');
        text_add_char(&word, *at);
        at++;
    }
    bool is_whole = *at == '"' && word.length > 0;
    if (is_whole) {
        token->kind = TOKEN_STRING;
        token->end = (uint32_t)(at + 1 - draft->text);
        token->word = (struct word){.name = draft_name(draft, word.data, word.length),
                                    .at = token->start,
                                    .is_quoted = true};
    } else if (*at == '"') {
        draft_fault(draft, token->start, "nothing stands between the quotes");
    } else {
        draft_fault(draft, token->start, "the quotes are not closed: \" is missing");
    }
    text_finish(&word);
    return is_whole;
}

static bool read_sign(struct draft *draft, struct token *token)
{
    const char *text = draft->text + token->start;
    for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
        if (begins(text, signs[i].text) && !begins(text, "<>")) {
            token->kind = signs[i].kind;
            token->op = signs[i].op;
            token->end = token->start + (uint32_t)strlen(signs[i].text);
            return true;
        }
    }
    return wrong_character(draft, token->start);
}

bool token_read(struct draft *draft, size_t at, struct token *out)
{
    struct token token = {.kind = TOKEN_END};
    token.start = (uint32_t)spaces_end(draft->text, at);
    token.end = token.start;
    char c = draft->text[token.start];
    bool is_good = true;
    if (is_letter(c)) {
        is_good = read_name(draft, &token);
    } else if (is_digit(c)) {
        is_good = read_number(draft, &token);
    } else if (c == '"') {
        is_good = read_string(draft, &token);
    } else if (c != '\0') {
        is_good = read_sign(draft, &token);
    }
    *out = token;
    return is_good;
}
