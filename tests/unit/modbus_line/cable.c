/* SPDX-License-Identifier: Apache-2.0 */
/* cable: two ptys. */
#include "cable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "rig.h"

void cable_init(struct cable *cable)
{
    *cable = (struct cable){.folder = "/tmp/lingtan-pty-XXXXXX"};
    assert_non_null(mkdtemp(cable->folder));
    cable->ours = mem_format("%s/ours", cable->folder);
    cable->theirs = mem_format("%s/theirs", cable->folder);
}

void cable_plug(struct cable *cable)
{
    char *ours = mem_format("pty,raw,echo=0,link=%s", cable->ours);
    char *theirs = mem_format("pty,raw,echo=0,link=%s", cable->theirs);
    cable->socat = fork();
    if (cable->socat == 0) {
        execlp("socat", "socat", ours, theirs, (char *)NULL);
        _exit(127);
    }
    free(ours);
    free(theirs);
    int64_t since_us = clock_mono_us(clock_real());
    while (access(cable->ours, R_OK) != 0 || access(cable->theirs, R_OK) != 0) {
        assert_true(clock_mono_us(clock_real()) - since_us < RIG_WAIT_S * (int64_t)1000000);
        usleep(5000);
    }
}

void cable_unplug(struct cable *cable)
{
    kill(cable->socat, SIGTERM);
    waitpid(cable->socat, NULL, 0);
}

void cable_finish(struct cable *cable)
{
    unlink(cable->ours);
    unlink(cable->theirs);
    rmdir(cable->folder);
    free(cable->ours);
    free(cable->theirs);
}
