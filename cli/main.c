/* SPDX-License-Identifier: Apache-2.0 */
/* lingtan: the command for people and scripts. It asks the daemon over its Unix socket. */
#include <locale.h>
#include <string.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
    struct cli cli;
    int code = EXIT_OK;
    /* Widths of Chinese names need a UTF-8 locale, also where none is set. */
    if (!setlocale(LC_CTYPE, "") || !strstr(setlocale(LC_CTYPE, NULL), "UTF-8")) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
    const struct verb *verb = cli_read(argc, argv, &cli, &code);
    if (verb) {
        code = verb->run(&cli);
    }
    if (fflush(stdout) != 0 && code == EXIT_OK) {
        code = EXIT_FAILED;
    }
    return code;
}
