/* SPDX-License-Identifier: Apache-2.0 */
/* grid: see grid.h. */
#include "store/rollup/grid.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/rollup/bits.h"

void grid_init(struct grid *grid, size_t slots, size_t points)
{
    grid->slots = slots;
    grid->points = points;
    grid->exponents = mem_alloc_array(points, 1);
    grid->cells = mem_alloc_array(points * slots, sizeof(struct cell));
}

void grid_clear(struct grid *grid)
{
    memset(grid->cells, 0, grid->points * grid->slots * sizeof(struct cell));
}

void grid_finish(struct grid *grid)
{
    free(grid->exponents);
    free(grid->cells);
    *grid = (struct grid){0};
}

/* What points polled together have in common. */
struct head {
    size_t present; /* slots that are not empty */
    size_t valued;  /* of those, with a value */
    bool has[GRID_SLOTS_MAX];
    int64_t good[GRID_SLOTS_MAX]; /* [0, present) */
    int64_t bad[GRID_SLOTS_MAX];
    int64_t worst[GRID_SLOTS_MAX];
    int64_t last_ms[GRID_SLOTS_MAX]; /* [0, valued) */
};

static bool is_valued(const struct head *head, size_t i)
{
    return head->good[i] > 0;
}

static void head_of_cells(struct head *head, const struct cell *cells, size_t slots)
{
    head->present = 0;
    head->valued = 0;
    for (size_t slot = 0; slot < slots; slot++) {
        const struct cell *cell = &cells[slot];
        head->has[slot] = !cell_is_empty(cell);
        if (!head->has[slot]) {
            continue;
        }
        if (cell->good > 0) {
            head->last_ms[head->valued++] = cell->last_ms;
        }
        head->good[head->present] = cell->good;
        head->bad[head->present] = cell->bad;
        head->worst[head->present++] = cell->worst;
    }
}

static bool is_same_column(const int64_t *one, const int64_t *other, size_t count)
{
    return memcmp(one, other, count * sizeof(*one)) == 0;
}

static bool is_same_head(const struct head *one, const struct head *other, size_t slots)
{
    return one->present == other->present && one->valued == other->valued &&
           memcmp(one->has, other->has, slots * sizeof(bool)) == 0 &&
           is_same_column(one->good, other->good, one->present) &&
           is_same_column(one->bad, other->bad, one->present) &&
           is_same_column(one->worst, other->worst, one->present) &&
           is_same_column(one->last_ms, other->last_ms, one->valued);
}

static void put_head(struct bytes *out, const struct head *head, size_t slots)
{
    struct bit_writer writer = {.bytes = out};
    bits_put(&writer, head->present == slots, 1);
    for (size_t slot = 0; slot < slots && head->present < slots; slot++) {
        bits_put(&writer, head->has[slot], 1);
    }
    bits_put_column(&writer, head->good, head->present);
    bits_put_column(&writer, head->bad, head->present);
    bits_put_column(&writer, head->worst, head->present);
    bits_put_column(&writer, head->last_ms, head->valued);
    bits_flush(&writer);
}

static void take_head(struct span *span, struct head *head, size_t slots)
{
    struct bit_reader reader = {.span = *span};
    const bool is_full = bits_take(&reader, 1) == 1;
    head->present = 0;
    head->valued = 0;
    for (size_t slot = 0; slot < slots; slot++) {
        head->has[slot] = is_full || bits_take(&reader, 1) == 1;
        head->present += head->has[slot];
    }
    bits_take_column(&reader, head->good, head->present);
    for (size_t i = 0; i < head->present; i++) {
        head->valued += is_valued(head, i);
    }
    bits_take_column(&reader, head->bad, head->present);
    bits_take_column(&reader, head->worst, head->present);
    bits_take_column(&reader, head->last_ms, head->valued);
    *span = reader.span;
}

/* Columns of one point: as many values as its head has. */
struct columns {
    size_t count;
    int64_t good[GRID_SLOTS_MAX];
    int64_t min[GRID_SLOTS_MAX];
    int64_t max[GRID_SLOTS_MAX];
    int64_t sum[GRID_SLOTS_MAX];
    int64_t last[GRID_SLOTS_MAX];
};

static int64_t minus(int64_t one, int64_t other)
{
    return (int64_t)((uint64_t)one - (uint64_t)other);
}

