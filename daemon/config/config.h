/* SPDX-License-Identifier: Apache-2.0 */
/* config: files to structs by option tables, with every semantic fault at once (libconfig lives only in this folder).
 *
 * Main thread, or any one thread at a time. Files are read, never written. */
#ifndef LINGTAN_CONFIG_CONFIG_H
#define LINGTAN_CONFIG_CONFIG_H

#include <stdio.h>

#include <lingtan/error.h>
#include <lingtan/options.h>

/* The faults found so far, in file and line order when printed. */
struct faults;

struct faults *faults_create(void);
void faults_destroy(struct faults *faults);
size_t faults_count(const struct faults *faults);

/* Further faults are only counted: nobody reads the second thousand. */
bool faults_is_full(const struct faults *faults);

/* "path:line: section.key: what is wrong, what is allowed". key is the dotted path or NULL; text says both halves. */
void faults_add(struct faults *faults, struct origin origin, const char *key, const char *format,
                ...) PRINTF_LIKE(4, 5);
void faults_print(const struct faults *faults, FILE *out);
const char *faults_line(const struct faults *faults, size_t index); /* for tests; borrowed */

/* The word of a NULL-terminated list nearest to `wrong` by edit distance, NULL when none is near. */
const char *nearest_word(const char *wrong, const char *const *words);

/* Keeps the strings that loaded structs point to. */
struct config_memory;
struct config_memory *config_memory_create(void);
void config_memory_destroy(struct config_memory *memory);

/* Reads the file at path into `out` (a struct of `table`, filled with fallbacks first). Faults are added, not printed;
 * unknown keys are faults and name the nearest known one; a literal that does not fit is a fault (libconfig 1.5
 * truncates integers over 32 bits without a word: those want an L). At most one syntax fault a file. A file that can't
 * be read is a fault as well. Strings live in memory. */
void config_load(const char *path, const struct option_table *table, void *out,
                 struct config_memory *memory, struct faults *faults);

/* A path as the file at `from` means it: a relative one starts at that file's folder. Free it. */
char *config_path_beside(const char *from, const char *path);

/* Only the fallbacks. Required options stay zero, required strings empty. */
void config_defaults(const struct option_table *table, void *out, struct config_memory *memory);

/* Writes the struct as a configuration file that config_load reads back to the same. (Not called config_write: that is
 * a symbol of libconfig.) */
void config_print(const struct option_table *table, const void *value, FILE *out);

/* Writes the reference of the table as Markdown, nested tables after it. */
void config_document(const struct option_table *table, FILE *out);

#endif
