/* SPDX-License-Identifier: Apache-2.0 */
/* gate: what is let in. Everything that the request line and the headers tell is judged before a body is read: where it
 * comes from, what is asked for, who asks and whether that one may. On MHD's threads. */
#ifndef LINGTAN_HTTP_GATE_H
#define LINGTAN_HTTP_GATE_H

#include <stdbool.h>

struct request;

/* Fills the route, the parameters and the principal; a refusal is the request's answer. */
void gate_check(struct request *request, bool is_tcp, const char *method, const char *url);

#endif
