/* SPDX-License-Identifier: Apache-2.0 */
/* line_request: the request of a poll as the wire has to know it, which knows no devices. */
#include "collectors/modbus/line/line_internal.h"

struct request_state *request_state(const struct line *line)
{
    const struct poll *poll = &line->poll;
    return poll->device != NULL ? &poll->device->requests[poll->request] : NULL;
}

void request_send(struct line *line, const struct frame_request *request)
{
    struct line_device *device = line->poll.device;
    struct request_state *state = request_state(line);
    exchange_begin(line,
                   &(struct exchange){
                       .request = *request,
                       .tally = &device->tally,
                       .turnaround = &state->turnaround,
                       .probed = line->poll.is_probe ? device : NULL,
                       .patience_us = line->poll.is_probe ? probe_patience_us(line, device)
                                                          : line->settings.response_timeout_us,
                       .is_expected = state->fails == 0,
                       .is_doubtful = device->failed_polls > 0,
                   });
}
