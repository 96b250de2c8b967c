/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: whether a string is what JSON, MQTT topics and line protocol want. Of daemon/config and daemon/expr. */
#ifndef LINGTAN_CONFIG_UTF8_H
#define LINGTAN_CONFIG_UTF8_H

#include <stdbool.h>

/* Surrogates and overlong forms are not. */
bool utf8_is_valid(const char *string);

/* The first byte that is none of a character; the end of the string when all are. */
const char *utf8_find_wrong(const char *string);

#endif
