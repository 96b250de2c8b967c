/* SPDX-License-Identifier: Apache-2.0 */
/* document: the reference of an option table in Markdown. */
#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "config/option.h"

enum {
    TABLES_MAX = 64,
};

/* Tables in the order in which they are written; each once. */
struct document {
    const struct option_table *tables[TABLES_MAX];
    size_t count;
    struct text text;
};

static void enlist(struct document *document, const struct option_table *table)
{
    for (size_t i = 0; i < document->count; i++) {
        if (document->tables[i] == table) {
            return;
        }
    }
    if (document->count < TABLES_MAX) {
        document->tables[document->count++] = table;
    }
}

void option_add_cell(struct text *text, const char *string)
{
    for (; *string; string++) {
        if (*string == '|') {
            text_add_char(text, '\\');
        }
        text_add_char(text, *string);
    }
}

static void add_fallback(struct text *text, const struct option *row)
{
    bool is_nested =
        row->type == OPTION_GROUP || row->type == OPTION_LIST || row->type == OPTION_STRINGS;
    if (is_nested) {
        text_add_string(text, row->type == OPTION_GROUP ? "its defaults" : "empty");
    } else if (!row->fallback) {
        text_add_string(text, "**must be given**");
    } else if (row->type == OPTION_FLOAT && !strcmp(row->fallback, "nan")) {
        text_add_string(text, "none");
    } else if (row->type == OPTION_STRING || row->type == OPTION_ID || row->type == OPTION_ENUM) {
        text_add_format(text, "`\"%s\"`", row->fallback);
    } else {
        text_add_format(text, "`%s`", row->fallback);
    }
}

static void add_row(struct document *document, const struct option *row)
{
    if (row->type == OPTION_INLINE) { /* its table is written where it stands by itself */
        text_add_format(&document->text, "| options of [%s](#%s) | as there | as there | %s |\n",
                        row->table->name, row->table->name, row->help);
        return;
    }
    struct text wants = {0};
    option_add_wants(&wants, row);
    text_add_format(&document->text, "| `%s` | ", row->name);
    option_add_cell(&document->text, wants.data);
    if (row->table) {
        text_add_format(&document->text, ": see [%s](#%s)", row->table->name, row->table->name);
        enlist(document, row->table);
    }
    text_add_string(&document->text, " | ");
    add_fallback(&document->text, row);
    text_add_string(&document->text, " | ");
    option_add_cell(&document->text, row->help ? row->help : "");
    if (row->needs_restart) {
        text_add_string(&document->text, " **Needs a restart.**");
    }
    text_add_string(&document->text, " |\n");
    text_finish(&wants);
}

static void add_table(struct document *document, const struct option_table *table)
{
    text_add_format(&document->text, "## %s\n\n", table->name);
    if (table->help) {
        text_add_format(&document->text, "%s\n\n", table->help);
    }
    text_add_string(&document->text, "| option | wants | default | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < table->count; i++) {
        add_row(document, &table->rows[i]);
    }
}

void config_document(const struct option_table *table, FILE *out)
{
    struct document document = {0};
    enlist(&document, table);
    for (size_t i = 0; i < document.count; i++) {
        if (i > 0) {
            text_add_char(&document.text, '\n');
        }
        add_table(&document, document.tables[i]);
    }
    fputs(document.text.data, out);
    text_finish(&document.text);
}
