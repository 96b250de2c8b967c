/* SPDX-License-Identifier: Apache-2.0 */
/* exception: the codes of the Modbus specification (V1.1b3, chapter 7) as an engineer on site needs them. */
#include <lingtan/exception.h>

#include "base/mem.h"

struct row {
    enum exception_kind kind;
    const char *words;
    const char *advice;
};

static const struct row rows[] = {
    [1] = {EXCEPTION_IS_ABSENT, "illegal function",
           "another function: 1 coils, 2 discrete inputs, 3 holding registers, "
           "4 input registers; some "
           "servers say this of a unit that is not there"},
    [2] =
        {EXCEPTION_IS_ABSENT, "illegal data address",
         "registers that the device's document lists, perhaps counted from 1, and none behind the "
         "last"},
    [3] = {EXCEPTION_IS_ABSENT, "illegal data value",
           "fewer registers at once: some devices give 10 or 60 at the most"},
    [4] =
        {EXCEPTION_IS_FAILURE, "device failure",
         "ask again: a device that is starting says this of everything, and some servers of a unit "
         "that is not there"},
    [5] = {EXCEPTION_IS_BUSY, "acknowledged, still at work", "ask again in some seconds"},
    [6] = {EXCEPTION_IS_BUSY, "device busy", "ask again in some seconds, and less often"},
    [7] = {EXCEPTION_IS_OTHER, "negative acknowledge",
           "what the device's document says of exception 7"},
    [8] = {EXCEPTION_IS_OTHER, "memory parity error",
           "another register: the device reads this one from memory that is "
           "damaged; have it serviced"},
    [10] = {EXCEPTION_IS_GATEWAY, "gateway: no path",
            "a unit that the gateway knows: see its table of ports and unit ids, and whether it is "
            "overloaded"},
    [11] =
        {EXCEPTION_IS_GATEWAY, "gateway: no answer",
         "a unit that answers the gateway: see its power, wiring, unit id, baud rate and parity"},
};

static const struct row unknown = {EXCEPTION_IS_OTHER, "unknown",
                                   "what the device's document says of this exception"};

static const struct row *row_of(uint8_t exception)
{
    return exception < ARRAY_SIZE(rows) && rows[exception].words ? &rows[exception] : &unknown;
}

enum exception_kind exception_kind(uint8_t exception)
{
    return row_of(exception)->kind;
}

const char *exception_words(uint8_t exception)
{
    return row_of(exception)->words;
}

const char *exception_advice(uint8_t exception)
{
    return row_of(exception)->advice;
}
