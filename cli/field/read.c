/* SPDX-License-Identifier: Apache-2.0 */
/* read: lingtan read: registers in every type and order, and where among them a known value stands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "cli/field/capture.h"
#include "cli/field/decode.h"
#include "cli/field/known.h"
#include "cli/screen/interrupt.h"
#include "cli/screen/table.h"

enum {
    BITS_MAX = 2000,
};

/* Blocks of any length are read only to look for a value. */
static int64_t most_of(const struct cli *cli)
{
    if (cli->known) {
        return CAPTURE_REGISTERS_MAX;
    }
    return cli->function <= 2 ? BITS_MAX : COMMAND_REGISTERS_MAX;
}

static bool parse_extent(const struct cli *cli, int first, struct capture *extent)
{
    int64_t unit = 0;
    int64_t address = 0;
    int64_t count = 1;
    bool is_good = cli_number("UNIT", cli->arguments[first], 0, 255, &unit) &&
                   cli_number("ADDRESS", cli->arguments[first + 1], 0, 65535, &address);
    if (is_good && cli->argument_count > first + 2) {
        is_good = cli_number("COUNT", cli->arguments[first + 2], 1, most_of(cli), &count);
    }
    if (is_good && address + count > 65536) {
        fputs("lingtan: the block ends behind address 65535\n", stderr);
        is_good = false;
    }
    *extent = (struct capture){
        .unit = (uint8_t)unit,
        .function = (uint8_t)cli->function,
        .first = (uint16_t)address,
        .count = (size_t)count,
    };
    return is_good;
}

static int say(const struct reader *reader, int error)
{
    fprintf(stderr, "lingtan: %s\n", error == -EINTR ? "interrupted" : reader->why);
    return error == -ENOTCONN ? EXIT_UNREACHABLE : EXIT_FAILED;
}

static void print_block(const struct reader *reader, const struct block *block)
{
    bool is_bits = block->function <= 2;
    struct text text = {0};
    text_add_format(&text, "%s, unit %u, function %u, %u %s from %u, ", reader->where, block->unit,
                    block->function, block->quantity, is_bits ? "bits" : "registers",
                    block->address);
    text_add_duration(&text, block->round_trip_us);
    text_add_string(&text, "\n\n");
    if (is_bits) {
        decode_bits(&text, block->address, block->registers, block->quantity);
    } else {
        decode_registers(&text, block->address, block->registers, block->quantity,
                         reader->cli->has_colour);
    }
    fwrite(text.data, 1, text.length, stdout);
    text_finish(&text);
}

static void print_json(const struct reader *reader, const struct block *block)
{
    size_t count = block->function <= 2 ? (block->quantity + 15U) / 16U : block->quantity;
    json_t *registers = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(registers, json_integer(block->registers[i]));
    }
    json_t *root = json_pack("{s:s*, s:i, s:i, s:i, s:i, s:o, s:I}", "line", reader->line, "unit",
                             block->unit, "function", block->function, "address", block->address,
                             "quantity", block->quantity, "registers", registers, "round_trip_us",
                             (json_int_t)block->round_trip_us);
    json_dumpf(root, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(root);
}

static int show_block(struct reader *reader, const struct capture *extent)
{
    struct block block = {
        .unit = extent->unit,
        .function = extent->function,
        .address = extent->first,
        .quantity = (uint16_t)extent->count,
    };
    int error = reader_read(reader, &block);
    if (error < 0) {
        return say(reader, error);
    }
    if (reader->cli->is_json) {
        print_json(reader, &block);
    } else {
        print_block(reader, &block);
    }
    return EXIT_OK;
}

static const char *fit_words(enum known_fit fit)
{
    static const char *const words[] = {
        [KNOWN_SAME] = "as shown",
        [KNOWN_TEN] = "as shown, scaled",
        [KNOWN_NEAR] = "within 1 %",
        [KNOWN_NEAR_TEN] = "within 1 %, scaled",
        [KNOWN_TRANSFORMER] = "only with a current ratio",
    };
    return words[fit];
}

static void print_matches(const struct cli *cli, const struct known_match *matches, size_t count)
{
    static const struct table_column columns[] = {
        {"address", true}, {"type", false}, {"order", false}, {"scale", true},
        {"ratio", true},   {"value", true}, {"fits", false},
    };
    struct table table;
    table_init(&table, columns, ARRAY_SIZE(columns));
    for (size_t i = 0; i < count; i++) {
        enum style style = matches[i].fit <= KNOWN_TEN ? STYLE_GOOD : STYLE_NONE;
        table_add_format(&table, STYLE_NONE, "%u", matches[i].address);
        table_add(&table, STYLE_NONE, matches[i].type);
        table_add(&table, STYLE_NONE, matches[i].order);
        table_add_format(&table, STYLE_NONE, "%g", matches[i].scale);
        table_add_format(&table, STYLE_NONE, "%g", matches[i].ratio);
        table_add_format(&table, STYLE_NONE, "%.8g", matches[i].value);
        table_add(&table, style, fit_words(matches[i].fit));
    }
    table_print(&table, cli->has_colour, stdout);
    table_finish(&table);
}

static json_t *match_json(const struct known_match *match)
{
    return json_pack("{s:i, s:s, s:i, s:s, s:f, s:f, s:f, s:s}", "address", match->address, "type",
                     match->type, "registers", match->registers, "order", match->order, "scale",
                     match->scale, "ratio", match->ratio, "value", match->value, "fits",
                     fit_words(match->fit));
}

static void print_matches_json(const struct known_match *matches, size_t count, double known)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, match_json(&matches[i]));
    }
    json_t *root = json_pack("{s:f, s:o}", "known", known, "matches", list);
    json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(root);
}

static int search(struct reader *reader, struct capture *capture)
{
    const struct cli *cli = reader->cli;
    struct known_match matches[KNOWN_MATCHES_MAX];
    double value = 0;
    double tolerance = 0;
    if (capture->function <= 2 || !known_parse(cli->known, &value, &tolerance)) {
        fprintf(stderr,
                "lingtan: --known \"%s\" is not allowed: a number as the display shows it, not 0, "
                "with function 3 or 4\n",
                cli->known);
        return EXIT_USAGE;
    }
    interrupt_watch();
    reader->is_patient = true;
    int error = capture_read(capture, reader);
    if (error < 0 && capture->known == 0) {
        return say(reader, error);
    }
    size_t count = known_search(capture, value, tolerance, matches);
    if (cli->is_json) {
        print_matches_json(matches, count, value);
    } else {
        printf("%s, unit %u, function %u, %zu of %zu registers from %u read%s: %s %s\n\n",
               reader->where, capture->unit, capture->function, capture->known, capture->count,
               capture->first, error < 0 ? ", then it ended" : "",
               count > 0 ? "these may be" : "none is", cli->known);
        print_matches(cli, matches, count);
    }
    return count > 0 ? EXIT_OK : EXIT_FAILED;
}

int read_run(const struct cli *cli)
{
    struct reader reader = {0};
    struct capture capture = {0};
    bool is_direct = cli->given & OPTION_BIT_DIRECT;
    if (!parse_extent(cli, is_direct ? 0 : 1, &capture)) {
        return EXIT_USAGE;
    }
    int code = reader_open(&reader, cli, is_direct ? NULL : cli->arguments[0]);
    if (code == EXIT_OK) {
        code = cli->known ? search(&reader, &capture) : show_block(&reader, &capture);
    }
    capture_finish(&capture);
    reader_close(&reader);
    return code;
}