static int64_t plus(int64_t one, int64_t other)
{
    return (int64_t)((uint64_t)one + (uint64_t)other);
}

static int64_t times(int64_t one, int64_t other)
{
    return (int64_t)((uint64_t)one * (uint64_t)other);
}

/* Rounded down: all that counts is that both sides say the same. */
static int64_t mean_of(int64_t sum, int64_t good)
{
    const int64_t quotient = sum / good;
    return quotient - (sum % good < 0);
}

/* What is left of the sums when each mean is guessed: by the one before, or all by the first. */
static void sum_rest(const struct columns *columns, bool is_chain, int64_t *rest)
{
    int64_t guess = mean_of(columns->sum[0], columns->good[0]);
    for (size_t i = 0; i < columns->count; i++) {
        rest[i] = minus(columns->sum[i], times(columns->good[i], guess));
        guess = is_chain ? mean_of(columns->sum[i], columns->good[i]) : guess;
    }
}

static void put_sums(struct bit_writer *writer, const struct columns *columns)
{
    int64_t chain[GRID_SLOTS_MAX];
    int64_t level[GRID_SLOTS_MAX];
    const int64_t first = mean_of(columns->sum[0], columns->good[0]);
    sum_rest(columns, true, chain);
    sum_rest(columns, false, level);
    const bool is_chain =
        bits_of_column(chain, columns->count) <= bits_of_column(level, columns->count);
    bits_put_column(writer, &first, 1);
    bits_put(writer, is_chain, 1);
    bits_put_column(writer, is_chain ? chain : level, columns->count);
}

static void take_sums(struct bit_reader *reader, struct columns *columns)
{
    int64_t guess = 0;
    bits_take_column(reader, &guess, 1);
    const bool is_chain = bits_take(reader, 1) == 1;
    bits_take_column(reader, columns->sum, columns->count);
    for (size_t i = 0; i < columns->count; i++) {
        columns->sum[i] = plus(columns->sum[i], times(columns->good[i], guess));
        guess = is_chain ? mean_of(columns->sum[i], columns->good[i]) : guess;
    }
}

/* The middle that the others are written as the distance from. */
static void find_middles(const struct columns *columns, bool is_gauge, int64_t *middles)
{
    for (size_t i = 0; i < columns->count; i++) {
        middles[i] = is_gauge ? mean_of(columns->sum[i], columns->good[i]) : columns->last[i];
    }
}

static void put_values(struct bit_writer *writer, uint8_t kind, const struct columns *columns)
{
    int64_t middles[GRID_SLOTS_MAX];
    int64_t parts[3][GRID_SLOTS_MAX];
    const bool is_gauge = kind == QUANTITY_GAUGE;
    if (columns->count == 0 || kind == QUANTITY_TEXT) {
        return;
    }
    if (is_gauge) {
        put_sums(writer, columns);
    } else {
        bits_put_column(writer, columns->last, columns->count);
    }
    if (kind == QUANTITY_COUNTER) {
        return;
    }
    find_middles(columns, is_gauge, middles);
    for (size_t i = 0; i < columns->count; i++) {
        parts[0][i] = minus(middles[i], columns->min[i]);
        parts[1][i] = minus(columns->max[i], middles[i]);
        parts[2][i] = minus(columns->last[i], middles[i]);
    }
    for (size_t part = 0; part < (is_gauge ? 3 : 2); part++) {
        bits_put_column(writer, parts[part], columns->count);
    }
}

static void take_values(struct bit_reader *reader, uint8_t kind, struct columns *columns)
{
    int64_t middles[GRID_SLOTS_MAX] = {0};
    const bool is_gauge = kind == QUANTITY_GAUGE;
    if (columns->count == 0 || kind == QUANTITY_TEXT) {
        return;
    }
    if (is_gauge) {
        take_sums(reader, columns);
    } else {
        bits_take_column(reader, columns->last, columns->count);
    }
    if (kind == QUANTITY_COUNTER) {
        return;
    }
    find_middles(columns, is_gauge, middles);
    bits_take_column(reader, columns->min, columns->count);
    bits_take_column(reader, columns->max, columns->count);
    if (is_gauge) {
        bits_take_column(reader, columns->last, columns->count);
    }
    for (size_t i = 0; i < columns->count; i++) {
        columns->min[i] = minus(middles[i], columns->min[i]);
        columns->max[i] = plus(columns->max[i], middles[i]);
        columns->last[i] = is_gauge ? plus(columns->last[i], middles[i]) : columns->last[i];
    }
}

