/* SPDX-License-Identifier: Apache-2.0 */
/* draft: the list of steps, the words of a text, and faults with their columns. */
#include "expr/draft.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void draft_init(struct draft *draft, const char *text, const struct expr_scope *scope,
                struct expr_faults *faults)
{
    *draft = (struct draft){.text = text, .length = strlen(text), .scope = scope, .faults = faults};
    (void)draft_name(draft, "", 0);
}

void draft_finish(struct draft *draft)
{
    free(draft->steps);
    free(draft->slots);
    text_finish(&draft->names);
    *draft = (struct draft){0};
}

/* Characters of UTF-8 before a byte, and one. */
static size_t column_of(const struct draft *draft, size_t at)
{
    size_t column = 1;
    for (size_t i = 0; i < at && i < draft->length; i++) {
        column += ((unsigned char)draft->text[i] & 0xc0) != 0x80;
    }
    return column;
}

void draft_fault(struct draft *draft, size_t at, const char *format, ...)
{
    struct expr_faults *faults = draft->faults;
    if (faults->count == EXPR_FAULTS_MAX) {
        faults->more++;
        return;
    }
    va_list args;
    va_start(args, format);
    struct expr_fault fault = {.column = column_of(draft, at),
                               .message = mem_format_args(format, args)};
    va_end(args);
    size_t place = faults->count++;
    while (place > 0 && faults->items[place - 1].column > fault.column) {
        faults->items[place] = faults->items[place - 1];
        place--;
    }
    faults->items[place] = fault;
}

void expr_faults_finish(struct expr_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        free(faults->items[i].message);
    }
    *faults = (struct expr_faults){0};
}

uint32_t draft_add(struct draft *draft, const struct step *step)
{
    if (draft->count == draft->capacity) {
        draft->capacity = draft->capacity > 0 ? 2 * draft->capacity : 32;
        draft->steps = mem_grow(draft->steps, draft->capacity, sizeof(*draft->steps));
    }
    draft->steps[draft->count] = *step;
    draft->steps[draft->count].scale = (struct unit_scale){.numerator = 1, .denominator = 1};
    return (uint32_t)draft->count++;
}

uint32_t draft_name(struct draft *draft, const char *bytes, size_t length)
{
    uint32_t offset = (uint32_t)draft->names.length;
    text_add(&draft->names, bytes, length);
    text_add_char(&draft->names, '\0');
    return offset;
}

const char *draft_word(const struct draft *draft, struct word word)
{
    return draft->names.data + word.name;
}

size_t draft_operand(const struct step *steps, size_t first, size_t index)
{
    while (index > first) {
        index--;
        if (steps[index].kind < STEP_MARKS) {
            return index;
        }
    }
    return SIZE_MAX;
}

void draft_add_slot(struct draft *draft, struct expr_slot slot)
{
    if (draft->slot_count == draft->slot_capacity) {
        draft->slot_capacity = draft->slot_capacity > 0 ? 2 * draft->slot_capacity : 16;
        draft->slots = mem_grow(draft->slots, draft->slot_capacity, sizeof(*draft->slots));
    }
    draft->slots[draft->slot_count++] = slot;
}
