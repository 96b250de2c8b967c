/* SPDX-License-Identifier: Apache-2.0 */
/* probe_guess: the models of those that answered. */
#include <errno.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "cli/probe.h"

static int read_for_guess(void *context, struct block *block)
{
    struct probe *probe = context;
    if (interrupt_came()) {
        return -EINTR;
    }
    int error = reader_read(&probe->reader, block);
    return interrupt_came() && error != 0 ? -EINTR : error;
}

void probe_guess(struct probe *probe)
{
    bool is_terminal = isatty(STDERR_FILENO);
    for (size_t unit = 0; unit < UNITS_MAX; unit++) {
        struct finding *finding = &probe->findings[unit];
        if (!probe_is_there(finding)) {
            continue;
        }
        if (is_terminal) {
            fprintf(stderr, "\r\033[Kunit %zu: which model?", unit);
        }
        int error = guess_model(probe->setup.profiles, (uint8_t)unit, read_for_guess, probe,
                                &finding->guesses);
        if (error < 0) {
            probe->was_cut = true;
            break;
        }
    }
    if (is_terminal) {
        fputs("\r\033[K", stderr);
    }
}
