/* SPDX-License-Identifier: Apache-2.0 */
/* plan_merge: runs of registers to the fewest requests.
 *
 * Items that must be read together form clusters; a cluster is a span from its first register to its last. Taken by
 * address, each span is added to the open request while the request stays within the device's block size, crosses no
 * barrier and no run of unlisted registers longer than the profile allows; otherwise a new request begins. With spans
 * in order of their start, no other split needs fewer requests. */
#include "collectors/modbus/plan/plan_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool is_bits(uint8_t function)
{
    return function == 1 || function == 2;
}

size_t plan_block_max(const struct profile *profile, uint8_t function)
{
    size_t registers = (size_t)profile->link.max_registers;
    if (!is_bits(function)) {
        return registers;
    }
    return registers * 16 < FRAME_READ_BITS_MAX ? registers * 16 : FRAME_READ_BITS_MAX;
}

static bool meets_barrier(const struct profile *profile, uint8_t function, size_t first, size_t end)
{
    const struct profile_barrier *barriers = profile->barriers.items;
    for (size_t i = 0; i < profile->barriers.count; i++) {
        int64_t barrier_first = barriers[i].first - profile->address_base;
        int64_t barrier_last = barriers[i].last - profile->address_base;
        if (barriers[i].function == function && barrier_first < (int64_t)end &&
            barrier_last >= (int64_t)first) {
            return true;
        }
    }
    return false;
}

/* The device knows of a register when the profile lists it, in whichever poll class. */
struct listing {
    const struct profile *profile;
    const struct bad_runs *bad_runs;
    uint16_t device_unit;
    uint16_t unit;
    uint8_t function;
};

/* What the listed values say of the register `at`. */
struct look {
    size_t at;
    size_t end;  /* of the values that cover it; `at` when none does */
    size_t next; /* where the nearest value behind it begins */
};

static void look_at(struct look *look, size_t first, size_t registers)
{
    size_t end = first + registers;
    if (first <= look->at && end > look->end) {
        look->end = end;
    }
    if (first > look->at && first < look->next) {
        look->next = first;
    }
}

static void look_at_points(const struct listing *listing, struct look *look)
{
    const struct profile_point *points = listing->profile->points.items;
    for (size_t i = 0; i < listing->profile->points.count; i++) {
        const struct profile_point *point = &points[i];
        int64_t unit = point->unit_override >= 0 ? point->unit_override : listing->device_unit;
        if (unit == listing->unit && point->function == listing->function) {
            look_at(look, point->address0, point->registers);
        }
    }
}

static void look_at_helpers(const struct listing *listing, struct look *look)
{
    const struct profile_helper *helpers = listing->profile->helpers.items;
    for (size_t i = 0; i < listing->profile->helpers.count; i++) {
        if (listing->device_unit == listing->unit && helpers[i].function == listing->function) {
            look_at(look, helpers[i].address0, helpers[i].registers);
        }
    }
}

static bool hole_is_allowed(const struct listing *listing, size_t from, size_t to)
{
    size_t max_hole = (size_t)listing->profile->link.max_hole;
    size_t at = from;
    while (at < to) {
        struct look look = {.at = at, .end = at, .next = to};
        look_at_points(listing, &look);
        look_at_helpers(listing, &look);
        if (look.end == at && look.next - at > max_hole) {
            return false;
        }
        at = look.end > at ? look.end : look.next;
    }
    return true;
}

static bool span_add(struct plan_span *span, const struct plan_item *item)
{
    if (span->unit != item->unit || span->function != item->function) {
        return false;
    }
    span->first = item->first < span->first ? item->first : span->first;
    span->end = item->end > span->end ? item->end : span->end;
    span->goes_first = span->goes_first || item->goes_first;
    return true;
}

static struct plan_span span_of(const struct plan_item *item)
{
    return (struct plan_span){
        .unit = item->unit,
        .function = item->function,
        .first = item->first,
        .end = item->end,
        .cluster = item->cluster,
        .goes_first = item->goes_first,
    };
}

bool plan_join(const struct profile *profile, struct plan_item *items, size_t count, size_t one,
               size_t other)
{
    size_t kept = items[one].cluster;
    size_t taken = items[other].cluster;
    struct plan_span span = span_of(&items[one]);
    for (size_t i = 0; i < count; i++) {
        bool is_member = items[i].cluster == kept || items[i].cluster == taken;
        if (is_member && !span_add(&span, &items[i])) {
            return false;
        }
    }
    if (span.end - span.first > plan_block_max(profile, span.function) ||
        meets_barrier(profile, span.function, span.first, span.end)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        items[i].cluster = items[i].cluster == taken ? kept : items[i].cluster;
    }
    return true;
}

static int compare(size_t one, size_t other)
{
    return (one > other) - (one < other);
}

static int compare_spans(const void *left, const void *right)
{
    const struct plan_span *one = left;
    const struct plan_span *other = right;
    int order = compare(one->unit, other->unit);
    order = order != 0 ? order : compare(one->function, other->function);
    order = order != 0 ? order : compare(one->first, other->first);
    return order != 0 ? order : compare(one->end, other->end);
}

static int compare_requests(const void *left, const void *right)
{
    const struct plan_span *one = left;
    const struct plan_span *other = right;
    int order = compare(other->goes_first, one->goes_first);
    return order != 0 ? order : compare_spans(left, right);
}

