/* SPDX-License-Identifier: Apache-2.0 */
/* tls: an OpenSSL context that notes why a handshake failed, since what the libraries above it tell is "protocol
 * error". */
#include "net/tls.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "net/secret.h"

struct tls {
    SSL_CTX *context;
    char *host;
    bool is_address;
    char trouble[200];
};

/* Where a fault is told. */
struct told {
    const char **option;
    char *reason;
    size_t size;
};

static int PRINTF_LIKE(3, 4)
    tell(const struct told *told, const char *option, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(told->reason, told->size, format, args);
    va_end(args);
    if (told->option) {
        *told->option = option;
    }
    ERR_clear_error();
    return -EINVAL;
}

static bool is_given(const char *path)
{
    return path && path[0];
}

/* OpenSSL's last word without its numbers. */
static const char *openssl_words(void)
{
    const char *words = ERR_reason_error_string(ERR_peek_last_error());
    return words ? words : "not a PEM file";
}

static int check_readable(const struct told *told, const char *option, const char *path)
{
    struct stat info;
    int error = stat(path, &info) < 0 || access(path, R_OK) < 0 ? errno : 0;
    if (error) {
        return tell(told, option, "cannot read %.100s: %s", path, strerrordesc_np(error));
    }
    return S_ISDIR(info.st_mode) ? tell(told, option, "%.100s is a folder, wants a PEM file", path)
                                 : 0;
}

static int load_trusted(const struct told *told, SSL_CTX *context, const char *path)
{
    if (!is_given(path)) {
        return SSL_CTX_set_default_verify_paths(context)
                   ? 0
                   : tell(told, "ca_file", "cannot read the system's certificates: %s",
                          openssl_words());
    }
    int result = check_readable(told, "ca_file", path);
    if (result == 0 && !SSL_CTX_load_verify_file(context, path)) {
        result = tell(told, "ca_file", "%.100s has no certificate that can be read: %s", path,
                      openssl_words());
    }
    return result;
}

/* Without it OpenSSL would ask on the terminal. */
static int refuse_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer, (void)size, (void)is_writing;
    *(bool *)context = true;
    return -1;
}

static int load_key(const struct told *told, SSL_CTX *context, const char *option_path)
{
    char *path = secret_path(option_path);
    bool is_encrypted = false;
    SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &is_encrypted);
    int result = check_readable(told, "key_file", path);
    if (result == 0 && SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) != 1) {
        bool is_other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
        result = is_encrypted ? tell(told, "key_file",
                                     "%.100s wants a passphrase, wants to be stored without", path)
                 : is_other   ? tell(told, "key_file", "%.100s is not the key of cert_file", path)
                            : tell(told, "key_file", "%.100s has no key that can be read: %s", path,
                                   openssl_words());
    }
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    free(path);
    return result;
}

static int load_own(const struct told *told, SSL_CTX *context, const struct tls_files *files)
{
    if (!is_given(files->cert_file)) {
        return is_given(files->key_file)
                   ? tell(told, "cert_file", "is missing, wants the certificate of key_file")
                   : 0;
    }
    if (!is_given(files->key_file)) {
        return tell(told, "key_file", "is missing, wants the key of cert_file");
    }
    const char *path = files->cert_file;
    int result = check_readable(told, "cert_file", path);
    if (result == 0 && SSL_CTX_use_certificate_chain_file(context, path) != 1) {
        result = tell(told, "cert_file", "%.100s has no certificate that can be read: %s", path,
                      openssl_words());
    }
    return result < 0 ? result : load_key(told, context, files->key_file);
}

static SSL_CTX *new_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context) {
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
        SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
        /* A certificate of its own in ca_file is trusted without its issuer. */
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    }
    return context;
}

static int load_files(const struct told *told, SSL_CTX *context, const struct tls_files *files)
{
    if (!context) {
        return tell(told, "tls", "cannot set up TLS: %s", openssl_words());
    }
    int result = load_trusted(told, context, files->ca_file);
    return result < 0 ? result : load_own(told, context, files);
}

static int check_own_dates(const struct told *told, SSL_CTX *context, const char *path)
{
    X509 *own = SSL_CTX_get0_certificate(context);
    if (own && X509_cmp_current_time(X509_get0_notAfter(own)) < 0) {
        return tell(told, "cert_file", "the certificate in %.100s has expired", path);
    }
    return 0;
}

