/* SPDX-License-Identifier: Apache-2.0 */
/* resolver: host names and numbers to socket addresses. */
#ifndef LINGTAN_MODBUS_RESOLVER_H
#define LINGTAN_MODBUS_RESOLVER_H

#include <netinet/in.h>

#include "collectors/modbus/wire/crew.h"

enum { ADDRESSES_MAX = 4 };

union endpoint_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* A question to the name servers. The answer is read after the errand is done. */
struct lookup {
    struct errand errand;
    char *host;
    uint16_t port;
    int error; /* of getaddrinfo; 0 = there are addresses */
    size_t count;
    union endpoint_address addresses[ADDRESSES_MAX];
};

struct lookup *lookup_create(const char *host, uint16_t port);

/* An address written as a number, IPv4 or IPv6: no question is needed. -EINVAL when it is a name. */
int address_parse(const char *host, uint16_t port, union endpoint_address *out) MUST_USE;

#endif
