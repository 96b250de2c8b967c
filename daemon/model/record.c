/* SPDX-License-Identifier: Apache-2.0 */
/* record: the kinds there are, and a record with its texts in one block of memory, counted by reference. */
#include <lingtan/record.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const struct record_kind_row record_kinds[RECORD_KIND_COUNT] = {
    [RECORD_ALARM] = {.word = "alarm", .topic = "alarm", .is_state = true, .is_kept = true},
    [RECORD_EVENT] = {.word = "event", .topic = "event", .is_kept = true},
    [RECORD_AUDIT] = {.word = "audit", .topic = "audit", .is_kept = true},
    [RECORD_INTERVAL] = {.word = "interval", .topic = "energy"},
};

int record_kind_parse(const char *word, enum record_kind *out)
{
    for (int i = 0; i < RECORD_KIND_COUNT; i++) {
        if (strcmp(word, record_kinds[i].word) == 0) {
            *out = (enum record_kind)i;
            return 0;
        }
    }
    return -EINVAL;
}

static bool is_subject(const char *subject)
{
    const char *c = subject;
    while (islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_' || *c == '-') {
        c++;
    }
    return c > subject && *c == '\0';
}

static bool is_object(const char *body)
{
    const size_t length = strlen(body);
    return length >= 2 && body[0] == '{' && body[length - 1] == '}';
}

int record_check(const struct record_draft *draft)
{
    if ((draft->body == NULL) == (draft->reference == NULL) || !is_subject(draft->subject)) {
        return -EINVAL;
    }
    const char *text = draft->body != NULL ? draft->body : draft->reference;
    if (strlen(text) > RECORD_BODY_MAX || strlen(draft->subject) > RECORD_SUBJECT_MAX) {
        return -E2BIG;
    }
    return draft->body == NULL || is_object(draft->body) ? 0 : -EINVAL;
}

static size_t bytes_of(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static const char *place(char **at, const char *text)
{
    const size_t bytes = bytes_of(text);
    char *here = *at;
    if (bytes == 0) {
        return NULL;
    }
    memcpy(here, text, bytes);
    *at += bytes;
    return here;
}

struct record *record_create(const struct record_draft *draft, uint64_t position)
{
    struct record *record = mem_alloc(sizeof(*record) + bytes_of(draft->subject) +
                                      bytes_of(draft->body) + bytes_of(draft->reference));
    char *texts = (char *)(record + 1);
    atomic_init(&record->references, 1);
    record->kind = draft->kind;
    record->position = position;
    record->time_us = draft->time_us;
    record->subject = place(&texts, draft->subject);
    record->body = place(&texts, draft->body);
    record->reference = place(&texts, draft->reference);
    return record;
}

const struct record *record_ref(const struct record *record)
{
    struct record *counted = (struct record *)record;
    atomic_fetch_add_explicit(&counted->references, 1, memory_order_relaxed);
    return record;
}

/* As of a batch: see there. */
void record_unref(const struct record *record)
{
    struct record *counted = (struct record *)record;
    if (record != NULL &&
        atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) == 1) {
        free(counted);
    }
}
