/* SPDX-License-Identifier: Apache-2.0 */
/* compile: the passes one after the other, and what is asked of a program. */
#include <stdlib.h>

#include "expr/program.h"

int expr_compile(const char *text, const struct expr_scope *scope, enum expr_want want,
                 const char *unit, struct expr_faults *faults, struct expr **out)
{
    struct draft draft;
    struct expr *expr = NULL;
    size_t before = faults->count;
    draft_init(&draft, text, scope, faults);
    if (draft_parse(&draft)) {
        draft_check(&draft, want, unit);
        if (faults->count == before && faults->more == 0) {
            expr = draft_emit(&draft);
        }
    }
    draft_finish(&draft);
    if (!expr) {
        return -EINVAL;
    }
    *out = expr;
    return 0;
}

void expr_destroy(struct expr *expr)
{
    free(expr);
}

const char *expr_text(const struct expr *expr)
{
    return expr->text;
}

enum expr_kind expr_kind(const struct expr *expr)
{
    return (enum expr_kind)expr->parts[expr->part_count - 1].value_kind;
}

const char *expr_unit(const struct expr *expr)
{
    return expr->words + expr->parts[expr->part_count - 1].unit;
}

const struct expr_slot *expr_slots(const struct expr *expr, size_t *count)
{
    *count = expr->slot_count;
    return expr->slots;
}
