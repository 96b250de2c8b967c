/* SPDX-License-Identifier: Apache-2.0 */
/* given_runs: a list of runs, joined where they touch. */
#include "collectors/modbus/plan/given_runs.h"

#include <stdlib.h>

#include "base/mem.h"

void given_runs_finish(struct given_runs *runs)
{
    free(runs->items);
    *runs = (struct given_runs){0};
}

static struct given_run run_of(const struct frame_request *request)
{
    return (struct given_run){
        .unit = request->unit,
        .function = request->function,
        .first = request->address,
        .end = (uint32_t)request->address + request->quantity,
    };
}

static bool is_same_space(const struct given_run *one, const struct given_run *other)
{
    return one->unit == other->unit && one->function == other->function;
}

/* Takes the run out of the list if it touches the other, which grows by it. */
static bool join(struct given_runs *runs, size_t index, struct given_run *grown)
{
    const struct given_run *run = &runs->items[index];
    if (!is_same_space(run, grown) || run->first > grown->end || grown->first > run->end) {
        return false;
    }
    grown->first = run->first < grown->first ? run->first : grown->first;
    grown->end = run->end > grown->end ? run->end : grown->end;
    runs->items[index] = runs->items[--runs->count];
    return true;
}

void given_runs_add(struct given_runs *runs, const struct frame_request *request)
{
    struct given_run run = run_of(request);
    for (size_t i = 0; i < runs->count;) {
        i = join(runs, i, &run) ? 0 : i + 1;
    }
    runs->items = mem_grow(runs->items, runs->count + 1, sizeof(*runs->items));
    runs->items[runs->count++] = run;
}

bool given_runs_hold(const struct given_runs *runs, const struct frame_request *request)
{
    struct given_run run = run_of(request);
    for (size_t i = 0; i < runs->count; i++) {
        if (is_same_space(&runs->items[i], &run) && runs->items[i].first <= run.first &&
            runs->items[i].end >= run.end) {
            return true;
        }
    }
    return false;
}
