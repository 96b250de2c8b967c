/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_client: one libmosquitto handle per connection, its socket driven by hand.
 *
 * Its loop thread would cost a second write for every message, and its blocking connect waits minutes for a silent
 * host. We resolve the name ourselves and give it numeric addresses one by one, because its non-blocking connect tries
 * only the first address of a name. For the same reason TLS is given a context of ours that knows the name to verify. */
#include "net/mqtt_client_parts.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "base/mem.h"

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_code;

static void library_init(void)
{
    library_code = mosquitto_lib_init();
}

int mqtt_client_create(const struct mqtt_client_options *options, struct mqtt_client **out)
{
    pthread_once(&library_once, library_init);
    if (library_code != MOSQ_ERR_SUCCESS) {
        return -ENOTSUP;
    }
    struct mqtt_client *client = mem_alloc(sizeof(*client));
    client->options = *options;
    if (client->options.connect_timeout_ms == 0) {
        client->options.connect_timeout_ms = 10000;
    }
    if (options->protocol == MQTT_5 && options->content_type &&
        mosquitto_property_add_string(&client->properties, MQTT_PROP_CONTENT_TYPE,
                                      options->content_type) != MOSQ_ERR_SUCCESS) {
        free(client);
        return -EINVAL;
    }
    *out = client;
    return 0;
}

void mqtt_client_close(struct mqtt_client *client)
{
    if (client->mosq) {
        mosquitto_destroy(client->mosq);
        client->mosq = NULL;
    }
    tls_destroy(client->tls);
    client->tls = NULL;
    resolve_release(client->resolve);
    client->resolve = NULL;
    client->is_corked = false;
    client->state = MQTT_CLIENT_CLOSED;
}

void mqtt_client_destroy(struct mqtt_client *client)
{
    if (!client) {
        return;
    }
    mqtt_client_close(client);
    mosquitto_property_free_all(&client->properties);
    free(client);
}

static void PRINTF_LIKE(3, 4)
    fail(struct mqtt_client *client, enum mqtt_client_trouble trouble, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(client->reason, sizeof(client->reason), format, args);
    va_end(args);
    client->trouble = trouble;
    mqtt_client_close(client);
}

static void set_deadline(struct mqtt_client *client)
{
    client->deadline_us =
        clock_mono_us(client->options.clock) + client->options.connect_timeout_ms * 1000;
}

static bool is_overdue(const struct mqtt_client *client)
{
    return clock_mono_us(client->options.clock) >= client->deadline_us;
}

static int set_up(struct mqtt_client *client, const char *username, const char *password)
{
    struct mosquitto *mosq = client->mosq;
    mqtt_client_watch(client);
    mosquitto_max_inflight_messages_set(mosq, 0); /* the caller keeps the window */
    mosquitto_int_option(mosq, MOSQ_OPT_PROTOCOL_VERSION,
                         client->options.protocol == MQTT_5 ? MQTT_PROTOCOL_V5
                                                            : MQTT_PROTOCOL_V311);
    mosquitto_int_option(mosq, MOSQ_OPT_TCP_NODELAY, 1);
    int code = MOSQ_ERR_SUCCESS;
    if (username && username[0]) {
        code = mosquitto_username_pw_set(mosq, username, password);
    }
    const struct mqtt_message *will = client->options.will;
    if (code == MOSQ_ERR_SUCCESS && will) {
        code = mosquitto_will_set(mosq, will->topic, (int)will->length, will->payload, will->qos,
                                  will->is_retained);
    }
    return code == MOSQ_ERR_SUCCESS ? 0 : -EINVAL;
}

static int begin(struct mqtt_client *client, const char *username, const char *password)
{
    const struct mqtt_client_options *options = &client->options;
    if (options->tls) {
        char why[160];
        int result = tls_create(options->tls, options->host, why, sizeof(why), &client->tls);
        if (result < 0) {
            fail(client, MQTT_TROUBLE_REFUSED, "TLS: %s", why);
            return result;
        }
    }
    client->mosq = mosquitto_new(options->client_id, true, client);
    int result = client->mosq ? set_up(client, username, password) : -EINVAL;
    if (result == 0) {
        result = resolve_start(options->host, &client->resolve);
    }
    if (result < 0) {
        fail(client, MQTT_TROUBLE_NETWORK, "cannot begin to connect: %s", strerrordesc_np(-result));
    }
    return result;
}

