/* SPDX-License-Identifier: Apache-2.0 */
/* check: lingtan check hands over to lingtand --check, so that there is one judge of a configuration. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"

/* Beside this program, where `make install` puts it, or in the build tree; else PATH decides. */
static char *find_daemon(void)
{
    static const char *const places[] = {"lingtand", "../sbin/lingtand", "../daemon/lingtand"};
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length > 0) {
        self[length] = '\0';
        *strrchr(self, '/') = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
            char *path = mem_format("%s/%s", self, places[i]);
            if (access(path, X_OK) == 0) {
                return path;
            }
            free(path);
        }
    }
    return mem_dup_string("lingtand");
}

int check_run(const struct cli *cli)
{
    char *daemon = find_daemon();
    char *const plain[] = {daemon, "--check", NULL};
    char *const named[] = {daemon, "--check", "--config",
                           cli->argument_count > 0 ? cli->arguments[0] : NULL, NULL};
    execvp(daemon, cli->argument_count > 0 ? named : plain);
    fprintf(stderr, "lingtan: cannot run %s: %s; is lingtand installed?\n", daemon,
            strerror(errno));
    free(daemon);
    return EXIT_FAILED;
}
