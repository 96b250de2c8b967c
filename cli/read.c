/* SPDX-License-Identifier: Apache-2.0 */
/* read: lingtan read, through the daemon's line or directly. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/client.h"
#include "cli/decode.h"
#include "cli/direct.h"
#include "cli/format.h"
#include <lingtan/command.h>

enum {
    BITS_MAX = 2000,
};

static bool parse_block(const struct cli *cli, int first, struct block *block)
{
    int64_t unit = 0;
    int64_t address = 0;
    int64_t count = 1;
    int64_t most = cli->function <= 2 ? BITS_MAX : COMMAND_REGISTERS_MAX;
    bool is_good = cli_number("UNIT", cli->arguments[first], 0, 255, &unit) &&
                   cli_number("ADDRESS", cli->arguments[first + 1], 0, 65535, &address);
    if (is_good && cli->argument_count > first + 2) {
        is_good = cli_number("COUNT", cli->arguments[first + 2], 1, most, &count);
    }
    if (is_good && address + count > 65536) {
        fputs("lingtan: the block ends behind address 65535\n", stderr);
        is_good = false;
    }
    *block = (struct block){
        .unit = (uint8_t)unit,
        .function = (uint8_t)cli->function,
        .address = (uint16_t)address,
        .quantity = (uint16_t)count,
    };
    return is_good;
}

static void print_block(const struct cli *cli, const char *where, const struct block *block)
{
    bool is_bits = block->function <= 2;
    struct text text = {0};
    text_add_format(&text, "%s, unit %u, function %u, %u %s from %u, ", where, block->unit,
                    block->function, block->quantity, is_bits ? "bits" : "registers",
                    block->address);
    text_add_duration(&text, block->round_trip_us);
    text_add_string(&text, "\n\n");
    if (is_bits) {
        decode_bits(&text, block->address, block->registers, block->quantity);
    } else {
        decode_registers(&text, block->address, block->registers, block->quantity, cli->has_colour);
    }
    fwrite(text.data, 1, text.length, stdout);
    text_finish(&text);
}

static void take_answer(const json_t *root, struct block *block)
{
    size_t i = 0;
    json_t *value = NULL;
    block->round_trip_us = member_integer(root, "round_trip_us");
    json_array_foreach(json_object_get(root, "registers"), i, value)
    {
        if (i < ARRAY_SIZE(block->registers)) {
            block->registers[i] = (uint16_t)json_integer_value(value);
        }
    }
}

static int read_through_daemon(const struct cli *cli)
{
    struct block block;
    json_t *root = NULL;
    if (!parse_block(cli, 1, &block)) {
        return EXIT_USAGE;
    }
    json_t *request =
        json_pack("{s:s, s:i, s:i, s:i, s:i}", "line", cli->arguments[0], "unit", block.unit,
                  "function", block.function, "address", block.address, "quantity", block.quantity);
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!body) {
        fputs("lingtan: LINE must be UTF-8\n", stderr);
        return EXIT_USAGE;
    }
    int code = client_post(cli, "/api/v1/read", body, &root);
    free(body);
    if (code == EXIT_OK && cli->is_json) {
        json_dumpf(root, stdout, JSON_COMPACT);
        putchar('\n');
    } else if (code == EXIT_OK) {
        char *where = mem_format("line %s", cli->arguments[0]);
        take_answer(root, &block);
        print_block(cli, where, &block);
        free(where);
    }
    json_decref(root);
    return code;
}

static void print_json(const struct block *block)
{
    size_t count = block->function <= 2 ? (block->quantity + 15U) / 16U : block->quantity;
    printf("{\"unit\":%u,\"function\":%u,\"address\":%u,\"quantity\":%u,\"registers\":[",
           block->unit, block->function, block->address, block->quantity);
    for (size_t i = 0; i < count; i++) {
        printf("%s%u", i > 0 ? "," : "", block->registers[i]);
    }
    printf("],\"round_trip_us\":%lld}\n", (long long)block->round_trip_us);
}

static int read_directly(const struct cli *cli)
{
    struct block block;
    char why[240] = "";
    if (!cli->port == !cli->host) {
        fputs("lingtan: give either --port (serial) or --host (TCP)\n", stderr);
        return EXIT_USAGE;
    }
    if (!parse_block(cli, 0, &block)) {
        return EXIT_USAGE;
    }
    if (direct_read(cli, &block, why, sizeof(why)) < 0) {
        fprintf(stderr, "lingtan: %s\n", why);
        return EXIT_FAILED;
    }
    if (cli->is_json) {
        print_json(&block);
    } else {
        print_block(cli, cli->port ? cli->port : cli->host, &block);
    }
    return EXIT_OK;
}

int read_run(const struct cli *cli)
{
    return cli->given & OPTION_BIT_DIRECT ? read_directly(cli) : read_through_daemon(cli);
}