static void columns_of_cells(struct columns *columns, const struct cell *cells, size_t slots)
{
    columns->count = 0;
    for (size_t slot = 0; slot < slots; slot++) {
        const struct cell *cell = &cells[slot];
        if (cell->good > 0) {
            const size_t i = columns->count++;
            columns->good[i] = cell->good;
            columns->min[i] = cell->min;
            columns->max[i] = cell->max;
            columns->sum[i] = cell->sum;
            columns->last[i] = cell->last;
        }
    }
}

static void put_section(struct bytes *out, const struct grid *grid, const struct point *points,
                        size_t point, size_t head)
{
    struct columns columns;
    struct bit_writer writer = {.bytes = out};
    columns_of_cells(&columns, &grid->cells[point * grid->slots], grid->slots);
    bytes_put_unsigned(out, head);
    bytes_put_u8(out, grid->exponents[point]);
    put_values(&writer, (uint8_t)points[point].quantity->kind, &columns);
    bits_flush(&writer);
}

/* The heads that differ, and which one each point has. */
struct heads {
    struct head *rows;
    size_t count;
    size_t *of_point;
};

static void find_heads(const struct grid *grid, struct heads *heads)
{
    *heads = (struct heads){.of_point = mem_alloc_array(grid->points, sizeof(size_t))};
    for (size_t point = 0; point < grid->points; point++) {
        struct head head;
        size_t place = 0;
        head_of_cells(&head, &grid->cells[point * grid->slots], grid->slots);
        while (place < heads->count && !is_same_head(&heads->rows[place], &head, grid->slots)) {
            place++;
        }
        if (place == heads->count) {
            heads->rows = mem_grow(heads->rows, ++heads->count, sizeof(head));
            heads->rows[place] = head;
        }
        heads->of_point[point] = place;
    }
}

void grid_encode(const struct grid *grid, const struct point *points, struct bytes *out)
{
    struct heads heads;
    struct bytes head_bytes = {0};
    struct bytes sections = {0};
    find_heads(grid, &heads);
    bytes_put_u8(out, GRID_VERSION);
    bytes_put_u8(out, (uint8_t)grid->slots);
    bytes_put_unsigned(out, grid->points);
    bytes_put_unsigned(out, heads.count);
    for (size_t i = 0; i < heads.count; i++) {
        put_head(&head_bytes, &heads.rows[i], grid->slots);
    }
    bytes_put_unsigned(out, head_bytes.length);
    for (size_t point = 0; point < grid->points; point++) {
        const size_t before = sections.length;
        put_section(&sections, grid, points, point, heads.of_point[point]);
        bytes_put_unsigned(out, sections.length - before);
    }
    bytes_put(out, head_bytes.data, head_bytes.length);
    bytes_put(out, sections.data, sections.length);
    bytes_finish(&head_bytes);
    bytes_finish(&sections);
    free(heads.rows);
    free(heads.of_point);
}

/* A block with its parts found. */
struct opened {
    size_t heads;
    struct span head_bytes;
    struct span lengths; /* of the sections */
    struct span sections;
};

static int open_block(const void *data, size_t length, size_t slots, size_t points,
                      struct opened *out)
{
    struct span span = span_of(data, length);
    const uint8_t version = span_u8(&span);
    const uint8_t slots_there = span_u8(&span);
    const uint64_t points_there = span_unsigned(&span);
    out->heads = (size_t)span_unsigned(&span);
    const size_t head_length = (size_t)span_unsigned(&span);
    if (span.is_bad || version != GRID_VERSION || slots_there != slots || points_there != points ||
        out->heads > points) {
        return -EBADMSG;
    }
    out->lengths = span;
    for (size_t i = 0; i < points; i++) {
        (void)span_unsigned(&span);
    }
    const uint8_t *heads = span_take(&span, head_length);
    if (heads == NULL) {
        return -EBADMSG;
    }
    out->head_bytes = span_of(heads, head_length);
    out->sections = span;
    return 0;
}

