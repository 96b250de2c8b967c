/* SPDX-License-Identifier: Apache-2.0 */
/* sink_adversary: seeds that a sink, its runner and the store must survive. Arguments as line_adversary has them. */
#include "adversary/arguments.h"
#include "adversary/log_tap.h"
#include "adversary/sink_play.h"

enum { SHOWN_MAX = 10 };

struct summary {
    uint64_t faults[SINK_FAULT_COUNT];
    uint64_t failed;
    uint64_t batches;
    int64_t healed_us;
    uint64_t rounds;
    uint64_t logs;
};

static void tell(struct sink_script *script, struct sink_outcome *outcome,
                 const struct arguments *arguments)
{
    printf("seed %llu: %s: %s\n", (unsigned long long)script->seed,
           sink_fault_words[outcome->fault], outcome->words);
    if (arguments->is_verbose) {
        sink_script_print(script, stdout);
        log_tap_print(stdout);
    }
    if (!arguments->stays_large) {
        sink_shrink(script, outcome);
        printf(" the smallest like it: %s\n", outcome->words);
        sink_script_print(script, stdout);
        log_tap_print(stdout);
    }
    fflush(stdout);
}

static void add(struct summary *summary, const struct sink_outcome *outcome)
{
    summary->faults[outcome->fault]++;
    summary->failed += outcome->fault != SINK_FINE;
    summary->batches += outcome->batches;
    if (outcome->fault != SINK_FINE) {
        return;
    }
    summary->healed_us =
        outcome->healed_us > summary->healed_us ? outcome->healed_us : summary->healed_us;
    summary->rounds = outcome->rounds > summary->rounds ? outcome->rounds : summary->rounds;
    summary->logs = outcome->logs > summary->logs ? outcome->logs : summary->logs;
}

static void print_summary(const struct summary *summary, const struct arguments *arguments)
{
    printf("%llu seeds from %llu: %llu failed", (unsigned long long)arguments->count,
           (unsigned long long)arguments->first, (unsigned long long)summary->failed);
    for (size_t i = 1; i < SINK_FAULT_COUNT; i++) {
        if (summary->faults[i] > 0) {
            printf(", %s %llu", sink_fault_words[i], (unsigned long long)summary->faults[i]);
        }
    }
    printf("\n%llu batches; the others: all sent after %lld s at most; in a minute at most %llu"
           " rounds beyond what came, %llu lines of log\n",
           (unsigned long long)summary->batches, (long long)(summary->healed_us / SECOND),
           (unsigned long long)summary->rounds, (unsigned long long)summary->logs);
}

int main(int count, char **words)
{
    struct arguments arguments;
    if (arguments_read(count, words, &arguments) < 0) {
        return 2;
    }
    struct summary summary = {0};
    for (uint64_t i = 0; i < arguments.count; i++) {
        struct sink_script script;
        struct sink_outcome outcome;
        sink_script_make(&script, arguments.first + i);
        sink_play(&script, &outcome);
        add(&summary, &outcome);
        if (outcome.fault != SINK_FINE && summary.faults[outcome.fault] <= SHOWN_MAX) {
            tell(&script, &outcome, &arguments);
        }
    }
    print_summary(&summary, &arguments);
    return summary.failed > 0;
}
