/* SPDX-License-Identifier: Apache-2.0 */
/* probe_fold: many servers mind no unit id and give one device's registers for every number, others refuse a unit that
 * they do not have with an ordinary exception. Counted as they answer, one meter would be eight and its energy too.
 *
 * Meters of one model that stand idle may give the same registers as well. So units are one device only where a unit that
 * cannot exist gives the same too: 248 to 254 are reserved, no serial device has them, and no gateway has a wire for
 * them. */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "cli/field/probe.h"
#include "cli/screen/interrupt.h"

static const uint8_t absent_units[] = {251, 254, 249, 253};

/* Reads the sample from another unit. */
static int read_sample(struct probe *probe, uint8_t unit, const struct block *sample,
                       struct block *out)
{
    *out = (struct block){
        .unit = unit,
        .function = sample->function,
        .address = sample->address,
        .quantity = sample->quantity,
    };
    return interrupt_came() ? -EINTR : reader_read(&probe->reader, out);
}

/* What does not move in the one must stand in the other. 1: the same, 0: not, negative: the error of the read. */
static int gives_the_same(struct probe *probe, uint8_t one, uint8_t other)
{
    const struct block *sample = &probe->findings[one].guesses.sample;
    struct block before;
    struct block of_other;
    struct block after;
    size_t still = 0;
    int error = read_sample(probe, one, sample, &before);
    error = error != 0 ? error : read_sample(probe, other, sample, &of_other);
    error = error != 0 ? error : read_sample(probe, one, sample, &after);
    for (size_t i = 0; error == 0 && i < sample->quantity; i++) {
        bool is_still = before.registers[i] == after.registers[i];
        still += is_still ? 1 : 0;
        if (is_still && before.registers[i] != of_other.registers[i]) {
            return 0;
        }
    }
    return error != 0 ? error : still > 0;
}

/* One that the site does not have. */
static uint8_t absent_unit(const struct probe *probe)
{
    for (size_t i = 0; i < ARRAY_SIZE(absent_units); i++) {
        if (probe->findings[absent_units[i]].device[0] == '\0') {
            return absent_units[i];
        }
    }
    return absent_units[0];
}

static bool has_sample(const struct finding *finding)
{
    return finding->gives && !finding->is_same && finding->guesses.sample.quantity > 0;
}

static size_t count_samples(const struct probe *probe)
{
    size_t count = 0;
    for (size_t i = 0; i < UNITS_MAX; i++) {
        count += has_sample(&probe->findings[i]) ? 1 : 0;
    }
    return count;
}

/* By number, but what no wire has at the end. */
static uint8_t nth_unit(size_t nth)
{
    return (uint8_t)((nth + 1) % UNITS_MAX);
}

/* Marks those that give what the unit gives. False: no more is to be asked. */
static bool fold_into(struct probe *probe, uint8_t one, size_t from)
{
    for (size_t i = from; i < UNITS_MAX; i++) {
        uint8_t unit = nth_unit(i);
        struct finding *finding = &probe->findings[unit];
        int is_same = has_sample(finding) ? gives_the_same(probe, one, unit) : 0;
        if (is_same < 0 && !reader_goes_on(is_same)) {
            return false;
        }
        finding->is_same = is_same > 0;
        finding->same_as = is_same > 0 ? one : finding->same_as;
    }
    return true;
}

void probe_fold(struct probe *probe)
{
    bool goes_on = !probe->is_serial && !probe->was_cut;
    for (size_t i = 0; goes_on && count_samples(probe) > 1 && i < UNITS_MAX; i++) {
        uint8_t unit = nth_unit(i);
        if (!has_sample(&probe->findings[unit])) {
            continue;
        }
        int is_same = gives_the_same(probe, unit, absent_unit(probe));
        if (is_same > 0) {
            goes_on = fold_into(probe, unit, i + 1);
        } else {
            /* Silence costs a timeout, and says that the units are minded. */
            goes_on = is_same == 0 || is_same == -EREMOTEIO || is_same == -ENODATA;
        }
    }
}

bool probe_is_one_device(struct probe *probe)
{
    static const uint8_t others[] = {255, 247, 100};
    bool is_one = probe_guess_unit(probe, 1) == 0 && has_sample(&probe->findings[1]);
    for (size_t i = 0; is_one && i < ARRAY_SIZE(others); i++) {
        is_one = gives_the_same(probe, 1, others[i]) > 0;
    }
    return is_one;
}

void probe_ask_absent(struct probe *probe)
{
    size_t refusing = 0;
    for (size_t i = 0; i < UNITS_MAX; i++) {
        refusing += probe->findings[i].answer == ANSWER_EXCEPTION ? 1 : 0;
    }
    if (probe->is_serial || probe->was_cut || refusing < 2) {
        return;
    }
    uint8_t unit = absent_unit(probe);
    struct finding before = probe->findings[unit];
    if (before.answer == ANSWER_NOT_ASKED) {
        (void)probe_ask(probe, unit);
    }
    probe->absent = probe->findings[unit];
    probe->has_absent = probe->absent.answer == ANSWER_EXCEPTION;
    probe->findings[unit] = before;
}

bool probe_is_device(const struct finding *finding)
{
    return finding->gives && !finding->is_same;
}

bool probe_refuses_all(const struct finding *finding)
{
    const struct guess_list *guesses = &finding->guesses;
    return probe_is_there(finding) && !finding->gives && guesses->requests > 0 &&
           guesses->refusals == guesses->requests;
}
