/* SPDX-License-Identifier: Apache-2.0 */
/* reader: registers of a line, through the daemon's queue when a daemon has the line, directly otherwise. One request at
 * a time, one connection, a pause between requests; reading functions only. */
#ifndef LINGTAN_CLI_READER_H
#define LINGTAN_CLI_READER_H

#include "cli/field/wire.h"
#include "cli/setup.h"

struct reader {
    const struct cli *cli;
    const char *line; /* id, when the daemon reads; NULL = the wire does */
    char *where;      /* "line net", "10.0.0.5:502" */
    struct setup setup;
    struct line_config config; /* of the wire */
    struct wire wire;
    int64_t gap_us;
    int64_t ended_us; /* the last request */
    bool is_broken;   /* the wire must be opened before the next one */
    size_t reconnects;
    bool is_patient;    /* for many reads: waits when the daemon puts one off */
    bool is_told;       /* that it waits */
    int64_t retry_in_s; /* the daemon put the last read off; 0 = it did not */
    char why[320];      /* of the last failure */
};

/* line NULL: the endpoint of the options. A line goes through the daemon; when none runs, it is opened as the
 * configuration says. An endpoint that the running daemon reads is refused: two clients on one gateway spoil both.
 * Gives an enum exit_code; what is wrong is told here. */
int reader_open(struct reader *reader, const struct cli *cli, const char *line);
void reader_close(struct reader *reader); /* an all-zero one too */

/* 0; -ETIMEDOUT: silence; -EREMOTEIO: block->exception; -ENODATA: fewer than were asked for; -EBADMSG: something that is
 * no reply; -ECONNRESET: the other end closed, the next read connects again; else nothing can be read any more. why says it for people. */
int reader_read(struct reader *reader, struct block *block) MUST_USE;

/* Whether one more read may succeed after this error. */
bool reader_goes_on(int error);

#endif
