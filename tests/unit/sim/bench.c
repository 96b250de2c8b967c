/* SPDX-License-Identifier: Apache-2.0 */
/* bench: starts the program itself, so that what is tested is what people run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"

#include <arpa/inet.h>
#include <glob.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"

static const char profile_text[] =
    "device = \"Bench\"; class = \"hvac\"; confidence = \"high\"; sources = (\"test\");\n"
    "address_base = 0; link: { unit = 1; max_registers = 100; max_hole = 1; };\n"
    "points = (\n"
    "  { quantity = \"on_off\"; function = 1; address = 0; type = \"bits\"; write: { }; "
    "},\n"
    "  { quantity = \"contact\"; index = 1; function = 1; address = 1; type = \"bits\";\n"
    "    write: { }; },\n"
    "  { quantity = \"contact\"; index = 2; function = 2; address = 0; type = \"bits\"; },\n"
    "  { quantity = \"room_temperature\"; function = 4; address = 10; type = \"i16\"; scale = 0.1; "
    "},\n"
    "  { quantity = \"setpoint_temperature\"; function = 3; address = 20; type = \"i16\";\n"
    "    scale = 0.1; min = 16; max = 31; write: { }; },\n"
    "  { quantity = \"mode\"; function = 3; address = 21; type = \"u16\"; write: { }; },\n"
    "  { quantity = \"capacity_limit\"; function = 3; address = 22; type = \"f32\";\n"
    "    write: { }; },\n"
    "  { quantity = \"relative_humidity\"; function = 3; address = 24; type = \"u16\"; }\n"
    ");\n";

static const char site_text[] =
    "id = \"bench\";\n"
    "lines = (\n"
    "  { id = \"net\"; transport = \"tcp\"; host = \"192.0.2.1\"; devices = (\n"
    "    { id = \"room\"; profile = \"bench\"; unit = 1; },\n"
    "    { id = \"meter\"; profile = \"acrel-adl400-adl3000\"; unit = 2; ct_ratio = 40; },\n"
    "    { id = \"inverter\"; profile = \"huawei-sun2000\"; unit = 3; },\n"
    "    { id = \"pulse\"; profile = \"pulse-counter-generic\"; unit = 4; pulse_weight = 0.01; } "
    "); },\n"
    "  { id = \"bus\"; transport = \"rtu\"; path = \"/dev/ttyUSB0\"; devices = (\n"
    "    { id = \"bus-meter\"; profile = \"chint-dtsu666\"; unit = 5; },\n"
    "    { id = \"bus-room\"; profile = \"intesis-mbs\"; unit = 6; } ); },\n"
    "  { id = \"conv\"; transport = \"rtu_over_tcp\"; host = \"192.0.2.2\"; devices = (\n"
    "    { id = \"water\"; profile = \"electromagnetic-water-meter-cn\"; unit = 7; } ); }\n"
    ");\n";

static const char model_text[] = "devices = ( { device = \"room\"; role = \"room:b1-201\"; },\n"
                                 "  { device = \"meter\"; role = \"building:b1\"; }, { device = "
                                 "\"inverter\"; role = \"inverter:1\"; },\n"
                                 "  { device = \"pulse\"; role = \"water:b2\"; }, { device = "
                                 "\"bus-meter\"; role = \"building:b2\"; },\n"
                                 "  { device = \"bus-room\"; role = \"room:b1-301\"; }, { device = "
                                 "\"water\"; role = \"water:b1\"; } );\n";

static char *write_file(const struct bench *bench, const char *name, const char *text)
{
    char *path = mem_format("%s/%s", bench->folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* The project's profiles and ours in one folder. */
