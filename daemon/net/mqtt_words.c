/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_words: codes with a remedy have words of ours, the others those of the library. */
#include "net/mqtt_words.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "base/mem.h"

const char *mqtt_connack_words(int code)
{
    static const char *const words[] = {
        [1] = "it does not speak this version of MQTT: try the other protocol",
        [2] = "it does not accept the client id",
        [3] = "it is not ready",
        [4] = "wrong user name or password",
        [5] = "not authorised: check the user name, the password and the broker's access list",
    };
    return code > 0 && code < (int)ARRAY_SIZE(words) ? words[code] : "no reason that we know";
}

const char *mqtt_reason_words(int code)
{
    static const struct {
        int code;
        const char *words;
    } remedies[] = {
        {MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION,
         "it does not speak MQTT 5: set protocol to \"3.1.1\""},
        {MQTT_RC_CLIENTID_NOT_VALID, "it does not accept the client id"},
        {MQTT_RC_BAD_USERNAME_OR_PASSWORD, "wrong user name or password"},
        {MQTT_RC_NOT_AUTHORIZED,
         "not authorised: check the user name, the password and the broker's access list"},
        {MQTT_RC_SERVER_BUSY, "it is busy"},
        {MQTT_RC_BANNED, "this client is banned"},
        {MQTT_RC_PACKET_TOO_LARGE, "a message was larger than it takes"},
        {MQTT_RC_QUOTA_EXCEEDED, "a quota is exceeded"},
        {MQTT_RC_RETAIN_NOT_SUPPORTED, "it keeps no retained messages, and state needs them"},
        {MQTT_RC_QOS_NOT_SUPPORTED, "it takes no QoS 1: set qos to 0"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(remedies); i++) {
        if (remedies[i].code == code) {
            return remedies[i].words;
        }
    }
    return mosquitto_reason_string(code);
}
