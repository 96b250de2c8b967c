/* SPDX-License-Identifier: Apache-2.0 */
/* line_gate: the queue for room among the pool's connects in flight. */
#include "collectors/modbus/line/line_internal.h"

static void admit(struct gate *gate, struct line *line)
{
    gate->in_flight++;
    line->is_admitted = true;
}

static void unlink_line(struct gate *gate, struct line *line)
{
    struct line *previous = NULL;
    struct line *at = gate->first;
    while (at != NULL && at != line) {
        previous = at;
        at = at->gate_next;
    }
    if (at == NULL) {
        return;
    }
    if (previous == NULL) {
        gate->first = line->gate_next;
    } else {
        previous->gate_next = line->gate_next;
    }
    if (gate->last == line) {
        gate->last = previous;
    }
    line->gate_next = NULL;
}

bool gate_enter(struct gate *gate, struct line *line)
{
    if (!line->transport->needs_connect) {
        return true;
    }
    if (gate->first == NULL && gate->in_flight < gate->limit) {
        admit(gate, line);
        return true;
    }
    if (gate->last == NULL) {
        gate->first = line;
    } else {
        gate->last->gate_next = line;
    }
    gate->last = line;
    return false;
}

void gate_leave(struct gate *gate, struct line *line)
{
    if (line->is_admitted) {
        line->is_admitted = false;
        gate->in_flight--;
    } else {
        unlink_line(gate, line);
    }
}

struct line *gate_admit(struct gate *gate)
{
    struct line *line = gate->first;
    if (line == NULL || gate->in_flight >= gate->limit) {
        return NULL;
    }
    unlink_line(gate, line);
    admit(gate, line);
    return line;
}
