/* SPDX-License-Identifier: Apache-2.0 */
/* time_zone: names and the system's choice. */
#include "site/time_zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static const char folder[] = "/usr/share/zoneinfo/";

bool time_zone_is_known(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    struct stat status;
    size_t length = strlen(name);
    if (length == 0 || length >= TIME_ZONE_SIZE || strspn(name, allowed) != length ||
        name[0] == '/') {
        return false;
    }
    if (strcmp(name, "UTC") == 0 || access(folder, F_OK) != 0) {
        return true; /* no database is installed: the name is for others */
    }
    char *path = mem_format("%s%s", folder, name);
    bool is_known = stat(path, &status) == 0 && S_ISREG(status.st_mode);
    free(path);
    return is_known;
}

static bool take(const char *name, char out[static TIME_ZONE_SIZE])
{
    if (!name || !time_zone_is_known(name)) {
        return false;
    }
    (void)snprintf(out, TIME_ZONE_SIZE, "%s", name);
    return true;
}

static bool take_link(char out[static TIME_ZONE_SIZE])
{
    static const char mark[] = "/zoneinfo/";
    char target[512];
    ssize_t length = readlink("/etc/localtime", target, sizeof(target) - 1);
    if (length < 0) {
        return false;
    }
    target[length] = '\0';
    const char *name = strstr(target, mark);
    return name && take(name + strlen(mark), out);
}

static bool take_file(char out[static TIME_ZONE_SIZE])
{
    char line[TIME_ZONE_SIZE] = "";
    FILE *file = fopen("/etc/timezone", "re");
    if (!file) {
        return false;
    }
    bool has_line = fgets(line, sizeof(line), file) != NULL;
    (void)fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    return has_line && take(line, out);
}

const char *time_zone_of_system(char out[static TIME_ZONE_SIZE])
{
    const char *given = getenv("TZ");
    given = given && given[0] == ':' ? given + 1 : given;
    if (!take(given, out) && !take_link(out) && !take_file(out)) {
        (void)snprintf(out, TIME_ZONE_SIZE, "UTC");
    }
    return out;
}
