/* SPDX-License-Identifier: Apache-2.0 */
/* probe_ask: one request to one unit, and what its answer means. */
#include <errno.h>

#include "cli/field/probe.h"
#include "cli/screen/interrupt.h"

enum {
    EXCEPTION_NO_PATH = 10,
    EXCEPTION_NO_TARGET = 11,
};

const char *const answer_words[] = {
    [ANSWER_NOT_ASKED] = "not asked", [ANSWER_SILENCE] = "silence",
    [ANSWER_REPLY] = "reply",         [ANSWER_EXCEPTION] = "exception",
    [ANSWER_EMPTY] = "empty reply",   [ANSWER_NO_PATH] = "no path",
    [ANSWER_NO_TARGET] = "no target", [ANSWER_GARBLED] = "garbled",
    [ANSWER_CLOSED] = "closed",       [ANSWER_COUNT] = NULL,
};

bool probe_is_there(const struct finding *finding)
{
    return finding->answer == ANSWER_REPLY || finding->answer == ANSWER_EXCEPTION ||
           finding->answer == ANSWER_EMPTY;
}

static enum answer answer_of(int error, uint8_t exception)
{
    switch (error) {
    case 0:
        return ANSWER_REPLY;
    case -EREMOTEIO:
        return exception == EXCEPTION_NO_PATH     ? ANSWER_NO_PATH
               : exception == EXCEPTION_NO_TARGET ? ANSWER_NO_TARGET
                                                  : ANSWER_EXCEPTION;
    case -ENODATA:
        return ANSWER_EMPTY;
    case -EBADMSG:
        return ANSWER_GARBLED;
    case -ECONNRESET:
        return ANSWER_CLOSED;
    default:
        return ANSWER_SILENCE;
    }
}

/* What a reply could not be told from noise is asked again once. */
int probe_ask(struct probe *probe, uint8_t unit)
{
    struct block block = {
        .unit = unit, .function = (uint8_t)probe->reader.cli->function, .quantity = 1};
    int error = reader_read(&probe->reader, &block);
    if (error == -EBADMSG && !interrupt_came()) {
        error = reader_read(&probe->reader, &block);
    }
    if (interrupt_came() && error != 0 && error != -EREMOTEIO && error != -ENODATA) {
        return -EINTR;
    }
    struct finding *finding = &probe->findings[unit];
    finding->answer = answer_of(error, block.exception);
    finding->exception = block.exception;
    finding->word = block.registers[0];
    return error;
}
