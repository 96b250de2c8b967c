/* SPDX-License-Identifier: Apache-2.0 */
/* served: a bounded log of replies. */
#include "sim/server/served.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

int served_open(struct served *served, const char *path, int64_t limit)
{
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return -errno;
    }
    *served = (struct served){.file = file, .path = mem_dup_string(path), .limit = limit};
    return 0;
}

void served_close(struct served *served)
{
    if (served->file != NULL) {
        (void)fclose(served->file);
    }
    free(served->path);
    *served = (struct served){0};
}

static void begin_anew(struct served *served)
{
    char *old = mem_format("%s.1", served->path);
    (void)rename(served->path, old);
    free(old);
    (void)fclose(served->file);
    served->file = fopen(served->path, "we");
    served->size = 0;
}

void served_add(struct served *served, const struct reply *reply, int64_t wall_us, int64_t sim_us)
{
    if (served->file == NULL || reply->count == 0) {
        return;
    }
    struct text line = {0};
    text_add_format(&line,
                    "{\"device\":\"%s\",\"wall_us\":%" PRId64 ",\"sim_us\":%" PRId64
                    ",\"fault\":\"%s\",\"function\":%d,\"address\":%d,\"registers\":[",
                    reply->device->config->id, wall_us, sim_us, fault_words[reply->fault.kind],
                    reply->function, reply->address);
    for (uint16_t i = 0; i < reply->count; i++) {
        text_add_format(&line, i > 0 ? ",%u" : "%u", reply->registers[i]);
    }
    text_add_string(&line, "]}\n");
    /* Flushed line by line: a test reads it while we run. */
    (void)fwrite(line.data, 1, line.length, served->file);
    (void)fflush(served->file);
    served->size += (int64_t)line.length;
    text_finish(&line);
    if (served->size >= served->limit) {
        begin_anew(served);
    }
}
