/* SPDX-License-Identifier: Apache-2.0 */
/* influx_options: the section "influx" of lingtan.conf. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/config.h"
#include "net/secret.h"
#include "sinks/influx/influx.h"

static const char *const api_words[] = {"v1", "v2", NULL};

#define OFFSET(member) offsetof(struct influx_options, member)
static const struct option rows[] = {
    {.name = "enabled",
     .type = OPTION_BOOL,
     .offset = OFFSET(enabled),
     .fallback = "false",
     .help = "Whether to write to InfluxDB, or to what takes its line protocol."},
    {.name = "url",
     .type = OPTION_STRING,
     .offset = OFFSET(url),
     .fallback = "http://127.0.0.1:8086",
     .min = 8,
     .max = 512,
     .help = "Where it is; https switches TLS on (1.2 or later). The path of the interface is "
             "added to it."},
    {.name = "api",
     .type = OPTION_ENUM,
     .offset = OFFSET(api),
     .fallback = "v1",
     .words = api_words,
     .help = "The interface: v1 (InfluxDB 1.x: database, username, password_file) or v2 (InfluxDB "
             "2 and "
             "later: org, bucket, token_file). VictoriaMetrics has both."},
    {.name = "database",
     .type = OPTION_STRING,
     .offset = OFFSET(database),
     .fallback = "lingtan",
     .min = 1,
     .max = 200,
     .help = "v1: database to write to; made when it is absent."},
    {.name = "username",
     .type = OPTION_STRING,
     .offset = OFFSET(username),
     .fallback = "",
     .min = 0,
     .max = 256,
     .help = "User name; empty for none."},
    {.name = "password_file",
     .type = OPTION_STRING,
     .offset = OFFSET(password_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help = "File whose first line is the password, read at each connect; a name without a "
             "leading slash is a systemd credential; empty for none."},
    {.name = "org",
     .type = OPTION_STRING,
     .offset = OFFSET(org),
     .fallback = "",
     .min = 0,
     .max = 200,
     .help = "v2: organisation that has the bucket; empty where there is none (VictoriaMetrics)."},
    {.name = "bucket",
     .type = OPTION_STRING,
     .offset = OFFSET(bucket),
     .fallback = "lingtan",
     .min = 1,
     .max = 200,
     .help = "v2: bucket to write to; it must be there."},
    {.name = "token_file",
     .type = OPTION_STRING,
     .offset = OFFSET(token_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help =
         "v2: file whose first line is the token, read at each connect; a name without a leading "
         "slash is a systemd credential; empty for none."},
    {.name = "ca_file",
     .type = OPTION_STRING,
     .offset = OFFSET(ca_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help = "https: PEM file of the CAs that are trusted; empty for the system's."},
    {.name = "cert_file",
     .type = OPTION_STRING,
     .offset = OFFSET(cert_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help =
         "https: PEM file of our own certificate, where the server asks for one; empty for none."},
    {.name = "key_file",
     .type = OPTION_STRING,
     .offset = OFFSET(key_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help = "https: PEM file of the key of cert_file, without a passphrase."},
    {.name = "tls_insecure",
     .type = OPTION_BOOL,
     .offset = OFFSET(tls_insecure),
     .fallback = "false",
     .help = "https: believe any certificate. Whoever is on the way can then read and change all "
             "of it; "
             "a warning says so at each start."},
    {.name = "gzip",
     .type = OPTION_BOOL,
     .offset = OFFSET(gzip),
     .fallback = "false",
     .help = "Send a third to a quarter of the bytes for 0.2 us of CPU a value more; for slow or "
             "paid lines. Given up until the next connection when the server refuses it."},
    {.name = "batch_points",
     .type = OPTION_INT,
     .offset = OFFSET(batch_points),
     .fallback = "5000",
     .min = 1,
     .max = 50000,
     .help = "Lines in one request at most."},
    {.name = "flush_ms",
     .type = OPTION_INT,
     .offset = OFFSET(flush_ms),
     .fallback = "1000",
     .min = 10,
     .max = 60000,
     .unit = "ms",
     .help = "A line waits for others this long at most."},
    {.name = "patience_s",
     .type = OPTION_INT,
     .offset = OFFSET(patience_s),
     .fallback = "60",
     .min = 0,
     .max = 86400,
     .unit = "s",
     .help =
         "How long lines are tried for which the server fails (500) although it takes newer ones, "
         "before they are set aside: what is wrong with it may pass."},
    {.name = "rejected_file",
     .type = OPTION_STRING,
     .offset = OFFSET(rejected_file),
     .fallback = "/var/lib/lingtan/influx-rejected.txt",
     .min = 0,
     .max = 4096,
     .help = "Lines that the server refuses are set aside here with its reason, 1 MB at most; "
             "empty for nowhere."},
};
#undef OFFSET

const struct option_table influx_table = {
    .name = "influx",
    .size = sizeof(struct influx_options),
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .help = "Writes every reading to InfluxDB by the line protocol.",
};

/* One secret that a person, too, can look at; a systemd credential exists for the service alone. */
static void check_secret(const char *key, const char *path, struct origin origin,
                         struct faults *faults)
{
    char secret[SECRET_SIZE];
    int result = path[0] == '/' ? secret_read(path, secret, sizeof(secret)) : 0;
    if (result < 0) {
        faults_add(faults, origin, key, "cannot read %s: %s", path, strerrordesc_np(-result));
    }
    explicit_bzero(secret, sizeof(secret));
}

