/* SPDX-License-Identifier: Apache-2.0 */
/* line_room: the memory that the plan of a device needs. */
#include "collectors/modbus/line/line_internal.h"

#include "base/mem.h"

/* One set of answers serves all devices of a line, since one poll runs at a time. */
static void make(struct line *line, size_t registers, size_t requests)
{
    if (registers > line->registers_max || line->registers == NULL) {
        line->registers_max = registers;
        line->registers = mem_grow(line->registers, registers + 1, sizeof(*line->registers));
    }
    if (requests > line->requests_max || line->outcomes == NULL) {
        line->requests_max = requests;
        line->outcomes = mem_grow(line->outcomes, requests + 1, sizeof(*line->outcomes));
        line->is_read = mem_grow(line->is_read, requests + 1, sizeof(*line->is_read));
    }
}

void room_reserve(struct line *line, const struct line_device *device)
{
    size_t count = 0;
    plan_requests(device->plan, &count);
    make(line, plan_answer_size(device->plan), count);
}

void room_make(struct line *line, struct line_device *device)
{
    size_t count = 0;
    plan_requests(device->plan, &count);
    make(line, plan_answer_size(device->plan), count);
    device->requests = mem_alloc_array(count + 1, sizeof(*device->requests));
}
