/* SPDX-License-Identifier: Apache-2.0 */
/* csv: cells are decoded where they stand: what is decoded is never longer than what was written. */
#include "config/csv.h"

#include <string.h>

#include "config/scan.h"
#include "config/utf8.h"

static bool has_more(const struct csv *csv)
{
    return csv->at < csv->end;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* CR LF is one end, and so is either alone. */
static void skip_line_end(struct csv *csv)
{
    if (*csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n') {
        csv->at++;
    }
    csv->at++;
    csv->line++;
}

static void skip_to_line_end(struct csv *csv)
{
    while (has_more(csv) && !is_line_end(*csv->at)) {
        csv->at++;
    }
}

static bool is_blank(const struct csv *csv, char c)
{
    return c == ' ' || (c == '\t' && csv->separator != '\t');
}

static void skip_blanks(struct csv *csv)
{
    while (has_more(csv) && is_blank(csv, *csv->at)) {
        csv->at++;
    }
}

static bool ends_cell(const struct csv *csv)
{
    return !has_more(csv) || *csv->at == csv->separator || is_line_end(*csv->at);
}

/* The cell that begins after a quote; gives where it ends. Line ends inside belong to it. */
static char *unquote(struct csv *csv)
{
    char *out = csv->at;
    int opened = csv->line;
    for (; has_more(csv); csv->at++) {
        if (*csv->at == '"') {
            csv->at++;
            if (!has_more(csv) || *csv->at != '"') {
                return out;
            }
        }
        bool is_pair = *csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n';
        csv->line += is_line_end(*csv->at) && !is_pair;
        *out++ = *csv->at;
    }
    faults_add(csv->faults, (struct origin){.file = csv->file, .line = opened}, NULL,
               "a cell begins with a quote that never ends, wants a \" behind it; a quote inside "
               "of it is written twice");
    return out;
}

static char *read_quoted(struct csv *csv)
{
    char *end = unquote(csv);
    skip_blanks(csv);
    if (!ends_cell(csv)) {
        faults_add(csv->faults, (struct origin){.file = csv->file, .line = csv->line}, NULL,
                   "text stands behind the quote that ends a cell, wants a quote inside of a cell "
                   "written twice");
    }
    while (!ends_cell(csv)) {
        csv->at++;
    }
    return end;
}

static char *read_plain(struct csv *csv, const char *start)
{
    while (!ends_cell(csv)) {
        csv->at++;
    }
    char *end = csv->at;
    while (end > start && is_blank(csv, end[-1])) {
        end--;
    }
    return end;
}

/* False when it was the last one of the row. */
static bool read_cell(struct csv *csv)
{
    skip_blanks(csv);
    bool is_quoted = has_more(csv) && *csv->at == '"';
    csv->at += is_quoted;
    char *start = csv->at;
    char *end = is_quoted ? read_quoted(csv) : read_plain(csv, start);
    bool goes_on = has_more(csv) && *csv->at == csv->separator;
    if (goes_on) {
        csv->at++;
    } else if (has_more(csv)) {
        skip_line_end(csv);
    }
    *end = '\0'; /* only now: it may stand where the separator was */
    if (csv->count < CSV_CELLS_MAX) {
        csv->cells[csv->count++] = start;
    } else {
        csv->is_wider = csv->is_wider || *start;
    }
    return goes_on;
}

static bool is_empty(const struct csv *csv)
{
    for (size_t i = 0; i < csv->count; i++) {
        if (csv->cells[i][0]) {
            return false;
        }
    }
    return !csv->is_wider;
}

static bool skip_comment(struct csv *csv)
{
    skip_blanks(csv);
    if (!has_more(csv) || *csv->at != '#') {
        return false;
    }
    skip_to_line_end(csv);
    return true;
}

bool csv_next(struct csv *csv)
{
    while (has_more(csv)) {
        if (skip_comment(csv)) {
            continue;
        }
        csv->row_line = csv->line;
        csv->count = 0;
        csv->is_wider = false;
        while (has_more(csv) && read_cell(csv)) {
        }
        if (!is_empty(csv)) {
            return true;
        }
    }
    return false;
}

static bool encoding_fault(const struct csv *csv, int line, const char *what)
{
    faults_add(csv->faults, (struct origin){.file = csv->file, .line = line}, NULL,
               "%s, wants UTF-8: save it from the spreadsheet as \"CSV UTF-8\", or convert it: "
               "iconv -f GB18030 -t UTF-8",
               what);
    return false;
}

/* A spreadsheet in China saves plain "CSV" in GBK, and "Unicode text" in UTF-16. */
static bool check_encoding(const struct csv *csv)
{
    if (csv->end - csv->at >= 2 &&
        (!memcmp(csv->at, "\xff\xfe", 2) || !memcmp(csv->at, "\xfe\xff", 2))) {
        return encoding_fault(csv, 0, "is UTF-16");
    }
    int line = 1;
    for (const char *at = csv->at; at < csv->end; at++) {
        unsigned char c = (unsigned char)*at;
        if (!scan_is_text(c)) {
            faults_add(csv->faults, (struct origin){.file = csv->file, .line = line}, NULL,
                       "byte 0x%02x is no text, wants a list saved as \"CSV UTF-8\"", c);
            return false;
        }
        line += c == '\n';
    }
    const char *wrong = utf8_find_wrong(csv->at);
    if (!*wrong) {
        return true;
    }
    line = 1;
    for (const char *at = csv->at; at < wrong; at++) {
        line += *at == '\n';
    }
    return encoding_fault(csv, line, "is not UTF-8 (GBK, perhaps)");
}

/* What the first row has most of, outside of quotes. */
static char guess_separator(struct csv ahead)
{
    static const char separators[] = ",;\t";
    size_t counts[] = {0, 0, 0};
    bool is_quoted = false;
    while (skip_comment(&ahead) || (has_more(&ahead) && is_line_end(*ahead.at))) {
        if (has_more(&ahead)) {
            skip_line_end(&ahead);
        }
    }
    for (; has_more(&ahead) && !is_line_end(*ahead.at); ahead.at++) {
        is_quoted ^= *ahead.at == '"';
        const char *found = is_quoted ? NULL : strchr(separators, *ahead.at);
        if (found) {
            counts[found - separators]++;
        }
    }
    size_t best = counts[1] > counts[0] ? 1 : 0;
    return separators[counts[2] > counts[best] ? 2 : best];
}

bool csv_start(struct csv *csv, const char *file, char *bytes, size_t size, struct faults *faults)
{
    *csv =
        (struct csv){.file = file, .faults = faults, .at = bytes, .end = bytes + size, .line = 1};
    *csv->end = '\0';
    if (size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) {
        csv->at += 3;
    }
    if (!check_encoding(csv)) {
        return false;
    }
    csv->separator = guess_separator(*csv);
    return true;
}
