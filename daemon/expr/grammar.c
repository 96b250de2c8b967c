/* SPDX-License-Identifier: Apache-2.0 */
/* grammar: what the language is, for docs/EXPRESSIONS.md and `lingtand --document-expressions`. */
#include "base/text.h"
#include "expr/function.h"

static const char grammar[] =
    "expression = conjunction { \"or\" conjunction } ;\n"
    "conjunction = negation { \"and\" negation } ;\n"
    "negation = \"not\" negation | comparison ;\n"
    "comparison = sum [ ( \"<\" | \"<=\" | \">\" | \">=\" | \"==\" | \"!=\" ) sum ] ;\n"
    "sum = product { ( \"+\" | \"-\" ) product } ;\n"
    "product = signed { ( \"*\" | \"/\" ) signed } ;\n"
    "signed = \"-\" signed | value ;\n"
    "value = number [ unit ] | \"true\" | \"false\" | quality | call | point | of_node | set\n"
    "      | variable | \"(\" expression \")\" ;\n"
    "call = function \"(\" [ expression { \",\" expression } ] \")\" ;\n"
    "point = word \".\" word ;                           (* device.point *)\n"
    "of_node = \"node\" \"(\" word \")\" \".\" word ;          (* a value of the node itself *)\n"
    "set = devices \".\" word ;                          (* the point of each of the devices *)\n"
    "devices = [ \"node\" \"(\" word \")\" \".\" ] ( class | pattern ) | \"node\" \"(\" word \")\" "
    "\".\" \"*\" ;\n"
    "class = \"class\" \"(\" word \")\" ;\n"
    "pattern = \"devices\" \"(\" word \")\" ;                (* by id *)\n"
    "variable = name ;\n"
    "function = name ;\n"
    "quality = name ;                                  (* \"ok\", \"timeout\", ... *)\n"
    "word = name | string ;                            (* in a string of a set * is any "
    "characters, ? is one *)\n"
    "name = ( letter | \"_\" ) { letter | digit | \"_\" | \"-\" } ;  (* a \"-\" only between two "
    "others *)\n"
    "string = '\"' character { character } '\"' ;        (* \\\" and \\\\ within *)\n"
    "number = digit { digit } [ \".\" digit { digit } ] [ ( \"e\" | \"E\" ) [ \"+\" | \"-\" ] "
    "digit { digit } ] ;\n"
    "unit = \"%\" | unit_name { \"/\" unit_name } ;        (* no spaces at the slash *)\n";

const char *expr_grammar(void)
{
    return grammar;
}

static void document_functions(struct text *text)
{
    text_add_string(text, "| function | yields |\n|---|---|\n");
    for (size_t i = 0; i < function_count; i++) {
        text_add_format(text, "| `%s` | %s |\n", functions[i].usage, functions[i].help);
    }
}

static void document_qualities(struct text *text)
{
    text_add_string(text, "Qualities from the best to the worst:");
    for (unsigned rank = 0; rank < EXPR_QUALITY_COUNT; rank++) {
        for (unsigned quality = 0; quality < EXPR_LEFT_OUT; quality++) {
            if (expr_quality_rank(quality) == rank) {
                text_add_format(text, "%s `%s`", rank > 0 ? "," : "", expr_quality_word(quality));
            }
        }
    }
    text_add_string(text, ".\n");
}

void expr_document(FILE *file)
{
    struct text text = {0};
    text_add_format(&text, "```ebnf\n%s```\n\n", grammar);
    document_functions(&text);
    text_add_char(&text, '\n');
    unit_document(&text);
    text_add_char(&text, '\n');
    document_qualities(&text);
    fwrite(text.data, 1, text.length, file);
    text_finish(&text);
}
