/* SPDX-License-Identifier: Apache-2.0 */
/* line_adversary: seeds that a line must survive.
 *
 *   line_adversary [--seed N | --first N --seeds N] [--verbose] [--no-shrink]
 *
 * Prints each seed that fails with the smallest script that fails in the same way. LINGTAN_SEEDS is the count when no
 * argument says so. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "adversary/arguments.h"
#include "adversary/log_tap.h"
#include "adversary/play.h"

#include <lingtan/profile.h>

enum { SHOWN_MAX = 10 };

struct summary {
    uint64_t faults[FAULT_COUNT];
    uint64_t failed;
    int64_t healed_us; /* the longest */
    struct tally worst;
};

static void tell(struct script *script, const struct profiles *profiles, struct outcome *outcome,
                 const struct arguments *arguments)
{
    printf("seed %llu: %s: %s\n", (unsigned long long)script->seed, fault_words[outcome->fault],
           outcome->words);
    if (arguments->is_verbose) {
        script_print(script, stdout);
        log_tap_print(stdout);
    }
    if (!arguments->stays_large) {
        shrink(script, profiles, outcome);
        printf(" the smallest like it: %s\n", outcome->words);
        script_print(script, stdout);
        log_tap_print(stdout);
    }
    fflush(stdout);
}

static void add(struct summary *summary, const struct outcome *outcome)
{
    summary->faults[outcome->fault]++;
    summary->failed += outcome->fault != FAULT_NONE;
    if (outcome->fault != FAULT_NONE) {
        return;
    }
    struct tally *worst = &summary->worst;
    const struct tally *seen = &outcome->worst;
    summary->healed_us =
        outcome->healed_us > summary->healed_us ? outcome->healed_us : summary->healed_us;
    worst->opens = seen->opens > worst->opens ? seen->opens : worst->opens;
    worst->logs = seen->logs > worst->logs ? seen->logs : worst->logs;
    worst->runs = seen->runs > worst->runs ? seen->runs : worst->runs;
    worst->asks = seen->asks > worst->asks ? seen->asks : worst->asks;
}

static void print_summary(const struct summary *summary, const struct arguments *arguments)
{
    printf("%llu seeds from %llu: %llu failed", (unsigned long long)arguments->count,
           (unsigned long long)arguments->first, (unsigned long long)summary->failed);
    for (size_t i = 1; i < FAULT_COUNT; i++) {
        if (summary->faults[i] > 0) {
            printf(", %s %llu", fault_words[i], (unsigned long long)summary->faults[i]);
        }
    }
    printf("\nthe others: well again after %lld s at most; in a minute at most %llu connects that"
           " brought nothing, %llu lines of log, %llu wake-ups, %llu requests\n",
           (long long)(summary->healed_us / SECOND), (unsigned long long)summary->worst.opens,
           (unsigned long long)summary->worst.logs, (unsigned long long)summary->worst.runs,
           (unsigned long long)summary->worst.asks);
}

int main(int count, char **words)
{
    struct arguments arguments;
    if (arguments_read(count, words, &arguments) < 0) {
        return 2;
    }
    struct profiles *profiles = bench_profiles_create();
    struct summary summary = {0};
    for (uint64_t i = 0; i < arguments.count; i++) {
        struct script script;
        struct outcome outcome;
        script_make(&script, arguments.first + i);
        play(&script, profiles, &outcome);
        add(&summary, &outcome);
        if (outcome.fault != FAULT_NONE && summary.faults[outcome.fault] <= SHOWN_MAX) {
            tell(&script, profiles, &outcome, &arguments);
        } else if (arguments.count == 1 && arguments.is_verbose) {
            script_print(&script, stdout);
            log_tap_print(stdout);
        }
    }
    profiles_destroy(profiles);
    print_summary(&summary, &arguments);
    return summary.failed > 0;
}
