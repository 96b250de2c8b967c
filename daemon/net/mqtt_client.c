/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_client: one libmosquitto handle per connection, its socket driven by hand.
 *
 * Its loop thread would cost a second write for every message, and its blocking connect waits minutes for a silent
 * host. We resolve the name ourselves and give it numeric addresses one by one, because its non-blocking connect tries
 * only the first address of a name. For the same reason a later TLS set-up must be told the name to verify. */
#include "net/mqtt_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mosquitto.h>

#include "base/mem.h"
#include "net/resolve.h"

struct mqtt_client {
    struct mqtt_client_options options;
    struct mosquitto *mosq; /* NULL while closed */
    struct resolve *resolve;
    size_t next_address;
    enum mqtt_client_state state;
    enum mqtt_client_trouble trouble;
    int64_t deadline_us; /* monotonic, of the step while connecting */
    bool is_corked;
    char reason[200];
};

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
    *out = client;
    return 0;
}

void mqtt_client_close(struct mqtt_client *client)
{
    if (client->mosq) {
        mosquitto_destroy(client->mosq);
        client->mosq = NULL;
    }
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

/* The words for the return codes of CONNACK in MQTT 3.1.1, section 3.2.2.3. */
static const char *connack_words(int code)
{
    static const char *const words[] = {
        [1] = "it does not speak MQTT 3.1.1",
        [2] = "it does not accept the client id",
        [3] = "it is not ready",
        [4] = "wrong user name or password",
        [5] = "not authorised: check the user name, the password and the broker's access list",
    };
    return code > 0 && code < (int)ARRAY_SIZE(words) ? words[code] : "no reason that we know";
}

/* Runs inside the library: it may not destroy the handle, so the state is only noted. */
static void on_connect(struct mosquitto *mosq, void *context, int code)
{
    (void)mosq;
    struct mqtt_client *client = context;
    if (code == 0) {
        client->state = MQTT_CLIENT_UP;
        client->trouble = MQTT_TROUBLE_NONE;
        client->reason[0] = '\0';
        return;
    }
    client->trouble = MQTT_TROUBLE_REFUSED;
    snprintf(client->reason, sizeof(client->reason), "%s:%u refuses us: %s", client->options.host,
             client->options.port, connack_words(code));
}

static void on_publish(struct mosquitto *mosq, void *context, int message_id)
{
    (void)mosq;
    struct mqtt_client *client = context;
    client->options.on_acked(client->options.context, message_id);
}

static int set_up(struct mqtt_client *client, const char *username, const char *password)
{
    struct mosquitto *mosq = client->mosq;
    mosquitto_connect_callback_set(mosq, on_connect);
    mosquitto_publish_callback_set(mosq, on_publish);
    mosquitto_max_inflight_messages_set(mosq, 0); /* the caller keeps the window */
    mosquitto_int_option(mosq, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311);
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

int mqtt_client_open(struct mqtt_client *client, const char *username, const char *password)
{
    mqtt_client_close(client);
    client->mosq = mosquitto_new(client->options.client_id, true, client);
    if (!client->mosq) {
        return -EINVAL;
    }
    int result = set_up(client, username, password);
    if (result == 0) {
        result = resolve_start(client->options.host, &client->resolve);
    }
    if (result < 0) {
        mqtt_client_close(client);
        return result;
    }
    client->next_address = 0;
    client->trouble = MQTT_TROUBLE_NONE;
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

static void connect_next(struct mqtt_client *client, const char *why)
{
    const struct mqtt_client_options *options = &client->options;
    while (client->next_address < resolve_count(client->resolve)) {
        const char *address = resolve_address(client->resolve, client->next_address++);
        int code =
            mosquitto_connect_async(client->mosq, address, options->port, options->keepalive_s);
        if (code == MOSQ_ERR_SUCCESS || mosquitto_socket(client->mosq) >= 0) {
            tune_socket(client);
            set_deadline(client);
            return;
        }
        why = code == MOSQ_ERR_ERRNO ? strerrordesc_np(errno) : mosquitto_strerror(code);
    }
    fail(client, MQTT_TROUBLE_NETWORK, "cannot connect to %s:%u: %s", options->host, options->port,
         why);
}

static void lose(struct mqtt_client *client, int code, int os_error)
{
    const char *host = client->options.host;
    unsigned port = client->options.port;
    if (client->trouble == MQTT_TROUBLE_REFUSED) {
        mqtt_client_close(client); /* the reason stands since CONNACK */
    } else if (code == MOSQ_ERR_KEEPALIVE) {
        fail(client, MQTT_TROUBLE_NETWORK, "%s:%u did not answer a ping within %d s", host, port,
             client->options.keepalive_s);
    } else if (code == MOSQ_ERR_ERRNO && os_error != 0) {
        fail(client, MQTT_TROUBLE_NETWORK, "lost the connection to %s:%u: %s", host, port,
             strerrordesc_np(os_error));
    } else if (code == MOSQ_ERR_CONN_LOST || code == MOSQ_ERR_NO_CONN) {
        fail(client, MQTT_TROUBLE_NETWORK, "%s:%u closed the connection", host, port);
    } else {
        fail(client, MQTT_TROUBLE_NETWORK, "lost the connection to %s:%u: %s", host, port,
             mosquitto_strerror(code));
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
    if (code != MOSQ_ERR_SUCCESS || client->trouble == MQTT_TROUBLE_REFUSED) {
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
    int progress = socket_progress(fd);
    if (progress == 0) {
        pump(client);
    } else if (progress != -EINPROGRESS) {
        connect_next(client, strerrordesc_np(-progress));
    }
    if (client->state == MQTT_CLIENT_CONNECTING && is_overdue(client)) {
        connect_next(client, "no answer in time");
    }
}

void mqtt_client_work(struct mqtt_client *client)
{
    if (client->state == MQTT_CLIENT_CONNECTING) {
        go_on_connecting(client);
    } else if (client->state == MQTT_CLIENT_UP) {
        pump(client);
    }
}

static int64_t until_deadline(const struct mqtt_client *client)
{
    int64_t left_us = client->deadline_us - clock_mono_us(client->options.clock);
    return left_us > 0 ? left_us : 0;
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
    } else if (is_connecting ? socket_progress(socket) == -EINPROGRESS
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

int mqtt_client_publish(struct mqtt_client *client, const struct mqtt_message *message,
                        int *message_id)
{
    if (client->state != MQTT_CLIENT_UP) {
        return -ENOTCONN;
    }
    if (!client->is_corked) {
        cork(client, true);
    }
    int code = mosquitto_publish(client->mosq, message_id, message->topic, (int)message->length,
                                 message->payload, message->qos, message->is_retained);
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
        lose(client, code, errno);
        return -ENOTCONN;
    }
}

void mqtt_client_flush(struct mqtt_client *client)
{
    if (client->state == MQTT_CLIENT_UP && client->is_corked) {
        cork(client, false);
    }
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
