/* SPDX-License-Identifier: Apache-2.0 */
/* trouble: its sentences. */
#include "collectors/modbus/frame/trouble.h"

#include <stdio.h>

#include <lingtan/exception.h>

struct trouble trouble_of_reply(const struct frame_request *request,
                                const struct frame_reply *reply)
{
    if (reply->exception != 0) {
        return (struct trouble){.kind = TROUBLE_EXCEPTION, .got = reply->exception};
    }
    bool is_bits = request->function == 1 || request->function == 2;
    size_t given = is_bits ? 8 * reply->data_size : reply->data_size / 2;
    return (struct trouble){
        .kind = TROUBLE_SHORT, .got = (uint16_t)given, .wanted = request->quantity};
}

bool trouble_is_heard(const struct trouble *trouble)
{
    return trouble->kind > TROUBLE_LINE;
}

/* What came stands behind before, what was wanted behind between. */
struct sentence {
    const char *before;
    const char *between; /* NULL: there is nothing to compare with */
    const char *after;   /* NULL: there is no number */
    const char *advice;
};

static const struct sentence sentences[] = {
    [TROUBLE_NONE] = {.before = "", .advice = ""},
    [TROUBLE_SILENT] = {.before = "does not answer",
                        .advice = "check its power, wiring and unit id"},
    [TROUBLE_UNSERVED] = {.before = "does not answer, nor does any unit of its line, though it is "
                                    "connected",
                          .advice = "check power, wiring and unit ids; the other end may serve "
                                    "one client at a time and have one"},
    [TROUBLE_LINE] = {.before = "its line is down", .advice = "see its line"},
    [TROUBLE_EXCEPTION] = {.before = "answers, but gives nothing: exception ", .after = ""},
    [TROUBLE_SHORT] = {"answers, but with ", " of ", " registers",
                       "it may be another model, or another unit"},
    [TROUBLE_COUNT] = {"answers, but with ", " registers instead of ", "",
                       "it may be something else than a Modbus server"},
    [TROUBLE_UNIT] = {"answers, but as unit ", " instead of ", "",
                      "check its unit id, and that no other device has the same"},
    [TROUBLE_UNIT_ID] = {"answers, but as unit ", " instead of ", "",
                         "if its gateway says so for every unit, set ignore_unit_id = true"},
    [TROUBLE_FUNCTION] = {"answers, but to function ", " instead of ", "",
                          "another master may be on the wire"},
    [TROUBLE_TRANSACTION] = {"answers, but with transaction id ", " instead of ", "",
                             "it may be slower than response_timeout_ms; if its gateway never "
                             "keeps the id, set ignore_transaction_id = true"},
    [TROUBLE_LENGTH] = {"answers, but with a length of ", " instead of ", "",
                        "it may be something else than a Modbus server"},
    [TROUBLE_SUM] = {.before = "answers, but with a wrong checksum",
                     .advice = "check speed, parity and wiring; two devices may have the same "
                               "unit id"},
    [TROUBLE_PART] = {"answers, but with ", " of ", " bytes",
                      "check speed, wiring and response_timeout_ms"},
    [TROUBLE_RTU] = {.before = "answers, but with RTU frames",
                     .advice = "set transport = \"rtu_over_tcp\""},
    [TROUBLE_NOISE] = {.before = "bytes come, but no Modbus frame",
                       .advice = "check speed and parity, or whether the port is one for Modbus"},
};

void trouble_say(const struct trouble *trouble, char *out, size_t size)
{
    const struct sentence *sentence = &sentences[trouble->kind];
    if (sentence->after == NULL) {
        snprintf(out, size, "%s", sentence->before);
    } else if (sentence->between == NULL) {
        snprintf(out, size, "%s%u%s", sentence->before, trouble->got, sentence->after);
    } else {
        snprintf(out, size, "%s%u%s%u%s", sentence->before, trouble->got, sentence->between,
                 trouble->wanted, sentence->after);
    }
}

/* Servers and gateways that do not have a unit say 1, 2 or 4 for it; the codes made for that are hardly ever seen. */
static const char *advice_on(uint8_t exception)
{
    switch (exception_kind(exception)) {
    case EXCEPTION_IS_ABSENT:
        return "it may be another model, or another unit";
    case EXCEPTION_IS_FAILURE:
        return "it is starting or has failed, or its gateway has no such unit: check its unit id";
    case EXCEPTION_IS_BUSY:
        return "it says that it is busy: another master may ask it";
    case EXCEPTION_IS_GATEWAY:
    case EXCEPTION_IS_OTHER:
        break;
    }
    return "its document may say what that means";
}

const char *trouble_advice(const struct trouble *trouble)
{
    return trouble->kind == TROUBLE_EXCEPTION ? advice_on((uint8_t)trouble->got)
                                              : sentences[trouble->kind].advice;
}
