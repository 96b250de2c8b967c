/* SPDX-License-Identifier: Apache-2.0 */
/* site_lines: what has to agree among lines: ids, endpoints. */
#include "site/site_parts.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void check_endpoint_given(const struct site_checking *check, size_t number)
{
    const struct line_config *line = &check->lines[number];
    bool is_serial = line->transport == LINE_RTU;
    if (is_serial && !line->path[0]) {
        site_line_fault(check, number, "path",
                        "is missing, wants the serial port for transport rtu");
    }
    if (!is_serial && !line->host[0]) {
        site_line_fault(check, number, "host",
                        "is missing, wants a name or address for transport %s",
                        line->transport == LINE_TCP ? "tcp" : "rtu_over_tcp");
    }
}

char *site_endpoint(const struct line_config *line)
{
    if (line->transport == LINE_RTU) {
        return mem_dup_string(line->path);
    }
    if (!line->host[0]) {
        return mem_dup_string("");
    }
    char *endpoint = mem_format("%s:%" PRId64, line->host, line->port);
    for (char *at = endpoint; *at; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    return endpoint;
}

static void check_ids(const struct site_checking *check)
{
    struct site_index ids = {0};
    for (size_t i = 0; i < check->site->lines.count; i++) {
        site_index_add(&ids, check->lines[i].id, i);
    }
    site_index_sort(&ids);
    for (size_t i = 0; i < ids.count; i++) {
        const struct site_entry *entry = &ids.entries[i];
        const struct site_entry *first = site_index_find(&ids, entry->word);
        if (first != entry) {
            char *place =
                site_place(check->lines[first->number].origin, check->lines[entry->number].origin);
            site_line_fault(check, entry->number, "id",
                            "is \"%s\", as on %s, wants an id of its own", first->word, place);
            free(place);
        }
    }
    site_index_finish(&ids);
}

static void judge_endpoints(const struct site_checking *check, const struct site_index *endpoints)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        const struct site_entry *entry = &endpoints->entries[i];
        const struct site_entry *first = site_index_find(endpoints, entry->word);
        const struct line_config *line = &check->lines[first->number];
        if (first != entry) {
            char *place = site_place(line->origin, check->lines[entry->number].origin);
            site_line_fault(check, entry->number, line->transport == LINE_RTU ? "path" : "host",
                            "leads to %s, as %s does (%s), wants all devices of one endpoint on "
                            "one line",
                            first->word, line->id, place);
            free(place);
        }
    }
}

static void check_endpoints(const struct site_checking *check)
{
    size_t count = check->site->lines.count;
    char **words = mem_alloc_array(count + 1, sizeof(*words));
    struct site_index endpoints = {0};
    for (size_t i = 0; i < count; i++) {
        words[i] = site_endpoint(&check->lines[i]);
        site_index_add(&endpoints, words[i], i);
    }
    site_index_sort(&endpoints);
    judge_endpoints(check, &endpoints);
    site_index_finish(&endpoints);
    for (size_t i = 0; i < count; i++) {
        free(words[i]);
    }
    free(words);
}

void site_check_lines(const struct site_checking *check)
{
    for (size_t i = 0; i < check->site->lines.count; i++) {
        check_endpoint_given(check, i);
    }
    check_ids(check);
    check_endpoints(check);
}
