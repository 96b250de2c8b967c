/* SPDX-License-Identifier: Apache-2.0 */
/* machine: an id file is copied with the disk, a host name with the configuration, so the network card has a say too. */
#include "base/machine.h"

#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 128 };

static const char cards[] = "/sys/class/net";

/* FNV-1a; the zero at the end keeps "ab", "c" from being "a", "bc". */
static uint64_t mix(uint64_t hash, const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    do {
        hash = (hash ^ *c) * 0x100000001b3u;
    } while (*c++);
    return hash;
}

/* The first line; "" when the file cannot be read. */
static void read_line(const char *path, char line[LINE_SIZE])
{
    FILE *file = fopen(path, "re");
    if (!file || !fgets(line, LINE_SIZE, file)) {
        line[0] = '\0';
    }
    if (file) {
        fclose(file);
    }
    line[strcspn(line, "\n")] = '\0';
}

/* Of a real card whose address is its own: others may have another one at the next start. */
static void read_address(const char *card, char address[LINE_SIZE])
{
    char path[PATH_MAX];
    char kind[LINE_SIZE];
    address[0] = '\0';
    snprintf(path, sizeof(path), "%s/%s/device", cards, card);
    if (access(path, F_OK) < 0) {
        return;
    }
    snprintf(path, sizeof(path), "%s/%s/addr_assign_type", cards, card);
    read_line(path, kind);
    if (strcmp(kind, "0") == 0) {
        snprintf(path, sizeof(path), "%s/%s/address", cards, card);
        read_line(path, address);
    }
}

static void find_lowest_address(char lowest[LINE_SIZE])
{
    lowest[0] = '\0';
    DIR *folder = opendir(cards);
    if (!folder) {
        return;
    }
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char address[LINE_SIZE] = "";
        if (entry->d_name[0] != '.') {
            read_address(entry->d_name, address);
        }
        if (address[0] && (!lowest[0] || strcmp(address, lowest) < 0)) {
            memcpy(lowest, address, LINE_SIZE);
        }
    }
    closedir(folder);
}

void machine_mark(const char *more, char out[MACHINE_MARK_SIZE])
{
    char line[LINE_SIZE] = "";
    uint64_t hash = 0xcbf29ce484222325u;
    read_line("/etc/machine-id", line);
    hash = mix(hash, line);
    if (gethostname(line, sizeof(line)) < 0) {
        line[0] = '\0';
    }
    line[LINE_SIZE - 1] = '\0';
    hash = mix(hash, line);
    find_lowest_address(line);
    hash = mix(mix(hash, line), more);
    snprintf(out, MACHINE_MARK_SIZE, "%08x", (unsigned)(uint32_t)(hash ^ hash >> 32));
}
