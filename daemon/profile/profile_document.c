/* SPDX-License-Identifier: Apache-2.0 */
/* profile_document: the profiles of a folder in Markdown, for whoever wires a device or buys one. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "config/option.h"
#include <lingtan/profile.h>

static const char head[] =
    "# Devices\n\n"
    "Printed by `lingtand --document-devices` from the profiles in conf/devices/; change them "
    "there. Each is\n"
    "proved by a folder of its name in tests/golden/.\n\n"
    "Unit, speed and frame are those from the factory; a site file may say otherwise. Speed and "
    "frame count on\n"
    "serial lines only. \"Registers\" is the most that one request may ask for. A profile has "
    "control when the\n"
    "device takes a new value for at least one of its points. A profile that is known has "
    "registers by which\n"
    "`lingtan probe` names the model for certain. Where the points are \"found\", the device "
    "lists them itself.\n\n"
    "Confidence is high when two independent sources or more agree on a map. Where it is "
    "**medium** or **low**\n"
    "the map may be wrong: compare its values with the device's display before you trust "
    "them.\n\n"
    "| profile | maker and model | class | confidence | unit | serial | registers | points | "
    "control | known |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n";

static bool has_control(const struct profile *profile)
{
    const struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (points[i].is_writable) {
            return true;
        }
    }
    return false;
}

static void add_confidence(struct text *text, const struct profile *profile)
{
    const char *mark = profile_is_confirmed(profile) ? "" : "**";
    text_add_format(text, "%s%s%s", mark, profile->confidence, mark);
}

static void add_row(struct text *text, const struct profile *profile)
{
    if (profile->quirks.count > 0) {
        text_add_format(text, "| [%s](#%s) | ", profile->id, profile->id);
    } else {
        text_add_format(text, "| %s | ", profile->id);
    }
    option_add_cell(text, profile->device);
    text_add_format(text, " | %s | ", device_class_words[profile->device_class]);
    add_confidence(text, profile);
    text_add_format(text, " | %" PRId64 " | %" PRId64 " %s | %" PRId64 " | ", profile->link.unit,
                    profile->link.baud, profile->link.frame, profile->link.max_registers);
    if (profile->discovery != DISCOVERY_NONE) {
        text_add_string(text, "found");
    } else {
        text_add_format(text, "%zu", profile->points.count);
    }
    text_add_format(text, " | %s | %s |\n", has_control(profile) ? "yes" : "no",
                    profile->identify.count > 0 ? "yes" : "no");
}

static void add_quirks(struct text *text, const struct profile *profile)
{
    text_add_format(text, "\n### %s\n\n", profile->id);
    if (!profile_is_confirmed(profile)) {
        text_add_string(text, "Confidence: ");
        add_confidence(text, profile);
        text_add_string(text, ".\n\n");
    }
    for (size_t i = 0; i < profile->quirks.count; i++) {
        text_add_format(text, "- %s\n", profile->quirks.items[i]);
    }
}

bool profile_is_confirmed(const struct profile *profile)
{
    return !strcmp(profile->confidence, "high");
}

void profiles_document(const struct profiles *profiles, FILE *file)
{
    struct text text = {0};
    text_add_string(&text, head);
    for (size_t i = 0; i < profiles_count(profiles); i++) {
        add_row(&text, profiles_at(profiles, i));
    }
    text_add_string(&text, "\n## What to know when you connect one\n");
    for (size_t i = 0; i < profiles_count(profiles); i++) {
        const struct profile *profile = profiles_at(profiles, i);
        if (profile->quirks.count > 0) {
            add_quirks(&text, profile);
        }
    }
    fwrite(text.data, 1, text.length, file);
    text_finish(&text);
}
