/* SPDX-License-Identifier: Apache-2.0 */
/* rollup: what each point was in every minute and hour (store/rollup/cell.h), made from committed batches, and the one
 * function that answers for a range of time from the tier that suits it.
 *
 *     journal > hot, in memory > tail.db > minutes-YYYY-MM.db > hours-YYYY.db
 *
 * The store's thread hands over each batch once it is committed. Every five minutes the thread of the roll-ups writes
 * what came, with the position up to which it is that, in one transaction of the tail; once an hour it merges the tail
 * into the minutes and works the hours out of them. Each step may be killed and done again (tier.h): so minutes and hours
 * are what a rebuild from the journal would give. When files are missing, or nothing was rolled up yet, the journal is
 * read from where it is known. Minutes and hours are those of UTC. */
#ifndef LINGTAN_STORE_ROLLUP_H
#define LINGTAN_STORE_ROLLUP_H

#include "store/store.h"

struct rollups;

/* The store's own. Start when the store's thread starts, stop when it has ended. trouble: whoever looks at it learns of
 * STORE_DISK_FULL or STORE_UNWRITABLE. */
struct alarms;
struct rollups *rollups_create(struct store *store, const char *folder,
                               const struct store_options *options, const struct clock *clock,
                               struct alarms *alarms);
void rollups_destroy(struct rollups *rollups); /* NULL-safe */
int rollups_start(struct rollups *rollups) MUST_USE;
void rollups_stop(struct rollups *rollups); /* writes what it has, then joins the thread */

/* Batches that were just committed, in order of position. The store's thread. */
void rollups_offer(struct rollups *rollups, struct batch *const *batches, size_t count);

unsigned rollups_trouble(const struct rollups *rollups); /* any thread */

/* Waits until all that was committed before is in minutes and hours: for tests and tools. -EIO: that failed. Any thread
 * but the store's. */
int rollups_settle(struct rollups *rollups) MUST_USE;

enum rollup_tier {
    ROLLUP_AUTO, /* the coarsest that has a value a pixel */
    ROLLUP_RAW,
    ROLLUP_MINUTE,
    ROLLUP_HOUR,
};
const char *rollup_tier_word(enum rollup_tier tier); /* "raw", "minute", "hour" */

/* What fell into one of equal parts of the range; parts without readings are left out. Values are in the quantity's unit,
 * NaN where there are none: of a text all, mean of whatever is no gauge. */
struct rollup_column {
    int64_t time_us; /* wall: of the first minute, hour or reading in it */
    double min;
    double max;
    double mean; /* of all good readings */
    double last;
    uint64_t good; /* readings that are ok or estimated */
    uint64_t bad;
    uint8_t worst; /* enum quality, of all readings */
};

struct rollup_ask {
    const char *device;
    const char *point;
    int64_t from_us; /* wall, [from, to) */
    int64_t to_us;
    size_t pixels; /* columns at most, 1..ROLLUP_PIXELS_MAX */
    enum rollup_tier tier;
};
enum { ROLLUP_PIXELS_MAX = 10000 };

struct rollup_answer {
    enum rollup_tier tier;           /* what was read */
    const struct quantity *quantity; /* NULL: nothing is known of that point there */
    struct rollup_column *columns;   /* by time; rollup_answer_finish frees them */
    size_t count;
};

/* Reads what the question needs; a minute of now is in it as soon as it is committed. Where one tier is asked for the
 * whole range and has only part of it, the rest is empty. reader: the caller's own, of this store. -EINVAL: the range is empty,
 * or pixels are out of range. -E2BIG: too long for the tier. -EIO ...: a file can't be read. An http worker. */
int rollup_query(struct store *store, struct journal_reader *reader, const struct rollup_ask *ask,
                 struct rollup_answer *out) MUST_USE;
void rollup_answer_finish(struct rollup_answer *answer);

#endif
