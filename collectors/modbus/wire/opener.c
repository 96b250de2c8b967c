/* SPDX-License-Identifier: Apache-2.0 */
/* opener: libmodbus configures the port, the kernel locks it. */
#include "collectors/modbus/wire/opener.h"

#include <fcntl.h>
#include <modbus/modbus.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"

/* Looks whether the port is free before libmodbus changes its settings under somebody else's frames. */
static int check_free(const char *path)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    int error = isatty(fd) ? 0 : -ENOTTY;
    if (error == 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        error = errno == EWOULDBLOCK ? -EBUSY : -errno;
    }
    close(fd);
    return error;
}

/* TIOCEXCL keeps later opens out, flock those who look for it, as our own command line does. */
static int lock_port(int fd)
{
    if (ioctl(fd, TIOCEXCL) != 0) {
        return -errno;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    }
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? 0 : -errno;
}

/* libmodbus falls back to 9600 baud without a word. */
static int check_baud(int fd, int baud)
{
    struct termios settings;
    if (tcgetattr(fd, &settings) != 0) {
        return -errno;
    }
    return cfgetospeed(&settings) != B9600 || baud == 9600 ? 0 : -EINVAL;
}

/* errno after libmodbus: the system's, or one of its own far above. */
static int foreign_error(int fallback)
{
    return errno > 0 && errno < MODBUS_ENOBASE ? -errno : fallback;
}

static int configure(struct opening *opening, modbus_t *modbus)
{
    if (modbus_connect(modbus) != 0) {
        int error = foreign_error(-EIO);
        modbus_close(modbus); /* a port that refused its settings is still open */
        return error;
    }
    int fd = modbus_get_socket(modbus);
    int error = lock_port(fd);
    if (error == 0) {
        error = check_baud(fd, opening->baud);
    }
    if (error == 0 && opening->rs485 && modbus_rtu_set_serial_mode(modbus, MODBUS_RTU_RS485) != 0) {
        error = foreign_error(-ENOTSUP);
    }
    if (error != 0) {
        modbus_close(modbus);
        return error;
    }
    opening->fd = fd; /* modbus_free leaves the descriptor alone */
    return 0;
}

static void run(struct errand *errand)
{
    struct opening *opening = (struct opening *)(void *)errand;
    opening->error = check_free(opening->path);
    if (opening->error != 0) {
        return;
    }
    modbus_t *modbus =
        modbus_new_rtu(opening->path, opening->baud, opening->parity, 8, opening->stop_bits);
    if (modbus == NULL) {
        opening->error = -EINVAL;
        return;
    }
    opening->error = configure(opening, modbus);
    modbus_free(modbus);
}

static void destroy(struct errand *errand)
{
    struct opening *opening = (struct opening *)(void *)errand;
    if (opening->fd >= 0) {
        close(opening->fd);
    }
    free(opening->path);
    free(opening);
}

struct opening *opening_create(const struct line_config *config)
{
    static const char parities[] = {[PARITY_NONE] = 'N', [PARITY_EVEN] = 'E', [PARITY_ODD] = 'O'};
    struct opening *opening = mem_alloc(sizeof(*opening));
    opening->errand.run = run;
    opening->errand.destroy = destroy;
    atomic_init(&opening->errand.references, 1);
    opening->path = mem_dup_string(config->path);
    opening->baud = (int)config->baud;
    opening->parity = parities[config->parity];
    opening->stop_bits = (int)config->stop_bits;
    opening->rs485 = config->rs485;
    opening->fd = -1;
    return opening;
}
