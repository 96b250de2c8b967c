/* SPDX-License-Identifier: Apache-2.0 */
/* profile_document: the profiles of a folder in Markdown, for whoever wires a device or buys one. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "config/option.h"
#include "profile/profile_parts.h"

static const char head[] =
    "# Devices\n\n"
    "Printed by `lingtand --document-devices` from the profiles in conf/devices/; change them "
    "there. Each is\n"
    "proved by a folder of its name in tests/golden/.\n\n"
    "Unit, speed and frame are those from the factory; a site file may say otherwise. Speed and "
    "frame count on\n"
    "serial lines only. \"Registers\" is the most that one request may ask for. \"Writes\" is "
    "what the device takes:\n"
    "none known means that no source says how it is written, not that it cannot be. A profile "
    "that is known has\n"
    "registers by which `lingtan probe` names the model for certain. Where the points are "
    "\"found\", the device\n"
    "lists them itself.\n\n"
    "Confidence is high when two independent sources or more agree on a map. Where it is "
    "**medium** or **low**\n"
    "the map may be wrong: compare its values with the device's display before you trust "
    "them.\n\n"
    "| profile | maker and model | class | confidence | unit | serial | registers | points | "
    "writes | known |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n";

/* Points, then setpoints. */
static const struct profile_write *write_at(const struct profile *profile, size_t index)
{
    const struct profile_point *points = profile->points.items;
    const struct profile_setpoint *setpoints = profile->setpoints.items;
    return index < profile->points.count ? &points[index].write
                                         : &setpoints[index - profile->points.count].write;
}

static size_t places(const struct profile *profile)
{
    return profile->points.count + profile->setpoints.count;
}

static bool has_writes(const struct profile *profile)
{
    for (size_t i = 0; i < places(profile); i++) {
        if (write_is_given(write_at(profile, i))) {
            return true;
        }
    }
    return false;
}

static void add_names(struct text *text, const struct profile *profile)
{
    const char *separator = "";
    for (size_t i = 0; i < places(profile); i++) {
        const struct profile_write *write = write_at(profile, i);
        if (write_is_given(write)) {
            text_add_format(text, "%s%s", separator, write->name);
            separator = ", ";
        }
    }
    if (separator[0] == '\0') {
        bool is_found = profile->discovery != DISCOVERY_NONE;
        text_add_string(text, is_found ? "found" : "none known");
    }
}

static void add_confidence(struct text *text, const struct profile *profile)
{
    const char *mark = profile_is_confirmed(profile) ? "" : "**";
    text_add_format(text, "%s%s%s", mark, profile->confidence, mark);
}

static bool has_details(const struct profile *profile)
{
    return profile->quirks.count > 0 || has_writes(profile);
}

static void add_row(struct text *text, const struct profile *profile)
{
    if (has_details(profile)) {
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
    text_add_string(text, " | ");
    add_names(text, profile);
    text_add_format(text, " | %s |\n", profile->identify.count > 0 ? "yes" : "no");
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
    for (size_t i = 0; i < places(profile); i++) {
        if (write_is_given(write_at(profile, i))) {
            profile_document_write(text, profile, write_at(profile, i));
        }
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
        if (has_details(profile)) {
            add_quirks(&text, profile);
        }
    }
    fwrite(text.data, 1, text.length, file);
    text_finish(&text);
}
