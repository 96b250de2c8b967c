/* SPDX-License-Identifier: Apache-2.0 */
/* source_read: a file and what it includes into one source. */
#include "config/scan.h"

int source_read(struct source *source, const char *path, struct config_memory *memory,
                struct faults *faults)
{
    *source = (struct source){.line = 1};
    struct scan scan = {
        .source = source, .memory = memory, .faults = faults, .include = scan_include};
    int error = scan_file(&scan, path, (struct origin){.file = path});
    scan_finish(&scan);
    if (error == 0) {
        text_add_char(&source->text, '\n');
    }
    return error;
}
