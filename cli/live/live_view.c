/* SPDX-License-Identifier: Apache-2.0 */
/* live_view: header, body, footer. */
#include "cli/live/live_view.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/screen/format.h"

enum {
    MARK_WIDTH = 4,
    CLASS_WIDTH = 12,
    AGE_WIDTH = 8,
    SLOT_WIDTH = 18,
    NUMBER_WIDTH = 10, /* with the label before it */
    NAME_WIDTH = 26,
    NARROW_NAME_WIDTH = 16,
    NARROW = 90,
    HEADER_ROWS = 3,
    FOOTER_ROWS = 1,
};

/* A line that fills up to the width of the window. */
struct line {
    struct text *out;
    size_t left;
    bool has_colour;
};

static struct line line_start(const struct live_frame *frame, struct text *out)
{
    size_t columns = frame->columns > 0 ? frame->columns : SIZE_MAX;
    return (struct line){.out = out, .left = columns, .has_colour = frame->has_colour};
}

static size_t line_add(struct line *line, enum style style, const char *text)
{
    if (style != STYLE_NONE) {
        text_add_string(line->out, style_start(style, line->has_colour));
    }
    size_t used = text_add_clipped(line->out, text, line->left);
    if (style != STYLE_NONE) {
        text_add_string(line->out, style_start(STYLE_NONE, line->has_colour));
    }
    line->left -= used;
    return used;
}

static void line_pad(struct line *line, size_t count)
{
    size_t blanks = count < line->left ? count : line->left;
    text_add_spaces(line->out, blanks);
    line->left -= blanks;
}

/* In a field of a width; longer text is cut. */
static void line_field(struct line *line, enum style style, const char *text, size_t width)
{
    struct text cut = {0};
    (void)text_add_clipped(&cut, text, width - 1);
    size_t used = cut.data ? line_add(line, style, cut.data) : 0;
    line_pad(line, width - used);
    text_finish(&cut);
}

static void add_clock(struct line *line, int64_t wall_us)
{
    char shown[40];
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm = {0};
    localtime_r(&seconds, &tm);
    strftime(shown, sizeof(shown), "   %Y-%m-%d %H:%M:%S", &tm);
    (void)line_add(line, STYLE_NONE, shown);
}

static void header_first(const struct live_model *model, const struct live_frame *frame,
                         struct text *out)
{
    struct line line = line_start(frame, out);
    (void)line_add(&line, STYLE_BOLD, model->site ? model->site : "Lingtan 零碳");
    if (frame->banner) {
        (void)line_add(&line, STYLE_NONE, "   ");
        (void)line_add(&line, STYLE_BAD, frame->banner);
        return;
    }
    add_clock(&line, frame->now_wall_us);
    if (!model->is_ready && model->not_ready_because) {
        (void)line_add(&line, STYLE_WARN, "   not ready: ");
        (void)line_add(&line, STYLE_WARN, model->not_ready_because);
    }
}

static void header_second(const struct live_model *model, const struct live_frame *frame,
                          struct text *out)
{
    char shown[160];
    struct line line = line_start(frame, out);
    if (model->row_count == 0) {
        return;
    }
    (void)snprintf(shown, sizeof(shown), "%lld/%zu devices online", (long long)model->online,
                   model->row_count);
    (void)line_add(&line, model->offline > 0 ? STYLE_WARN : STYLE_GOOD, shown);
    if (model->offline > 0) {
        (void)snprintf(shown, sizeof(shown), ", %lld OFFLINE", (long long)model->offline);
        (void)line_add(&line, STYLE_BAD, shown);
    }
    (void)snprintf(shown, sizeof(shown), "   %lld/%lld lines up   %lld points",
                   (long long)model->lines_up, (long long)model->lines, (long long)model->points);
    (void)line_add(&line, STYLE_NONE, shown);
    if (model->sinks && model->sinks[0] != '\0') {
        (void)line_add(&line, STYLE_NONE, "   ");
        (void)line_add(&line, strstr(model->sinks, "DOWN") ? STYLE_BAD : STYLE_NONE, model->sinks);
    }
    if (model->alarm_count > 0) {
        (void)snprintf(shown, sizeof(shown), "   %zu ALARM%s: lingtan status", model->alarm_count,
                       model->alarm_count == 1 ? "" : "S");
        (void)line_add(&line, STYLE_BAD, shown);
    }
}

static size_t name_width(const struct live_frame *frame)
{
    return frame->columns > 0 && frame->columns < NARROW ? NARROW_NAME_WIDTH : NAME_WIDTH;
}

static void header_third(const struct live_frame *frame, struct text *out)
{
    struct line line = line_start(frame, out);
    line_field(&line, STYLE_DIM, "", MARK_WIDTH);
    line_field(&line, STYLE_DIM, "device", name_width(frame));
    line_field(&line, STYLE_DIM, "class", CLASS_WIDTH);
    line_field(&line, STYLE_DIM, "age", AGE_WIDTH);
    (void)line_add(&line, STYLE_DIM, "values");
}

/* Label to the left, number to the right, then unit and quality. */
static void add_slot_text(struct text *text, const struct live_slot *slot, char letter)
{
    struct text number = {0};
    if (slot->is_known && slot->is_switch && (slot->value == 0 || slot->value == 1)) {
        text_add_string(&number, slot->value == 1 ? "on" : "off");
    } else {
        text_add_steady(&number, slot->is_known ? slot->value : (double)NAN, slot->unit);
    }
    size_t used = text_width(slot->label) + number.length;
    text_add_string(text, slot->label);
    text_add_spaces(text, used < NUMBER_WIDTH ? NUMBER_WIDTH - used : 1);
    text_add(text, number.data, number.length);
    if (slot->unit[0] != '\0' && strcmp(slot->unit, "1") != 0) {
        text_add_format(text, " %s", unit_shown(slot->unit));
    }
    if (letter != 0) {
        text_add_format(text, " (%c)", letter);
    }
    text_finish(&number);
}

