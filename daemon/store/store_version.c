/* SPDX-License-Identifier: Apache-2.0 */
/* store_version: whether this version can read what lies in the data folder. It is asked before anything is opened, so
 * that a folder of a later version stays as it is, to the byte. */
#include "store/store_internal.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/journal/day.h"
#include "store/rollup/tail.h"
#include "store/rollup/tier.h"

static int check_file(struct store *store, const char *folder, const char *name,
                      int64_t application, int64_t newest)
{
    char *path = mem_format("%s/%s", folder, name);
    const int64_t version = sql_peek_version(path, application);
    if (version > newest) {
        alarms_raise(&store->alarms, STORE_UNWRITABLE,
                     "%s has format %lld, this version reads up to %lld: run the version that "
                     "wrote it, or name another store.folder",
                     path, (long long)version, (long long)newest);
    }
    free(path);
    return version > newest ? -EPROTONOSUPPORT : 0;
}

static bool is_day(const char *name)
{
    const size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".db") == 0;
}

/* All files of a folder that may be of that application; others are passed over. */
static int check_folder(struct store *store, const char *name, int64_t application, int64_t newest)
{
    int error = 0;
    char *folder = mem_format("%s/%s", store->options.folder, name);
    DIR *listing = opendir(folder);
    struct dirent *entry = NULL;
    while (listing != NULL && error == 0 && (entry = readdir(listing)) != NULL) {
        if (is_day(entry->d_name)) {
            error = check_file(store, folder, entry->d_name, application, newest);
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
    free(folder);
    return error;
}

int store_version_check(struct store *store)
{
    const char *folder = store->options.folder;
    int error = check_file(store, folder, "ledger.db", LEDGER_APPLICATION, LEDGER_VERSION);
    if (error == 0) {
        error = check_file(store, folder, "ledger.backup", LEDGER_APPLICATION, LEDGER_VERSION);
    }
    if (error == 0) {
        error = check_folder(store, "journal", DAY_APPLICATION, DAY_VERSION);
    }
    if (error == 0) {
        error = check_folder(store, "rollup", TAIL_APPLICATION, TAIL_VERSION);
    }
    return error == 0 ? check_folder(store, "rollup", TIER_APPLICATION, TIER_VERSION) : error;
}
