/* SPDX-License-Identifier: Apache-2.0 */
/* reader: one way to registers, two roads. */
#include "cli/field/reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/remote/client.h"
#include "cli/screen/interrupt.h"
#include <lingtan/clock.h>

enum {
    HTTP_BUSY = 503,
    HTTP_NO_REPLY = 504,
    HTTP_BAD_REPLY = 502,
    AGAIN_MS = 1000,
    RECONNECT_MS = 1000, /* gateways with one client need a moment to forget the last one */
};

static void configure_endpoint(struct reader *reader)
{
    const struct cli *cli = reader->cli;
    reader->config = (struct line_config){
        .transport = cli->port     ? LINE_RTU
                     : cli->is_rtu ? LINE_RTU_OVER_TCP
                                   : LINE_TCP,
        .host = (char *)cli->host,
        .port = cli->tcp_port,
        .path = (char *)cli->port,
        .baud = cli->baud > 0 ? cli->baud : 9600,
        .parity = cli->parity >= 0 ? (int)cli->parity : PARITY_NONE,
        .stop_bits = cli->stop_bits > 0 ? cli->stop_bits : 1,
        .connect_delay_ms = cli->connect_delay_ms,
        .ignore_transaction_id = cli->ignore_transaction_id,
        .ignore_unit_id = cli->ignore_unit_id,
    };
}

/* Two masters on one endpoint spoil each other's replies. A port says by its lock that it is taken, an address only by
 * the list of the daemon's lines, as far as both write it alike. */
static int check_unused(const struct reader *reader)
{
    json_t *root = NULL;
    char why[320];
    int code = EXIT_OK;
    if (reader->config.transport == LINE_RTU || client_knock(reader->cli) != 0 ||
        client_try(reader->cli, "/api/v1/lines", &root, why, sizeof(why)) != EXIT_OK) {
        return EXIT_OK;
    }
    char *name = wire_name(&reader->config);
    size_t i = 0;
    json_t *line = NULL;
    json_array_foreach(json_object_get(root, "lines"), i, line)
    {
        if (strcmp(member_string(line, "endpoint"), name) == 0) {
            fprintf(stderr,
                    "lingtan: %s is the line %s of the running daemon, and many gateways serve one "
                    "client only: name %s instead of --host, or stop the daemon first\n",
                    name, member_string(line, "id"), member_string(line, "id"));
            code = EXIT_FAILED;
        }
    }
    free(name);
    json_decref(root);
    return code;
}

static int connect_wire(struct reader *reader)
{
    int error = wire_open(&reader->wire, &reader->config, reader->cli->timeout_ms);
    if (error < 0) {
        (void)snprintf(reader->why, sizeof(reader->why), "%s", reader->wire.why);
        wire_close(&reader->wire);
    }
    return error;
}

static int open_endpoint(struct reader *reader)
{
    const struct cli *cli = reader->cli;
    if (!cli->port == !cli->host) {
        fputs("lingtan: give either --port (serial) or --host (TCP)\n", stderr);
        return EXIT_USAGE;
    }
    configure_endpoint(reader);
    int code = check_unused(reader);
    if (code == EXIT_OK && connect_wire(reader) < 0) {
        fprintf(stderr, "lingtan: %s\n", reader->why);
        code = EXIT_FAILED;
    }
    reader->where = wire_name(&reader->config);
    return code;
}

/* What the profiles of the line's devices say of their gateway is true of the line, as the daemon has it. */
static void add_links(struct line_config *line, const struct profiles *profiles)
{
    const struct device_config *devices = line->devices.items;
    for (size_t i = 0; i < line->devices.count; i++) {
        const struct profile *profile = profiles_find(profiles, devices[i].profile);
        if (profile) {
            line->ignore_transaction_id |= profile->link.ignore_transaction_id;
            line->ignore_unit_id |= profile->link.ignore_unit_id;
        }
    }
}

