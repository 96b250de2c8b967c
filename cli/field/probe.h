/* SPDX-License-Identifier: Apache-2.0 */
/* probe: what the files of lingtan probe share: which units are asked, what they said, what they may be. */
#ifndef LINGTAN_CLI_PROBE_H
#define LINGTAN_CLI_PROBE_H

#include "cli/field/guess.h"
#include "cli/field/reader.h"

enum {
    UNITS_MAX = 256,
};

enum answer {
    ANSWER_NOT_ASKED,
    ANSWER_SILENCE,
    ANSWER_REPLY,
    ANSWER_EXCEPTION, /* the unit is there, or its server says so of units that it does not have */
    ANSWER_EMPTY,     /* a reply without the register that was asked for: as an exception */
    ANSWER_NO_PATH,   /* the gateway says that it has no way to the unit (0x0A) */
    ANSWER_NO_TARGET, /* the gateway says that the unit did not answer (0x0B) */
    ANSWER_GARBLED, /* something came that is no reply: two units with one number, noise, other settings */
    ANSWER_CLOSED, /* the other end hung up */
    ANSWER_COUNT
};
extern const char *const answer_words[]; /* for JSON */

/* Of one unit. */
struct finding {
    enum answer answer;
    uint8_t exception;
    uint16_t word; /* the register that a reply brought */
    struct guess_list guesses;
    bool gives;   /* some register came */
    bool is_same; /* the same device as the unit below: it minds no unit id */
    uint8_t same_as;
    char device[64];  /* id of the site's device of this unit, "" = none */
    char profile[64]; /* what the site takes it for */
};

struct probe {
    struct reader reader;
    struct setup setup; /* the profiles */
    uint8_t units[UNITS_MAX];
    size_t unit_count;
    size_t asked;
    struct finding findings[UNITS_MAX]; /* by unit */
    bool is_serial;                     /* unit 0 is broadcast there, 248 to 255 are nobody */
    bool ignores_units;                 /* the only device, whatever unit is asked for */
    bool has_gap;                       /* between requests, of the options */
    bool has_absent;                    /* what a unit that cannot exist answers is known: */
    struct finding absent;
    bool was_cut;           /* by Ctrl-C or a broken wire */
    int64_t tried_settings; /* in search of baud and parity; 0 = there was no search */
};

/* "1-32,100"; NULL: all that the endpoint can have. Tells what is wrong. */
bool probe_parse_units(struct probe *probe, const char *list);

/* Finds baud and parity of the port, unless the options gave them. Gives an enum exit_code. */
int probe_tune(struct probe *probe);

/* Asks every unit once, then those that are there for their model. */
void probe_scan(struct probe *probe);
void probe_guess(struct probe *probe);

/* Which units are one device by several numbers, which are none. Before the guessing: what a unit that cannot exist
 * answers. */
void probe_ask_absent(struct probe *probe);
void probe_fold(struct probe *probe);

/* Whether units 255, 247 and 100 give what unit 1 gives, of which the model is guessed for that. */
bool probe_is_one_device(struct probe *probe);

int probe_guess_unit(struct probe *probe, uint8_t unit);
int probe_ask(struct probe *probe, uint8_t unit); /* one register; gives the error of the read */

bool probe_is_there(const struct finding *finding);
bool probe_is_device(
    const struct finding *finding); /* gives registers, and under no lower number */
bool probe_refuses_all(const struct finding *finding); /* whatever was asked */
void probe_print(const struct probe *probe);
void probe_print_json(const struct probe *probe);

#endif
