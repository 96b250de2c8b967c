/* SPDX-License-Identifier: Apache-2.0 */
/* reading, batch: a value with time and quality; what one poll of one device yields. Implemented by daemon/model. */
#ifndef LINGTAN_READING_H
#define LINGTAN_READING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/clock.h>
#include <lingtan/device.h>

/* A device that fails is data. The words travel with each value to every sink. */
enum quality {
    QUALITY_OK,
    QUALITY_TIMEOUT,         /* the device did not answer */
    QUALITY_EXCEPTION,       /* it answered with a Modbus exception: see reading.exception */
    QUALITY_BAD_REPLY,       /* it answered something that is no reply to the request */
    QUALITY_NOT_IMPLEMENTED, /* the device says that it has no such value */
    QUALITY_IMPLAUSIBLE,     /* outside the plausible range of the point or the quantity */
    QUALITY_STALE, /* a value older than 2.5 periods: given by quality_now, never by a collector */
    QUALITY_LATE,  /* the poll was skipped because the line is overloaded */
    QUALITY_ESTIMATED,
    QUALITY_COUNT
};

const char *quality_word(enum quality quality); /* "ok", "timeout", ... */
int quality_parse(const char *word, enum quality *out) MUST_USE;

/* One value. value is in the quantity's unit and NaN unless quality is ok, implausible or estimated.
 *
 * count: for integer registers and for counters the exact number behind the value: value == count * resolution +
 * point offset. For a counter that the device sends as a float, count = round(value / resolution). For kind text:
 * where in the batch's texts the string starts. Else 0.
 * resolution: what one count is worth, ratios included; 0 where the value has no count (float gauge, text). */
struct reading {
    int64_t time_us; /* wall: the middle between request and reply */
    double value;
    int64_t count;
    double resolution;
    uint16_t point;    /* index into the device's points */
    uint8_t quality;   /* enum quality */
    uint8_t exception; /* Modbus exception code when quality is exception, else 0 */
};

/* Positions from here on are of batches that came before the store could read its folder: they follow each other, but
 * have no place in the journal and are never in it. */
#define POSITION_UNNUMBERED (UINT64_C(1) << 62)

/* What the times of a batch hang on. Within one boot, time minus offset is monotonic, whatever was done to the wall clock
 * in between: so elapsed time is told from wall time. */
struct batch_clock {
    uint64_t boot;     /* clock_boot of the machine that read it; 0 = not known */
    int64_t offset_us; /* wall minus monotonic time, but for steps of less than 50 ms */
    bool is_untrusted; /* nobody vouched for the wall clock then */
};

/* What one poll of one device yields. The maker fills it, then posts it; the hub stamps position and seq at intake;
 * from then on it is const, and readers on any thread share it by reference. */
struct batch {
    atomic_uint references;
    const struct device *device; /* a reference is held */
    uint64_t position;           /* place in the journal's order, 1 up, over all devices */
    uint64_t seq; /* per device, strictly increasing for ever, gaps allowed, never reused; 0 = none
                      * could be reserved: such a batch goes out once */
    int64_t time_us; /* wall: of the first reading */
    int64_t
        received_mono_us; /* monotonic: when the last reply was decoded; for latencies and staleness */
    struct batch_clock clock; /* offset_us by the maker, the rest by the hub at intake */
    const char *texts;        /* NUL-terminated strings behind the readings, or NULL */
    uint32_t texts_size;
    uint16_t count; /* readings in use */
    uint16_t capacity;
    struct reading readings[];
};

/* One allocation. capacity <= 4096 readings, texts_size <= 65536 bytes (0 = none); starts with one reference, readings
 * zeroed, count 0. The device gets a reference. */
struct batch *batch_create(const struct device *device, size_t capacity, size_t texts_size);
/* The same for the maker of a derived device's values (on any thread): the batch and each reading are of now, all readings
 * are there, of their points in order, and say `estimated` until their quality is set. Then hub_post, then hub_flush. */
struct batch *batch_create_derived(const struct device *device, const struct clock *clock);
struct batch *batch_ref(const struct batch *batch);
void batch_unref(const struct batch *batch);                /* NULL-safe, any thread */
char *batch_texts_space(struct batch *batch, size_t *size); /* the maker's room for texts */

/* The quality that every way out shows of a reading. A number that cannot be written (NaN, infinite, a state beyond 64
 * bits) is implausible whatever its maker said. */
enum quality reading_quality(const struct point *point, const struct reading *reading);

/* What is to be said of it so long after: the one rule for API, sinks and command line. What failed keeps its reason
 * until something newer comes, for why tells more than how old. A value older than 2.5 of its periods is stale: nobody
 * has said why nothing newer came. */
enum quality quality_now(enum quality quality, int64_t age_us, int64_t period_ms);

/* Both at once; a point that was never read (time_us 0) is stale. */
enum quality reading_quality_now(const struct point *point, const struct reading *reading,
                                 int64_t age_us);

/* A state as the integer it is. Only when reading_quality is ok. */
int64_t reading_state(const struct point *point, const struct reading *reading);

/* The string of a text reading; "" when its quality is not ok. */
const char *reading_text(const struct batch *batch, const struct reading *reading);

/* value = count * resolution + offset, computed so that decimal resolutions and offsets give the decimal a person would
 * write: (2301, 0.1) -> the double nearest to 230.1; (723, 0.1, -40) -> 32.3; with a ratio in it, (7, 0.4) -> 2.8. */
double reading_value_of_count(int64_t count, double resolution, double offset);

/* n for a resolution of 10^-n, n = 0..12 (a rounding error of its making is forgiven), else -1. */
int resolution_decimals(double resolution);

struct text;
/* Appends the value as JSON and line protocol want it: integers and decimals exactly, floats in their shortest form: the
 * fewest digits that give the register's own bits back, whatever the scale and unit.
 * Only for readings whose value is a number. */
void reading_add_value(struct text *text, const struct point *point, const struct reading *reading);

#endif
