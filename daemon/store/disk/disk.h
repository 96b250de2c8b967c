/* SPDX-License-Identifier: Apache-2.0 */
/* disk: files and folders outside SQLite. Any thread. */
#ifndef LINGTAN_STORE_DISK_H
#define LINGTAN_STORE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include <lingtan/error.h>

/* Makes the folder and those above it, mode 0750. Existing ones are left as they are. -ENOTDIR, -EACCES, ... */
int disk_make_folder(const char *path) MUST_USE;

/* Makes what was created, renamed or removed in the folder survive a power cut. */
int disk_sync_folder(const char *path) MUST_USE;

/* Takes the exclusive lock of a file, made when absent. The lock ends when *fd is closed or the process dies. -EBUSY. */
int disk_lock(const char *path, int *fd) MUST_USE;

int64_t disk_free_bytes(const char *path); /* for us; INT64_MAX when that can't be told */
int64_t disk_file_bytes(const char *path); /* 0 when there is none */
bool disk_exists(const char *path);

/* A file of that many bytes really taken from the disk, there to be given up when room is needed. */
int disk_reserve(const char *path, int64_t bytes) MUST_USE;

/* Unlinks the database at path with its side files and frees their room even while a reader has them open. */
int disk_remove_database(const char *path) MUST_USE;

/* Renames a database with its WAL to path + suffix; its shared-memory file is dropped. */
int disk_set_aside(const char *path, const char *suffix) MUST_USE;

#endif
