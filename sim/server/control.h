/* SPDX-License-Identifier: Apache-2.0 */
/* control: a Unix socket at which tests and demos steer the simulator: a line of text in, a line of JSON out.
 *
 *   fault DEVICE WORD [COUNT]   see sim/faults.h; "off" ends it
 *   line LINE WORD              off, silent (nobody answers) or down (connections are reset)
 *   value DEVICE POINT          the true value now and the simulated time
 *   set DEVICE POINT VALUE      as if a client had written it
 *   scale DEVICE POINT EXPONENT the register that scales the point holds this from now on
 *   serve-count DEVICE          replies that went out
 *   arrivals [PERIOD]          requests since the last arrivals PERIOD, and their jitter: sim/arrivals.h
 *   time | speed X | list
 *
 * One thread. */
#ifndef LINGTAN_SIM_CONTROL_H
#define LINGTAN_SIM_CONTROL_H

#include "sim/server/simulator.h"

struct control_client;

struct control {
    struct poll_source source;
    struct simulator *simulator;
    int listen_fd; /* -1 = none */
    char *path;
    struct control_client *clients;
};

int control_open(struct control *control, struct simulator *simulator, const char *path) MUST_USE;
void control_close(struct control *control);

struct text;
/* One command and its answer, a JSON object without the newline. */
void control_answer(struct simulator *simulator, char *line, struct text *answer);

#endif
