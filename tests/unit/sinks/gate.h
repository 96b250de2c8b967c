/* SPDX-License-Identifier: Apache-2.0 */
/* gate: stands before a real server as a proxy would, and answers for it where the test wants trouble that no real
 * server makes on demand. One connection at a time. */
#ifndef LINGTAN_TESTS_GATE_H
#define LINGTAN_TESTS_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "net/http_client.h"

struct gate {
    uint16_t port;
    uint16_t server_port;
    /* any thread */
    atomic_int status; /* answered to every write of lines; 0 = none */
    atomic_int poison; /* answered to a body that holds the word "poison"; -1 = it hangs up */
    atomic_int_least64_t old_us; /* lines of before... */
    atomic_int old_status;       /* ... make it answer so; 0 = nothing is old */
    atomic_int gzip;             /* answered to a packed body */
    atomic_int lost;             /* answered to lines that were passed on all the same; 0 = none */
    atomic_size_t body_max;      /* larger ones get 413; 0 = no limit */
    atomic_int requests;         /* with a body, so far */
    atomic_int packed;           /* of them those packed and let through */
    /* the gate's own */
    int listener;
    pthread_t thread;
    struct http_client *http;
};

void gate_start(struct gate *gate, uint16_t server_port);
void gate_stop(struct gate *gate); /* after its client has left */

#endif