static void fill_cells(struct cell *cells, size_t slots, const struct head *head,
                       const struct columns *columns)
{
    size_t i = 0;
    size_t value = 0;
    for (size_t slot = 0; slot < slots; slot++) {
        cells[slot] = (struct cell){0};
        if (!head->has[slot]) {
            continue;
        }
        cells[slot].good = (uint32_t)head->good[i];
        cells[slot].bad = (uint32_t)head->bad[i];
        cells[slot].worst = (uint8_t)head->worst[i];
        if (is_valued(head, i++)) {
            cells[slot].min = columns->min[value];
            cells[slot].max = columns->max[value];
            cells[slot].sum = columns->sum[value];
            cells[slot].last = columns->last[value];
            cells[slot].last_ms = (uint32_t)head->last_ms[value];
            value++;
        }
    }
}

static void set_good(struct columns *columns, const struct head *head)
{
    columns->count = 0;
    for (size_t i = 0; i < head->present; i++) {
        if (is_valued(head, i)) {
            columns->good[columns->count++] = head->good[i];
        }
    }
}

/* A counter's and a text's cells are written without what they do not have: that is 0 or like the last. */
static void fill_what_is_not_kept(struct columns *columns, uint8_t kind)
{
    for (size_t i = 0; i < columns->count && kind != QUANTITY_GAUGE; i++) {
        columns->sum[i] = 0;
        if (kind == QUANTITY_TEXT) {
            columns->last[i] = 0;
        }
        if (kind != QUANTITY_STATE) {
            columns->min[i] = columns->last[i];
            columns->max[i] = columns->last[i];
        }
    }
}

static int take_section(struct span section, const struct head *heads, size_t head_count,
                        uint8_t kind, size_t slots, struct cell *cells, uint8_t *exponent)
{
    struct columns columns;
    const uint64_t place = span_unsigned(&section);
    *exponent = span_u8(&section);
    if (section.is_bad || place >= head_count) {
        return -EBADMSG;
    }
    struct bit_reader reader = {.span = section};
    set_good(&columns, &heads[place]);
    take_values(&reader, kind, &columns);
    fill_what_is_not_kept(&columns, kind);
    fill_cells(cells, slots, &heads[place], &columns);
    return reader.span.is_bad ? -EBADMSG : 0;
}

static struct head *take_heads(struct opened *opened, size_t slots)
{
    struct head *heads = mem_alloc_array(opened->heads, sizeof(*heads));
    for (size_t i = 0; i < opened->heads; i++) {
        take_head(&opened->head_bytes, &heads[i], slots);
    }
    return heads;
}

/* The sections of points [from, to) of all. */
static int take_points(const struct opened *opened, const struct head *heads,
                       const struct point *points, size_t from, size_t to, struct grid *out)
{
    struct span lengths = opened->lengths;
    struct span sections = opened->sections;
    int error = opened->head_bytes.is_bad ? -EBADMSG : 0;
    for (size_t i = 0; i < to && error == 0; i++) {
        const size_t length = (size_t)span_unsigned(&lengths);
        const uint8_t *section = span_take(&sections, length);
        if (section == NULL) {
            error = -EBADMSG;
        } else if (i >= from) {
            error = take_section(span_of(section, length), heads, opened->heads,
                                 (uint8_t)points[i].quantity->kind, out->slots,
                                 &out->cells[(i - from) * out->slots], &out->exponents[i - from]);
        }
    }
    return error;
}

int grid_decode(const void *data, size_t length, const struct point *points, struct grid *out)
{
    struct opened opened;
    int error = open_block(data, length, out->slots, out->points, &opened);
    if (error == 0) {
        struct head *heads = take_heads(&opened, out->slots);
        error = take_points(&opened, heads, points, 0, out->points, out);
        free(heads);
    }
    return error;
}

/* Says how many points the block has, to find the sections. */
static size_t count_points(const void *data, size_t length)
{
    struct span span = span_of(data, length);
    (void)span_take(&span, 2);
    const uint64_t points = span_unsigned(&span);
    return span.is_bad || points > GRID_POINTS_MAX ? 0 : (size_t)points;
}

int grid_decode_point(const void *data, size_t length, const struct point *points, size_t point,
                      size_t slots, struct cell *cells, uint8_t *exponent)
{
    struct opened opened;
    const size_t count = count_points(data, length);
    struct grid one = {.slots = slots, .points = 1, .exponents = exponent, .cells = cells};
    int error = point < count ? open_block(data, length, slots, count, &opened) : -EBADMSG;
    if (error == 0) {
        struct head *heads = take_heads(&opened, slots);
        error = take_points(&opened, heads, points, point, point + 1, &one);
        free(heads);
    }
    return error;
}
