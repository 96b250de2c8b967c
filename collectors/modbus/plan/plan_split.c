/* SPDX-License-Identifier: Apache-2.0 */
/* plan_split: a refused request halved at the border of two values, and refused runs asked again. */
#include "collectors/modbus/plan/plan_internal.h"

#include <stdlib.h>

#include "base/mem.h"

/* The clusters of one request, by address. */
static struct plan_span *spans_of(const struct plan *plan, size_t request, size_t *count)
{
    size_t most = plan->point_count + plan->helper_count;
    struct plan_item *items = mem_alloc_array(most + 1, sizeof(*items));
    struct plan_span *spans = mem_alloc_array(most + 1, sizeof(*spans));
    size_t all = plan_items(plan, (uint8_t)plan->requests[request].poll_class, items);
    size_t own = 0;
    for (size_t i = 0; i < all; i++) {
        if (items[i].place->request == request) {
            items[own++] = items[i];
        }
    }
    *count = plan_spans(items, own, spans);
    free(items);
    return spans;
}

static uint16_t last_of(const struct frame_request *request)
{
    return (uint16_t)(request->address + request->quantity - 1);
}

static bool has_whole(const struct plan_span *spans, size_t count,
                      const struct frame_request *request)
{
    for (size_t i = 0; i < count; i++) {
        if (spans[i].end - spans[i].first == request->quantity) {
            return true;
        }
    }
    return false;
}

bool plan_halve(const struct plan *plan, size_t request, struct bad_run *out)
{
    const struct frame_request *block = &plan->requests[request].request;
    size_t count = 0;
    struct plan_span *spans = spans_of(plan, request, &count);
    bool is_split = !has_whole(spans, count, block);
    *out = (struct bad_run){
        .unit = block->unit,
        .function = block->function,
        .is_split = is_split,
        .is_sought = is_split,
        .first = block->address,
        .last = last_of(block),
        .block_first = block->address,
        .block_last = last_of(block),
    };
    if (is_split) {
        const struct plan_span *left = &spans[count / 2 - 1];
        const struct plan_span *right = &spans[count / 2];
        size_t end = left->end > right->end ? left->end : right->end;
        out->first = (uint16_t)left->first;
        out->last = (uint16_t)(end - 1);
    }
    free(spans);
    return is_split;
}

bool plan_knows(const struct plan *plan, const struct bad_run *run)
{
    size_t most = plan->point_count + plan->helper_count;
    struct plan_item *items = mem_alloc_array(most + 1, sizeof(*items));
    bool begins = false;
    bool ends = false;
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        size_t count = plan_items(plan, (uint8_t)i, items);
        for (size_t j = 0; j < count; j++) {
            bool is_same = items[j].unit == run->unit && items[j].function == run->function;
            begins = begins || (is_same && items[j].first == run->first);
            ends = ends || (is_same && items[j].end == run->last + 1U);
        }
    }
    free(items);
    size_t most_registers = plan_block_max(plan->profile, run->function);
    return begins && ends && run->first <= run->last &&
           run->last - run->first < (int)most_registers;
}

static const struct frame_request *request_with(const struct plan *plan, const struct bad_run *run,
                                                uint16_t address)
{
    for (size_t i = 0; i < plan->request_count; i++) {
        const struct frame_request *request = &plan->requests[i].request;
        if (request->unit == run->unit && request->function == run->function &&
            request->address <= address && address <= last_of(request)) {
            return request;
        }
    }
    return NULL;
}

struct frame_request plan_trial(const struct plan *plan, const struct bad_run *run)
{
    size_t first = run->first;
    size_t last = run->last;
    const struct frame_request *left = request_with(plan, run, run->first);
    const struct frame_request *right = request_with(plan, run, run->last);
    if (run->is_split && left != NULL && right != NULL &&
        last_of(right) - left->address < (int)plan_block_max(plan->profile, run->function)) {
        first = left->address;
        last = last_of(right);
    }
    return (struct frame_request){
        .unit = run->unit,
        .function = run->function,
        .address = (uint16_t)first,
        .quantity = (uint16_t)(last - first + 1),
    };
}

int64_t plan_printed(const struct plan *plan, uint8_t function, uint16_t address)
{
    for (size_t i = 0; i < plan->point_count; i++) {
        const struct profile_point *point = plan->points[i].point;
        if (point->function == function && point->address0 <= address &&
            address < point->address0 + point->registers) {
            return point->address + (address - point->address0);
        }
    }
    return address + plan->profile->address_base;
}