static char *make_profiles(const struct bench *bench)
{
    glob_t found;
    char *folder = mem_format("%s/devices", bench->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(glob(LINGTAN_SOURCE_FOLDER "/conf/devices/*.conf", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *name = mem_format("%s%s", folder, strrchr(found.gl_pathv[i], '/'));
        assert_int_equal(symlink(found.gl_pathv[i], name), 0);
        free(name);
    }
    globfree(&found);
    free(write_file(bench, "devices/bench.conf", profile_text));
    return folder;
}

static void spawn(struct bench *bench, const char *site, const char *model, const char *devices,
                  const char *const *extra)
{
    const char *arguments[40] = {
        LINGTAN_SIM,    "--site",   site,          "--model",        model,
        "--devices",    devices,    "--publish",   bench->published, "--control",
        bench->control, "--served", bench->served, "--start",        "2026-01-06T12:00+08:00",
    };
    size_t count = 15;
    while (extra != NULL && *extra != NULL && count < 39) {
        arguments[count++] = *extra++;
    }
    bench->pid = fork();
    assert_true(bench->pid >= 0);
    if (bench->pid == 0) {
        /* A test that fails leaves no simulator behind. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(LINGTAN_SIM, (char *const *)arguments);
        _exit(127);
    }
}

static bool is_published(void *context)
{
    const struct bench *bench = context;
    assert_int_equal(waitpid(bench->pid, NULL, WNOHANG), 0);
    return access(bench->published, R_OK) == 0;
}

static int connect_control(const struct bench *bench)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    (void)snprintf(where.sun_path, sizeof(where.sun_path), "%s", bench->control);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&where, sizeof(where)), 0);
    return fd;
}

void bench_start(struct bench *bench, const char *const *extra)
{
    bench_start_site(bench, site_text, model_text, extra);
}

void bench_start_site(struct bench *bench, const char *site_words, const char *model_words,
                      const char *const *extra)
{
    memset(bench, 0, sizeof(*bench));
    bench->folder = test_folder_create();
    bench->published = mem_format("%s/published.conf", bench->folder);
    bench->control = mem_format("%s/control", bench->folder);
    bench->served = mem_format("%s/served", bench->folder);
    char *site = write_file(bench, "site.conf", site_words);
    char *model = write_file(bench, "model.conf", model_words);
    char *devices = make_profiles(bench);
    spawn(bench, site, model, devices, extra);
    assert_true(test_wait_until(is_published, bench));
    bench->control_fd = connect_control(bench);
    bench->faults = faults_create();
    bench->memory = config_memory_create();
    site_load(bench->published, &bench->site, bench->memory, bench->faults);
    assert_int_equal(faults_count(bench->faults), 0);
    free(site);
    free(model);
    free(devices);
}

void bench_stop(struct bench *bench)
{
    int status = 0;
    assert_int_equal(kill(bench->pid, SIGTERM), 0);
    assert_int_equal(waitpid(bench->pid, &status, 0), bench->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    (void)close(bench->control_fd);
    config_memory_destroy(bench->memory);
    faults_destroy(bench->faults);
    free(bench->published);
    free(bench->control);
    free(bench->served);
    test_folder_remove(bench->folder);
}

const struct line_config *bench_line(const struct bench *bench, const char *id)
{
    const struct line_config *lines = bench->site.lines.items;
    for (size_t i = 0; i < bench->site.lines.count; i++) {
        if (strcmp(lines[i].id, id) == 0) {
            return &lines[i];
        }
    }
    fail_msg("no line %s", id);
    return NULL;
}

modbus_t *bench_connect(const struct bench *bench, const char *line, int unit)
{
    const struct line_config *row = bench_line(bench, line);
    modbus_t *modbus = NULL;
    if (row->transport == LINE_TCP) {
        modbus = modbus_new_tcp(row->host, (int)row->port);
    } else {
        /* Over TCP, libmodbus speaks RTU on a socket that it has not opened. */
        const char *path = row->transport == LINE_RTU ? row->path : "/dev/null";
        modbus = modbus_new_rtu(path, 9600, 'N', 8, 1);
    }
    assert_non_null(modbus);
    assert_int_equal(modbus_set_slave(modbus, unit), 0);
    if (row->transport == LINE_RTU_OVER_TCP) {
        assert_int_equal(modbus_set_socket(modbus, bench_socket(bench, line)), 0);
    } else {
        assert_int_equal(modbus_connect(modbus), 0);
    }
    assert_int_equal(modbus_set_response_timeout(modbus, 2, 0), 0);
    return modbus;
}

void bench_close(modbus_t *take_modbus)
{
    modbus_close(take_modbus);
    modbus_free(take_modbus);
}

int bench_socket(const struct bench *bench, const char *line)
{
    const struct line_config *row = bench_line(bench, line);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)row->port)};
    assert_int_equal(inet_pton(AF_INET, row->host, &where.sin_addr), 1);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&where, sizeof(where)), 0);
    struct timeval patience = {.tv_sec = 20};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    return fd;
}

const char *bench_ask(struct bench *bench, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *command = mem_format_args(format, args);
    va_end(args);
    char *line = mem_format("%s\n", command);
    assert_int_equal(send(bench->control_fd, line, strlen(line), 0), (ssize_t)strlen(line));
    free(line);
    free(command);
    size_t length = 0;
    while (length == 0 || bench->answer[length - 1] != '\n') {
        ssize_t got =
            recv(bench->control_fd, bench->answer + length, sizeof(bench->answer) - 1 - length, 0);
        assert_true(got > 0);
        length += (size_t)got;
    }
    bench->answer[length] = '\0';
    return bench->answer;
}

double bench_number(struct bench *bench, const char *key)
{
    char *quoted = mem_format("\"%s\":", key);
    const char *at = strstr(bench->answer, quoted);
    assert_non_null(at);
    double number = strtod(at + strlen(quoted), NULL);
    free(quoted);
    return number;
}

double bench_value(struct bench *bench, const char *device, const char *point)
{
    (void)bench_ask(bench, "value %s %s", device, point);
    return bench_number(bench, "value");
}