size_t plan_spans(const struct plan_item *items, size_t count, struct plan_span *spans)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < used && spans[at].cluster != items[i].cluster) {
            at++;
        }
        if (at == used) {
            spans[used++] = span_of(&items[i]);
        } else {
            span_add(&spans[at], &items[i]);
        }
    }
    qsort(spans, used, sizeof(spans[0]), compare_spans);
    return used;
}

static bool holds(const struct plan_span *span, const struct bad_run *run)
{
    return run->unit == span->unit && run->function == span->function &&
           span->first <= run->first && run->last < span->end;
}

/* A split is of no matter to a single value. */
static void refuse_clusters(struct plan_span *clusters, size_t count,
                            const struct bad_runs *bad_runs)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < bad_runs->count; j++) {
            const struct bad_run *run = &bad_runs->items[j];
            if (!run->is_split && holds(&clusters[i], run)) {
                clusters[i].quality = run->quality;
                clusters[i].exception = run->exception;
            }
        }
    }
}

static bool meets(const struct plan_span *span, const struct bad_run *run)
{
    return run->unit == span->unit && run->function == span->function && run->first < span->end &&
           span->first <= run->last;
}

/* Several values in one request keep clear of what is refused; a split only wants its two sides apart. */
static bool is_refused(const struct listing *listing, size_t first, size_t end)
{
    struct plan_span span = {
        .unit = listing->unit, .function = listing->function, .first = first, .end = end};
    for (size_t i = 0; i < listing->bad_runs->count; i++) {
        const struct bad_run *run = &listing->bad_runs->items[i];
        if (run->is_split ? holds(&span, run) : meets(&span, run)) {
            return true;
        }
    }
    return false;
}

/* Whether next may be read in the same request as open. */
static bool fits(const struct listing *listing, const struct plan_span *open,
                 const struct plan_span *next)
{
    size_t end = next->end > open->end ? next->end : open->end;
    return open->unit == next->unit && open->function == next->function &&
           end - open->first <= plan_block_max(listing->profile, open->function) &&
           !meets_barrier(listing->profile, open->function, open->first, end) &&
           (next->end <= open->end || !is_refused(listing, open->first, end)) &&
           hole_is_allowed(listing, open->end, next->first);
}

/* Merges clusters that are in order into requests, tells each its own, and returns how many requests there are. */
static size_t merge_spans(const struct plan *plan, const struct bad_runs *bad_runs,
                          struct plan_span *clusters, size_t count, struct plan_span *requests)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (clusters[i].quality != 0) {
            continue;
        }
        struct plan_span *open = used > 0 ? &requests[used - 1] : NULL;
        struct listing listing = {
            .profile = plan->profile,
            .bad_runs = bad_runs,
            .device_unit = plan->unit,
            .unit = clusters[i].unit,
            .function = clusters[i].function,
        };
        if (open != NULL && fits(&listing, open, &clusters[i])) {
            open->end = clusters[i].end > open->end ? clusters[i].end : open->end;
            open->goes_first = open->goes_first || clusters[i].goes_first;
        } else {
            requests[used] = clusters[i];
            requests[used].request = used;
            used++;
        }
        clusters[i].request = used - 1;
    }
    return used;
}

static void add_request(struct plan *plan, enum poll_class poll_class, const struct plan_span *span)
{
    size_t quantity = span->end - span->first;
    size_t registers = is_bits(span->function) ? (quantity + 15) / 16 : quantity;
    plan->requests[plan->request_count++] = (struct plan_request){
        .request =
            {
                .unit = (uint8_t)span->unit,
                .function = span->function,
                .address = (uint16_t)span->first,
                .quantity = (uint16_t)quantity,
            },
        .poll_class = poll_class,
        .answer_offset = plan->answer_size,
        .answer_registers = registers,
    };
    plan->answer_size += registers;
}

static const struct plan_span *cluster_of(const struct plan_item *item,
                                          const struct plan_span *clusters)
{
    while (clusters->cluster != item->cluster) {
        clusters++;
    }
    return clusters;
}

void plan_merge(struct plan *plan, const struct bad_runs *bad_runs, enum poll_class poll_class,
                struct plan_item *items, size_t count)
{
    struct plan_span *clusters = mem_alloc_array(count + 1, sizeof(*clusters));
    struct plan_span *requests = mem_alloc_array(count + 1, sizeof(*requests));
    uint16_t *places = mem_alloc_array(count + 1, sizeof(*places));
    size_t used = plan_spans(items, count, clusters);
    refuse_clusters(clusters, used, bad_runs);
    used = merge_spans(plan, bad_runs, clusters, used, requests);
    qsort(requests, used, sizeof(requests[0]), compare_requests);
    for (size_t i = 0; i < used; i++) {
        places[requests[i].request] = (uint16_t)plan->request_count;
        add_request(plan, poll_class, &requests[i]);
    }
    for (size_t i = 0; i < count; i++) {
        const struct plan_span *cluster = cluster_of(&items[i], clusters);
        items[i].quality = cluster->quality;
        items[i].exception = cluster->exception;
        items[i].request = cluster->quality == 0 ? places[cluster->request] : PLAN_NO_REQUEST;
    }
    free(clusters);
    free(requests);
    free(places);
}
