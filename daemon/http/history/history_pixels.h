/* SPDX-License-Identifier: Apache-2.0 */
/* history_pixels: samples thinned to the lowest, the highest and the last value of each of so many equal spans: a curve
 * drawn of them looks as if drawn of all. Takes as much memory as there are pixels, whatever comes. One thread. */
#ifndef LINGTAN_HTTP_HISTORY_PIXELS_H
#define LINGTAN_HTTP_HISTORY_PIXELS_H

#include "http/history/history_query.h"

struct history_pixels;

struct history_pixels *history_pixels_create(const struct history_query *query);
void history_pixels_destroy(struct history_pixels *pixels); /* NULL-safe */

/* Outside the span of the query nothing is taken. */
void history_pixels_add(struct history_pixels *pixels, const struct history_sample *sample);

size_t history_pixels_count(const struct history_pixels *pixels); /* that hold something */
int64_t history_pixels_width_us(const struct history_pixels *pixels);

/* {"time":[...],"min":[...],"max":[...],"last":[...],"count":[...],"bad":[...],"untrusted":[...],"quality":[...]}: an
 * entry for each pixel that holds something, in order of time. */
void history_pixels_write(const struct history_pixels *pixels, struct writer *writer);

#endif
