/* SPDX-License-Identifier: Apache-2.0 */
/* machine: what tells this computer from every other one, also from a clone of its disk. */
#ifndef LINGTAN_BASE_MACHINE_H
#define LINGTAN_BASE_MACHINE_H

enum { MACHINE_MARK_SIZE = 9 };

/* A word of 8 hexadecimal digits made of the machine's id, its host name, its lowest lasting hardware address and what
 * the caller adds: the same at every start, another on every other machine. Nothing can be read back from it. */
void machine_mark(const char *more, char out[MACHINE_MARK_SIZE]);

#endif