int mqtt_client_open(struct mqtt_client *client, const char *username, const char *password)
{
    mqtt_client_close(client);
    int result = begin(client, username, password);
    if (result < 0) {
        return result;
    }
    client->tried = 0;
    client->trouble = MQTT_TROUBLE_NONE;
    client->silence_us = 0;
    client->tls_words[0] = '\0';
    client->state = MQTT_CLIENT_CONNECTING;
    set_deadline(client);
    return 0;
}

/* Data that the far end never confirms must not hide a dead connection longer than a missed ping would. */
static void tune_socket(const struct mqtt_client *client)
{
    unsigned timeout_ms = (unsigned)client->options.keepalive_s * 1000;
    setsockopt(mosquitto_socket(client->mosq), IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
               sizeof(timeout_ms));
}

/* Why a connection ends that was never up. */
static void give_up(struct mqtt_client *client, const char *why)
{
    const struct mqtt_client_options *options = &client->options;
    const char *trouble = tls_trouble(client->tls);
    if (trouble || client->tls_words[0]) {
        fail(client, MQTT_TROUBLE_REFUSED, "no TLS with %s:%u: %s", options->host, options->port,
             trouble ? trouble : client->tls_words);
    } else if (client->tls) {
        /* A reset after the handshake can overtake the alert that says why. */
        fail(client, MQTT_TROUBLE_NETWORK,
             "%s:%u ended before it answered: %s; does it speak TLS, does it want another client "
             "certificate (cert_file)?",
             options->host, options->port, why);
    } else {
        fail(client, MQTT_TROUBLE_NETWORK,
             "%s:%u ended the connection before it answered: %s; does it want TLS%s?",
             options->host, options->port, why,
             options->protocol == MQTT_5 ? ", or does it not speak MQTT 5" : "");
    }
}

/* Where an attempt begins: each address gets its turn, however the connection to the last one ended, and the one that works
 * is kept. The name server may give them another way round each time. */
static size_t choose_first(const struct mqtt_client *client)
{
    size_t count = resolve_count(client->resolve);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(resolve_address(client->resolve, i), client->address) == 0) {
            return client->has_worked ? i : (i + 1) % count;
        }
    }
    return 0;
}

static const char *next_address(struct mqtt_client *client)
{
    if (client->tried == 0) {
        client->first_address = choose_first(client);
    }
    size_t index = (client->first_address + client->tried++) % resolve_count(client->resolve);
    const char *address = resolve_address(client->resolve, index);
    (void)snprintf(client->address, sizeof(client->address), "%s", address);
    client->has_worked = false;
    return address;
}

