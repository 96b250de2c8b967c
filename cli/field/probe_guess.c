/* SPDX-License-Identifier: Apache-2.0 */
/* probe_guess: the models of those that answered. */
#include <errno.h>
#include <unistd.h>

#include "cli/field/probe.h"
#include "cli/screen/interrupt.h"

static int read_for_guess(void *context, struct block *block)
{
    struct probe *probe = context;
    if (interrupt_came()) {
        return -EINTR;
    }
    int error = reader_read(&probe->reader, block);
    return interrupt_came() && error != 0 ? -EINTR : error;
}

/* A server that answers for units that cannot exist is no wire that wants to be asked gently. */
static bool is_like_absent(const struct probe *probe, const struct finding *finding)
{
    return probe->has_absent && finding->answer == probe->absent.answer &&
           finding->exception == probe->absent.exception && !probe->has_gap;
}

int probe_guess_unit(struct probe *probe, uint8_t unit)
{
    struct finding *finding = &probe->findings[unit];
    int64_t gap_us = probe->reader.gap_us;
    probe->reader.gap_us = is_like_absent(probe, finding) ? 0 : gap_us;
    int error = guess_model(probe->setup.profiles, unit, read_for_guess, probe, &finding->guesses);
    probe->reader.gap_us = gap_us;
    if (finding->answer == ANSWER_REPLY && finding->guesses.sample.quantity == 0) {
        finding->guesses.sample = (struct block){
            .unit = unit, .function = (uint8_t)probe->reader.cli->function, .quantity = 1};
    }
    finding->gives = finding->guesses.sample.quantity > 0;
    return error;
}

void probe_guess(struct probe *probe)
{
    bool is_terminal = isatty(STDERR_FILENO);
    for (size_t unit = 0; unit < UNITS_MAX; unit++) {
        struct finding *finding = &probe->findings[unit];
        if (!probe_is_there(finding) || finding->guesses.requests > 0) {
            continue;
        }
        if (is_terminal) {
            fprintf(stderr, "\r\033[Kunit %zu: which model?", unit);
        }
        if (probe_guess_unit(probe, (uint8_t)unit) < 0) {
            probe->was_cut = true;
            break;
        }
    }
    if (is_terminal) {
        fputs("\r\033[K", stderr);
    }
}
