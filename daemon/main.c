/* SPDX-License-Identifier: Apache-2.0 */
/* lingtand: what each way of calling it does. */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/app.h"
#include "app/arguments.h"
#include "base/text.h"
#include "expr/expr.h"
#include <lingtan/quantity.h>

enum {
    EXIT_CONFIG = 2, /* the configuration or the command line is wrong: nothing was started */
};

static int with_config(enum action action, const char *path)
{
    struct app_config config;
    struct faults *faults = faults_create();
    app_config_load(&config, path, action == CHECK, faults);
    int code = 0;
    if (faults_count(faults) > 0) {
        faults_print(faults, stderr);
        fprintf(stderr, "lingtand: %zu fault%s in the configuration; nothing was started\n",
                faults_count(faults), plural_s(faults_count(faults)));
        code = EXIT_CONFIG;
    } else if (action == CHECK) {
        printf("%s: the configuration is good\n", path);
    } else if (action == PRINT_CONFIG) {
        app_config_print(&config, stdout);
    } else {
        code = app_run(&config, path);
    }
    faults_destroy(faults);
    app_config_finish(&config);
    return code;
}

static int document_devices(const char *folder)
{
    struct faults *faults = faults_create();
    struct profiles *profiles = profiles_load(folder, faults);
    int code = 0;
    if (faults_count(faults) > 0) {
        faults_print(faults, stderr);
        code = EXIT_CONFIG;
    } else {
        profiles_document(profiles, stdout);
    }
    profiles_destroy(profiles);
    faults_destroy(faults);
    return code;
}

/* Who starts us may have closed them. Then the next socket would be number 2, and the log would go to a meter. */
static void open_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
            exit(EXIT_FAILURE); /* no /dev/null: nothing can be said of it either */
        }
    }
}

int main(int argc, char **argv)
{
    open_standard_streams();
    struct arguments arguments = {
        .config_path = LINGTAN_SYSCONF_FOLDER "/lingtan.conf",
        .devices = LINGTAN_PROFILE_FOLDER,
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    enum action action = arguments_read(argc, argv, &arguments);
    switch (action) {
    case HELP:
        fputs(arguments_help, stdout);
        return 0;
    case VERSION:
        puts("lingtand " LINGTAN_VERSION);
        return 0;
    case DOCUMENT_CONFIG:
        app_config_document(stdout);
        return 0;
    case DOCUMENT_QUANTITIES:
        quantity_document(stdout);
        return 0;
    case DOCUMENT_EXPRESSIONS:
        expr_document(stdout);
        return 0;
    case DOCUMENT_DEVICES:
        return document_devices(arguments.devices);
    case BAD_USAGE:
        fputs("Try 'lingtand --help'.\n", stderr);
        return EXIT_CONFIG;
    default:
        return with_config(action, arguments.config_path);
    }
}
