/* SPDX-License-Identifier: Apache-2.0 */
/* response: an answer on its way out through libmicrohttpd. On MHD's threads. */
#ifndef LINGTAN_HTTP_RESPONSE_H
#define LINGTAN_HTTP_RESPONSE_H

#include <microhttpd.h>

struct request;

/* Queues the request's answer or stream, once; MHD_NO when the connection is to be closed. What was changed is logged
 * with who changed it. */
enum MHD_Result response_send(struct request *request);

#endif
