/* SPDX-License-Identifier: Apache-2.0 */
/* chain: the walk of the daemon, one read at a time, and lingtan sunspec, which prints what it finds. */
#include "cli/field/chain.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/screen/interrupt.h"
#include "cli/screen/table.h"
#include "collectors/modbus/frame/raw.h"
#include "collectors/modbus/sunspec/sunspec_profile.h"

#include <jansson.h>

enum { READ_HOLDING = 3 };

/* Whether there is nothing where the walk looked. */
static bool is_refused(int error, const struct block *block)
{
    return error == -ENODATA ||
           (error == -EREMOTEIO && sunspec_means_no_register(block->exception));
}

/* What ends the walk is told here. */
static int read_block(struct reader *reader, struct block *block)
{
    int error = interrupt_came() ? -EINTR : reader_read(reader, block);
    if (error != 0 && !is_refused(error, block)) {
        fprintf(stderr, "lingtan: %s\n", error == -EINTR ? "interrupted" : reader->why);
    }
    return error;
}

int chain_walk(struct reader *reader, uint8_t unit, struct sunspec_walk *walk, chain_note_fn note,
               void *context)
{
    enum sunspec_verdict verdict = SUNSPEC_GOES_ON;
    sunspec_walk_begin(walk, NULL);
    while (verdict == SUNSPEC_GOES_ON) {
        struct sunspec_read read = sunspec_walk_next(walk);
        struct block block = {.unit = unit,
                              .function = READ_HOLDING,
                              .address = read.address,
                              .quantity = read.quantity};
        int error = read_block(reader, &block);
        if (error != 0 && !is_refused(error, &block)) {
            return EXIT_FAILED;
        }
        if (error == 0 && note) {
            note(context, &block);
        }
        verdict = error == 0 ? sunspec_walk_take(walk, block.registers) : sunspec_walk_refuse(walk);
    }
    if (verdict != SUNSPEC_FOUND) {
        fprintf(stderr, "lingtan: unit %u lists no SunSpec models%s: %s (register %u)\n", unit,
                walk->has_chain_why ? " that can be used" : "", walk->why, walk->why_at);
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

/* The points of the profile that stand in the model. */
static size_t count_points(const struct profile *profile, const struct sunspec_place *place)
{
    const struct profile_point *points = profile->points.items;
    uint32_t end = (uint32_t)place->address + SUNSPEC_HEADER + place->length;
    size_t count = 0;
    for (size_t i = 0; i < profile->points.count; i++) {
        count += points[i].address0 >= place->address && points[i].address0 < end;
    }
    return count;
}

struct listing {
    const struct sunspec_chain *chain;
    const struct profile *profile;
    struct sunspec_role roles[SUNSPEC_MODELS_MAX];
};

static const char *name_of(const struct sunspec_role *role)
{
    return role->model ? role->model->name : "";
}

static void print_table(const struct cli *cli, const struct listing *listing)
{
    static const struct table_column columns[] = {
        {"register", true}, {"model", true}, {"length", true}, {"name", false},
        {"device", true},   {"use", false},  {"points", true},
    };
    struct table table;
    table_init(&table, columns, ARRAY_SIZE(columns));
    for (size_t i = 0; i < listing->chain->count; i++) {
        const struct sunspec_place *place = &listing->chain->places[i];
        const struct sunspec_role *role = &listing->roles[i];
        enum style style = role->use == SUNSPEC_USE_READ ? STYLE_GOOD : STYLE_NONE;
        table_add_format(&table, STYLE_NONE, "%u", place->address);
        table_add_format(&table, STYLE_NONE, "%u", place->id);
        table_add_format(&table, STYLE_NONE, "%u", place->length);
        table_add(&table, STYLE_NONE, name_of(role));
        table_add_format(&table, STYLE_NONE, "%u", role->device);
        table_add(&table, style, sunspec_use_words[role->use]);
        table_add_format(&table, STYLE_NONE, "%zu", count_points(listing->profile, place));
    }
    table_print(&table, cli->has_colour, stdout);
    table_finish(&table);
}

static void print_json(const struct listing *listing, const char *serial)
{
    const struct sunspec_chain *chain = listing->chain;
    json_t *models = json_array();
    for (size_t i = 0; i < chain->count; i++) {
        const struct sunspec_place *place = &chain->places[i];
        const struct sunspec_role *role = &listing->roles[i];
        json_array_append_new(
            models, json_pack("{s:i, s:i, s:i, s:s, s:i, s:s, s:I}", "register", place->address,
                              "model", place->id, "length", place->length, "name", name_of(role),
                              "device", (int)role->device, "use", sunspec_use_words[role->use],
                              "points", (json_int_t)count_points(listing->profile, place)));
    }
    json_t *root = json_pack("{s:i, s:b, s:s, s:s, s:o}", "base", chain->base, "has_end",
                             chain->has_end, "flaw", chain->flaw ? chain->flaw : "",
                             "serial_number", serial, "models", models);
    json_dumpf(root, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(root);
}

static void print_flaw(const struct sunspec_chain *chain)
{
    if (chain->flaw) {
        printf("\nThe list breaks off at register %u: %s. What may follow is not read.\n",
               chain->end, chain->flaw);
    }
}

static void print_chain(const struct cli *cli, const char *where, unsigned unit,
                        const struct sunspec_chain *chain)
{
    static const struct profile file = {.device_class = DEVICE_INVERTER,
                                        .link.max_registers = FRAME_READ_REGISTERS_MAX};
    const struct raw_layout layout = {.type = REGISTER_STRING, .count = SUNSPEC_SERIAL_SIZE};
    char serial[3 * SUNSPEC_SERIAL_SIZE + 1];
    struct listing listing = {.chain = chain};
    struct profile *profile = sunspec_profile_create(&file, chain);
    listing.profile = profile;
    sunspec_roles(chain, listing.roles);
    (void)raw_text(&layout, chain->serial, serial);
    if (cli->is_json) {
        print_json(&listing, serial);
    } else {
        printf("%s, unit %u, SunSpec models from register %u on, %s%s%s\n\n", where, unit,
               chain->base, serial[0] != '\0' ? "serial number " : "no serial number", serial,
               chain->has_end ? "" : ", without an end marker");
        print_table(cli, &listing);
        print_flaw(chain);
    }
    profile_destroy(profile);
}

int sunspec_run(const struct cli *cli)
{
    struct reader reader = {0};
    struct sunspec_walk walk = {0};
    int64_t unit = 0;
    bool is_direct = cli->given & OPTION_BIT_DIRECT;
    if (!cli_number("UNIT", cli->arguments[is_direct ? 0 : 1], 0, 255, &unit)) {
        return EXIT_USAGE;
    }
    int code = reader_open(&reader, cli, is_direct ? NULL : cli->arguments[0]);
    reader.is_patient = true;
    if (code == EXIT_OK) {
        code = chain_walk(&reader, (uint8_t)unit, &walk, NULL, NULL);
    }
    if (code == EXIT_OK) {
        print_chain(cli, reader.where, (unsigned)unit, &walk.chain);
    }
    reader_close(&reader);
    return code;
}
