/* SPDX-License-Identifier: Apache-2.0 */
#include "collectors/modbus/frame.h"

uint16_t frame_crc(const uint8_t *bytes, size_t size)
{
    unsigned crc = 0xffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xa001 : crc >> 1;
        }
    }
    return (uint16_t)crc;
}
