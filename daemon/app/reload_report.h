/* SPDX-License-Identifier: Apache-2.0 */
/* reload_report: what came of a reload, for people. */
#ifndef LINGTAN_APP_RELOAD_REPORT_H
#define LINGTAN_APP_RELOAD_REPORT_H

#include "app/app_options.h"
#include "site/site_change.h"
#include <lingtan/reload.h>

/* Adds the keys that need a restart. */
void reload_report_restart(struct reload_report *report, const struct app_config *start,
                           const struct app_config *later);

/* The faults as lines; borrowed from them. */
void reload_report_faults(struct reload_report *report, const struct faults *faults);

/* What is otherwise; borrowed from the change and its snapshots. */
void reload_report_change(struct reload_report *report, const struct site_change *change);

void reload_report_log(const struct reload_report *report);
void reload_report_finish(struct reload_report *report);

#endif