static bool is_stale(const struct live_row *row, int64_t now_mono_us)
{
    for (size_t i = 0; i < row->slot_count; i++) {
        if (row->slots[i].is_known && live_slot_letter(&row->slots[i], now_mono_us) == 's') {
            return true;
        }
    }
    return false;
}

/* The word is the sign, the colour helps. What was asked and gave nothing yet is not well. */
static const char *mark_of(const struct live_row *row, int64_t now_mono_us, enum style *style)
{
    if (strcmp(row->health, "offline") == 0) {
        *style = STYLE_BAD;
        return "OFF";
    }
    if (strcmp(row->health, "online") != 0 || row->good_mono_us == 0) {
        *style = row->was_asked ? STYLE_WARN : STYLE_DIM;
        return row->was_asked ? "BAD" : "?";
    }
    bool is_old = is_stale(row, now_mono_us);
    *style = is_old ? STYLE_WARN : STYLE_GOOD;
    return is_old ? "OLD" : "ok";
}

static void add_slots(struct line *line, const struct live_row *row, int64_t now_mono_us)
{
    bool is_off = strcmp(row->health, "offline") == 0;
    for (size_t i = 0; i < row->slot_count; i++) {
        struct text text = {0};
        char letter = row->slots[i].is_known ? live_slot_letter(&row->slots[i], now_mono_us) : 0;
        add_slot_text(&text, &row->slots[i], letter);
        enum style style = is_off ? STYLE_DIM : letter != 0 ? STYLE_WARN : STYLE_NONE;
        if (i + 1 < row->slot_count) {
            line_field(line, style, text.data, SLOT_WIDTH);
        } else {
            (void)line_add(line, style, text.data);
        }
        text_finish(&text);
    }
}

static void row_line(const struct live_row *row, const struct live_frame *frame, struct text *out)
{
    struct line line = line_start(frame, out);
    struct text age = {0};
    enum style style = STYLE_NONE;
    const char *mark = mark_of(row, frame->now_mono_us, &style);
    line_field(&line, style, mark, MARK_WIDTH);
    line_field(&line, STYLE_NONE, row->name[0] != '\0' ? row->name : row->id, name_width(frame));
    line_field(&line, STYLE_DIM, row->device_class, CLASS_WIDTH);
    if (row->good_mono_us != 0) {
        text_add_age(&age, frame->now_mono_us - row->good_mono_us);
    } else {
        text_add_char(&age, '-');
    }
    line_field(&line, STYLE_NONE, age.data, AGE_WIDTH);
    add_slots(&line, row, frame->now_mono_us);
    text_finish(&age);
}

static void entry_line(const struct live_model *model, size_t index, const struct live_frame *frame,
                       struct text *out)
{
    const struct live_entry *entry = &model->entries[index];
    if (entry->title) {
        struct line line = line_start(frame, out);
        (void)line_add(&line, STYLE_BOLD, entry->title);
    } else {
        row_line(&model->rows[entry->row], frame, out);
    }
}

static void footer_line(const struct live_model *model, const struct live_frame *frame,
                        struct text *out)
{
    struct line line = line_start(frame, out);
    char shown[120];
    size_t rows = live_view_body_rows(frame);
    size_t last =
        frame->scroll + rows < model->entry_count ? frame->scroll + rows : model->entry_count;
    (void)snprintf(shown, sizeof(shown), "%zu-%zu of %zu   q quits, arrows and PgUp/PgDn scroll",
                   model->entry_count > 0 ? frame->scroll + 1 : 0, last, model->entry_count);
    (void)line_add(&line, STYLE_DIM, shown);
}

size_t live_view_body_rows(const struct live_frame *frame)
{
    size_t taken = HEADER_ROWS + FOOTER_ROWS + (frame->note ? 1 : 0);
    return frame->rows > taken ? frame->rows - taken : 0;
}

size_t live_view_scroll_max(const struct live_model *model, const struct live_frame *frame)
{
    size_t rows = live_view_body_rows(frame);
    return model->entry_count > rows ? model->entry_count - rows : 0;
}

static void end_line(struct text *out, bool is_last)
{
    text_add_string(out, is_last ? "\033[K" : "\033[K\r\n");
}

void live_view_screen(const struct live_model *model, const struct live_frame *frame,
                      struct text *out)
{
    size_t rows = live_view_body_rows(frame);
    text_add_string(out, "\033[H");
    header_first(model, frame, out);
    end_line(out, false);
    header_second(model, frame, out);
    end_line(out, false);
    header_third(frame, out);
    end_line(out, false);
    for (size_t i = 0; i < rows; i++) {
        if (frame->scroll + i < model->entry_count) {
            entry_line(model, frame->scroll + i, frame, out);
        }
        end_line(out, false);
    }
    footer_line(model, frame, out);
    end_line(out, !frame->note);
    if (frame->note) {
        struct line line = line_start(frame, out);
        (void)line_add(&line, STYLE_BOLD, frame->note);
        end_line(out, true);
    }
}

void live_view_table(const struct live_model *model, const struct live_frame *frame,
                     struct text *out)
{
    header_first(model, frame, out);
    text_add_char(out, '\n');
    header_second(model, frame, out);
    text_add_char(out, '\n');
    header_third(frame, out);
    text_add_char(out, '\n');
    for (size_t i = 0; i < model->entry_count; i++) {
        entry_line(model, i, frame, out);
        text_add_char(out, '\n');
    }
    if (frame->note) {
        text_add_string(out, frame->note);
        text_add_char(out, '\n');
    }
}