int tls_check(const struct tls_files *files, const char **option, char *reason, size_t size)
{
    const struct told told = {.option = option, .reason = reason, .size = size};
    SSL_CTX *context = new_context();
    struct tls_files now = *files;
    bool is_elsewhere = is_given(now.cert_file) && is_given(now.key_file) &&
                        now.key_file[0] != '/' && !secure_getenv("CREDENTIALS_DIRECTORY");
    if (is_elsewhere) {
        now.cert_file = NULL;
        now.key_file = NULL;
    }
    int result = load_files(&told, context, &now);
    if (result == 0) {
        result = check_own_dates(&told, context, files->cert_file);
    }
    SSL_CTX_free(context);
    return result;
}

static void PRINTF_LIKE(2, 3) note(struct tls *tls, const char *format, ...)
{
    if (tls->trouble[0]) {
        return; /* the first word is the cause */
    }
    va_list args;
    va_start(args, format);
    vsnprintf(tls->trouble, sizeof(tls->trouble), format, args);
    va_end(args);
}

static void write_day(const ASN1_TIME *when, char *out, size_t size)
{
    struct tm parts = {0};
    if (!when || !ASN1_TIME_to_tm(when, &parts) || !strftime(out, size, "%Y-%m-%d", &parts)) {
        snprintf(out, size, "a day that cannot be read");
    }
}

static void note_verdict(struct tls *tls, int verdict, const X509 *cert)
{
    char day[32];
    switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        write_day(cert ? X509_get0_notAfter(cert) : NULL, day, sizeof(day));
        note(tls, "its certificate expired on %s", day);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        write_day(cert ? X509_get0_notBefore(cert) : NULL, day, sizeof(day));
        note(tls, "its certificate is valid only from %s: check this computer's clock", day);
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        note(tls, "its certificate is not for %.100s: use the name that it was made for",
             tls->host);
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        note(tls, "its certificate is from no CA that we trust: check ca_file");
        break;
    default:
        note(tls, "its certificate is not good: %s", X509_verify_cert_error_string(verdict));
        break;
    }
}

static int judge(int is_good, X509_STORE_CTX *chain)
{
    const SSL *connection = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    if (!is_good) {
        struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection));
        note_verdict(tls, X509_STORE_CTX_get_error(chain), X509_STORE_CTX_get_current_cert(chain));
    }
    return is_good;
}

/* The library above connects to a numeric address and would ask for that as the server's name. */
static void watch(const SSL *connection, int where, int value)
{
    struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection));
    if (where & SSL_CB_HANDSHAKE_START) {
        SSL_set_tlsext_host_name((SSL *)connection, tls->is_address ? NULL : tls->host);
    }
    bool is_their_alert = (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT;
    if (is_their_alert && (value & 0xff) != SSL_AD_CLOSE_NOTIFY) {
        note(tls, "it ends the TLS handshake: %s%s", SSL_alert_desc_string_long(value),
             SSL_CTX_get0_certificate(tls->context)
                 ? "; check cert_file and key_file"
                 : "; does it want a client certificate (cert_file)?");
    }
}

static bool is_numeric(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static void demand_host(struct tls *tls)
{
    X509_VERIFY_PARAM *demands = SSL_CTX_get0_param(tls->context);
    if (tls->is_address) {
        X509_VERIFY_PARAM_set1_ip_asc(demands, tls->host);
    } else {
        X509_VERIFY_PARAM_set1_host(demands, tls->host, 0);
    }
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, judge);
    SSL_CTX_set_info_callback(tls->context, watch);
}

int tls_create(const struct tls_files *files, const char *host, char *reason, size_t size,
               struct tls **out)
{
    const struct told told = {.reason = reason, .size = size};
    SSL_CTX *context = new_context();
    int result = load_files(&told, context, files);
    if (result < 0) {
        SSL_CTX_free(context);
        return result;
    }
    struct tls *tls = mem_alloc(sizeof(*tls));
    tls->context = context;
    tls->host = mem_dup_string(host);
    tls->is_address = is_numeric(host);
    SSL_CTX_set_app_data(context, tls);
    demand_host(tls);
    *out = tls;
    return 0;
}

void tls_destroy(struct tls *tls)
{
    if (!tls) {
        return;
    }
    SSL_CTX_free(tls->context);
    free(tls->host);
    free(tls);
}

void *tls_context(struct tls *tls)
{
    return tls->context;
}

const char *tls_trouble(const struct tls *tls)
{
    return tls && tls->trouble[0] ? tls->trouble : NULL;
}