/* The line as the configuration has it, while no daemon holds it. */
static int open_configured(struct reader *reader, const char *id)
{
    if (!setup_load(&reader->setup, reader->cli)) {
        return EXIT_FAILED;
    }
    const struct line_config *line = setup_line(&reader->setup, id);
    if (!line) {
        fprintf(stderr, "lingtan: the site %s has no line %s\n", reader->setup.site.id, id);
        return EXIT_FAILED;
    }
    reader->config = *line;
    add_links(&reader->config, reader->setup.profiles);
    reader->where = wire_name(line);
    fprintf(stderr, "lingtan: no daemon runs: directly to %s, as %s has the line %s\n",
            reader->where, reader->cli->config, id);
    if (connect_wire(reader) < 0) {
        fprintf(stderr, "lingtan: %s\n", reader->why);
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

static bool daemon_is_away(const struct cli *cli)
{
    int error = client_knock(cli);
    return error == -ENOENT || error == -ECONNREFUSED;
}

int reader_open(struct reader *reader, const struct cli *cli, const char *line)
{
    *reader = (struct reader){.cli = cli, .gap_us = cli->gap_ms > 0 ? cli->gap_ms * 1000 : 0};
    if (!line) {
        return open_endpoint(reader);
    }
    if (daemon_is_away(cli) && access(cli->config, R_OK) == 0) {
        return open_configured(reader, line);
    }
    reader->line = line;
    reader->where = mem_format("line %s", line);
    return EXIT_OK;
}

void reader_close(struct reader *reader)
{
    wire_close(&reader->wire);
    setup_finish(&reader->setup);
    free(reader->where);
    reader->where = NULL;
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

static int error_of(struct reader *reader, int status, const json_t *refusal, struct block *block)
{
    const json_t *error = json_object_get(refusal, "error");
    block->exception = (uint8_t)member_integer(error, "exception");
    reader->retry_in_s = member_integer(error, "retry_in_s");
    switch (status) {
    case HTTP_NO_REPLY:
        return -ETIMEDOUT;
    case HTTP_BAD_REPLY:
        if (json_object_get(json_object_get(refusal, "error"), "given")) {
            return -ENODATA;
        }
        return block->exception > 0 ? -EREMOTEIO : -EBADMSG;
    case HTTP_BUSY:
        return -EAGAIN;
    default:
        return status == 0 ? -ENOTCONN : -EINVAL;
    }
}

static int read_through_daemon(struct reader *reader, struct block *block)
{
    json_t *request = json_pack("{s:s, s:i, s:i, s:i, s:i}", "line", reader->line, "unit",
                                block->unit, "function", block->function, "address", block->address,
                                "quantity", block->quantity);
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!body) {
        (void)snprintf(reader->why, sizeof(reader->why), "LINE must be UTF-8");
        return -EINVAL;
    }
    json_t *root = NULL;
    int status = 0;
    int code = client_ask(reader->cli, "/api/v1/read", body, &status, &root, reader->why,
                          sizeof(reader->why));
    free(body);
    int error = 0;
    block->exception = 0;
    reader->retry_in_s = 0;
    if (code == EXIT_OK) {
        take_answer(root, block);
    } else {
        error = error_of(reader, status, root, block);
    }
    json_decref(root);
    return error;
}

static int read_patiently(struct reader *reader, struct block *block)
{
    int error = read_through_daemon(reader, block);
    while (reader->is_patient && reader->retry_in_s > 0 && !interrupt_came()) {
        if (!reader->is_told) {
            fprintf(stderr,
                    "lingtan: %s is being polled, so only a twentieth of its time goes to units "
                    "that do not answer: "
                    "unit %u waits %lld s, others will too; with the daemon stopped it is faster\n",
                    reader->where, block->unit, (long long)reader->retry_in_s);
            reader->is_told = true;
        }
        (void)poll(NULL, 0, AGAIN_MS); /* there may be room between polls before */
        error = interrupt_came() ? -EINTR : read_through_daemon(reader, block);
    }
    return error;
}

static int read_directly(struct reader *reader, struct block *block)
{
    if (reader->is_broken) {
        wire_close(&reader->wire);
        (void)poll(NULL, 0, RECONNECT_MS);
        int error = connect_wire(reader);
        if (error < 0) {
            return error;
        }
        reader->is_broken = false;
        reader->reconnects++;
    }
    int error = wire_read(&reader->wire, block);
    if (error < 0) {
        (void)snprintf(reader->why, sizeof(reader->why), "%s", reader->wire.why);
    }
    /* What follows rubbish on a stream can be anybody's. */
    bool is_stream_lost = error == -EBADMSG && reader->wire.kind == FRAME_TCP;
    reader->is_broken = error == -ECONNRESET || error == -EIO || is_stream_lost;
    return error == -EIO ? -ECONNRESET : error;
}

static void keep_gap(const struct reader *reader)
{
    int64_t left_us = reader->ended_us + reader->gap_us - clock_mono_us(clock_real());
    if (reader->ended_us > 0 && left_us > 0) {
        (void)poll(NULL, 0, (int)(left_us / 1000) + 1);
    }
}

int reader_read(struct reader *reader, struct block *block)
{
    keep_gap(reader);
    int error = reader->line ? read_patiently(reader, block) : read_directly(reader, block);
    reader->ended_us = clock_mono_us(clock_real());
    return error;
}

bool reader_goes_on(int error)
{
    return error == 0 || error == -ETIMEDOUT || error == -EREMOTEIO || error == -ENODATA ||
           error == -EBADMSG || error == -ECONNRESET;
}
