/* SPDX-License-Identifier: Apache-2.0 */
/* store_alarms: the changes of the store's own alarms as records: raised, acknowledged, cleared. The ledger knows which were
 * told as raised, so that over restarts each raising has its end. */
#include "store/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/records.h"

static const char *const subjects[STORE_ALARM_COUNT] = {
    "store_journal_corrupt", "store_ledger_restored", "store_disk_full",
    "store_journal_shed",    "store_near_limit",      "store_unwritable",
};

/* more: a member of the body, and what it says; "" = nothing. */
static void add(struct ledger_edit *edit, unsigned place, const char *state, int64_t time_us,
                const char *more, const char *words)
{
    struct text body = {0};
    text_add_format(&body, "{\"state\":\"%s\",\"active\":%s", state,
                    strcmp(state, "cleared") == 0 ? "false" : "true");
    if (words[0] != '\0') {
        text_add_format(&body, ",\"%s\":", more);
        text_add_json_string(&body, words);
    }
    text_add_format(&body, ",\"stands\":%s}",
                    (STORE_STANDING & 1U << place) != 0 ? "true" : "false");
    const struct record_draft draft = {
        .kind = RECORD_ALARM, .subject = subjects[place], .time_us = time_us, .body = body.data};
    const int never = store_records_add(edit, &draft);
    (void)never; /* it is well made */
    text_finish(&body);
}

/* A microsecond apart, since a series takes one change a time. */
void store_alarms_add_changes(struct store *store, unsigned told, unsigned *now,
                              struct ledger_edit *edit)
{
    struct store_status status = {0};
    int64_t time_us = clock_wall_us(store->clock);
    alarms_copy(&store->alarms, &status);
    for (unsigned i = 0; i < STORE_ALARM_COUNT; i++) {
        const unsigned bit = 1U << i;
        const bool is_seen = (store->acknowledged_untold & told & bit) != 0;
        const bool has_ended = (told & bit) != 0 && (is_seen || (status.alarms & bit) == 0);
        if (is_seen) {
            add(edit, i, "acknowledged", time_us++, "by", store->untold_by);
        }
        if (has_ended) {
            add(edit, i, "cleared", time_us++, "", "");
        }
        if ((status.alarms & bit) != 0 && (has_ended || (told & bit) == 0)) {
            const int64_t since_us = alarms_since_us(&store->alarms, bit);
            add(edit, i, "raised", since_us != 0 ? since_us : time_us++, "why", status.reasons[i]);
        }
    }
    *now = status.alarms;
}
