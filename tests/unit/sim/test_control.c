/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket, the log of served values, the clock, and what a restart keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench.h"
#include "support/support.h"

static void commands_answer(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, NULL);
    assert_non_null(strstr(bench_ask(&bench, "time"), "\"time\":\"2026-01-06T04:0"));
    assert_non_null(strstr(bench_ask(&bench, "list"), "\"device\":\"bus-room\",\"line\":\"bus\""));
    assert_non_null(strstr(bench_ask(&bench, "tea"), "\"error\""));
    assert_non_null(strstr(bench_ask(&bench, "value nobody active_power"), "\"error\""));
    assert_non_null(strstr(bench_ask(&bench, "value meter tea"), "\"error\""));
    assert_non_null(strstr(bench_ask(&bench, "fault meter tea"), "\"error\""));
    assert_non_null(strstr(bench_ask(&bench, "speed -1"), "\"error\""));
    assert_non_null(strstr(bench_ask(&bench, " "), "\"error\""));
    (void)bench_ask(&bench, "set inverter power_limit 3");
    assert_true(bench_value(&bench, "inverter", "active_power") <= 3.0);
    assert_non_null(strstr(bench_ask(&bench, "set meter active_power 3"), "\"error\""));
    bench_stop(&bench);
}

/* 3600: an hour of the compound each second, with a client at work. */
static void time_runs_as_told(void **state)
{
    (void)state;
    struct bench bench;
    uint16_t registers[4];
    bench_start(&bench, (const char *const[]){"--speed", "3600", NULL});
    modbus_t *modbus = bench_connect(&bench, "net", 2);
    double energy = bench_value(&bench, "meter", "active_energy_import");
    double sim_us = bench_number(&bench, "sim_us");
    double wall_us = bench_number(&bench, "wall_us");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(modbus_read_registers(modbus, 0x000A, 4, registers), 4);
        (void)poll(NULL, 0, 50);
    }
    double more = bench_value(&bench, "meter", "active_energy_import") - energy;
    double sim_passed = bench_number(&bench, "sim_us") - sim_us;
    double wall_passed = bench_number(&bench, "wall_us") - wall_us;
    assert_near(sim_passed / wall_passed, 3600.0, 36.0);
    assert_true(more > 20.0);
    bench_close(modbus);
    bench_stop(&bench);
}

static void served_values_are_logged(void **state)
{
    (void)state;
    struct bench bench;
    char line[1024];
    uint16_t registers[2];
    bench_start(&bench, NULL);
    modbus_t *modbus = bench_connect(&bench, "net", 3);
    assert_int_equal(modbus_read_registers(modbus, 32106, 2, registers), 2);
    assert_int_equal(modbus_read_registers(modbus, 9, 2, registers), -1);
    char *wanted = mem_format("\"fault\":\"off\",\"function\":3,\"address\":32106,"
                              "\"registers\":[%u,%u]}\n",
                              registers[0], registers[1]);
    FILE *file = fopen(bench.served, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_non_null(strstr(line, "{\"device\":\"inverter\",\"wall_us\":1"));
    assert_non_null(strstr(line, wanted));
    assert_null(fgets(line, sizeof(line), file)); /* refusals carry no values */
    (void)bench_ask(&bench, "serve-count inverter");
    assert_near(bench_number(&bench, "served"), 2.0, 0.1);
    free(wanted);
    (void)fclose(file);
    bench_close(modbus);
    bench_stop(&bench);
}

/* The same moment of the same compound, whichever run it is. */
static void a_restarted_program_goes_on(void **state)
{
    (void)state;
    struct bench one;
    struct bench other;
    bench_start(&one, (const char *const[]){"--speed", "0.0001", NULL});
    bench_start(&other, (const char *const[]){"--speed", "0.0001", NULL});
    static const char *const meters[] = {"meter", "bus-meter"};
    for (size_t i = 0; i < 2; i++) {
        double energy = bench_value(&one, meters[i], "active_energy_import");
        assert_near(bench_value(&other, meters[i], "active_energy_import"), energy, 0.01);
    }
    bench_stop(&other);
    bench_start(&other, (const char *const[]){"--seed", "2", NULL});
    assert_true(bench_value(&other, "meter", "active_energy_import") !=
                bench_value(&one, "meter", "active_energy_import"));
    bench_stop(&other);
    bench_stop(&one);
}

static int exit_code(const char *arguments)
{
    char *command = mem_format("%s %s >/dev/null 2>&1", LINGTAN_SIM, arguments);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    int status = pclose(out);
    free(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void wrong_usage_ends_with_2(void **state)
{
    (void)state;
    assert_int_equal(exit_code("--version"), 0);
    assert_int_equal(exit_code("--help"), 0);
    assert_int_equal(exit_code(""), 2);
    assert_int_equal(exit_code("--tea"), 2);
    assert_int_equal(exit_code("--year 2026"), 2);
    assert_int_equal(exit_code("--year 26 --report"), 2);
    assert_int_equal(exit_code("--site /nowhere --publish /tmp/x --start yesterday"), 2);
    assert_int_equal(exit_code("--site /nowhere --publish /nowhere/x --devices /nowhere"), 2);
    assert_int_equal(exit_code("--site a --publish b --speed 0"), 2);
    assert_int_equal(exit_code("--site a --publish b c"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_answer),          cmocka_unit_test(time_runs_as_told),
        cmocka_unit_test(served_values_are_logged), cmocka_unit_test(a_restarted_program_goes_on),
        cmocka_unit_test(wrong_usage_ends_with_2),
    };
    return cmocka_run_group_tests_name("sim_control", tests, NULL, NULL);
}
