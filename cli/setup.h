/* SPDX-License-Identifier: Apache-2.0 */
/* setup: the site and the profiles as the daemon would load them, for commands that need no daemon. What is wrong is
 * told on stderr here. */
#ifndef LINGTAN_CLI_SETUP_H
#define LINGTAN_CLI_SETUP_H

#include "cli/cli.h"
#include "site/site.h"

struct setup {
    struct config_memory *memory;
    struct profiles *profiles;
    struct site site;
};

/* Reads the main file of --config and what it names. */
bool setup_load(struct setup *setup, const struct cli *cli);

/* Only the profiles: of --devices, else those that the main file names when there is one, else the installed ones. */
bool setup_load_profiles(struct setup *setup, const struct cli *cli);

void setup_finish(struct setup *setup); /* an all-zero one too */

/* NULL when the site has none of that id. */
const struct line_config *setup_line(const struct setup *setup, const char *id);
const struct device_config *setup_device(const struct setup *setup, const char *id,
                                         const struct line_config **line);

#endif
