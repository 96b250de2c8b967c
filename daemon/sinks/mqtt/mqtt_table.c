/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_table: what the section mqtt may say. */
#include "sinks/mqtt/mqtt.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/config.h"
#include "net/secret.h"
#include "net/tls.h"

static const char *const protocols[] = {"3.1.1", "5", NULL}; /* enum mqtt_protocol */

static const char *const classes[] = {"common", "all", NULL}; /* enum mqtt_discovery_classes */

#define OFFSET(member) offsetof(struct mqtt_options, member)
static const struct option rows[] = {
    {.name = "enabled",
     .type = OPTION_BOOL,
     .offset = OFFSET(enabled),
     .fallback = "false",
     .help = "Whether to publish by MQTT."},
    {.name = "host",
     .type = OPTION_STRING,
     .offset = OFFSET(host),
     .fallback = "127.0.0.1",
     .min = 1,
     .max = 253,
     .help = "Name or address of the broker."},
    {.name = "port",
     .type = OPTION_INT,
     .offset = OFFSET(port),
     .fallback = "1883",
     .min = 1,
     .max = 65535,
     .help = "TCP port of the broker: 1883 in the clear, usually 8883 with TLS."},
    {.name = "tls",
     .type = OPTION_BOOL,
     .offset = OFFSET(tls),
     .fallback = "false",
     .help = "Whether to encrypt (TLS 1.2 or later). The broker's certificate must then name "
             "`host` and come "
             "from a CA that we trust; there is no way round that, and no way back to the clear."},
    {.name = "ca_file",
     .type = OPTION_STRING,
     .offset = OFFSET(ca_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help = "PEM file with the CAs to trust, or with the broker's own certificate; empty for "
             "those of the system."},
    {.name = "cert_file",
     .type = OPTION_STRING,
     .offset = OFFSET(cert_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help = "PEM file with our certificate, for a broker that demands one; empty for none."},
    {.name = "key_file",
     .type = OPTION_STRING,
     .offset = OFFSET(key_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help = "PEM file with the key of `cert_file`, without a passphrase; a name without a leading "
             "slash is a "
             "systemd credential. All three files are read at each connect."},
    {.name = "protocol",
     .type = OPTION_ENUM,
     .offset = OFFSET(protocol),
     .fallback = "3.1.1",
     .words = protocols,
     .help = "Version of MQTT. With 5 the broker says what it takes and why it does not take a "
             "message."},
    {.name = "client_id",
     .type = OPTION_STRING,
     .offset = OFFSET(client_id),
     .fallback = "",
     .min = 0,
     .max = 128,
     .help = "Name of this client at the broker, which no other client there may have: the broker "
             "closes the older connection of two. Empty for lingtan-<site>-<mark>, where the mark "
             "is made of this machine and the data folder, so that no two daemons share it; the "
             "log shows it at the start."},
    {.name = "username",
     .type = OPTION_STRING,
     .offset = OFFSET(username),
     .fallback = "",
     .min = 0,
     .max = 256,
     .help = "User name at the broker; empty for none."},
    {.name = "password_file",
     .type = OPTION_STRING,
     .offset = OFFSET(password_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help = "File whose first line is the password, read at each connect; a name without a "
             "leading slash is a systemd credential; empty for none."},
    {.name = "qos",
     .type = OPTION_INT,
     .offset = OFFSET(qos),
     .fallback = "1",
     .min = 0,
     .max = 1,
     .help = "1: every message is acknowledged and sent again after a loss. 0: faster, and what "
             "is on its way when the connection breaks is lost."},
    {.name = "keepalive_s",
     .type = OPTION_INT,
     .offset = OFFSET(keepalive_s),
     .fallback = "30",
     .min = 5,
     .max = 3600,
     .unit = "s",
     .help = "A silent connection is tested after this time and given up after twice of it."},
    {.name = "window",
     .type = OPTION_INT,
     .offset = OFFSET(window),
     .fallback = "1000",
     .min = 1,
     .max = 10000,
     .help = "Telemetry messages that may wait for acknowledgement at once."},
    {.name = "prefix",
     .type = OPTION_STRING,
     .offset = OFFSET(prefix),
     .fallback = "lingtan",
     .min = 1,
     .max = 128,
     .help = "First part of every topic."},
    {.name = "state_s",
     .type = OPTION_INT,
     .offset = OFFSET(state_s),
     .fallback = "60",
     .min = 1,
     .max = 86400,
     .unit = "s",
     .help = "A device's state is published this often even when nothing changed."},
    {.name = "home_assistant",
     .type = OPTION_BOOL,
     .offset = OFFSET(home_assistant),
     .fallback = "false",
     .help = "Whether to announce every point to Home Assistant (MQTT discovery)."},
    {.name = "home_assistant_classes",
     .type = OPTION_ENUM,
     .offset = OFFSET(home_assistant_classes),
     .fallback = "common",
     .words = classes,
     .help = "Which device classes are announced. common: those that every Home Assistant since "
             "2022.12 knows. all: also those of reactive and apparent power, reactive energy and "
             "flows, which 2026.11 takes with our units and 2024.3 does not."},
    {.name = "home_assistant_prefix",
     .type = OPTION_STRING,
     .offset = OFFSET(home_assistant_prefix),
     .fallback = "homeassistant",
     .min = 1,
     .max = 128,
     .help = "First part of the topics that Home Assistant looks at."},
};
#undef OFFSET

const struct option_table mqtt_table = {
    .name = "mqtt",
    .size = sizeof(struct mqtt_options),
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .help = "Publishes every reading, the state of every device and the daemon's own status to an "
            "MQTT broker.",
};

static void check_files(const struct mqtt_options *options, struct origin origin,
                        struct faults *faults)
{
    const char *option = NULL;
    char reason[200];
    char password[SECRET_SIZE];
    const struct tls_files files = mqtt_tls_files(options);
    if (options->tls && tls_check(&files, &option, reason, sizeof(reason)) < 0) {
        char *key = mem_format("mqtt.%s", option);
        faults_add(faults, origin, key, "%s", reason);
        free(key);
    }
    bool is_here = options->password_file[0] == '/';
    int result = is_here ? secret_read(options->password_file, password, sizeof(password)) : 0;
    if (result < 0) {
        faults_add(faults, origin, "mqtt.password_file", "cannot read %s: %s",
                   options->password_file, strerrordesc_np(-result));
    }
    explicit_bzero(password, sizeof(password));
}

static void check_prefix(const char *key, const char *prefix, struct origin origin,
                         struct faults *faults)
{
    if (strpbrk(prefix, "+#")) {
        faults_add(faults, origin, key, "is \"%s\", wants a topic without + and #", prefix);
    }
}

void mqtt_check(const void *given, bool with_files, struct origin origin, struct faults *faults)
{
    const struct mqtt_options *options = given;
    const struct {
        const char *key;
        const char *path;
    } files[] = {{"mqtt.ca_file", options->ca_file},
                 {"mqtt.cert_file", options->cert_file},
                 {"mqtt.key_file", options->key_file}};
    check_prefix("mqtt.prefix", options->prefix, origin, faults);
    check_prefix("mqtt.home_assistant_prefix", options->home_assistant_prefix, origin, faults);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        if (files[i].path[0] && !options->tls) {
            faults_add(faults, origin, files[i].key,
                       "is given although mqtt.tls is false, so nothing would be encrypted; wants "
                       "tls = true");
        }
    }
    if (!options->cert_file[0] != !options->key_file[0]) {
        faults_add(faults, origin, options->cert_file[0] ? "mqtt.key_file" : "mqtt.cert_file",
                   "is missing, wants to be given with the other of the two");
    } else if (with_files) {
        check_files(options, origin, faults);
    }
}

struct tls_files mqtt_tls_files(const struct mqtt_options *options)
{
    return (struct tls_files){.ca_file = options->ca_file,
                              .cert_file = options->cert_file,
                              .key_file = options->key_file};
}
