/* SPDX-License-Identifier: Apache-2.0 */
/* reader: what is left of a file being scanned, and what may stand in one. */
#include "config/scan.h"

bool reader_refuse(const struct reader *reader, const char *what)
{
    faults_add(reader->scan->faults, reader->origin, NULL, "%s", what);
    return false;
}

size_t reader_rest(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

bool scan_is_text(unsigned value)
{
    return value == '\t' || value == '\n' || value == '\r' || value == '\f' ||
           (value >= 0x20 && value != 0x7f);
}
