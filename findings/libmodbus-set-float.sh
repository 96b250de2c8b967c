#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# libmodbus 3.1.6 (Debian 12, 3.1.6-2.1+deb12u1) has modbus_set_float_abcd() and modbus_get_float_abcd(), and the same for three
# other orders. One would expect each pair to undo itself. 10.0 (4120 0000h) set as "abcd" is 2041 0000h: the bytes of each word are
# swapped, while the reader of that name is right. "badc" writes what "abcd" should, and reads it back as something else. A setpoint
# of 10.0 kW goes out as 1.08e-19. And the plain modbus_get_float() has the low word first, which the usual meter has not.
# gcc 12. Fails when a pair undoes itself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get -qq download libmodbus-dev=3.1.6-2.1+deb12u1 libmodbus5=3.1.6-2.1+deb12u1 2>/dev/null &&
    for package in *.deb; do dpkg -x "$package" .; done)
cat >"$work/float.c" <<'END'
#include <modbus.h>
#include <stdio.h>

#define TRY(order) \
    modbus_set_float##order(10.0f, words); \
    printf("set%s: %04x %04x, read back %.3g\n", #order, words[0], words[1], (double)modbus_get_float##order(words))

int main(void) {
    uint16_t words[2] = {0x4120, 0x0000};
    printf("4120 0000: get_abcd %.3g, get %.3g\n", (double)modbus_get_float_abcd(words), (double)modbus_get_float(words));
    TRY(_abcd);
    TRY(_badc);
    TRY(_cdab);
    TRY(_dcba);
    return 0;
}
END
lib=$(dirname "$(find "$work" -name 'libmodbus.so.5')")
gcc -w -I"$work/usr/include/modbus" -o "$work/float" "$work/float.c" -L"$lib" -lmodbus "-Wl,-rpath,$lib"
seen=$("$work/float")
printf '%s\n' "$seen"
[ "$seen" = "4120 0000: get_abcd 10, get 2.34e-41
set_abcd: 2041 0000, read back 1.63e-19
set_badc: 4120 0000, read back 1.63e-19
set_cdab: 0000 2041, read back 1.63e-19
set_dcba: 0000 4120, read back 1.63e-19" ]