static void connect_next(struct mqtt_client *client, const char *why)
{
    const struct mqtt_client_options *options = &client->options;
    /* The library drops its reference to the context only once it has used it. */
    if (client->tls && client->tried == 0) {
        mosquitto_void_option(client->mosq, MOSQ_OPT_SSL_CTX, tls_context(client->tls));
        mosquitto_int_option(client->mosq, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
    }
    while (client->tried < resolve_count(client->resolve)) {
        const char *address = next_address(client);
        int code =
            mosquitto_connect_async(client->mosq, address, options->port, options->keepalive_s);
        if (code == MOSQ_ERR_SUCCESS || mosquitto_socket(client->mosq) >= 0) {
            tune_socket(client);
            set_deadline(client);
            client->is_connected = false;
            return;
        }
        if (client->tls && (code == MOSQ_ERR_TLS || errno == EPROTO)) {
            give_up(client, mosquitto_strerror(code)); /* it connected at once */
            return;
        }
        why = code == MOSQ_ERR_ERRNO ? strerrordesc_np(errno) : mosquitto_strerror(code);
    }
    fail(client, MQTT_TROUBLE_NETWORK, "cannot connect to %s:%u: %s", options->host, options->port,
         why);
}

static const char *loss_words(const struct mqtt_client *client, int code, int os_error)
{
    if (code == MOSQ_ERR_ERRNO && os_error == EPROTO && tls_trouble(client->tls)) {
        return tls_trouble(client->tls);
    }
    if (code == MOSQ_ERR_ERRNO && os_error != 0) {
        return strerrordesc_np(os_error);
    }
    bool is_closed = code == MOSQ_ERR_CONN_LOST || code == MOSQ_ERR_NO_CONN;
    return is_closed ? "it closed the connection" : mosquitto_strerror(code);
}

static void lose(struct mqtt_client *client, int code, int os_error)
{
    const char *host = client->options.host;
    unsigned port = client->options.port;
    if (client->trouble != MQTT_TROUBLE_NONE) {
        mqtt_client_close(client); /* the reason stands since CONNACK or DISCONNECT */
    } else if (client->state == MQTT_CLIENT_CONNECTING) {
        give_up(client, loss_words(client, code, os_error));
    } else if (code == MOSQ_ERR_KEEPALIVE) {
        client->silence_us = (int64_t)client->options.keepalive_s * 1000000;
        fail(client, MQTT_TROUBLE_NETWORK, "%s:%u did not answer a ping within %d s", host, port,
             client->options.keepalive_s);
    } else {
        if (code == MOSQ_ERR_ERRNO && os_error == ETIMEDOUT) { /* see tune_socket */
            client->silence_us = (int64_t)client->options.keepalive_s * 1000000;
        }
        fail(client, MQTT_TROUBLE_NETWORK, "lost the connection to %s:%u: %s", host, port,
             loss_words(client, code, os_error));
    }
}

static void pump(struct mqtt_client *client)
{
    errno = 0;
    int code = mosquitto_loop_read(client->mosq, 1);
    if (code == MOSQ_ERR_SUCCESS && mosquitto_want_write(client->mosq)) {
        code = mosquitto_loop_write(client->mosq, 1);
    }
    if (code == MOSQ_ERR_SUCCESS) {
        code = mosquitto_loop_misc(client->mosq);
    }
    int os_error = errno;
    if (code != MOSQ_ERR_SUCCESS || client->trouble != MQTT_TROUBLE_NONE) {
        lose(client, code, os_error);
    }
}

/* 0 = connected, -EINPROGRESS, or why it failed. */
static int socket_progress(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    if (poll(&poll_fd, 1, 0) == 0) {
        return -EINPROGRESS;
    }
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) {
        return -errno;
    }
    return -error;
}

static void go_on_connecting(struct mqtt_client *client)
{
    int fd = mosquitto_socket(client->mosq);
    if (fd < 0) {
        if (resolve_is_done(client->resolve) && resolve_count(client->resolve) == 0) {
            fail(client, MQTT_TROUBLE_NETWORK, "%s", resolve_error(client->resolve));
        } else if (resolve_is_done(client->resolve)) {
            connect_next(client, "no address");
        } else if (is_overdue(client)) {
            fail(client, MQTT_TROUBLE_NETWORK, "no answer of the name server for %s",
                 client->options.host);
        }
        return;
    }
    int progress = client->is_connected ? 0 : socket_progress(fd);
    /* A reset comes after the connection: what was said before it is still there to be read. */
    if (progress == 0 || progress == -ECONNRESET || progress == -EPIPE) {
        client->is_connected = true;
        pump(client);
    } else if (progress != -EINPROGRESS) {
        connect_next(client, strerrordesc_np(-progress));
    }
    if (client->state == MQTT_CLIENT_CONNECTING && is_overdue(client)) {
        connect_next(client, "no answer in time");
    }
}

static void subscribe(struct mqtt_client *client)
{
    const char *topic = client->options.subscription;
    int code = topic ? mosquitto_subscribe(client->mosq, NULL, topic, 0) : MOSQ_ERR_SUCCESS;
    if (code != MOSQ_ERR_SUCCESS) {
        lose(client, code, errno);
    }
}

void mqtt_client_work(struct mqtt_client *client)
{
    if (client->state == MQTT_CLIENT_CONNECTING) {
        go_on_connecting(client);
        if (client->state == MQTT_CLIENT_UP) {
            subscribe(client);
        }
    } else if (client->state == MQTT_CLIENT_UP) {
        pump(client);
    }
}

static int64_t until_deadline(const struct mqtt_client *client)
{
    int64_t left_us = client->deadline_us - clock_mono_us(client->options.clock);
    return left_us > 0 ? left_us : 0;
}