static void check_files(const struct influx_options *options, struct origin origin,
                        struct faults *faults)
{
    const char *option = NULL;
    char reason[200];
    const struct tls_files files = influx_tls_files(options);
    if (influx_is_https(options) && tls_check(&files, &option, reason, sizeof(reason)) < 0) {
        char *key = mem_format("influx.%s", option);
        faults_add(faults, origin, key, "%s", reason);
        free(key);
    }
    check_secret("influx.password_file", options->password_file, origin, faults);
    check_secret("influx.token_file", options->token_file, origin, faults);
}

static void check_tls(const struct influx_options *options, struct origin origin,
                      struct faults *faults)
{
    const struct {
        const char *key;
        bool is_given;
    } given[] = {{"influx.ca_file", options->ca_file[0]},
                 {"influx.cert_file", options->cert_file[0]},
                 {"influx.key_file", options->key_file[0]},
                 {"influx.tls_insecure", options->tls_insecure}};
    for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
        if (given[i].is_given && !influx_is_https(options)) {
            faults_add(faults, origin, given[i].key,
                       "is given although influx.url is not https, so nothing would be encrypted; "
                       "wants https://");
        }
    }
    if (!options->cert_file[0] != !options->key_file[0]) {
        faults_add(faults, origin, options->cert_file[0] ? "influx.key_file" : "influx.cert_file",
                   "is missing, wants to be given with the other of the two");
    }
}

bool influx_is_https(const struct influx_options *options)
{
    return strncasecmp(options->url, "https://", strlen("https://")) == 0;
}

struct tls_files influx_tls_files(const struct influx_options *options)
{
    return (struct tls_files){.ca_file = options->ca_file,
                              .cert_file = options->cert_file,
                              .key_file = options->key_file};
}

void influx_check(const void *given, bool with_files, struct origin origin, struct faults *faults)
{
    const struct influx_options *options = given;
    size_t before = faults_count(faults);
    if (!influx_is_https(options) && strncasecmp(options->url, "http://", strlen("http://")) != 0) {
        faults_add(faults, origin, "influx.url", "is \"%s\", wants http://... or https://...",
                   options->url);
        return;
    }
    if (options->api == INFLUX_V1 && options->token_file[0]) {
        faults_add(faults, origin, "influx.token_file",
                   "is given although influx.api is v1, which knows no token; wants api = \"v2\"");
    }
    if (options->token_file[0] && options->username[0]) {
        faults_add(faults, origin, "influx.token_file",
                   "is given together with username, wants one of them");
    }
    check_tls(options, origin, faults);
    if (with_files && faults_count(faults) == before) {
        check_files(options, origin, faults);
    }
}
