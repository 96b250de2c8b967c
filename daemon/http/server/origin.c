/* SPDX-License-Identifier: Apache-2.0 */
/* origin: loopback names, and the headers that proxies leave. */
#include "http/server/origin.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum {
    NAME_MAX_SIZE = 64,
};

static bool is_port(const char *text)
{
    return *text == '\0' || (*text == ':' && strspn(text + 1, "0123456789") == strlen(text + 1));
}

static bool name_is_loopback(const char *name)
{
    struct in_addr address;
    if (strcasecmp(name, "localhost") == 0) {
        return true;
    }
    return inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool host_is_loopback(const char *host)
{
    static const char v6[] = "[::1]";
    if (strncmp(host, v6, strlen(v6)) == 0) {
        return is_port(host + strlen(v6));
    }
    char name[NAME_MAX_SIZE];
    size_t length = strcspn(host, ":");
    if (length >= sizeof(name) || !is_port(host + length)) {
        return false;
    }
    memcpy(name, host, length);
    name[length] = '\0';
    return name_is_loopback(name);
}

bool origin_is_loopback(const char *origin)
{
    const char *separator = strstr(origin, "://");
    return separator && host_is_loopback(separator + strlen("://"));
}

bool header_is_forwarding(const char *name)
{
    static const char *const names[] = {
        "Forwarded",       "Via",
        "X-Real-IP",       "X-Client-IP",
        "X-Original-Host", "CF-Connecting-IP",
        "True-Client-IP",  "X-ProxyUser-Ip",
    };
    static const char prefix[] = "X-Forwarded";
    if (strncasecmp(name, prefix, strlen(prefix)) == 0) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcasecmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}
