/* SPDX-License-Identifier: Apache-2.0 */
/* command: a request to a device from a person or the guard. Carried by the collectors.
 *
 * A command waits in its line's queue and goes out before the next poll. It names a device and its points; the line
 * knows their registers, also those that the device itself has listed. The raw read of registers of a line is for
 * commissioning. Only what command_write makes writes. */
#ifndef LINGTAN_COMMAND_H
#define LINGTAN_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include <lingtan/error.h>
#include <lingtan/reading.h>

enum {
    COMMAND_REGISTERS_MAX = 125,
    COMMAND_POINTS_MAX = 8,
    COMMAND_NAME_SIZE = 64, /* of ids and points, with the end */
    COMMAND_WHY_SIZE = 200,
};

enum command_kind {
    COMMAND_READ_RAW,    /* registers or bits of a unit of a line */
    COMMAND_READ_POINTS, /* up to COMMAND_POINTS_MAX points of a device, as a poll reads them */
    COMMAND_WRITE_POINT, /* one frame, as the profile says */
};

/* What of the profile's group `write` is sent: one frame a command. */
enum write_part {
    WRITE_VALUE,
    WRITE_SWITCH,   /* its number-th switch: on */
    WRITE_UNSWITCH, /* likewise: off */
    WRITE_HEARTBEAT,
};

enum write_fate {
    WRITE_NOT_SENT, /* nothing reached the device */
    WRITE_TAKEN,    /* the device has confirmed it */
    WRITE_REFUSED,  /* it answered with an exception */
    WRITE_UNKNOWN,  /* it was sent and the answer was lost: only read_back can tell */
};
extern const char *const write_fate_words[];

struct command_point {
    char name[COMMAND_NAME_SIZE];
    uint8_t quality; /* enum quality; late = it was not read */
    uint8_t exception;
    double value; /* in the quantity's unit; NaN = none */
};

struct command_written {
    enum write_part part;
    unsigned number;
    double value; /* wanted, in the quantity's unit */
    /* the answer */
    enum write_fate fate;
    double sent;                    /* after rounding to the step; raw for the other parts */
    struct command_point old;       /* what the read-back point showed before, */
    struct command_point read_back; /* and after the settle time; without a name: there is none */
};

struct command;
struct command_run; /* of whoever carries it */
typedef void (*command_done_fn)(struct command *take_command);

/* The maker allocates it with mem_alloc and gives it away; it comes back through done, called exactly once, on the
 * line's thread, also at shutdown (error -ECANCELED). */
struct command {
    command_done_fn done;
    void *context;
    enum command_kind kind;
    int64_t expires_mono_us;
    char line[COMMAND_NAME_SIZE];   /* raw: id of the line */
    char device[COMMAND_NAME_SIZE]; /* the others: id of the device */
    uint16_t unit;                  /* raw: 0..255; of the others the line fills it in */
    uint8_t function;               /* raw: 1 to 4 */
    uint16_t address;               /* raw: zero-based, as on the wire */
    uint16_t quantity;              /* raw: registers 1..125, bits 1..2000 */
    size_t point_count;
    struct command_point points[COMMAND_POINTS_MAX]; /* to be read; of a write the first is it */
    struct command_written written;
    /* the answer */
    int error; /* 0, -ETIMEDOUT, -EREMOTEIO (exception), -ENODATA (fewer than were asked for: given),
                  -EBADMSG, -ENOTCONN, -ECANCELED, -EAGAIN (retry_in_us), -ENODEV (a reload removed it),
                  -ERESTART (a reload changed its line meanwhile); of the others also -ENOENT, -EPERM, -ERANGE: why */
    uint8_t exception;
    uint16_t given;
    int64_t retry_in_us; /* -EAGAIN: its unit does not answer, and may be asked again then */
    int64_t round_trip_us;
    char why[COMMAND_WHY_SIZE]; /* what is wrong with what was asked for, and what is allowed */
    uint16_t registers
        [COMMAND_REGISTERS_MAX]; /* bits arrive packed as on the wire, low bit first, 16 a register */
    struct command_run *run;
};

/* A read of points; names are copied. NULL: too many, or one that is too long. */
struct command *command_read_points(const char *device, const char *const *names, size_t count);

/* The only way to a write. The frame is sent once and never again, whatever becomes of the connection: an answer that is
 * lost makes its fate unknown, which the read-back may settle. Limits, steps and read-only points are the profile's and
 * refused by the line; how often and in what order is the maker's care. NULL: a name is too long. */
struct command *command_write(const char *device, const char *point, enum write_part part,
                              unsigned number, double value);

/* Where finished commands wait for whoever gave them: each of them has a place from the beginning on, so that none can
 * be lost, however late it is looked at. One consumer; box functions on its thread. */
struct command_box;

/* outstanding: commands at most between command_box_expect and command_box_take. */
struct command_box *command_box_create(size_t outstanding);

/* After everything that was expected has been taken or forgotten: collectors that were stopped have given all back. */
void command_box_destroy(struct command_box *box);

/* Takes a place for the command and sets where it comes back: done and context. -ENOSPC: all are taken. Then give it to
 * the collector. */
int command_box_expect(struct command_box *box, struct command *command) MUST_USE;
void command_box_forget(struct command_box *box); /* the collector did not take it */

/* Oldest first; returns how many. They are the caller's, to be freed. */
size_t command_box_take(struct command_box *box, struct command **commands, size_t max);
int command_box_fd(const struct command_box *box); /* readable while some wait */
size_t command_box_outstanding(const struct command_box *box);

#endif
