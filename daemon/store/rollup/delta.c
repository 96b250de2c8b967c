/* SPDX-License-Identifier: Apache-2.0 */
/* delta: see delta.h. */
#include "store/rollup/delta.h"

static bool has_range(const struct point *point)
{
    return point->quantity->kind == QUANTITY_GAUGE || point->quantity->kind == QUANTITY_STATE;
}

static void put_values(struct bytes *out, const struct point *point, const struct cell *cell)
{
    const uint64_t last = (uint64_t)cell->last;
    bytes_put_unsigned(out, cell->last_ms);
    if (point->quantity->kind != QUANTITY_TEXT) {
        bytes_put_signed(out, cell->last);
    }
    if (has_range(point)) {
        bytes_put_unsigned(out, last - (uint64_t)cell->min);
        bytes_put_unsigned(out, (uint64_t)cell->max - last);
    }
    if (point->quantity->kind == QUANTITY_GAUGE) {
        bytes_put_signed(out, (int64_t)((uint64_t)cell->sum - last * cell->good));
    }
}

static void put_cells(struct bytes *out, const struct device *device, const struct cell *cells)
{
    size_t left_out = 0;
    for (size_t i = 0; i < device->point_count; i++) {
        const struct cell *cell = &cells[i];
        if (cell_is_empty(cell)) {
            left_out++;
            continue;
        }
        bytes_put_unsigned(out, left_out);
        bytes_put_unsigned(out, (uint64_t)cell->good << 1 | (cell->worst != QUALITY_OK));
        left_out = 0;
        if (cell->worst != QUALITY_OK) {
            bytes_put_unsigned(out, cell->bad);
            bytes_put_u8(out, cell->worst);
        }
        if (cell->good > 0) {
            put_values(out, &device->points[i], cell);
        }
    }
}

void delta_put(struct bytes *out, uint64_t series, int64_t minute, const struct device *device,
               const struct cell *cells)
{
    struct bytes body = {0};
    put_cells(&body, device, cells);
    bytes_put_unsigned(out, series);
    bytes_put_unsigned(out, (uint64_t)minute);
    bytes_put_unsigned(out, body.length);
    bytes_put(out, body.data, body.length);
    bytes_finish(&body);
}

bool delta_next(struct span *span, struct delta *out)
{
    if (span_left(span) == 0) {
        return false;
    }
    out->series = span_unsigned(span);
    out->minute = (int64_t)span_unsigned(span);
    const uint64_t length = span_unsigned(span);
    const uint8_t *cells = span_take(span, (size_t)length);
    if (cells == NULL || span->is_bad) {
        span->is_bad = true;
        return false;
    }
    out->cells = span_of(cells, (size_t)length);
    return true;
}

static void take_values(struct span *span, const struct point *point, struct cell *cell)
{
    cell->last_ms = (uint32_t)span_unsigned(span);
    if (point->quantity->kind != QUANTITY_TEXT) {
        cell->last = span_signed(span);
    }
    const uint64_t last = (uint64_t)cell->last;
    cell->min = cell->last;
    cell->max = cell->last;
    if (has_range(point)) {
        cell->min = (int64_t)(last - span_unsigned(span));
        cell->max = (int64_t)(last + span_unsigned(span));
    }
    if (point->quantity->kind == QUANTITY_GAUGE) {
        cell->sum = (int64_t)((uint64_t)span_signed(span) + last * cell->good);
    }
}

bool delta_next_cell(struct delta *delta, const struct device *device, size_t *next, size_t *point,
                     struct cell *cell)
{
    struct span *span = &delta->cells;
    if (span_left(span) == 0) {
        return false;
    }
    *cell = (struct cell){0};
    *point = *next + (size_t)span_unsigned(span);
    const uint64_t good = span_unsigned(span);
    if (span->is_bad || *point >= device->point_count) {
        span->is_bad = true;
        return false;
    }
    *next = *point + 1;
    cell->good = (uint32_t)(good >> 1);
    if ((good & 1) != 0) {
        cell->bad = (uint32_t)span_unsigned(span);
        cell->worst = span_u8(span);
    }
    if (cell->good > 0) {
        take_values(span, &device->points[*point], cell);
    }
    return !span->is_bad;
}
