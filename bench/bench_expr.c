/* SPDX-License-Identifier: Apache-2.0 */
/* bench_expr: what a rule costs: a thousand texts over ten points each, evaluated over and over for a second or so.
 * Prints ns per evaluation and the share of a core that one evaluation a second of each takes. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/text.h"
#include "expr/expr.h"

enum { RULES = 1000, POINTS = 10, ROUNDS = 1000 };

static struct expr_value cells[RULES][POINTS];

static struct expr_value read_value(const void *context, const struct expr_slot *slot)
{
    (void)context;
    return cells[slot->owner][slot->item];
}

static int64_t read_age(const void *context, const struct expr_slot *slot)
{
    (void)context;
    (void)slot;
    return 0;
}

static const struct device *make_device(size_t index)
{
    struct point points[POINTS] = {0};
    char names[POINTS][32];
    char *id = mem_format("m%zu", index);
    for (size_t i = 0; i < POINTS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "active_power_%zu", i + 1);
        points[i] = (struct point){.name = names[i], .quantity = quantity_find("active_power")};
        cells[index][i] = (struct expr_value){.number = 10.5 + (double)i, .quality = QUALITY_OK};
    }
    struct device model = {.id = id,
                           .name = id,
                           .site = "s",
                           .node = "",
                           .line = "l",
                           .profile = "p",
                           .point_count = POINTS,
                           .points = points};
    const struct device *device = device_create(&model);
    free(id);
    return device;
}

/* Nine points are added and compared with a limit, the tenth is compared with another: all ten are read. */
static struct expr *make_rule(const struct expr_scope *scope, size_t index)
{
    struct text text = {0};
    struct expr_faults faults = {0};
    struct expr *expr = NULL;
    for (size_t i = 1; i < POINTS; i++) {
        text_add_format(&text, "%sm%zu.active_power_%zu", i > 1 ? " + " : "", index, i);
    }
    text_add_format(&text, " > 50 kW and m%zu.active_power_10 < 900 W", index);
    if (expr_compile(text.data, scope, EXPR_WANT_BOOLEAN, NULL, &faults, &expr) < 0) {
        fprintf(stderr, "%s: %s\n", text.data, faults.items[0].message);
        exit(EXIT_FAILURE);
    }
    text_finish(&text);
    return expr;
}

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(void)
{
    static const struct device *devices[RULES];
    static struct expr *rules[RULES];
    for (size_t i = 0; i < RULES; i++) {
        devices[i] = make_device(i);
    }
    struct expr_scope scope = {.devices = devices, .device_count = RULES};
    struct expr_reader reader = {.read = read_value, .age_us = read_age};
    double before = cpu_ns();
    for (size_t i = 0; i < RULES; i++) {
        rules[i] = make_rule(&scope, i);
    }
    double compiled = cpu_ns();
    size_t fired = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < RULES; i++) {
            fired += expr_is_true(expr_evaluate(rules[i], &reader).value);
        }
    }
    double ns = (cpu_ns() - compiled) / RULES / ROUNDS;
    printf("compile %.1f us, evaluate %.0f ns over %d points (%.1f ns a point); %d a second are "
           "%.3f %% of a core; %zu fired\n",
           (compiled - before) / RULES / 1e3, ns, POINTS, ns / POINTS, RULES, ns * RULES / 1e7,
           fired);
    for (size_t i = 0; i < RULES; i++) {
        expr_destroy(rules[i]);
        device_unref(devices[i]);
    }
    return EXIT_SUCCESS;
}