static bool wants_to_write(const struct mqtt_client *client, int socket)
{
    bool is_pending = !client->is_connected && socket_progress(socket) == -EINPROGRESS;
    return is_pending || mosquitto_want_write(client->mosq);
}

size_t mqtt_client_wait_for(const struct mqtt_client *client, struct pollfd *fd, int64_t *wait_us)
{
    *wait_us = -1;
    if (client->state == MQTT_CLIENT_CLOSED) {
        return 0;
    }
    int socket = mosquitto_socket(client->mosq);
    bool is_connecting = client->state == MQTT_CLIENT_CONNECTING;
    /* The library looks at its keep-alive only when called. */
    *wait_us =
        is_connecting ? until_deadline(client) : (int64_t)client->options.keepalive_s * 1000000 / 4;
    *fd = (struct pollfd){.fd = socket, .events = POLLIN};
    if (socket < 0) {
        fd->fd = resolve_fd(client->resolve);
    } else if (is_connecting ? wants_to_write(client, socket)
                             : mosquitto_want_write(client->mosq)) {
        fd->events |= POLLOUT;
    }
    return 1;
}

enum mqtt_client_state mqtt_client_state(const struct mqtt_client *client)
{
    return client->state;
}

enum mqtt_client_trouble mqtt_client_trouble(const struct mqtt_client *client)
{
    return client->trouble;
}

int64_t mqtt_client_silence_us(const struct mqtt_client *client)
{
    return client->silence_us;
}

const char *mqtt_client_reason(const struct mqtt_client *client)
{
    return client->reason;
}

static void cork(struct mqtt_client *client, bool on)
{
    int value = on;
    setsockopt(mosquitto_socket(client->mosq), IPPROTO_TCP, TCP_CORK, &value, sizeof(value));
    client->is_corked = on;
}

static size_t length_bytes(size_t value)
{
    return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}

/* Whole packets count: MQTT 5, section 3.2.2.3.6. The library forgets the first byte. */
static bool is_too_large(const struct mqtt_client *client, const struct mqtt_message *message)
{
    if (client->maximum_packet == 0) {
        return false;
    }
    const char *type = client->options.content_type;
    size_t rest = 2 + strlen(message->topic) + (message->qos ? 2 : 0) + 1 +
                  (type ? 3 + strlen(type) : 0) + message->length;
    return 1 + length_bytes(rest) + rest > client->maximum_packet;
}

/* What the broker said before it closed may lie there to be read. */
static void lose_in_writing(struct mqtt_client *client, int code)
{
    int os_error = errno;
    if (client->options.protocol == MQTT_5) {
        int ignored = mosquitto_loop_read(client->mosq, 1);
        (void)ignored;
    }
    lose(client, code, os_error);
}

int mqtt_client_publish(struct mqtt_client *client, const struct mqtt_message *message,
                        int *message_id)
{
    if (client->state != MQTT_CLIENT_UP) {
        return -ENOTCONN;
    }
    if (is_too_large(client, message)) {
        return -EMSGSIZE;
    }
    if (!client->is_corked) {
        cork(client, true);
    }
    int code = mosquitto_publish_v5(client->mosq, message_id, message->topic, (int)message->length,
                                    message->payload, message->qos, message->is_retained,
                                    client->properties);
    switch (code) {
    case MOSQ_ERR_SUCCESS:
        return 0;
    case MOSQ_ERR_PAYLOAD_SIZE:
    case MOSQ_ERR_OVERSIZE_PACKET:
        return -EMSGSIZE;
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_MALFORMED_UTF8:
        return -EINVAL;
    default:
        lose_in_writing(client, code);
        return -ENOTCONN;
    }
}

void mqtt_client_flush(struct mqtt_client *client)
{
    if (client->state == MQTT_CLIENT_UP && client->is_corked) {
        cork(client, false);
    }
}

size_t mqtt_client_receive_maximum(const struct mqtt_client *client)
{
    return client->receive_maximum;
}

bool mqtt_client_is_congested(const struct mqtt_client *client)
{
    return client->mosq && mosquitto_want_write(client->mosq);
}

void mqtt_client_disconnect(struct mqtt_client *client)
{
    if (client->state == MQTT_CLIENT_UP) {
        mqtt_client_flush(client);
        mosquitto_disconnect(client->mosq);
    }
    mqtt_client_close(client);
}
