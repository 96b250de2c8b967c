/* SPDX-License-Identifier: Apache-2.0 */
/* resolver: getaddrinfo as an errand, numbers at once. */
#include "collectors/modbus/wire/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void set_port(union endpoint_address *address, uint16_t port)
{
    if (address->any.sa_family == AF_INET6) {
        address->v6.sin6_port = htons(port);
    } else {
        address->v4.sin_port = htons(port);
    }
}

static void take_address(struct lookup *lookup, const struct addrinfo *info)
{
    if (lookup->count == ADDRESSES_MAX || info->ai_addrlen > sizeof(lookup->addresses[0])) {
        return;
    }
    union endpoint_address *address = &lookup->addresses[lookup->count++];
    memcpy(address, info->ai_addr, info->ai_addrlen);
    set_port(address, lookup->port);
}

static void run(struct errand *errand)
{
    struct lookup *lookup = (struct lookup *)(void *)errand;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    lookup->error = getaddrinfo(lookup->host, NULL, &hints, &found);
    if (lookup->error != 0) {
        return;
    }
    for (const struct addrinfo *info = found; info != NULL; info = info->ai_next) {
        take_address(lookup, info);
    }
    freeaddrinfo(found);
    if (lookup->count == 0) {
        lookup->error = EAI_NONAME;
    }
}

static void destroy(struct errand *errand)
{
    struct lookup *lookup = (struct lookup *)(void *)errand;
    free(lookup->host);
    free(lookup);
}

struct lookup *lookup_create(const char *host, uint16_t port)
{
    struct lookup *lookup = mem_alloc(sizeof(*lookup));
    lookup->errand.run = run;
    lookup->errand.destroy = destroy;
    atomic_init(&lookup->errand.references, 1);
    lookup->host = mem_dup_string(host);
    lookup->port = port;
    return lookup;
}

int address_parse(const char *host, uint16_t port, union endpoint_address *out)
{
    union endpoint_address address = {0};
    if (inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
    } else if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
    } else {
        return -EINVAL;
    }
    set_port(&address, port);
    *out = address;
    return 0;
}
