/* SPDX-License-Identifier: Apache-2.0 */
/* digest: OpenSSL's SHA-256. */
#include "net/digest.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

void digest_sha256(const void *bytes, size_t length, uint8_t out[static DIGEST_SIZE])
{
    unsigned size = 0;
    /* Fails only where memory does. */
    if (EVP_Digest(bytes, length, out, &size, EVP_sha256(), NULL) != 1 || size != DIGEST_SIZE) {
        abort();
    }
}

bool digest_equal(const uint8_t one[static DIGEST_SIZE], const uint8_t other[static DIGEST_SIZE])
{
    return CRYPTO_memcmp(one, other, DIGEST_SIZE) == 0;
}

static const char digits[] = "0123456789abcdef";

void digest_hex(const uint8_t digest[static DIGEST_SIZE], char out[static DIGEST_HEX_SIZE])
{
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 0x0F];
    }
    out[DIGEST_HEX_SIZE - 1] = '\0';
}

bool digest_parse(const char *hex, uint8_t out[static DIGEST_SIZE])
{
    if (strlen(hex) != DIGEST_HEX_SIZE - 1 || strspn(hex, digits) != DIGEST_HEX_SIZE - 1) {
        return false;
    }
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        size_t high = (size_t)(strchr(digits, hex[2 * i]) - digits);
        size_t low = (size_t)(strchr(digits, hex[2 * i + 1]) - digits);
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
