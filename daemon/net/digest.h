/* SPDX-License-Identifier: Apache-2.0 */
/* digest: SHA-256. Any thread. */
#ifndef LINGTAN_NET_DIGEST_H
#define LINGTAN_NET_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DIGEST_SIZE = 32,
    DIGEST_HEX_SIZE = 2 * DIGEST_SIZE + 1,
};

void digest_sha256(const void *bytes, size_t length, uint8_t out[static DIGEST_SIZE]);

/* In a time that does not tell where they differ. */
bool digest_equal(const uint8_t one[static DIGEST_SIZE], const uint8_t other[static DIGEST_SIZE]);

void digest_hex(const uint8_t digest[static DIGEST_SIZE], char out[static DIGEST_HEX_SIZE]);
/* False when the text is not exactly 64 lower-case hexadecimal digits. */
bool digest_parse(const char *hex, uint8_t out[static DIGEST_SIZE]);

#endif
